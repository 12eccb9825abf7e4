"""What must be there for the web process to do its work."""

from services.infra.migrate import pending
from services.kernel.context import JobActor
from services.wiring import Wired
from web.shell.ports import Probe

_PROBER = JobActor("health.probe", frozenset({"work.read"}))


def probes(wired: Wired) -> tuple[Probe, ...]:
    """Return the conditions of readiness, in the order in which they are told."""

    def background() -> str | None:
        return None if wired.services.work.counts(_PROBER).processes_alive else "no background process is alive"

    return (Probe("database", lambda: pending(wired.engine)), Probe("background", background))

"""The vantage inside the background process: the same prober, which reaches its installation by its verbs."""

from datetime import datetime
from functools import partial

from collectors.probing.attempt import look
from collectors.probing.connectivity import Connectivity, controls_of
from collectors.probing.looking import Tools
from collectors.probing.prober import Prober
from collectors.probing.spool import Spool
from services.infra.outbound import Outbound
from services.infra.settings import Settings
from services.infra.targets import OutboundPolicy
from services.kernel.clock import Clock
from services.kernel.context import JobActor
from services.probes import Probes
from services.probes.views import Assignments, Finding, Receipt

PROBER = JobActor("probes.prober", frozenset({"probes.report", "probes.run"}))


class LocalServer:
    """The installation, asked by its verbs."""

    def __init__(self, probes: Probes, release: str) -> None:
        self._probes, self._release = probes, release
        self._there = False

    def assignments(self, *, waiting: int) -> Assignments:
        """Return what the built-in vantage is to do."""
        if not self._there:
            self._probes.vantages.ensure_built_in(PROBER)
            self._there = True
        self._probes.intake.note_seen(PROBER, release=self._release, waiting=waiting)
        return self._probes.intake.assignments(PROBER)

    def report(self, sent_at: datetime, findings: list[Finding]) -> Receipt:
        """Hand in results."""
        return self._probes.intake.report(PROBER, sent_at=sent_at, findings=findings)


def built_in_prober(settings: Settings, probes: Probes, policy: OutboundPolicy, clock: Clock) -> Prober:
    """Return the built-in prober of an installation."""
    outbound = Outbound(policy)
    tools = Tools(outbound, own_database_url=settings.database_url)
    return Prober(
        LocalServer(probes, settings.release),
        partial(look, tools=tools),
        Spool(settings.data_dir / "prober-local.spool"),
        clock,
        connectivity=Connectivity(outbound, controls_of(settings.prober_control)),
    )

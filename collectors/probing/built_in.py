"""The vantage inside the background process: the same prober, which reaches its installation by its verbs."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from collectors.probing.attempt import look
from collectors.probing.connectivity import Connectivity, controls_for
from collectors.probing.looking import Tools
from collectors.probing.prober import Prober
from collectors.probing.spool import Spool
from services.infra.outbound import Outbound
from services.infra.settings import Settings
from services.infra.targets import OutboundPolicy
from services.kernel.clock import Clock
from services.kernel.context import JobActor
from services.kernel.errors import DomainError
from services.probes import Probes
from services.probes.rules import BUILT_IN
from services.probes.views import Assignments, Finding, Receipt

START_SECONDS_MAX: Final = 60.0
_OK = 200
PROBER = JobActor("probes.prober", frozenset({"probes.report", "probes.run"}))


class Beginning:
    """Tells whether the installation that this prober is part of has started: what is not up yet is not down.

    It waits a minute at the most, so that one that never comes up is seen down.
    """

    def __init__(self, outbound: Outbound, door: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._outbound, self._door, self._monotonic = outbound, door, monotonic
        self._until = monotonic() + START_SECONDS_MAX
        self._over = not door

    def __call__(self) -> bool:
        """Tell whether to look."""
        self._over = self._over or self._monotonic() >= self._until or self._answers()
        return self._over

    def _answers(self) -> bool:
        try:
            return self._outbound.fetch("GET", self._door, timeout_seconds=2.0).status == _OK
        except DomainError:
            return False


class LocalServer:
    """The installation, asked by its verbs."""

    def __init__(self, probes: Probes, release: str, started: Callable[[], bool] = lambda: True) -> None:
        self._probes, self._release, self._started = probes, release, started
        self._there = False

    def assignments(self, *, waiting: int) -> Assignments:
        """Return what the built-in vantage is to do."""
        if not self._there:
            self._probes.vantages.ensure_built_in(PROBER)
            self._there = True
        self._probes.intake.note_seen(PROBER, release=self._release, waiting=waiting)
        if not self._started():
            return Assignments(BUILT_IN, ())
        return self._probes.intake.assignments(PROBER)

    def report(self, sent_at: datetime, findings: list[Finding]) -> Receipt:
        """Hand in results."""
        return self._probes.intake.report(PROBER, sent_at=sent_at, findings=findings)


def built_in_prober(
    settings: Settings, probes: Probes, policy: OutboundPolicy, clock: Clock, *, door: str = ""
) -> Prober:
    """Return the built-in prober of an installation, which begins once the installation's own door answers."""
    outbound = Outbound(policy)
    tools = Tools(outbound, own_database_url=settings.database_url)
    return Prober(
        LocalServer(probes, settings.release, Beginning(outbound, door)),
        partial(look, tools=tools),
        Spool(settings.data_dir / "prober-local.spool"),
        clock,
        connectivity=Connectivity(outbound, controls_for(settings.prober_control)),
    )

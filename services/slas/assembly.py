"""Puts the verbs of agreements together."""

from dataclasses import dataclass

from services.infra.uow import UnitOfWork
from services.slas.engine import Engine
from services.slas.exclusions import Accounting
from services.slas.ports import MetricCounts, UptimeRecord
from services.slas.reads import Slas
from services.slas.sources import Sources
from services.slas.terms import Terms


@dataclass(frozen=True, slots=True)
class SlaVerbs:
    """Every verb of agreements, by cluster; `engine` is the background's."""

    reads: Slas
    terms: Terms
    accounting: Accounting
    engine: Engine


def make_slas(uow: UnitOfWork, counts: MetricCounts, uptime: UptimeRecord) -> SlaVerbs:
    """Return the verbs of agreements over these sources."""
    sources = Sources(counts, uptime, uow.clock)
    return SlaVerbs(Slas(uow, sources), Terms(uow, uptime), Accounting(uow), Engine(uow, sources))

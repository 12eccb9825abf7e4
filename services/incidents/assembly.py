"""The verbs of incidents, put together."""

from dataclasses import dataclass

from services.incidents.reads import IncidentReads
from services.infra.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Incidents:
    """Everything that can be done and asked about incidents and maintenance."""

    reads: IncidentReads


def make_incidents(uow: UnitOfWork) -> Incidents:
    """Return the verbs of incidents for an installation."""
    return Incidents(reads=IncidentReads(uow))

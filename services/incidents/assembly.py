"""The verbs of incidents, put together."""

from dataclasses import dataclass

from services.incidents.adopting import Adopting
from services.incidents.casebook import Casebook
from services.incidents.declaring import Declaring
from services.incidents.forgetting import Forgetting
from services.incidents.maintaining import Maintaining
from services.incidents.ports import ComponentBook
from services.incidents.postmortems import Postmortems
from services.incidents.reactions import Reactions
from services.incidents.reads import IncidentReads
from services.incidents.recurring import Recurring
from services.incidents.templates import Templates
from services.incidents.upkeep import Upkeep
from services.incidents.watch import Watch
from services.infra.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Incidents:
    """Everything that can be done and asked about incidents and maintenance."""

    reads: IncidentReads
    casebook: Casebook
    declaring: Declaring
    maintaining: Maintaining
    recurring: Recurring
    postmortems: Postmortems
    templates: Templates
    watch: Watch
    upkeep: Upkeep
    reactions: Reactions
    forgetting: Forgetting
    adopting: Adopting


def make_incidents(uow: UnitOfWork, book: ComponentBook) -> Incidents:
    """Return the verbs of incidents for an installation; the book knows its components."""
    recurring, watch = Recurring(uow, book), Watch(uow, book)
    return Incidents(
        reads=IncidentReads(uow),
        casebook=Casebook(uow, book),
        declaring=Declaring(uow, book),
        maintaining=Maintaining(uow, book),
        recurring=recurring,
        postmortems=Postmortems(uow),
        templates=Templates(uow),
        watch=watch,
        upkeep=Upkeep(uow, recurring, watch),
        reactions=Reactions(watch),
        forgetting=Forgetting(uow),
        adopting=Adopting(book),
    )

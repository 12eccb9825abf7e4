"""Puts the verbs of components together."""

from dataclasses import dataclass

from services.components.adopting import Adopting
from services.components.arranging import Arranging
from services.components.board import Board
from services.components.founding import Founding
from services.components.hearing import Hearing
from services.components.overrides import Overrides
from services.components.placing import Placing
from services.components.reads import Components
from services.components.record import UptimeRecord
from services.components.rollup import RollUp
from services.components.troubles import Troubles
from services.components.views import UptimePolicy
from services.infra.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class ComponentVerbs:
    """Every verb of components, by cluster."""

    reads: Components
    arranging: Arranging
    overrides: Overrides
    hearing: Hearing
    rollup: RollUp
    record: UptimeRecord
    founding: Founding
    placing: Placing
    board: Board
    adopting: Adopting
    troubles: Troubles


def make_components(uow: UnitOfWork, policy: UptimePolicy | None = None) -> ComponentVerbs:
    """Return the verbs of components."""
    return ComponentVerbs(
        Components(uow, policy),
        Arranging(uow),
        Overrides(uow),
        Hearing(uow),
        RollUp(uow),
        UptimeRecord(uow, policy),
        Founding(uow),
        Placing(uow),
        Board(uow),
        Adopting(),
        Troubles(uow),
    )

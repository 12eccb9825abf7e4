"""Components for those who are asked at every event: a few of them by id, and the page's standing in a word or two."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from services.components.tables import ComponentRow
from services.components.views import ComponentStatus
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.context import Actor

_c = ComponentRow
_COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (
    _c.id, _c.name, _c.description, _c.group_id, _c.position, _c.status, _c.showcase,
    _c.only_show_if_degraded, _c.start_on, _c.created_at, _c.updated_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConciseView:
    """A component without its history."""

    id: str
    name: str
    description: str
    group_id: str | None
    position: int
    status: ComponentStatus
    showcase: bool
    only_show_if_degraded: bool
    start_on: date | None
    created_at: datetime
    updated_at: datetime


class Concise:
    """Answers at once, however many components there are."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="components.read")
    def chosen(self, actor: Actor, component_ids: Sequence[str]) -> Sequence[ConciseView]:
        """Return those of these components that the page has, in the order in which they were asked for."""
        found = sa.select(*_COLUMNS).where(_c.id.in_(list(component_ids)), _c.archived_at.is_(None))
        by_id = {row.id: ConciseView(*tuple(row)) for row in current().session.execute(found)}
        return [by_id[each] for each in dict.fromkeys(component_ids) if each in by_id]

    @query(permission="components.read")
    def statuses(self, actor: Actor) -> frozenset[str]:
        """Return each status that some component of the page has."""
        found = sa.select(_c.status).where(_c.archived_at.is_(None)).distinct()
        return frozenset(str(status) for status in current().session.scalars(found))

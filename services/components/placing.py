"""Where components and groups stand: each is put before another one, so that two people who move both get their way."""

from collections.abc import Sequence

import sqlalchemy as sa

from services.components.arranging import component_row, group_row
from services.components.standing import serialise
from services.components.tables import ComponentRow, GroupRow
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command
from services.kernel.context import Actor
from services.kernel.errors import Conflict


class Placing:
    """The verbs by which staff move components and groups up and down."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="components.arrange")
    def place(self, actor: Actor, *, component_id: str, before: str | None) -> None:
        """Put a component before another one of its group, or last.

        Raises: NotFound; Conflict where the other one is not in the same group (any more).
        """
        session = current().session
        serialise(session)
        row = component_row(session, component_id)
        in_group = ComponentRow.group_id == row.group_id if row.group_id else ComponentRow.group_id.is_(None)
        rows = session.scalars(
            sa.select(ComponentRow)
            .where(in_group, ComponentRow.archived_at.is_(None))
            .order_by(ComponentRow.position, ComponentRow.id)
        ).all()
        self._put(rows, component_id, before)
        current().about(component_id)
        current().note(component_id=component_id, before=before, group_id=row.group_id)

    @command(permission="components.arrange")
    def place_group(self, actor: Actor, *, group_id: str, before: str | None) -> None:
        """Put a group before another one, or last.

        Raises: NotFound; Conflict where the other one is gone.
        """
        session = current().session
        serialise(session)
        group_row(session, group_id)
        rows = session.scalars(
            sa.select(GroupRow).where(GroupRow.archived_at.is_(None)).order_by(GroupRow.position, GroupRow.id)
        ).all()
        self._put(rows, group_id, before)
        current().about(group_id)
        current().note(group_id=group_id, before=before)

    def _put(self, rows: Sequence[ComponentRow] | Sequence[GroupRow], moved: str, before: str | None) -> None:
        """Give those positions that change; the others keep theirs."""
        now = self.uow.clock.now()
        by_id = {row.id: row for row in rows}
        order = [each for each in by_id if each != moved]
        if before is not None and before not in order:
            raise Conflict("order_changed", "Somebody moved what it was to stand before: look again, and move it anew.")
        order.insert(order.index(before) if before is not None else len(order), moved)
        for position, each in enumerate(order, 1):
            if by_id[each].position != position:
                by_id[each].position, by_id[each].updated_at = position, now

"""Stored sums of whole groups: what thousands of components came to in days that are over, added up in the background.

Reads never wait for it: days whose sums are not stored are added up from the members.
"""

from datetime import date, timedelta
from typing import Any, cast

import sqlalchemy as sa

from services.components.accounting import add_members, members_of
from services.components.days import COLUMNS, DAY_MS, Sums, day_of
from services.components.standing import serialise
from services.components.tables import GroupDayRow, GroupRow
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import intake, query
from services.kernel.clock import to_epoch_ms
from services.kernel.context import Actor, JobActor

KEPT_DAYS = 120
"""How many days of a group are stored: more than a page shows."""

ROLLER = JobActor("components.rollup", frozenset({"components.roll_up"}))
_GROUP_DAYS = cast("sa.Table", GroupDayRow.__table__)


class RollUp:
    """The verbs that keep the sums of groups."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="components.roll_up")
    def due(self, actor: Actor) -> tuple[str, ...]:
        """Return the groups whose stored sums do not reach yesterday."""
        yesterday = self._yesterday()
        chosen = sa.select(GroupRow.id).where(
            GroupRow.archived_at.is_(None), sa.or_(GroupRow.rolled_on.is_(None), GroupRow.rolled_on < yesterday)
        )
        return tuple(current().session.scalars(chosen.order_by(GroupRow.id)))

    @intake(permission="components.roll_up", unaudited_because="sums of what is stored: nothing is decided here")
    def roll_up(self, actor: Actor, group_id: str) -> int:
        """Store a group's sums up to yesterday, and return how many days that were."""
        session, yesterday = current().session, self._yesterday()
        serialise(session)
        group = session.get(GroupRow, group_id)
        if group is None or group.archived_at is not None:
            return 0
        first = yesterday - timedelta(days=KEPT_DAYS - 1)
        if group.rolled_on is not None:
            first = max(first, group.rolled_on + timedelta(days=1))
        if first > yesterday:
            return 0
        members = members_of(session, [group_id])
        sums: dict[str, dict[date, Sums]] = {group_id: {}}
        add_members(session, sums, members, (first, yesterday), to_epoch_ms(self.uow.clock.now()))
        session.execute(
            sa.delete(GroupDayRow).where(
                GroupDayRow.group_id == group_id,
                sa.or_(GroupDayRow.day_on >= first, GroupDayRow.day_on < yesterday - timedelta(days=KEPT_DAYS)),
            )
        )
        rows: list[dict[str, Any]] = []
        for offset in range((yesterday - first).days + 1):
            day = first + timedelta(days=offset)
            one = sums[group_id].get(day) or Sums()
            one.fill(DAY_MS * len(members[group_id]))
            values = dict(zip(COLUMNS, one.parts, strict=True))
            rows.append({"group_id": group_id, "day_on": day, "worst_rank": one.worst_rank, **values})
        session.execute(sa.insert(_GROUP_DAYS), rows)
        group.rolled_on = yesterday
        return len(rows)

    def keep_up(self) -> None:
        """Store what is due, a group at a time."""
        for group_id in self.due(ROLLER):
            self.roll_up(ROLLER, group_id)

    def _yesterday(self) -> date:
        return day_of(to_epoch_ms(self.uow.clock.now())) - timedelta(days=1)

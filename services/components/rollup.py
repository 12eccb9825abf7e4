"""Stored sums of whole groups: what thousands of components came to in days that are over, added up in the background.

Reads never wait for it: days whose sums are not stored are added up from the members.
"""

from datetime import date, timedelta

import sqlalchemy as sa

from services.components.accounting import add_members, members_of, packed, unpacked
from services.components.days import DAY_MS, Sums, day_of
from services.components.standing import serialise
from services.components.tables import GroupRow
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import intake, query
from services.kernel.clock import to_epoch_ms
from services.kernel.context import Actor, JobActor

KEPT_DAYS = 120
"""How many days of a group are stored: more than a page shows."""

ROLLER = JobActor("components.rollup", frozenset({"components.roll_up"}))


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
        oldest = yesterday - timedelta(days=KEPT_DAYS - 1)
        first = max(oldest, group.rolled_on + timedelta(days=1)) if group.rolled_on else oldest
        if first > yesterday:
            return 0
        kept = unpacked(group.rolled_on, group.rolled, oldest)
        members = members_of(session, [group_id])[group_id]
        add_members(session, kept, members, (first, yesterday), to_epoch_ms(self.uow.clock.now()))
        for day in (first + timedelta(days=n) for n in range((yesterday - first).days + 1)):
            kept.setdefault(day, Sums()).fill(DAY_MS * len(members))
        group.rolled = packed([kept[day] for day in sorted(kept)])
        group.rolled_on = yesterday
        return (yesterday - first).days + 1

    def keep_up(self) -> None:
        """Store what is due, a group at a time."""
        for group_id in self.due(ROLLER):
            self.roll_up(ROLLER, group_id)

    def _yesterday(self) -> date:
        return day_of(to_epoch_ms(self.uow.clock.now())) - timedelta(days=1)

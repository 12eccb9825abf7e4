"""What a maintenance is accounted for, and the reminders that it owes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.events.incidents import MaintenanceAccounted
from services.incidents.case import Case
from services.incidents.tables import ReminderRow


def account(case: Case, ends_at: datetime | None, *, withdrawn: bool = False) -> None:
    """Publish the span that counts as maintenance; comes after `close`, since it names the version.

    What began before it was announced counts from the announced start only.
    """
    row = case.row
    starts_at = max(row.started_at, row.scheduled_at or row.started_at)
    ids = () if withdrawn else tuple(each.component_id for each in case.affected)
    case.scope.publish(
        MaintenanceAccounted(
            occurred_at=case.now,
            incident_id=row.id,
            component_ids=ids,
            starts_at=starts_at.isoformat(),
            ends_at="" if ends_at is None else max(ends_at, starts_at).isoformat(),
            reason=row.note or row.name,
            retroactive=row.retroactive,
            version=row.version,
        )
    )


def due_reminders(case: Case) -> tuple[int, ...]:
    """Return the reminders that a maintenance has, sent ones included, the earliest first.

    Units: seconds before the start.
    """
    asked = sa.select(ReminderRow.before_seconds).where(ReminderRow.incident_id == case.row.id)
    return tuple(case.scope.session.scalars(asked.order_by(ReminderRow.before_seconds.desc())))


def set_reminders(case: Case, reminders: Sequence[int]) -> None:
    """Replace the reminders; those whose time has passed already are not sent."""
    session, row = case.scope.session, case.row
    session.flush()
    session.execute(sa.delete(ReminderRow).where(ReminderRow.incident_id == row.id))
    if row.scheduled_at is None:
        return
    for before in reminders:
        due_at = row.scheduled_at - timedelta(seconds=before)
        closed_at = case.now if due_at <= case.now else None
        session.add(ReminderRow(incident_id=row.id, before_seconds=before, due_at=due_at, closed_at=closed_at))
    session.flush()

"""What the clock does with maintenance: it begins, ends, overruns, is reminded of, and recurs.

Each look asks first and changes what is due, one transaction each: what a stop leaves undone is due at the next look.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import sqlalchemy as sa

from services.incidents.accounts import account
from services.incidents.case import Said, held
from services.incidents.maintaining import move, note_overrun
from services.incidents.once import forget_requests
from services.incidents.recurring import AHEAD, Recurring
from services.incidents.tables import IncidentRow, ReminderRow, RequestRow, SeriesRow
from services.incidents.views import MaintenanceStatus
from services.incidents.watch import Watch
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import DomainError

BATCH: Final = 200
REQUESTS_KEPT: Final = timedelta(hours=24)
_UNDER_WAY: Final = (MaintenanceStatus.IN_PROGRESS.value, MaintenanceStatus.VERIFYING.value)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """What is due now: ids of maintenance, reminders as id and seconds before the start, ids of series."""

    to_begin: Sequence[str] = ()
    to_end: Sequence[str] = ()
    overrun: Sequence[str] = ()
    reminders: Sequence[tuple[str, int]] = ()
    series: Sequence[str] = ()
    old_requests: bool = False


class Upkeep:
    """The clock's verbs; each looks again under a lock, so that two clocks do nothing twice."""

    def __init__(self, uow: UnitOfWork, recurring: Recurring, watch: Watch) -> None:
        self.uow, self.recurring, self.watch = uow, recurring, watch

    def run(self, actor: Actor) -> int:
        """Do everything that is due and return how many things that were; one that fails holds no other up.

        Raises: DomainError, the first one, once all others are done.
        """
        due = self.due(actor)
        steps: list[Callable[[], object]] = [partial(self.begin, actor, each) for each in due.to_begin]
        steps += [partial(self.end, actor, each) for each in due.to_end]
        steps += [partial(self.overrun, actor, each) for each in due.overrun]
        steps += [partial(self.remind, actor, each, before) for each, before in due.reminders]
        steps += [partial(self.recurring.make_occurrences, actor, each) for each in due.series]
        steps += [partial(self.watch.resolve_calm, actor, each) for each in self.watch.calm_ones(actor)]
        if due.old_requests:
            steps.append(partial(self.forget, actor))
        failed: DomainError | None = None
        for step in steps:
            try:
                step()
            except DomainError as error:
                _log.warning("incidents_upkeep_failed", extra={"code": error.code, "reason": error.message})
                failed = failed or error
        if failed is not None:
            raise failed
        return len(steps)

    @query(permission="incidents.run")
    def due(self, actor: Actor) -> Due:
        """Return what is due now."""
        session, now, row = current().session, self.uow.clock.now(), IncidentRow
        ours = sa.and_(row.kind == "maintenance", row.deleted_at.is_(None))
        planned = sa.and_(ours, row.status == MaintenanceStatus.SCHEDULED.value)
        going = sa.and_(ours, row.status.in_(_UNDER_WAY), row.scheduled_until <= now)
        waiting = (
            sa.select(row.series_id, sa.func.count().label("planned"))
            .where(planned, row.series_id.is_not(None))
            .group_by(row.series_id)
            .subquery()
        )
        few = sa.func.coalesce(waiting.c.planned, 0) < AHEAD
        reminders = (
            sa.select(ReminderRow.incident_id, ReminderRow.before_seconds)
            .where(ReminderRow.closed_at.is_(None), ReminderRow.due_at <= now)
            .order_by(ReminderRow.due_at)
        )
        series = (
            sa.select(SeriesRow.id)
            .outerjoin(waiting, waiting.c.series_id == SeriesRow.id)
            .where(SeriesRow.ended_at.is_(None), few, sa.or_(SeriesRow.look_at.is_(None), SeriesRow.look_at <= now))
        )
        old = sa.select(RequestRow.made_id).where(RequestRow.created_at < now - REQUESTS_KEPT).limit(1)
        return Due(
            to_begin=session.scalars(
                sa.select(row.id).where(planned, row.starts_itself.is_(True), row.scheduled_at <= now).limit(BATCH)
            ).all(),
            to_end=session.scalars(sa.select(row.id).where(going, row.ends_itself.is_(True)).limit(BATCH)).all(),
            overrun=session.scalars(
                sa.select(row.id).where(going, row.ends_itself.is_(False), row.accounted_at.is_(None)).limit(BATCH)
            ).all(),
            reminders=[(incident_id, before) for incident_id, before in session.execute(reminders.limit(BATCH))],
            series=session.scalars(series.limit(BATCH)).all(),
            old_requests=session.scalar(old) is not None,
        )

    @command(permission="incidents.run")
    def begin(self, actor: Actor, maintenance_id: str) -> bool:
        """Begin a maintenance whose time has come; tell whether it began.

        Raises: NotFound.
        """
        case = held(maintenance_id, None, self.uow.clock.now(), kind="maintenance")
        row = case.row
        if row.status != MaintenanceStatus.SCHEDULED or row.scheduled_at is None or row.scheduled_at > case.now:
            return False
        said = Said(MaintenanceStatus.IN_PROGRESS.value, "The maintenance has begun.", row.notifies, row.scheduled_at)
        move(case, said)
        return True

    @command(permission="incidents.run")
    def end(self, actor: Actor, maintenance_id: str) -> bool:
        """End a maintenance whose announced end is reached; tell whether it ended.

        Raises: NotFound.
        """
        case = held(maintenance_id, None, self.uow.clock.now(), kind="maintenance")
        row = case.row
        reached = row.scheduled_until is not None and row.scheduled_until <= case.now
        if row.status not in _UNDER_WAY or not row.ends_itself or not reached or row.scheduled_until is None:
            return False
        at = max(row.scheduled_until, row.started_at)
        move(case, Said(MaintenanceStatus.COMPLETED.value, "The maintenance is complete.", row.notifies, at))
        return True

    @command(permission="incidents.run")
    def overrun(self, actor: Actor, maintenance_id: str) -> bool:
        """Note that a maintenance goes on past its announced end: from there on, time counts as usual.

        Raises: NotFound.
        """
        case = held(maintenance_id, None, self.uow.clock.now(), kind="maintenance")
        if case.row.status not in _UNDER_WAY or not note_overrun(case):
            return False
        case.lines.append("It goes on past its announced end; time counts as usual from there")
        case.close("overrun")
        account(case, case.row.accounted_at)
        case.announce("updated", notifies=False)
        return True

    @command(permission="incidents.run")
    def remind(self, actor: Actor, maintenance_id: str, before_seconds: int) -> bool:
        """Remind of a maintenance to come; tell whether anybody is reminded.

        Raises: NotFound.
        """
        case = held(maintenance_id, None, self.uow.clock.now(), kind="maintenance")
        reminder = case.scope.session.get(ReminderRow, (maintenance_id, before_seconds))
        if reminder is None or reminder.closed_at is not None or reminder.due_at > case.now:
            return False
        reminder.closed_at = case.now
        row = case.row
        if row.status != MaintenanceStatus.SCHEDULED or row.scheduled_at is None or row.scheduled_at <= case.now:
            return False
        case.lines.append(f"Reminded subscribers, {before_seconds // 60} minutes before")
        case.close("reminded")
        case.announce("reminder", notifies=row.notifies)
        return True

    @command(permission="incidents.run")
    def forget(self, actor: Actor) -> int:
        """Forget old idempotency keys, and return how many."""
        gone = forget_requests(self.uow.clock.now() - REQUESTS_KEPT)
        current().note(forgotten=gone)
        return gone

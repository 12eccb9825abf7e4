"""Maintenance that recurs: its next occurrences are made ahead, a few at a time and never without end."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from services.incidents.case import Said, held
from services.incidents.maintaining import move, plan
from services.incidents.once import Once, claim
from services.incidents.ports import ComponentBook
from services.incidents.reads import json_list
from services.incidents.recurrence import check_rule, instant, later, shortest_gap, wall, written, zone
from services.incidents.recurrence_words import in_words
from services.incidents.rules import COMPONENTS_MAX, WINDOW_LONGEST, check_name, check_reminders, check_text
from services.incidents.speaking import known_components
from services.incidents.tables import IncidentRow, SeriesRow
from services.incidents.views import MaintenanceDraft, MaintenanceStatus, SeriesDraft, SeriesView
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import public_id

AHEAD: Final = 3
"""How many occurrences that have not begun are there at any time."""
FURTHEST: Final = timedelta(days=400)
SERIES_MAX: Final = 100
_SHORTEST_SECONDS: Final = 60
_LOOK_AGAIN: Final = timedelta(days=1)
"""When a series is looked at again whose components are all gone."""


class Recurring:
    """Series of maintenance."""

    def __init__(self, uow: UnitOfWork, book: ComponentBook) -> None:
        self.uow, self.book = uow, book

    @query(permission="incidents.drafts.read")
    def every(self, actor: Actor) -> Sequence[SeriesView]:
        """Return the series that go on, and those that ended, newest first."""
        session = current().session
        rows = session.scalars(sa.select(SeriesRow).order_by(SeriesRow.created_at.desc()).limit(SERIES_MAX)).all()
        planned = session.execute(
            sa.select(IncidentRow.series_id, IncidentRow.started_at)
            .where(IncidentRow.series_id.in_([row.id for row in rows]), _PLANNED)
            .order_by(IncidentRow.started_at)
        ).all()
        return tuple(_view(row, tuple(at for series_id, at in planned if series_id == row.id)) for row in rows)

    @command(permission="incidents.manage")
    def plan_series(self, actor: Actor, draft: SeriesDraft, *, once: Once | None = None, origin: str = "real") -> str:
        """Begin a series, make its first occurrences and return its id.

        Raises: Invalid; Conflict where too many go on, or for an idempotency key that came with another request.
        """
        now, session = self.uow.clock.now(), current().session
        series_id = public_id()
        if (made := claim(once, series_id, now)) is not None:
            return made
        going = sa.select(sa.func.count()).select_from(SeriesRow).where(SeriesRow.ended_at.is_(None))
        if (session.scalar(going) or 0) >= SERIES_MAX:
            raise Conflict("series_full", f"{SERIES_MAX} series go on: end one first.")
        row = self._row(series_id, draft, now)
        row.origin = origin
        session.add(row)
        session.flush()
        made_now = make_ahead(row, now, self._names(row))
        current().note(series_id=series_id, rule=row.rule, time_zone=row.time_zone, made=made_now)
        return series_id

    @command(permission="incidents.manage")
    def end_series(self, actor: Actor, series_id: str, *, version: int) -> int:
        """End a series, call off what it has planned, and return how many that were.

        Raises: NotFound; Conflict where somebody else has changed it or it is over.
        """
        row = _locked(series_id)
        if row.version != version or row.ended_at is not None:
            raise Conflict("series_changed", "Somebody changed this series, or ended it: look at it again.")
        row.ended_at, row.version = self.uow.clock.now(), row.version + 1
        planned = (
            current()
            .session.scalars(sa.select(IncidentRow.id).where(IncidentRow.series_id == series_id, _PLANNED))
            .all()
        )
        for maintenance_id in planned:
            self._call_off(maintenance_id, None, "This maintenance does not recur any more.")
        current().note(series_id=series_id, called_off=len(planned))
        return len(planned)

    @command(permission="incidents.manage")
    def skip(self, actor: Actor, maintenance_id: str, *, version: int) -> None:
        """Call off one occurrence of a series; the next one takes place.

        Raises: NotFound; Conflict where it was changed meanwhile, has begun, or does not recur.
        """
        case = held(maintenance_id, version, self.uow.clock.now(), kind="maintenance")
        if case.row.series_id is None:
            raise Conflict("maintenance_single", "It does not recur: call it off instead.")
        self._call_off(maintenance_id, version, "This time, the maintenance does not take place.")

    @command(permission="incidents.run")
    def make_occurrences(self, actor: Actor, series_id: str) -> int:
        """Make the occurrences of a series that are missing ahead, and return how many.

        Raises: NotFound.
        """
        row, now = _locked(series_id), self.uow.clock.now()
        made = 0 if row.ended_at is not None else make_ahead(row, now, self._names(row))
        current().note(series_id=series_id, made=made)
        return made

    def _call_off(self, maintenance_id: str, version: int | None, body: str) -> None:
        now = self.uow.clock.now()
        case = held(maintenance_id, version, now, kind="maintenance")
        move(case, Said(MaintenanceStatus.CANCELLED.value, body, case.row.notifies, now))

    def _names(self, row: SeriesRow) -> dict[str, str]:
        """Return the components that still exist, by name as they are called now."""
        ids = [str(each) for each in json_list(row.component_ids)]
        known = self.book.named(ids)
        return {each: known[each].name for each in ids if each in known}

    def _row(self, series_id: str, draft: SeriesDraft, now: datetime) -> SeriesRow:
        first, place = wall(draft.first_local), zone(draft.time_zone)
        rule = check_rule(draft.rule, first, place)
        if not 1 <= len(set(draft.component_ids)) <= COMPONENTS_MAX:
            raise _field("components", f"Name between one and {COMPONENTS_MAX} components.")
        known_components(self.book, list(dict.fromkeys(draft.component_ids)))
        longest = WINDOW_LONGEST.total_seconds()
        if not _SHORTEST_SECONDS <= draft.duration_seconds <= longest:
            raise _field("duration_seconds", "It lasts between a minute and 31 days.")
        gap = shortest_gap(rule, first)
        if gap is not None and gap.total_seconds() < draft.duration_seconds:
            raise _field("duration_seconds", "It lasts longer than the time until the next one.")
        return SeriesRow(
            id=series_id,
            name=check_name(draft.name),
            body=check_text("body", draft.body),
            rule=rule,
            time_zone=draft.time_zone,
            first_local=written(first),
            duration_seconds=draft.duration_seconds,
            component_ids=json.dumps(list(dict.fromkeys(draft.component_ids))),
            reminders=json.dumps(list(check_reminders(draft.reminders))),
            created_at=now,
        )


def make_ahead(row: SeriesRow, now: datetime, names: dict[str, str]) -> int:
    """Make missing occurrences of a series that is held under a lock; runs inside a verb."""
    session, place, first = current().session, zone(row.time_zone), wall(row.first_local)
    waiting = sa.select(sa.func.count()).select_from(IncidentRow).where(IncidentRow.series_id == row.id, _PLANNED)
    missing = AHEAD - (session.scalar(waiting) or 0)
    made = 0
    if not names:
        row.look_at = now + _LOOK_AGAIN
        missing = 0
    # The rule is gone through once: what passed years ago costs a step of the rule, and nothing of the database.
    for at in later(row.rule, first, wall(row.made_to) if row.made_to else None) if missing > 0 else ():
        starts_at = instant(at, place)
        if starts_at > now + FURTHEST:
            row.look_at = starts_at - FURTHEST
            break
        row.made_to = written(at)
        ends_at = starts_at + timedelta(seconds=row.duration_seconds)
        if ends_at <= now:  # it passed while nobody looked: it was not announced, so it did not take place
            continue
        _plan_one(row, now, names, starts_at, ends_at)
        made += 1
        if made == missing:
            break
    else:
        row.ended_at = now if missing > 0 else None
    session.flush()
    return made


def _plan_one(row: SeriesRow, now: datetime, names: dict[str, str], starts_at: datetime, ends_at: datetime) -> None:
    reminders = tuple(int(str(each)) for each in json_list(row.reminders))
    draft = MaintenanceDraft(row.name, row.body, tuple(names), starts_at, ends_at, reminders=reminders)
    # Subscribers hear of an occurrence by its reminders: a mail for each one made ahead would be noise.
    plan(now, public_id(), draft, names, series_id=row.id, occurrence=row.made_to, origin=row.origin, quiet=True)


_PLANNED = sa.and_(IncidentRow.status == MaintenanceStatus.SCHEDULED.value, IncidentRow.deleted_at.is_(None))


def _locked(series_id: str) -> SeriesRow:
    row = current().session.scalar(sa.select(SeriesRow).where(SeriesRow.id == series_id).with_for_update())
    if row is None:
        raise NotFound("series_not_found", "There is no such series.")
    return row


def _view(row: SeriesRow, next_starts: tuple[datetime, ...]) -> SeriesView:
    return SeriesView(
        id=row.id,
        name=row.name,
        body=row.body,
        rule=row.rule,
        time_zone=row.time_zone,
        first_local=row.first_local,
        duration_seconds=row.duration_seconds,
        component_ids=tuple(str(each) for each in json_list(row.component_ids)),
        reminders=tuple(int(str(each)) for each in json_list(row.reminders)),
        next_starts=next_starts,
        ended_at=row.ended_at,
        version=row.version,
        words=in_words(row.rule, row.first_local, row.time_zone),
    )


def _field(name: str, message: str) -> Invalid:
    return Invalid(f"{name}_invalid", message, fields={name: message})

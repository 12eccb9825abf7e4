"""Maintenance: planned, begun, extended, ended, called off, and marked afterwards. Every span is accounted for.

What was announced counts as maintenance and nothing else: a window that overruns counts up to the end that was
announced before it was reached. Whoever wants more excluded says so afterwards, with a reason for everybody to read.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.incidents.accounts import account, due_reminders, set_reminders
from services.incidents.case import Case, Said, held, new_case
from services.incidents.once import Once, claim
from services.incidents.ports import ComponentBook
from services.incidents.rules import (
    COMPONENTS_MAX,
    OPERATIONAL,
    REASON_MAX,
    UNDER_MAINTENANCE,
    WINDOW_LONGEST,
    check_maintenance_step,
    check_name,
    check_reminders,
    check_text,
    check_window,
)
from services.incidents.speaking import known_components
from services.incidents.tables import AffectedRow, IncidentRow
from services.incidents.views import Impact, MaintenanceDraft, MaintenanceStatus
from services.infra.uow import UnitOfWork
from services.infra.verbs import command
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid
from services.kernel.ids import public_id

RETRO_FURTHEST = timedelta(days=400)


class Maintaining:
    """What people do with maintenance; `version` is the one that they have seen."""

    def __init__(self, uow: UnitOfWork, book: ComponentBook) -> None:
        self.uow, self.book = uow, book

    @command(permission="incidents.manage")
    def schedule(self, actor: Actor, draft: MaintenanceDraft, *, once: Once | None = None) -> str:
        """Announce a maintenance and return its id.

        Raises: Invalid; Conflict for an idempotency key that came with another request.
        """
        now = self.uow.clock.now()
        maintenance_id = public_id()
        if (made := claim(once, maintenance_id, now)) is not None:
            return made
        check_window(draft.scheduled_for, draft.scheduled_until, now)
        names = self._names(draft.component_ids)
        plan(self.uow.clock.now(), maintenance_id, draft, names)
        return maintenance_id

    @command(permission="incidents.manage")
    def reschedule(
        self, actor: Actor, maintenance_id: str, *, scheduled_for: datetime, scheduled_until: datetime, version: int
    ) -> None:
        """Move a maintenance that has not begun; reminders move with it.

        Raises: NotFound, Invalid; Conflict where it was changed meanwhile, or has begun.
        """
        case = held(maintenance_id, version, self.uow.clock.now(), kind="maintenance")
        if case.row.status != MaintenanceStatus.SCHEDULED:
            raise Conflict("maintenance_begun", "It has begun: extend it, or end it.", status=case.row.status)
        check_window(scheduled_for, scheduled_until, case.now)
        case.lines.append(f"Moved to {scheduled_for:%Y-%m-%d %H:%M} to {scheduled_until:%Y-%m-%d %H:%M} UTC")
        case.before = {"scheduled_for": str(case.row.scheduled_at), "scheduled_until": str(case.row.scheduled_until)}
        reminders = due_reminders(case)
        case.row.scheduled_at = case.row.started_at = scheduled_for
        case.row.scheduled_until = scheduled_until
        set_reminders(case, reminders)
        case.close("rescheduled")
        case.announce("updated", notifies=case.row.notifies)

    @command(permission="incidents.manage")
    def extend(self, actor: Actor, maintenance_id: str, *, scheduled_until: datetime, version: int) -> None:
        """Announce another end of a maintenance under way; past an end that was reached, nothing is excluded.

        Raises: NotFound, Invalid; Conflict where it was changed meanwhile, or is not under way.
        """
        case = held(maintenance_id, version, self.uow.clock.now(), kind="maintenance")
        row = case.row
        if row.status not in {MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING}:
            raise Conflict("maintenance_not_under_way", "It is not under way.", status=row.status)
        check_window(row.started_at, scheduled_until, case.now, begun=True)
        overrun = note_overrun(case)
        case.lines.append(f"New end: {scheduled_until:%Y-%m-%d %H:%M} UTC")
        row.scheduled_until = scheduled_until
        case.close("extended")
        if overrun:
            account(case, row.accounted_at)
        case.announce("updated", notifies=row.notifies)

    @command(permission="incidents.manage")
    def post_update(
        self,
        actor: Actor,
        maintenance_id: str,
        *,
        status: str,
        body: str,
        version: int,
        notifies: bool = True,
        once: Once | None = None,
    ) -> str:
        """Say something of a maintenance and return the update's id; another status begins, ends or calls it off.

        Raises: NotFound, Invalid; Conflict where it was changed meanwhile, or for a step that its life does not have.
        """
        now = self.uow.clock.now()
        said = Said(status, check_text("body", body), notifies, now)
        if (made := claim(once, said.id, now)) is not None:
            return made
        case = held(maintenance_id, version, now, kind="maintenance")
        move(case, said)
        return said.id

    @command(permission="incidents.manage")
    def set_reminders(self, actor: Actor, maintenance_id: str, *, reminders: Sequence[int], version: int) -> None:
        """Choose how long before the start subscribers are reminded.

        Units: seconds.
        Raises: NotFound, Invalid; Conflict where it was changed meanwhile, or has begun.
        """
        case = held(maintenance_id, version, self.uow.clock.now(), kind="maintenance")
        if case.row.status != MaintenanceStatus.SCHEDULED:
            raise Conflict("maintenance_begun", "It has begun.", status=case.row.status)
        set_reminders(case, check_reminders(reminders))
        case.lines.append(f"Reminders: {', '.join(f'{each // 60} min' for each in reminders) or 'none'}")
        case.close("reminders_set")

    @command(permission="incidents.manage")
    def mark_past(
        self,
        actor: Actor,
        *,
        name: str,
        component_ids: Sequence[str],
        starts_at: datetime,
        ends_at: datetime,
        reason: str,
        origin: str = "real",
        once: Once | None = None,
    ) -> str:
        """Count a past span as maintenance, with a reason that everybody can read, and return the record's id.

        Raises: Invalid.
        """
        now = self.uow.clock.now()
        maintenance_id = public_id()
        if (made := claim(once, maintenance_id, now)) is not None:
            return made
        _check_past_span(starts_at, ends_at, now)
        why = check_text("reason", reason, longest=REASON_MAX)
        names = self._names(component_ids)
        row = _row(maintenance_id, name, starts_at, ends_at, now)
        row.status, row.resolved_at, row.note = MaintenanceStatus.COMPLETED.value, ends_at, why
        row.backfilled = row.retroactive = True
        row.origin, row.notifies = origin, False
        case = new_case(row, now)
        for place, (component_id, called) in enumerate(names.items()):
            _affect(case, component_id, called, place, OPERATIONAL)
        body = f"Marked as maintenance afterwards: {why}"
        case.say(Said(MaintenanceStatus.COMPLETED.value, body, notifies=False, display_at=ends_at))
        case.close("marked")
        account(case, ends_at)
        case.announce("completed", notifies=False)
        return maintenance_id

    @command(permission="incidents.manage")
    def withdraw_mark(self, actor: Actor, maintenance_id: str, *, reason: str, version: int) -> None:
        """Take back that a past span counts as maintenance.

        Raises: NotFound, Invalid; Conflict where it was changed meanwhile, or is no mark.
        """
        why = check_text("reason", reason, longest=REASON_MAX)
        case = held(maintenance_id, version, self.uow.clock.now(), kind="maintenance")
        if not case.row.retroactive:
            raise Conflict("maintenance_took_place", "Only what was marked afterwards can be taken back.")
        case.row.deleted_at = case.now
        case.lines.append(f"Taken back: {why}")
        case.close("withdrawn")
        account(case, case.row.resolved_at, withdrawn=True)
        case.announce("deleted", notifies=False)

    def _names(self, component_ids: Sequence[str]) -> dict[str, str]:
        if not 1 <= len(set(component_ids)) <= COMPONENTS_MAX:
            message = f"Name between one and {COMPONENTS_MAX} components."
            raise Invalid("components_invalid", message, fields={"components": message})
        known = known_components(self.book, list(dict.fromkeys(component_ids)))
        return {each: known[each].name for each in dict.fromkeys(component_ids)}


def plan(now: datetime, maintenance_id: str, draft: MaintenanceDraft, names: dict[str, str], *,
         series_id: str | None = None, occurrence: str | None = None, origin: str = "real",
         quiet: bool = False) -> Case:  # fmt: skip
    """Write down a maintenance to come and announce it; runs inside a verb."""
    row = _row(maintenance_id, draft.name, draft.scheduled_for, draft.scheduled_until, now)
    row.starts_itself, row.ends_itself, row.notifies = draft.starts_itself, draft.ends_itself, draft.notifies
    row.series_id, row.occurrence, row.origin = series_id, occurrence, origin
    case = new_case(row, now)
    for place, (component_id, called) in enumerate(names.items()):
        _affect(case, component_id, called, place, OPERATIONAL)
    set_reminders(case, check_reminders(draft.reminders))
    case.say(Said(MaintenanceStatus.SCHEDULED.value, check_text("body", draft.body), draft.notifies, now))
    case.close("scheduled")
    case.announce("scheduled", notifies=draft.notifies and not quiet)
    return case


def move(case: Case, said: Said) -> None:
    """Say something of a maintenance, and take the step that its status is; runs inside a verb."""
    row, old = case.row, case.row.status
    if said.status != old:
        check_maintenance_step(old, said.status)
    update = case.say(said)
    begins = old == MaintenanceStatus.SCHEDULED and said.status == MaintenanceStatus.IN_PROGRESS
    ends = said.status == MaintenanceStatus.COMPLETED and old != said.status
    overrun = ends and note_overrun(case)
    if begins:
        row.started_at = said.display_at
        _give_all(case, update.id, UNDER_MAINTENANCE)
        set_reminders(case, ())
    if ends:
        row.resolved_at = said.display_at
        _give_all(case, update.id, OPERATIONAL)
    if said.status == MaintenanceStatus.CANCELLED and old != said.status:
        row.resolved_at = said.display_at
        set_reminders(case, ())
    case.close(said.status)
    if begins or ends:
        case.tell_components(said.display_at)
        account(case, (row.accounted_at if overrun or row.accounted_at else row.resolved_at) if ends else None)
    case.announce(_occasion(old, said.status), notifies=said.notifies)


def note_overrun(case: Case) -> bool:
    """Fix the end up to which it counts as maintenance, once the announced end is reached; tell whether that is new."""
    row = case.row
    if row.accounted_at is not None or row.scheduled_until is None or case.now < row.scheduled_until:
        return False
    row.accounted_at = row.scheduled_until
    return True


def _occasion(old: str, new: str) -> str:
    if new in {old, MaintenanceStatus.VERIFYING}:
        return "updated"
    return {"in_progress": "started", "completed": "completed", "cancelled": "cancelled"}.get(new, "updated")


def _give_all(case: Case, update_id: str, status: str) -> None:
    affected = case.affected
    case.give(
        update_id,
        {each.component_id: status for each in affected},
        {each.component_id: each.name for each in affected},
        {},
    )


def _affect(case: Case, component_id: str, name: str, place: int, status: str) -> None:
    case.scope.session.add(
        AffectedRow(incident_id=case.row.id, component_id=component_id, place=place, name=name, status=status)
    )


def _row(maintenance_id: str, name: str, starts_at: datetime, ends_at: datetime, now: datetime) -> IncidentRow:
    return IncidentRow(
        id=maintenance_id,
        kind="maintenance",
        name=check_name(name),
        status=MaintenanceStatus.SCHEDULED.value,
        base_impact=Impact.MAINTENANCE.value,
        impact=Impact.MAINTENANCE.value,
        started_at=starts_at,
        created_at=now,
        updated_at=now,
        scheduled_at=starts_at,
        scheduled_until=ends_at,
        version=0,
    )


def _check_past_span(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at > now:
        message = "Only a span that is over can be marked afterwards; schedule what is to come."
    elif ends_at <= starts_at:
        message = "It must end after it starts."
    elif ends_at - starts_at > WINDOW_LONGEST:
        message = f"A span lasts at most {WINDOW_LONGEST.days} days."
    elif starts_at < now - RETRO_FURTHEST:
        message = "This is too long ago: its month has been reported."
    else:
        return
    raise Invalid("ends_at_invalid", message, fields={"ends_at": message})

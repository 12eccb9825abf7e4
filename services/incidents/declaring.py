"""Declaring an incident, updating it, correcting what was said, and taking it back."""

from datetime import datetime

from services.incidents.case import Case, held, new_case
from services.incidents.once import Once, claim
from services.incidents.ports import ComponentBook
from services.incidents.rules import (
    OPERATIONAL,
    REASON_MAX,
    check_impact,
    check_name,
    check_past,
    check_step,
    check_text,
    worst,
)
from services.incidents.speaking import speak
from services.incidents.tables import IncidentRow, UpdateRow
from services.incidents.views import (
    ComponentStatusDraft,
    Impact,
    IncidentDraft,
    IncidentStatus,
    PastDraft,
    UpdateDraft,
)
from services.infra.uow import UnitOfWork
from services.infra.verbs import command
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import public_id


class Declaring:
    """What people do with incidents; `version` is the one that they have seen."""

    def __init__(self, uow: UnitOfWork, book: ComponentBook) -> None:
        self.uow, self.book = uow, book

    @command(permission="incidents.manage")
    def declare(self, actor: Actor, draft: IncidentDraft, *, once: Once | None = None) -> str:
        """Tell the public of an incident and return its id; one that is over already says nothing of components now.

        Raises: Invalid; Conflict for an idempotency key that came with another request.
        """
        now = self.uow.clock.now()
        incident_id = public_id()
        if (made := claim(once, incident_id, now)) is not None:
            return made
        check_past(draft.started_at, draft.resolved_at, now)
        check_impact(draft.impact, draft.impact_reason)
        if draft.resolved_at is not None and draft.started_at is not None:
            return self._declare_past(incident_id, draft, now)
        check_step(IncidentStatus.INVESTIGATING, draft.status)
        if draft.status == IncidentStatus.RESOLVED:
            raise Invalid("status_invalid", "Say when it started and ended, to enter one that is over.",
                          fields={"status": "Needs the instants at which it started and ended."})  # fmt: skip
        said_at = draft.started_at or now
        case = new_case(new_row(incident_id, draft.name, draft.status, said_at, now), now)
        case.row.impact_override, case.row.impact_reason = draft.impact, draft.impact_reason.strip()
        case.row.backfilled = draft.started_at is not None
        speak(self.book, case, UpdateDraft(draft.status, draft.body, draft.components, draft.notifies, said_at))
        case.close("declared")
        case.tell_components(said_at)
        case.announce("opened", notifies=draft.notifies)
        return incident_id

    @command(permission="incidents.manage")
    def post_update(
        self, actor: Actor, incident_id: str, draft: UpdateDraft, *, version: int, once: Once | None = None
    ) -> str:
        """Say something new of an incident and return the update's id; resolving it lets its components go.

        Raises: NotFound, Invalid; Conflict where it was changed meanwhile or is closed.
        """
        now = self.uow.clock.now()
        update_id = public_id()
        if (made := claim(once, update_id, now)) is not None:
            return made
        case = held(incident_id, version, now, kind="incident")
        check_step(case.row.status, draft.status)
        _check_shown(draft.display_at, case)
        before = _pairs(case)
        update = speak(self.book, case, draft, update_id)
        case.close("updated")
        if _pairs(case) != before or draft.status == IncidentStatus.RESOLVED:
            case.tell_components(update.display_at)
        case.announce("resolved" if draft.status == IncidentStatus.RESOLVED else "updated", notifies=draft.notifies)
        return update.id

    @command(permission="incidents.manage")
    def correct_update(self, actor: Actor, incident_id: str, update_id: str, *, body: str, version: int) -> int:
        """Correct what an update says and return the incident's new version; what stood there stays in the journal.

        Raises: NotFound, Invalid; Conflict where the incident was changed meanwhile.
        """
        case = held(incident_id, version, self.uow.clock.now())
        update = case.scope.session.get(UpdateRow, update_id)
        if update is None or update.incident_id != incident_id:
            raise NotFound("update_not_found", "There is no such update.")
        said = check_text("body", body)
        if said == update.body:
            return case.row.version
        case.before = {"update_id": update_id, "body": update.body}
        update.body, update.edited_at, update.updated_at = said, case.now, case.now
        case.update_id = update_id
        case.lines.append(f"Corrected an update to: {said[:160]}")
        case.close("corrected")
        case.announce("updated", notifies=False)
        return case.row.version

    @command(permission="incidents.manage")
    def rename(self, actor: Actor, incident_id: str, *, name: str, version: int) -> int:
        """Give an incident or a maintenance another name, and return its new version.

        Raises: NotFound, Invalid; Conflict where it was changed meanwhile.
        """
        case = held(incident_id, version, self.uow.clock.now())
        said = check_name(name)
        case.before = {"name": case.row.name}
        case.lines.append(f"Name: {case.row.name} → {said}")
        case.row.name = said
        case.close("renamed")
        case.tell_components()
        case.announce("updated", notifies=False)
        return case.row.version

    @command(permission="incidents.manage")
    def set_impact(self, actor: Actor, incident_id: str, *, impact: str | None, reason: str, version: int) -> int:
        """Set the impact by hand, with a reason, and return the new version; without one it follows from components.

        Raises: NotFound, Invalid; Conflict where it was changed meanwhile.
        """
        check_impact(impact, reason)
        case = held(incident_id, version, self.uow.clock.now(), kind="incident")
        case.before = {"impact": case.row.impact, "reason": case.row.impact_reason}
        case.row.impact_override, case.row.impact_reason = impact, reason.strip() if impact else ""
        case.weigh()
        case.lines.append(f"Impact set by hand: {reason.strip()}" if impact else "Impact follows from components again")
        case.close("impact_set")
        case.announce("updated", notifies=False)
        return case.row.version

    @command(permission="incidents.manage")
    def take_over(self, actor: Actor, incident_id: str, *, version: int) -> int:
        """Take an automatic incident out of the machine's hands for good, and return its new version.

        Raises: NotFound; Conflict where it was changed meanwhile, or is not automatic.
        """
        case = held(incident_id, version, self.uow.clock.now(), kind="incident")
        if not case.row.automatic or case.row.taken_over_at is not None:
            raise Conflict("incident_in_hand", "A person has this incident in hand already.")
        case.lines.append("A person took it over")
        case.row.taken_over_at = case.now
        case.close("taken_over")
        return case.row.version

    @command(permission="incidents.manage")
    def record_past(self, actor: Actor, draft: PastDraft, *, once: Once | None = None) -> str:
        """Enter an incident that is over, with all that was said of it; nobody is notified.

        Raises: Invalid.
        """
        now = self.uow.clock.now()
        incident_id = public_id()
        if (made := claim(once, incident_id, now)) is not None:
            return made
        return self._past(incident_id, draft, now)

    def _declare_past(self, incident_id: str, draft: IncidentDraft, now: datetime) -> str:
        assert draft.started_at is not None  # noqa: S101 -- checked by the caller
        assert draft.resolved_at is not None  # noqa: S101 -- checked by the caller
        well = tuple(ComponentStatusDraft(each.component_id, OPERATIONAL) for each in draft.components)
        first = IncidentStatus.INVESTIGATING if draft.status == IncidentStatus.RESOLVED else draft.status
        over = draft.resolution or "This incident is resolved."
        updates = (
            UpdateDraft(first, draft.body, draft.components, notifies=False, display_at=draft.started_at),
            UpdateDraft(IncidentStatus.RESOLVED, over, well, notifies=False, display_at=draft.resolved_at),
        )
        past = PastDraft(draft.name, updates, impact=draft.impact, impact_reason=draft.impact_reason)
        return self._past(incident_id, past, now)

    def _past(self, incident_id: str, draft: PastDraft, now: datetime) -> str:
        times = [each.display_at for each in draft.updates]
        told = [at for at in times if at is not None]
        ends = bool(draft.updates) and draft.updates[-1].status == IncidentStatus.RESOLVED
        if len(told) != len(times) or not ends or told != sorted(told) or told[-1] > now:
            message = "Give updates with their instants, oldest first, none in the future, the last one resolving it."
            raise Invalid("updates_invalid", message, fields={"updates": message})
        check_impact(draft.impact, draft.impact_reason)
        case = new_case(new_row(incident_id, draft.name, draft.updates[0].status, told[0], now), now)
        case.row.impact_override, case.row.impact_reason = draft.impact, draft.impact_reason.strip()
        case.row.backfilled, case.row.origin = True, draft.origin
        case.row.automatic, case.row.sla = draft.sla is not None, draft.sla
        for each in draft.updates:
            check_step(case.row.status, each.status)
            speak(self.book, case, each)
        if draft.postmortem:
            case.row.postmortem = case.row.postmortem_draft = check_text("postmortem", draft.postmortem, longest=60_000)
            case.row.postmortem_at, case.row.status = draft.postmortem_at or told[-1], IncidentStatus.POSTMORTEM.value
        case.close("backfilled")
        case.announce("opened", notifies=False)
        return incident_id

    @command(permission="incidents.manage")
    def withdraw(self, actor: Actor, incident_id: str, *, reason: str, version: int) -> None:
        """Take an incident off the page that should never have been there; it stays in the audit trail.

        Raises: NotFound, Invalid; Conflict where it was changed meanwhile, or is a maintenance that is accounted for.
        """
        said = check_text("reason", reason, longest=REASON_MAX)
        case = held(incident_id, version, self.uow.clock.now(), kind="incident")
        case.row.deleted_at = case.now
        case.lines.append(f"Withdrawn: {said}")
        case.close("withdrawn")
        # From its first word on: what should never have been there leaves the bars, the counts and the reasons, too.
        case.tell_components(case.row.started_at)
        case.announce("deleted", notifies=False)


def new_row(incident_id: str, name: str, status: str, started_at: datetime, now: datetime) -> IncidentRow:
    """Return a new incident, of which nothing has been said yet.

    Raises: Invalid for its name.
    """
    return IncidentRow(
        id=incident_id,
        kind="incident",
        name=check_name(name),
        status=status,
        base_impact=Impact.NONE.value,
        impact=worst([]).value,
        started_at=started_at,
        created_at=now,
        updated_at=now,
        version=0,
    )


def _pairs(case: Case) -> dict[str, str]:
    return {each.component_id: each.status for each in case.affected if each.status != OPERATIONAL}


def _check_shown(at: datetime | None, case: Case) -> None:
    """Refuse an update as of the future, or as of before what was said last: it would unsay what was told since."""
    if at is None:
        return
    if at > case.now:
        message = "An update cannot be shown as of the future."
        raise Invalid("display_at_invalid", message, fields={"display_at": message})
    if at < case.told_last_at:
        message = "An update cannot be shown as of before the one that came before it."
        raise Invalid("display_at_invalid", message, fields={"display_at": message})

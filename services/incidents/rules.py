"""What may follow what in an incident's life, and what it comes to: pure rules."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.incidents.markup import BODY_MAX
from services.incidents.views import ComponentStatusDraft, Impact, IncidentStatus, MaintenanceStatus
from services.kernel.errors import Conflict, Invalid

NAME_MAX: Final = 255
REASON_MAX: Final = 1_000
COMPONENTS_MAX: Final = 500
REMINDERS_MAX: Final = 5
REMINDER_LONGEST_SECONDS: Final = 30 * 86_400
WINDOW_LONGEST: Final = timedelta(days=31)
AHEAD_LONGEST: Final = timedelta(days=730)
STARTED_JUST_NOW: Final = timedelta(minutes=5)
"""How late a window may be entered that starts at once."""

OPERATIONAL: Final = "operational"
DEGRADED: Final = "degraded_performance"
UNDER_MAINTENANCE: Final = "under_maintenance"
GIVEN_STATUSES: Final = (OPERATIONAL, DEGRADED, "partial_outage", "major_outage")
"""What an incident may say of a component, from well to worst."""

OPEN: Final = (IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING)
UNDER_WAY: Final = (MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING)
ACTIVE: Final = (*OPEN, *UNDER_WAY)
"""The statuses of what goes on now."""

_UNSHOWABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
"""What no feed can carry (XML 1.0 §2.2), and what would turn the words around it."""
_IMPACT_OF: Final = {
    OPERATIONAL: Impact.NONE,
    DEGRADED: Impact.MINOR,
    "partial_outage": Impact.MAJOR,
    "major_outage": Impact.CRITICAL,
}
_SEVERITY: Final = (Impact.MAINTENANCE, Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL)
_MAINTENANCE_STEPS: Final = {
    MaintenanceStatus.SCHEDULED: {MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.CANCELLED},
    MaintenanceStatus.IN_PROGRESS: {MaintenanceStatus.VERIFYING, MaintenanceStatus.COMPLETED},
    MaintenanceStatus.VERIFYING: {MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.COMPLETED},
}


def severity(impact: str) -> int:
    """Return how bad an impact is, as a number that grows."""
    return _SEVERITY.index(Impact(impact))


def worst(impacts: Iterable[str]) -> Impact:
    """Return the worst of impacts; none without any."""
    return max((Impact(each) for each in impacts), key=severity, default=Impact.NONE)


def impact_of(status: str) -> Impact:
    """Return what a component's status means for people."""
    return _IMPACT_OF.get(status, Impact.NONE)


def check_step(old: str, new: str) -> None:
    """Refuse a step of an incident that its life does not have: only publishing a post-mortem ends it.

    Raises: Invalid for a word that is no status, Conflict for a step that is none.
    """
    if new not in (*OPEN, IncidentStatus.RESOLVED):
        raise _field("status", "Choose investigating, identified, monitoring or resolved.")
    if old == IncidentStatus.POSTMORTEM:
        raise Conflict(
            "incident_closed", "Its post-mortem is published: declare a new incident for what happens now.", status=old
        )


def check_maintenance_step(old: str, new: str) -> None:
    """Refuse a step that a maintenance's life does not have.

    Raises: Conflict.
    """
    if MaintenanceStatus(new) not in _MAINTENANCE_STEPS.get(MaintenanceStatus(old), set()):
        raise Conflict(
            "maintenance_step_refused",
            f"A maintenance that is {old.replace('_', ' ')} cannot become {new.replace('_', ' ')}.",
            status=old,
        )


def check_name(name: str) -> str:
    """Return a name without spaces around it.

    Raises: Invalid for one that is empty, too long or has line breaks.
    """
    said = " ".join(name.split())
    _refuse_unshowable("name", said)
    if not said:
        raise _field("name", "Say in a few words what people notice.")
    if len(said) > NAME_MAX:
        raise _field("name", f"Use at most {NAME_MAX} characters.")
    return said


def check_text(field: str, text: str, *, longest: int = BODY_MAX, empty: bool = False) -> str:
    """Return a text without empty lines around it.

    Raises: Invalid for one that is empty where it may not be, or too long.
    """
    said = text.replace("\r\n", "\n").strip()
    _refuse_unshowable(field, said)
    if not said and not empty:
        raise _field(field, "Write at least a sentence.")
    if len(said) > longest:
        raise _field(field, f"Use at most {longest} characters; this has {len(said)}.")
    return said


def check_impact(impact: str | None, reason: str) -> None:
    """Refuse an impact set by hand without a reason.

    Raises: Invalid.
    """
    if impact is None:
        return
    if impact not in {Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL}:
        raise _field("impact", "Choose none, minor, major or critical.")
    if not reason.strip():
        raise _field("impact_reason", "Say why the impact is set by hand: it is recorded.")
    if len(reason) > REASON_MAX:
        raise _field("impact_reason", f"Use at most {REASON_MAX} characters.")


def check_statuses(components: Sequence[ComponentStatusDraft]) -> None:
    """Refuse statuses that an incident cannot give, and a component named twice.

    Raises: Invalid.
    """
    if len(components) > COMPONENTS_MAX:
        raise _field("components", f"Name at most {COMPONENTS_MAX} components.")
    if len({each.component_id for each in components}) != len(components):
        raise _field("components", "Name each component once.")
    if any(each.status not in GIVEN_STATUSES for each in components):
        raise _field("components", f"A component's status is one of {', '.join(GIVEN_STATUSES)}.")


def check_window(starts_at: datetime, ends_at: datetime, now: datetime, *, begun: bool = False) -> None:
    """Refuse a maintenance window that ends before it starts, is over, or lies beyond any plan.

    One that has not `begun` cannot start in the past either: what is counted as maintenance afterwards needs a reason.

    Raises: Invalid.
    """
    if ends_at <= starts_at:
        raise _field("scheduled_until", "It must end after it starts.")
    if ends_at - starts_at > WINDOW_LONGEST:
        raise _field("scheduled_until", f"A window lasts at most {WINDOW_LONGEST.days} days.")
    if ends_at <= now:
        raise _field("scheduled_until", "This is over already: mark it as maintenance afterwards, with a reason.")
    if not begun and starts_at < now - STARTED_JUST_NOW:
        raise _field("scheduled_for", "It starts in the past: mark that span as maintenance afterwards, with a reason.")
    if starts_at > now + AHEAD_LONGEST:
        raise _field("scheduled_for", "Plan at most two years ahead.")


def check_reminders(reminders: Sequence[int]) -> tuple[int, ...]:
    """Return reminders without duplicates, the earliest first.

    Raises: Invalid.
    """
    if len(reminders) > REMINDERS_MAX:
        raise _field("reminders", f"Send at most {REMINDERS_MAX} reminders.")
    if any(not 60 <= each <= REMINDER_LONGEST_SECONDS for each in reminders):  # noqa: PLR2004 -- a minute
        raise _field("reminders", "Remind between a minute and 30 days before the start.")
    return tuple(sorted(set(reminders), reverse=True))


def check_past(started_at: datetime | None, resolved_at: datetime | None, now: datetime) -> None:
    """Refuse a backdated incident that starts in the future or ends before it starts.

    Raises: Invalid.
    """
    if started_at is not None and started_at > now:
        raise _field("started_at", "It cannot have started in the future.")
    if resolved_at is None:
        return
    if started_at is None:
        raise _field("started_at", "Say when it started, too.")
    if resolved_at > now:
        raise _field("resolved_at", "It cannot be over in the future.")
    if resolved_at <= started_at:
        raise _field("resolved_at", "It must be over after it started.")


def _refuse_unshowable(field: str, text: str) -> None:
    if _UNSHOWABLE.search(text):
        raise _field(field, "It holds a character that cannot be shown, such as a control character.")


def _field(name: str, message: str) -> Invalid:
    return Invalid(f"{name}_invalid", message, fields={name: message})

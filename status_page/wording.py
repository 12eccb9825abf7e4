"""What people read of components, incidents and agreements: their words, colours and times."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Literal

from dash import html
from dash.development.base_component import Component

from services.components.views import ComponentStatus, DayView, GroupView, UptimePolicy
from services.incidents.views import Impact, IncidentStatus, IncidentView, MaintenanceStatus
from services.slas.views import SlaState
from web.ui import DayState, Node, attrs, chip, fmt, locale_data
from web.ui.language import _, current, filled, later
from web.ui.theme import State

STATUS_WORDS: Final = {
    ComponentStatus.OPERATIONAL: later("Operational"),
    ComponentStatus.DEGRADED: later("Degraded"),
    ComponentStatus.PARTIAL_OUTAGE: later("Partial outage"),
    ComponentStatus.MAJOR_OUTAGE: later("Major outage"),
    ComponentStatus.MAINTENANCE: later("Maintenance"),
    ComponentStatus.UNKNOWN: later("Not known"),
}
STATUS_INSIDE: Final = {
    ComponentStatus.OPERATIONAL: later("operational"),
    ComponentStatus.DEGRADED: later("degraded"),
    ComponentStatus.PARTIAL_OUTAGE: later("partial outage"),
    ComponentStatus.MAJOR_OUTAGE: later("major outage"),
    ComponentStatus.MAINTENANCE: later("maintenance"),
    ComponentStatus.UNKNOWN: later("not known"),
}
"""The same words inside a sentence."""
STATUS_STATES: Final = {
    ComponentStatus.OPERATIONAL: State.GOOD,
    ComponentStatus.DEGRADED: State.WARN,
    ComponentStatus.PARTIAL_OUTAGE: State.BAD,
    ComponentStatus.MAJOR_OUTAGE: State.BAD,
    ComponentStatus.MAINTENANCE: State.PLAN,
    ComponentStatus.UNKNOWN: State.UNKNOWN,
}
IMPACT_STATES: Final = {
    Impact.NONE: State.PLAIN,
    Impact.MINOR: State.WARN,
    Impact.MAJOR: State.BAD,
    Impact.CRITICAL: State.BAD,
    Impact.MAINTENANCE: State.PLAN,
}
IMPACT_WORDS: Final = {
    Impact.NONE: later("no impact"),
    Impact.MINOR: later("minor"),
    Impact.MAJOR: later("major"),
    Impact.CRITICAL: later("critical"),
    Impact.MAINTENANCE: later("maintenance"),
}
SLA_STATES: Final = {
    SlaState.HEALTHY: State.GOOD,
    SlaState.BREACHED: State.BAD,
    SlaState.EXHAUSTED: State.WARN,
    SlaState.FEW_EVENTS: State.UNKNOWN,
    SlaState.NO_DATA: State.UNKNOWN,
    SlaState.UNKNOWN: State.UNKNOWN,
}
SLA_WORDS: Final = {
    SlaState.HEALTHY: later("within its budget"),
    SlaState.BREACHED: later("breached"),
    SlaState.EXHAUSTED: later("budget used up"),
    SlaState.FEW_EVENTS: later("too few events to judge"),
    SlaState.NO_DATA: later("no data"),
    SlaState.UNKNOWN: later("not known"),
}
PHASES: Final = {
    IncidentStatus.INVESTIGATING.value: later("investigating"),
    IncidentStatus.IDENTIFIED.value: later("identified"),
    IncidentStatus.MONITORING.value: later("monitoring"),
    IncidentStatus.RESOLVED.value: later("resolved"),
    IncidentStatus.POSTMORTEM.value: later("post-mortem"),
    MaintenanceStatus.SCHEDULED.value: later("scheduled"),
    MaintenanceStatus.IN_PROGRESS.value: later("in progress"),
    MaintenanceStatus.VERIFYING.value: later("verifying"),
    MaintenanceStatus.COMPLETED.value: later("completed"),
    MaintenanceStatus.CANCELLED.value: later("cancelled"),
}
_POLICY: Final = UptimePolicy()
OVER: Final = frozenset(
    {
        IncidentStatus.RESOLVED.value,
        IncidentStatus.POSTMORTEM.value,
        MaintenanceStatus.COMPLETED.value,
        MaintenanceStatus.CANCELLED.value,
    }
)
"""Statuses in which an incident or a maintenance is over."""


def status_word(status: ComponentStatus) -> str:
    """A component's status in words."""
    return _(STATUS_WORDS[status])


def status_inside(text: str) -> str:
    """A component's status, given as text, inside a sentence; a word that is none of ours stays as it is."""
    try:
        return _(STATUS_INSIDE[ComponentStatus(text)])
    except ValueError:
        return text.replace("_", " ").lower()


def phase(status: str) -> str:
    """Where an incident or a maintenance is in its life, in words."""
    return _(PHASES.get(status, status))


def phase_chip(view: IncidentView) -> Component:
    """The phase as a chip; what is over is quiet, what is open has the colour of its impact."""
    if view.status in OVER:
        done = view.status != MaintenanceStatus.CANCELLED.value
        return chip(phase(view.status), State.PLAIN, icon_name="check" if done else None)
    if view.kind == "maintenance":
        return chip(phase(view.status), State.PLAN)
    return chip(phase(view.status), IMPACT_STATES[view.impact])


def impact_chip(view: IncidentView) -> Component:
    """How bad it is or was."""
    return chip(_(IMPACT_WORDS[view.impact]), IMPACT_STATES[view.impact])


def incident_href(view: IncidentView) -> str:
    """Where an incident or a maintenance is read in full."""
    return f"/status/incidents/{view.id}/"


def component_href(component_id: str) -> str:
    """Where a component is read in full."""
    return f"/status/components/{component_id}/"


def began_at(view: IncidentView) -> datetime:
    """When it began: by the plan for a maintenance, by what is known for an incident."""
    return view.scheduled_for or view.started_at


def ended_at(view: IncidentView) -> datetime | None:
    """When it ended, or is planned to end; nothing while an incident is open."""
    if view.kind == "maintenance":
        return view.resolved_at or view.scheduled_until
    return view.resolved_at


def lasted(view: IncidentView, now: datetime) -> str:
    """How long it took, or has been going on."""
    end = ended_at(view)
    seconds = ((end or now) - began_at(view)).total_seconds()
    words = fmt.duration(max(0.0, seconds))
    return words if end is not None else _("{length} so far", length=words)


TimeForm = Literal["instant", "day", "hour", "month"]


def _hour(at: datetime) -> str:
    return f"{fmt.hour(at)}{fmt.NBSP}UTC"


_FORMS: Final[dict[TimeForm, Callable[[datetime], str]]] = {
    "instant": fmt.instant,
    "day": fmt.day,
    "hour": _hour,
    "month": fmt.month,
}


def moment(at: datetime | None, form: TimeForm = "instant") -> Component:
    """An instant, which a script puts into the reader's own words and time zone; in UTC without one."""
    if at is None:
        return html.Span(fmt.no_data(), className="dim")
    words = _FORMS[form](at)
    return html.Time(words, dateTime=fmt.iso(at), title=fmt.instant(at), className="num", **attrs(data_local=form))


def span_of(starts_at: datetime, ends_at: datetime | None) -> Node:
    """A stretch of time; the day is said again only where it ends on another one."""
    if ends_at is None:
        return filled(_("since {moment}"), moment=moment(starts_at))
    same = fmt.utc(starts_at).date() == fmt.utc(ends_at).date()
    return [moment(starts_at), f" {fmt.DASH} ", moment(ends_at, "hour" if same else "instant")]


def ratio_words(ratio: float | None) -> str:
    """A share of good events; a promise is written as it was given, what was attained is cut and never rounded up."""
    return fmt.availability(ratio) if ratio is not None and ratio > 0.99 else fmt.percent(ratio)  # noqa: PLR2004 -- from two nines on, decimals are the point


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names as people say them: "A", "A and B", "A, B and 4 more"."""
    if len(names) > most:
        rest = len(names) - most + 1
        return _("{names} and {n} more", names=", ".join(names[: most - 1]), n=fmt.count(rest))
    if not current().plain:
        return locale_data.listing(names, current().locale)
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def day_states(days: Sequence[DayView]) -> list[DayState]:
    """The days as bars show them."""
    return [_day(day) for day in days]


def _day(day: DayView) -> DayState:
    down = (
        day.major_seconds * _POLICY.major_weight
        + day.partial_seconds * _POLICY.partial_weight
        + day.degraded_seconds * _POLICY.degraded_weight
    )
    measured = day.operational_seconds + day.degraded_seconds + day.partial_seconds + day.major_seconds
    parts = [
        (day.major_seconds, later("down for {length}")),
        (day.partial_seconds, later("partly down for {length}")),
        (day.degraded_seconds, later("degraded for {length}")),
        (day.maintenance_seconds, later("maintenance for {length}")),
        (day.unknown_seconds, later("not measured for {length}")),
    ]
    said = ", ".join(_(words, length=fmt.duration(seconds)) for seconds, words in parts if seconds > 0)
    note = f"{said[0].upper()}{said[1:].removesuffix('.')}." if said else None
    ratio = 1 - down / measured if measured > 0 else None
    return DayState(day.day, STATUS_STATES[day.worst], ratio, note)


def components_counted(number: int) -> str:
    """So many components."""
    return fmt.counted(number, "{n} component", "{n} components")


def group_counts(group: GroupView) -> str:
    """How many components of a group stand how, where that is worth saying."""
    wrong = [(status, number) for status, number in group.counts if status is not ComponentStatus.OPERATIONAL]
    total = components_counted(len(group.component_ids))
    said = [f"{fmt.count(number)} {_(STATUS_INSIDE[status])}" for status, number in wrong if number]
    return f"{total}, {', '.join(said)}" if said else total

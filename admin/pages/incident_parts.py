"""What the pages of incidents and maintenance share: chips, the timeline, rows of components, previews, conflicts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from dash import html
from dash.development.base_component import Component

from services.incidents.markup import to_safe_html
from services.incidents.ports import NamedComponent
from services.incidents.rules import GIVEN_STATUSES
from services.incidents.views import ComponentStatusDraft, IncidentView, UpdateView
from services.kernel.errors import Conflict, Invalid
from web.ui import Control, Ids, Markup, Node, Option, State, banner, button, chip, fmt, icon, timestamp
from web.ui.nodes import attrs, classes, flatten

ROWS_SHOWN: Final = 12
"""How many components are offered at once; typing finds the others."""

_IMPACT: Final = {
    "none": State.PLAIN,
    "minor": State.WARN,
    "major": State.BAD,
    "critical": State.BAD,
    "maintenance": State.PLAN,
}
_STATUS: Final = {
    "investigating": State.BAD,
    "identified": State.WARN,
    "monitoring": State.PLAN,
    "resolved": State.GOOD,
    "postmortem": State.GOOD,
    "scheduled": State.PLAN,
    "in_progress": State.WARN,
    "verifying": State.PLAN,
    "completed": State.GOOD,
    "cancelled": State.PLAIN,
}
_COMPONENT: Final = {
    "operational": State.GOOD,
    "degraded_performance": State.WARN,
    "partial_outage": State.WARN,
    "major_outage": State.BAD,
    "under_maintenance": State.PLAN,
    "unknown": State.UNKNOWN,
}
STATUS_WORDS: Final = {
    "postmortem": "Post-mortem",
    "in_progress": "In progress",
}


def words(status: str) -> str:
    """Return a status as people read it."""
    return STATUS_WORDS.get(status, status.replace("_", " ").capitalize())


def status_chip(status: str) -> Component:
    """Where an incident or a maintenance is in its life."""
    return chip(words(status), _STATUS.get(status, State.PLAIN))


def impact_chip(impact: str) -> Component:
    """How bad it is for people."""
    return chip(f"{impact.capitalize()} impact" if impact != "maintenance" else "Maintenance", _IMPACT[impact])


def component_chip(name: str, status: str) -> Component:
    """A component with how it stands."""
    return chip(f"{name}: {words(status).lower()}", _COMPONENT.get(status, State.UNKNOWN))


def status_options(statuses: Iterable[str]) -> list[Option]:
    """Return statuses as choices."""
    return [Option(each, words(each)) for each in statuses]


def component_rows(ids: Ids, offered: Sequence[NamedComponent], chosen: Mapping[str, str], search: str) -> Component:
    """Components to choose a status for: those that have one first, then those that the search finds."""
    wanted = search.casefold().split()
    found = [
        each
        for each in offered
        if each.id in chosen or all(word in f"{each.name} {each.group}".casefold() for word in wanted)
    ]
    found.sort(key=lambda each: each.id not in chosen)
    shown = found[: max(ROWS_SHOWN, len(chosen))]
    more = len(found) - len(shown)
    rest = html.P(f"{fmt.count(more)} more: type a part of the name.", className="hint") if more > 0 else None
    if not offered:
        rest = html.P("There are no components yet; the incident concerns the whole platform.", className="hint")
    elif not shown:
        rest = html.P("No component has this name.", className="hint")
    return html.Div(flatten([*(_component_row(ids, each, chosen.get(each.id, "")) for each in shown), rest]))


def _component_row(ids: Ids, component: NamedComponent, chosen: str) -> Component:
    options = [["", f"— {words(component.status).lower()} —"], *([each, words(each)] for each in GIVEN_STATUSES)]
    return html.Label(
        [
            html.Span(flatten([component.name, html.Small(component.group) if component.group else None])),
            Control("select", id=ids.one("give", component.id), value=chosen, options=options, className="input",
                    **attrs(aria_label=f"New status of {component.name}")),
        ],
        className=classes("giving", "set" if chosen else None),
    )  # fmt: skip


def chosen_statuses(ids: Sequence[Mapping[str, str]], values: Sequence[str | None]) -> dict[str, str]:
    """Return the statuses that rows of components hold, without those that were left alone."""
    return {each["key"]: value for each, value in zip(ids, values, strict=True) if value}


def drafts(chosen: Mapping[str, str]) -> tuple[ComponentStatusDraft, ...]:
    """Return chosen statuses as a draft has them."""
    return tuple(ComponentStatusDraft(component_id, status) for component_id, status in chosen.items())


def preview(body: str | None) -> Component:
    """A text as the public will read it."""
    if not (body or "").strip():
        return html.P("What you write appears here as the public will read it.", className="hint")
    return Markup(to_safe_html(body or ""), tag="div", className="prose said")


def timeline(ids: Ids, view: IncidentView, now: datetime, *, may_correct: bool) -> Component:
    """All that was said, newest first."""
    return html.Ol([_entry(ids, each, now, may_correct=may_correct) for each in view.updates], className="told")


def _entry(ids: Ids, update: UpdateView, now: datetime, *, may_correct: bool) -> Component:
    changed = [
        html.Li([html.B(each.name), f": {words(each.old_status).lower()} ", icon("arrow-right", size=13, label="to"),
                 f" {words(each.new_status).lower()}"])
        for each in update.changes
    ]  # fmt: skip
    edited: Node = ["edited ", timestamp(update.edited_at, now=now)] if update.edited_at else None
    correct = (
        button("Correct", id=ids.one("correct", update.id), kind="quiet", icon_name="pencil") if may_correct else None
    )
    silent = None if update.notifies else "subscribers not told"
    return html.Li(
        flatten([
            html.Header(flatten([
                status_chip(update.status),
                timestamp(update.display_at, now=now),
                html.Span(flatten(edited), className="dim small") if edited else None,
                html.Span(silent, className="dim small") if silent else None,
                correct,
            ])),
            Markup(update.body_html, tag="div", className="prose said"),
            html.Ul(changed, className="changed") if changed else None,
        ])
    )  # fmt: skip


def conflict_banner(refusal: Conflict, button_id: str) -> Component:
    """What somebody else changed while this editor wrote; nothing of theirs is lost."""
    raw = refusal.facts.get("changes")
    changes = [str(each) for each in raw] if isinstance(raw, tuple) else []
    return banner(
        "Somebody changed this while you wrote",
        [
            "Your text is still in the form. What changed:",
            html.Ul([html.Li(each) for each in changes[-8:]] or [html.Li("See the timeline.")]),
        ],
        state=State.WARN,
        urgent=True,
        actions=button("I have read it: keep my text", id=button_id, kind="primary"),
    )


def instant_of(text: str | None, field: str) -> datetime | None:
    """Return an instant that was chosen in UTC; nothing where nothing was.

    Raises: Invalid.
    """
    if not text:
        return None
    try:
        return datetime.fromisoformat(text[:16]).replace(tzinfo=UTC)
    except ValueError as error:
        message = "Choose a day and a time."
        raise Invalid(f"{field}_invalid", message, fields={field: message}) from error


def for_input(at: datetime | None) -> str:
    """Return an instant as a date-and-time field holds it, in UTC."""
    return "" if at is None else f"{fmt.utc(at):%Y-%m-%dT%H:%M}"


def said(refusal: Exception) -> str:
    """Return a refusal in words, with what is wrong with which field."""
    fields = getattr(refusal, "fields", None)
    if fields:
        return " ".join(f"{name.replace('_', ' ').capitalize()}: {message}" for name, message in fields.items())
    return str(getattr(refusal, "message", refusal))

"""The forms of the maintenance page."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import Input, Output, State, dcc, html
from dash.development.base_component import Component

from services.facade import Services
from services.incidents.ports import NamedComponent
from web.shell.pages import Callbacks
from web.shell.sessions import current_actor
from web.ui import (
    Control,
    Ids,
    Option,
    button,
    cancel_button,
    checkbox,
    dialog,
    fields,
    fmt,
    search_box,
    select,
    switch,
    text_area,
    text_input,
)
from web.ui.nodes import flatten

IDS: Final = Ids("maintenance")
REMINDERS: Final = ((86_400, "a day before"), (3_600, "an hour before"), (600, "ten minutes before"))
_FORMS: Final = ("schedule", "series", "mark")
_ROWS_SHOWN = 12
_ACTS: Final = {
    "say": "Post an update only",
    "in_progress": "Begin now",
    "verifying": "Work is done, verifying",
    "completed": "Complete",
    "extend": "Announce another end",
    "cancelled": "Call off",
    "skip": "Skip this occurrence",
}
_RULES: Final = (
    ("FREQ=WEEKLY;BYDAY=SU", "every Sunday"),
    ("FREQ=MONTHLY;BYDAY=1SU", "the first Sunday of each month"),
    ("FREQ=MONTHLY;BYMONTHDAY=1", "the first day of each month"),
    ("FREQ=DAILY", "every day"),
)


def ticked(ids: Sequence[Mapping[str, str]], on: Sequence[bool | None]) -> tuple[str, ...]:
    """Return the components that are ticked."""
    return tuple(each["key"] for each, chosen in zip(ids, on, strict=True) if chosen)


def schedule_dialog(components: Sequence[NamedComponent]) -> Component:
    """Announce a maintenance."""
    reminders = [
        checkbox(f"Remind {words}", id=IDS.part(f"remind-{seconds}"), checked=seconds > 600)  # noqa: PLR2004 -- the two that are usual
        for seconds, words in REMINDERS
    ]
    return dialog(
        "Schedule maintenance",
        [
            text_input("Name", id=IDS.part("schedule-name"), maxLength=255, autoComplete="off",
                       placeholder="New disks for the payment database"),
            text_area("What people will notice", id=IDS.part("schedule-body"), rows=3, maxLength=10_000,
                      hint="Markdown."),
            fields([
                text_input("Begins (UTC)", id=IDS.part("schedule-from"), type="datetime-local"),
                text_input("Ends (UTC)", id=IDS.part("schedule-to"), type="datetime-local"),
            ]),
            _takes("schedule", components),
            fields([
                switch("Begins by itself", on=True, id=IDS.part("schedule-starts")),
                switch("Ends by itself", on=True, id=IDS.part("schedule-ends")),
                switch("Tell subscribers", on=True, id=IDS.part("schedule-notify")),
            ]),
            fields(reminders, legend="Reminders"),
        ],
        id=IDS.part("schedule"),
        wide=True,
        actions=[cancel_button(), button("Announce", kind="primary", id=IDS.part("schedule-send"))],
    )  # fmt: skip


def series_dialog(components: Sequence[NamedComponent]) -> Component:
    """Plan a maintenance that recurs."""
    known = html.Datalist([html.Option(value=rule, label=words) for rule, words in _RULES], id=IDS.part("rules"))
    return dialog(
        "Recurring maintenance",
        [
            text_input("Name", id=IDS.part("series-name"), maxLength=255, autoComplete="off"),
            text_area("What people will notice", id=IDS.part("series-body"), rows=3, maxLength=10_000),
            text_input("Rule", id=IDS.part("series-rule"), value=_RULES[0][0], list=IDS.part("rules"), maxLength=300,
                       hint="An RRULE (RFC 5545), counted in the wall time below, across changes of the clocks."),
            known,
            fields([
                text_input("First start (wall time)", id=IDS.part("series-first"), type="datetime-local"),
                text_input("Time zone", id=IDS.part("series-zone"), value="UTC", maxLength=64,
                           hint="Such as Europe/Berlin."),
                text_input("Lasts (minutes)", id=IDS.part("series-minutes"), type="number", value="60", min="1"),
            ]),
            _takes("series", components),
        ],
        id=IDS.part("series"),
        wide=True,
        lead="The next three windows are on the page at any time; subscribers hear of each by its reminders.",
        actions=[cancel_button(), button("Plan", kind="primary", id=IDS.part("series-send"))],
    )  # fmt: skip


def mark_dialog(components: Sequence[NamedComponent]) -> Component:
    """Count a past span as maintenance."""
    return dialog(
        "Mark a past span as maintenance",
        [
            text_input("Name", id=IDS.part("mark-name"), maxLength=255, autoComplete="off"),
            text_input("Reason", id=IDS.part("mark-reason"), maxLength=1_000,
                       hint="Everybody reads it beside the figures that leave this span out."),
            fields([
                text_input("Began (UTC)", id=IDS.part("mark-from"), type="datetime-local"),
                text_input("Ended (UTC)", id=IDS.part("mark-to"), type="datetime-local"),
            ]),
            _takes("mark", components),
        ],
        id=IDS.part("mark"),
        wide=True,
        lead="Service levels leave the span out from then on; an outage in it stays visible.",
        actions=[cancel_button(), button("Mark", kind="primary", id=IDS.part("mark-send"))],
    )  # fmt: skip


def move_dialog() -> Component:
    """Move a maintenance on."""
    return dialog(
        "Move on",
        [
            dcc.Store(id=IDS.part("moving")),
            html.P(id=IDS.part("moving-what")),
            select("What happens", [Option(act, words) for act, words in _ACTS.items()], id=IDS.part("move-act"),
                   value="say"),
            text_area("Message", id=IDS.part("move-body"), rows=3, maxLength=10_000,
                      hint="Markdown. Needed unless you announce another end or skip."),
            text_input("Another end (UTC)", id=IDS.part("move-until"), type="datetime-local", required=False),
        ],
        id=IDS.part("move"),
        actions=[cancel_button(), button("Post", kind="primary", id=IDS.part("move-send"))],
    )  # fmt: skip


def _takes(form: str, components: Sequence[NamedComponent]) -> Component:
    return html.Fieldset([
        html.Legend("Components"),
        search_box("Find a component", id=IDS.part(f"{form}-search")),
        html.Div(_rows(form, components, frozenset(), ""), id=IDS.part(f"{form}-rows"), className="givings"),
    ], className="field")  # fmt: skip


def _rows(form: str, components: Sequence[NamedComponent], on: frozenset[str], search: str) -> Component:
    wanted = search.casefold().split()
    found = [
        each
        for each in components
        if each.id in on or all(word in f"{each.name} {each.group}".casefold() for word in wanted)
    ]
    found.sort(key=lambda each: each.id not in on)
    shown = found[: max(_ROWS_SHOWN, len(on))]
    rest = len(found) - len(shown)
    rows = [
        html.Label(
            [Control(id=IDS.one(f"{form}-takes", each.id), type="checkbox", checked=each.id in on),
             html.Span(flatten([each.name, html.Small(each.group) if each.group else None]))],
            className="check",
        )
        for each in shown
    ]  # fmt: skip
    more = html.P(f"{fmt.count(rest)} more: type a part of the name.", className="hint") if rest > 0 else None
    none = html.P("No component has this name.", className="hint") if not shown else None
    return html.Div(flatten([*rows, more, none]))


def register_rows(services: Services, callbacks: Callbacks) -> None:
    """Register the searches for components."""
    for form in _FORMS:
        _register_search(services, callbacks, form)


def _register_search(services: Services, callbacks: Callbacks, form: str) -> None:
    @callbacks.callback(
        Output(IDS.part(f"{form}-rows"), "children"),
        Input(IDS.part(f"{form}-search"), "value"),
        State(IDS.each(f"{form}-takes"), "id"),
        State(IDS.each(f"{form}-takes"), "checked"),
        prevent_initial_call=True,
    )
    def offer(search: str | None, ids: list[dict[str, str]], on: list[bool | None]) -> Any:  # noqa: ANN401 -- a node
        components = services.incidents.casebook.components(current_actor())
        return _rows(form, components, frozenset(ticked(ids, on)), search or "")

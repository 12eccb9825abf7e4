"""Availability by day: ninety bars on a wide screen; on a phone three days share a bar, which shows the worst."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dash import html
from dash.development.base_component import Component

from web.ui import format as fmt
from web.ui.nodes import ComponentId, attrs, flatten, given
from web.ui.theme import State, worst

DAYS_PER_PHONE_BAR = 3


@dataclass(frozen=True, slots=True)
class DayState:
    """One day of one component; a day that was not measured is unknown, neither up nor down.

    Units: availability as a ratio, `None` without measurement.
    """

    on: date
    state: State
    availability: float | None
    note: str | None = None


_WORDS = {
    State.GOOD: "operational",
    State.WARN: "degraded",
    State.BAD: "down",
    State.PLAN: "maintenance",
    State.UNKNOWN: "not measured",
    State.PLAIN: "no remark",
}


def uptime(
    name: str,
    days: Sequence[DayState],
    *,
    state_label: Component,
    availability: float | None,
    id: ComponentId | None = None,
) -> Component:
    """A component's row: its name, its state now, its days as bars and its availability over them."""
    groups = [days[start : start + DAYS_PER_PHONE_BAR] for start in range(0, len(days), DAYS_PER_PHONE_BAR)]
    return html.Div(
        [
            html.Div([html.H3(name, className="name"), state_label], className="pair"),
            html.Div([_bar([day]) for day in days], className="uptime-bars wide", **_spoken(name, days)),
            html.Div([_bar(group) for group in groups], className="uptime-bars thin", **_spoken(name, days)),
            html.Div(
                flatten([
                    html.Span(f"{fmt.count(len(days))} days ago"),
                    html.Span(className="rule"),
                    html.Span(fmt.availability(availability), className="num"),
                    html.Span(className="rule"),
                    html.Span("today"),
                ]),
                className="pair small",
            ),
        ],
        className="uptime",
        **given(id=id),
    )  # fmt: skip


def uptimes(rows: Sequence[Component]) -> Component:
    """Several components' rows under each other."""
    return html.Div(list(rows), className="uptimes")


def _spoken(name: str, days: Sequence[DayState]) -> dict[str, Any]:
    return attrs(role="img", aria_label=f"{name}: {day_summary(days)}")


def day_summary(days: Sequence[DayState]) -> str:
    """The days in words: how many in each state, and the date of each that was not good."""
    counts = [(state, sum(day.state is state for day in days)) for state in State]
    said = [f"{number} {_WORDS[state]}" for state, number in counts if number]
    bad = [f"{fmt.day(day.on, year=False)} {_WORDS[day.state]}" for day in days if day.state in {State.WARN, State.BAD}]
    tail = f"; {', '.join(bad)}" if bad else ""
    return f"{fmt.plural(len(days), 'day')}, {', '.join(said)}{tail}" if days else "no days"


def _bar(days: Sequence[DayState]) -> Component:
    state = worst([day.state for day in days])
    return html.I(className=str(state), title="\n".join(_title(day) for day in days))


def _title(day: DayState) -> str:
    words = f"{fmt.day(day.on)}: {_WORDS[day.state]}"
    if day.availability is not None:
        words += f", {fmt.availability(day.availability)}"
    return f"{words}. {day.note}" if day.note else words

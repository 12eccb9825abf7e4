"""Availability by day: ninety bars on a wide screen; on a phone three days share a bar, which shows the worst.

Bars are a few stretches of SVG filled with patterns (`DAY_PATTERNS`, once in each document), so that thousands of days
weigh next to nothing. Their words are in one attribute, from which a script lets keys, fingers and pointers read them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from web.ui import format as fmt
from web.ui.elements import Markup
from web.ui.language import _, later
from web.ui.nodes import ComponentId, Node, attrs, flatten, given
from web.ui.theme import State, worst

DAYS_PER_PHONE_BAR: Final = 3
_PHONE_BARS_MAX: Final = 45
_WIDTH, _HEIGHT = 10, 30
_BAR = "M1 2.5Q1 0 3.5 0h3Q9 0 9 2.5v25Q9 30 6.5 30h-3Q1 30 1 27.5z"

_CUT_BAR = "M1 2.5Q1 0 3.5 0h3Q9 0 9 2.5V12H1zM1 18h8v9.5Q9 30 6.5 30h-3Q1 30 1 27.5z"


def _pattern(state: State, inside: str) -> str:
    size = f'width="{_WIDTH}" height="{_HEIGHT}" patternUnits="userSpaceOnUse"'
    return f'<pattern id="day-{state}" {size}>{inside}</pattern>'


# Shape says it as well as colour: trouble is cut out of the bar, what was not measured is hatched.
DAY_PATTERNS: Final = (
    "<defs>"
    + _pattern(State.GOOD, f'<path class="day good" d="{_BAR}"/>')
    + _pattern(State.WARN, '<path class="day warn" d="M1 2.5Q1 0 3.5 0h3Q9 0 9 2.5V30L5 24.5 1 30z"/>')
    + _pattern(State.BAD, '<path class="day bad" d="M1 0l4 7 4-7v30l-4-7-4 7z"/>')
    + _pattern(State.PLAN, f'<path class="day plan" d="{_CUT_BAR}"/>')
    + _pattern(
        State.UNKNOWN,
        f'<path class="day unknown" d="{_BAR}"/>'
        '<path class="day hatch" d="M1 7L8 0M1 14L9 6M1 21L9 13M1 28L9 20M4 30L9 26"/>',
    )
    + "</defs>"
)  # fmt: skip
"""What the bars are filled with; it stands in the hidden drawing that also holds a document's icons."""


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
    State.GOOD: later("operational"),
    State.WARN: later("degraded"),
    State.BAD: later("down"),
    State.PLAN: later("maintenance"),
    State.UNKNOWN: later("not measured"),
    State.PLAIN: later("no remark"),
}


def uptime(
    name: str,
    days: Sequence[DayState],
    *,
    state_label: Component,
    availability: float | None,
    id: ComponentId | None = None,
    title: Node = None,
    below: Node = None,
) -> Component:
    """A component's row: its name, its state now, its days as bars and its availability over them.

    `title` stands in the name's place (a link), `below` under the bars.
    """
    return html.Div(
        flatten([
            html.Div([html.H3(flatten(title) if title else name, className="name"), state_label], className="pair"),
            day_bars(name, days),
            html.Div(
                flatten([
                    html.Span(_("{n} days ago", n=fmt.count(len(days)))),
                    html.Span(className="rule"),
                    html.Span(fmt.availability(availability), className="num"),
                    html.Span(className="rule"),
                    html.Span(_("today")),
                ]),
                className="pair small",
            ),
            below,
        ]),
        className="uptime",
        **given(id=id),
    )  # fmt: skip


def uptimes(rows: Sequence[Component]) -> Component:
    """Several components' rows under each other."""
    return html.Div(list(rows), className="uptimes")


def day_bars(name: str, days: Sequence[DayState]) -> Component:
    """The days alone, one bar each, and on a narrow place three to a bar."""
    shared = DAYS_PER_PHONE_BAR if len(days) > _PHONE_BARS_MAX else 1
    groups = [days[start : start + shared] for start in range(0, len(days), shared)]
    return html.Div(
        [
            _bars([day.state for day in days], "wide"),
            _bars([worst([day.state for day in group]) for group in groups], "thin"),
        ],
        className="uptime-bars",
        **_spoken(name, days),
    )


def day_summary(days: Sequence[DayState]) -> str:
    """The days in words: how many in each state, and the date of each that was not good."""
    counts = [(state, sum(day.state is state for day in days)) for state in State]
    said = [f"{number} {_(_WORDS[state])}" for state, number in counts if number]
    wrong = [day for day in days if day.state in {State.WARN, State.BAD}]
    bad = [f"{fmt.day(day.on, year=False)} {_(_WORDS[day.state])}" for day in wrong]
    tail = f"; {', '.join(bad)}" if bad else ""
    total = fmt.counted(len(days), "{n} day", "{n} days")
    return f"{total}, {', '.join(said)}{tail}" if days else _("no days")


def day_words(day: DayState) -> str:
    """One day in words, without its date."""
    words = _(_WORDS[day.state])
    if day.availability is not None:
        words += f", {fmt.availability(day.availability)}"
    return f"{words}. {day.note}" if day.note else words


def _spoken(name: str, days: Sequence[DayState]) -> dict[str, Any]:
    words = [[len(list(group)), text] for text, group in groupby(day_words(day) for day in days)]
    told = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    first = days[0].on.isoformat() if days else None
    return attrs(
        role="img",
        aria_label=f"{name}: {day_summary(days)}",
        data_days=told if days else None,
        data_first=first,
        data_name=name,
    )


def _bars(states: Sequence[State], look: str) -> Markup:
    shapes, at = [], 0
    for state, group in groupby(State.UNKNOWN if state is State.PLAIN else state for state in states):
        width = len(list(group)) * _WIDTH
        shapes.append(f'<rect x="{at}" width="{width}" height="{_HEIGHT}" fill="url(#day-{state})"/>')
        at += width
    box = f'viewBox="0 0 {max(at, 1)} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true"'
    return Markup(f"<svg {box}>{''.join(shapes)}</svg>", className=look)

"""Figures that never stand naked: chip, state, meter, KPI and the tile with its target, samples and age."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from web.ui import format as fmt
from web.ui.charts.series import Point
from web.ui.charts.sparkline import sparkline
from web.ui.icons import icon
from web.ui.language import _
from web.ui.nodes import ComponentId, Node, attrs, flatten, given
from web.ui.theme import State


def chip(word: str, state: State = State.PLAIN, *, icon_name: str | None = None, title: str | None = None) -> Component:
    """A small label whose colour means something; its icon and word say the same."""
    name = icon_name or state.icon
    return html.Span(
        flatten([icon(name, size=13) if name else None, html.Span(word)]),
        className=f"chip {state}",
        **given(title=title),
    )


def state_word(word: str, state: State) -> Component:
    """A state in running text or at the end of a row: icon and word, without a background."""
    return html.Span(flatten([icon(state.icon, size=14) if state.icon else None, word]), className=f"state {state}")


def timestamp(at: datetime | None, *, now: datetime | None = None, prefix: str = "") -> Component:
    """An instant that machines can read; with `now` it is shown as an age, which a script keeps counting.

    `prefix` are words before it, or a whole sentence with `{age}` at the age's place.
    """
    if at is None:
        return html.Span(fmt.no_data(), className="dim")
    words = prefix if "{age}" in prefix else f"{prefix} {{age}}".lstrip()
    if now is None:
        return html.Time(words.replace("{age}", fmt.instant(at)), dateTime=fmt.iso(at), className="num")
    return html.Time(
        words.replace("{age}", fmt.age(at, now)),
        dateTime=fmt.iso(at),
        title=fmt.instant(at),
        className="num",
        **attrs(data_age=prefix or "true"),
    )


def meter(ratio: float | None, label: str, *, text: str | None = None, state: State = State.PLAIN) -> Component:
    """A part of a whole as a short bar with its words.

    Units: ratio from 0 to 1; `None` is not measured.
    """
    if ratio is None:
        return html.Span(
            [html.Span(className="meter unknown", **attrs(aria_hidden="true")), html.Span(text or fmt.no_data())],
            className="meter-row",
        )
    share = min(1.0, max(0.0, ratio))
    bar = html.Span(
        html.Span(style={"width": f"{share * 100:.2f}%"}),
        className=f"meter {state}",
        role="meter",
        **attrs(aria_label=label, aria_valuenow=f"{round(share, 4):g}", aria_valuemin="0", aria_valuemax="1"),
    )
    return html.Span(
        [bar, html.Span(text or fmt.percent(ratio, 0 if float(ratio * 100).is_integer() else None))],
        className="meter-row",
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A difference to an earlier period: its words, and whether it is welcome."""

    text: str
    up: bool
    state: State = State.PLAIN


def kpi(
    title: str,
    value: str,
    *,
    note: str | None = None,
    change: Change | None = None,
    id: ComponentId | None = None,
) -> Component:
    """One headline number with a line that puts it into relation."""
    under: Node = html.Span(note, className="dim") if note else None
    if change:
        under = html.Span(
            [
                icon("arrow-up" if change.up else "arrow-down", size=13, label=_("up") if change.up else _("down")),
                change.text,
            ],
            className=f"state {change.state}",
        )
    look = "no-data" if value == fmt.no_data() else _size(value)
    return html.Section(
        flatten([html.H3(title), html.P(html.B(value, className=look)), under]),
        className="kpi",
        **given(id=id),
    )


def _size(text: str) -> str:
    """Long numbers are set smaller, so that they are read whole."""
    for characters, look in ((16, "longest"), (9, "long")):
        if len(text) > characters:
            return look
    return ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure is held against: its value in the figure's unit and its words, such as "< 2 s"."""

    value: float
    text: str


def tile(
    title: str,
    value: fmt.Quantity,
    *,
    state: State,
    verdict: str,
    samples: str | None,
    as_of: datetime | None,
    now: datetime,
    definition_href: str | None = None,
    target: Target | None = None,
    points: Sequence[Point] = (),
    span_label: str = "24 h",
    id: ComponentId | None = None,
) -> Component:
    """A figure with everything that makes it believable: unit, verdict on its target, trend, samples, age, definition.

    `verdict` is the chip's words ("meets < 2 s"); without data it is shown as unknown, whatever the caller says.
    """
    missing = value.value == fmt.no_data()
    shown = State.UNKNOWN if missing else state
    number: Node = (
        html.B(value.value, className="no-data")
        if missing
        else [
            html.B(value.value, className=_size(value.value)),
            html.Span(value.unit, className="unit") if value.unit else None,
        ]
    )
    return html.Section(
        flatten([
            html.Header(flatten([html.H3(title), _definition(title, definition_href)])),
            html.P(flatten([number, chip(verdict, shown)]), className="figure"),
            sparkline(points, title=_("{title}, last {span}", title=title, span=span_label),
                      target=target.value if target else None, target_text=target.text if target else None,
                      unit=value.unit),
            html.Footer(_provenance(samples, span_label, as_of, now)),
        ]),
        className="tile",
        **given(id=id),
        **attrs(data_state=str(shown)),
    )  # fmt: skip


def _definition(title: str, href: str | None) -> Component | None:
    if href is None:
        return None
    return html.A(
        icon("info", size=15),
        href=href,
        className="quiet",
        title=_("How this is measured"),
        **attrs(aria_label=_("How {title} is measured", title=title)),
    )


def _provenance(samples: str | None, span_label: str, as_of: datetime | None, now: datetime) -> list[Component]:
    period = html.Bdi(span_label)
    return [
        html.Span([html.Bdi(samples), " · ", period] if samples else period),
        html.Span([html.Span([_("newest"), " "], className="sr-only"), timestamp(as_of, now=now)], className="age")
        if as_of
        else html.Span(_("never measured")),
    ]

"""The trend chart: a line with its target, expected band, event marks and gaps, readable without sight or script.

Lines are SVG stretched to the box; words are HTML placed by percentages, so that they keep their size on every screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from web.ui import format as fmt
from web.ui.charts.drawing import drawing
from web.ui.charts.series import (
    BandPoint,
    Point,
    Scale,
    extent,
    measured,
    stretches,
    stroke,
    tick_decimals,
    ticks,
    time_ticks,
)
from web.ui.charts.sparkline import summary
from web.ui.language import _
from web.ui.nodes import ComponentId, Node, attrs, classes, flatten, given
from web.ui.theme import State

WIDTH, HEIGHT = 1000, 300
# As wide as a tag may be (`.tag` in charts.css), and a little between two.
_TAG_RATIO = 0.28
_LANES_MOST = 3


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at an instant, marked by a line with a tag: a deployment, a rollback, an incident.

    Without a label it is a line alone, for places where many things happened.
    """

    at: datetime
    label: str
    state: State = State.PLAIN
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Words at one point of the line."""

    at: datetime
    value: float
    text: str
    state: State = State.BAD


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where instants and values lie in the box, as ratios from the top left."""

    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        return Scale(0, (self.end - self.start).total_seconds(), 0, 1)((at - self.start).total_seconds())

    def y(self, value: float) -> float:
        return Scale(self.low, self.high, 1, 0)(value)

    def holds(self, at: datetime) -> bool:
        return self.start <= at <= self.end


def trend_chart(
    points: Sequence[Point],
    *,
    title: str,
    unit: str,
    target: float | None = None,
    target_text: str | None = None,
    band: Sequence[BandPoint] = (),
    events: Sequence[Event] = (),
    remarks: Sequence[Remark] = (),
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    id: ComponentId | None = None,
    short: bool = False,
    values_href: str | None = None,
) -> Component:
    """A line over time. Its values are in a table underneath, which also feeds the readout under the pointer.

    With `values_href` the table stands at that address instead, and a link leads there: for pages that must be light.
    """
    values = measured(points)
    if not values:
        void = html.P(html.Span(_("Nothing measured in this period")), className="void")
        return html.Figure(void, className="chart", **given(id=id), **attrs(data_empty="true"))
    edges = [edge for each in band for edge in (each.low, each.high)]
    low, high = extent([*values, *edges, *([target] if target is not None else [])])
    frame = _Frame(start_at or points[0].at, end_at or points[-1].at, low, high)
    lanes = _lanes([event for event in events if frame.holds(event.at)], frame)
    marks = _marks(frame, unit)
    plot = html.Div(
        flatten([
            drawing(_shapes(points, frame, target, band), width=WIDTH, height=HEIGHT, title=title,
                    description=summary(points, unit, target_text), look="trend-lines"),
            [_y_label(frame, mark, words) for mark, words in marks],
            _x_labels(frame),
            _target_label(target, target_text, frame),
            [_event(event, lane, frame) for event, lane in lanes],
            [_remark(remark, frame) for remark in remarks if frame.holds(remark.at)],
        ]),
        className=classes("trend-plot", "short" if short else None),
        style={
            "--lanes": str(1 + max((lane for _event_placed, lane in lanes), default=-1)),
            "--gutter": f"{max((len(words) for _mark, words in marks), default=4)}ch",
        },
    )  # fmt: skip
    table = _elsewhere(title, values_href) if values_href else _values(points, frame, title, unit)
    return html.Figure([plot, table], className="chart", **given(id=id))


def _elsewhere(title: str, href: str) -> Component:
    return html.A(_("Values: {title}", title=title), href=href, className="small")


def _shapes(points: Sequence[Point], frame: _Frame, target: float | None, band: Sequence[BandPoint]) -> list[str]:
    def x(at: datetime) -> float:
        return frame.x(at) * WIDTH

    def y(value: float) -> float:
        return frame.y(value) * HEIGHT

    drawn = [
        f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        for tick in ticks(frame.low, frame.high)
    ]
    if band:
        over = "L".join(f"{x(each.at):.1f} {y(each.high):.1f}" for each in band)
        under = "L".join(f"{x(each.at):.1f} {y(each.low):.1f}" for each in reversed(band))
        drawn.append(f'<path class="band" d="M{over}L{under}Z"/>')
    if target is not None:
        drawn.append(f'<line class="target" x1="0" x2="{WIDTH}" y1="{y(target):.1f}" y2="{y(target):.1f}"/>')
    drawn += [stroke(run, x, y, few=few) for few, run in stretches(points)]
    return drawn


def _place(**ratios: float) -> dict[str, str]:
    return {name: f"{ratio * 100:.2f}%" for name, ratio in ratios.items()}


def _marks(frame: _Frame, unit: str) -> list[tuple[float, str]]:
    values = ticks(frame.low, frame.high)
    decimals = tick_decimals(values)
    return [(value, str(fmt.quantity(value, unit, decimals))) for value in values]


def _y_label(frame: _Frame, mark: float, words: str) -> Component:
    return html.Span(words, className="y-tick", style=_place(top=frame.y(mark)), **_HIDDEN)


def _x_labels(frame: _Frame) -> list[Node]:
    return [
        html.Span(label, className="x-tick alt" if index % 2 else "x-tick", style=_place(left=frame.x(at)), **_HIDDEN)
        for index, (at, label) in enumerate(time_ticks(frame.start, frame.end))
    ]


_HIDDEN = attrs(aria_hidden="true")


def _target_label(target: float | None, text: str | None, frame: _Frame) -> Node:
    if target is None:
        return None
    return html.Span(
        _("target {target}", target=text) if text else _("target"),
        className="target-label",
        style=_place(top=frame.y(target)),
    )


def _lanes(events: Sequence[Event], frame: _Frame) -> list[tuple[Event, int]]:
    """Give each tag the highest of three lanes in which it covers no other; one that finds no room is a line alone."""
    taken: list[list[tuple[float, float]]] = []
    placed: list[tuple[Event, int]] = []
    for event in sorted(events, key=lambda each: each.at):
        if not event.label:
            placed.append((event, 0))
            continue
        start, end = _extent_of_tag(frame.x(event.at))
        lane = next((i for i, spans in enumerate(taken) if all(end <= a or start >= b for a, b in spans)), len(taken))
        if lane == _LANES_MOST:
            placed.append((replace(event, label=""), 0))
            continue
        if lane == len(taken):
            taken.append([])
        taken[lane].append((start, end))
        placed.append((event, lane))
    return placed


def _extent_of_tag(x: float) -> tuple[float, float]:
    """From where to where a tag reaches at the most, by the side to which it hangs from its line."""
    back = {"after": 0.0, "before": 1.0}.get(_side(x) or "", 0.5)
    return x - back * _TAG_RATIO, x + (1 - back) * _TAG_RATIO


def _event(event: Event, lane: int, frame: _Frame) -> Component:
    x = frame.x(event.at)
    words: Node = html.A(event.label, href=event.href) if event.href else event.label
    return html.Span(
        html.Span(flatten(words), className="tag", title=f"{event.label}, {fmt.instant(event.at)}")
        if event.label
        else None,
        className=classes("event", str(event.state), _side(x)),
        style={**_place(left=x), "--lane": str(lane)},
    )


def _remark(remark: Remark, frame: _Frame) -> Component:
    x = frame.x(remark.at)
    return html.Span(
        html.Span(remark.text),
        className=classes("remark", str(remark.state), "before" if x > 0.6 else None),  # noqa: PLR2004 - past three fifths the words go to the left
        style=_place(left=x, top=frame.y(remark.value)),
    )


def _side(x: float) -> str | None:
    """Which way a tag hangs from its line, so that it stays inside the box."""
    if x < 0.12:  # noqa: PLR2004 - nearer to the edge than half a label
        return "after"
    return "before" if x > 0.88 else None  # noqa: PLR2004 - nearer to the edge than half a label


def _values(points: Sequence[Point], frame: _Frame, title: str, unit: str) -> Component:
    rows = [
        html.Tr(
            [
                html.Th(fmt.instant(point.at), scope="row"),
                html.Td(str(fmt.quantity(point.value, unit)), className="num"),
            ],
            **attrs(
                data_x=f"{frame.x(point.at):.4f}",
                data_y=f"{frame.y(point.value):.4f}" if fmt.known(point.value) and point.value is not None else None,
            ),
        )
        for point in points
    ]
    table = html.Table([
        html.Caption(title, className="sr-only"),
        html.Thead(html.Tr([html.Th(_("Time"), scope="col"), html.Th(_("Value"), scope="col", className="num")])),
        html.Tbody(rows),
    ])  # fmt: skip
    return html.Details(
        [
            html.Summary(_("Values")),
            html.Div(
                table,
                className="scroll",
                tabIndex="0",
                **attrs(role="region", aria_label=_("Values of {title}", title=title)),
            ),
        ],
        className="values",
    )

"""The small trend inside a tile: a thin line over a faint area, the target dashed, gaps left open."""

from collections.abc import Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from web.ui import format as fmt
from web.ui.charts.drawing import drawing
from web.ui.charts.series import Point, Scale, extent, measured, path, runs, stroke
from web.ui.language import _
from web.ui.nodes import attrs

WIDTH, HEIGHT = 280, 56
_BOTTOM = HEIGHT - 2


def sparkline(
    points: Sequence[Point],
    *,
    title: str,
    target: float | None = None,
    target_text: str | None = None,
    unit: str = "",
) -> Component:
    """The trend of the points as SVG; with nothing measured, a hatched strip of the same size that says so."""
    values = measured(points)
    if not values:
        return html.P(
            html.Span(_("Nothing measured in this period")), className="spark void", **attrs(data_empty="true")
        )
    low, high = extent([*values, *([target] if target is not None else [])])
    start, end = points[0].at, points[-1].at
    seconds = (end - start).total_seconds()
    x_scale, y = Scale(0, seconds, 1, WIDTH - 1), Scale(low, high, _BOTTOM, 2)

    drawn: list[str] = []

    def x(at: datetime) -> float:
        return x_scale((at - start).total_seconds())

    for run in runs(points):
        if len(run) > 1:
            line, left, right = path(run, x, y), x(run[0][0]), x(run[-1][0])
            drawn.append(f'<path class="area" d="{line}L{right:.1f} {HEIGHT}L{left:.1f} {HEIGHT}Z"/>')
        drawn.append(stroke(run, x, y))
    if target is not None:
        at = f"{y(target):.1f}"
        drawn.append(f'<line class="target" x1="0" x2="{WIDTH}" y1="{at}" y2="{at}"/>')
    return drawing(
        drawn,
        width=WIDTH,
        height=HEIGHT,
        title=title,
        description=summary(points, unit, target_text),
        look="spark",
    )


def summary(points: Sequence[Point], unit: str, target_text: str | None) -> str:
    """The trend in words, for those who do not see it."""
    values = measured(points)
    gaps = len(points) - len(values)
    said = [
        _(
            "From {first} to {last}; lowest {lowest}, highest {highest}",
            first=fmt.quantity(values[0], unit), last=fmt.quantity(values[-1], unit),
            lowest=fmt.quantity(min(values), unit), highest=fmt.quantity(max(values), unit),
        )
    ]  # fmt: skip
    if target_text:
        said.append(_("target {target}", target=target_text))
    if gaps:
        said.append(_("{gaps} of {count} intervals without data", gaps=gaps, count=len(points)))
    return "; ".join(said) + "."

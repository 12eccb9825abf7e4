"""A figure's own page: what it means, how it went, and everything needed to compute it again."""

from dataclasses import dataclass
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from services.metrics.units import display_unit
from services.metrics.views import FigureView, PointView
from status_page.presentation import STATES, companion, target, value_of, verdict, window
from web.ui import (
    Event,
    Option,
    Point,
    card,
    chip,
    columns,
    facts,
    fmt,
    kpi,
    page_head,
    prose,
    segmented_links,
    stack,
    timestamp,
    trend_chart,
)

SPANS = {1: "24 h", 7: "7 d", 30: "30 d", 90: "90 d"}
"""The offered spans of history, in days, and their labels."""


@dataclass(frozen=True, slots=True)
class FigureHistory:
    """A figure, how it went by bucket, and what happened meanwhile."""

    figure: FigureView
    points: tuple[PointView, ...]
    days: int
    marks: tuple[Event, ...] = ()


def figure_page(history: FigureHistory, now: datetime) -> Component:
    """The whole content of the page."""
    figure = history.figure
    aim = target(figure)
    return stack([
        page_head(figure.title, lead=figure.definition),
        columns([
            kpi(f"Last {window(figure)}", str(value_of(figure)),
                note=f"target {aim.text}"),
            *([kpi("Within the target", fmt.percent(figure.good_share),
                   note=f"share of {figure.sample_noun}s, counted exactly")]
              if figure.good_share is not None else []),
            kpi(f"{figure.sample_noun.capitalize()}s", fmt.count(figure.samples), note=_origin(figure)),
            *[kpi(c.title, companion(c), note="raw sum of the window") for c in figure.companions],
        ], heading="Figures"),
        _trend(history),
        columns([_state(figure, now), _recompute(history)], least="half"),
    ], gap="large")  # fmt: skip


def _origin(figure: FigureView) -> str:
    if figure.demo_samples:
        return f"{fmt.count(figure.demo_samples)} of them from the demo generator"
    return "none of them from the demo generator"


def trend(history: FigureHistory, *, values_href: str | None = None) -> Component:
    """The figure over time against its target."""
    figure, aim = history.figure, target(history.figure)
    unit = display_unit(figure)
    least = figure.minimum_samples
    points = [Point(p.starts_at, unit.shown(p.value), few=p.samples < least) for p in history.points]
    chart = trend_chart(
        points,
        title=f"{figure.title}, {SPANS[history.days]}",
        unit=unit.sign,
        target=aim.value,
        target_text=aim.text,
        events=history.marks,
        short=values_href is not None,
        values_href=values_href,
    )
    if not any(point.few and point.value is not None for point in points):
        return chart
    dotted = f"Dotted where a bucket has fewer than {fmt.plural(least, figure.sample_noun)}."
    return html.Div([chart, html.P(dotted, className="small dim")])


def _trend(history: FigureHistory) -> Component:
    spans = segmented_links(
        "Span", [Option(str(days), label, href=f"?days={days}") for days, label in SPANS.items()], str(history.days)
    )
    return card(trend(history), title=f"{history.figure.title}, {SPANS[history.days]}", aside=spans)


def _state(figure: FigureView, now: datetime) -> Component:
    return card(
        facts({
            "State": chip(verdict(figure), STATES[figure.state]),
            "Newest sample": timestamp(figure.newest_at, now=now),
            "Window": f"the last {window(figure)}, moving",
            "Judged from": fmt.plural(figure.minimum_samples, figure.sample_noun),
            "Computed": timestamp(figure.as_of),
        }),
        title="Now",
    )  # fmt: skip


def _recompute(history: FigureHistory) -> Component:
    name = history.figure.name
    links = [html.A(f"CSV, {label}", href=f"/status/figures/{name}.csv?days={days}") for days, label in SPANS.items()]
    return card(
        prose([
            ("The same figure, from the same cells, for your own program. A bucket without a measurement is empty in "
            "the CSV and null in the JSON; it is never zero."),
            *_parts(history.figure),
            [part for link in links for part in (link, " · ")] + [html.A("JSON, now", href="/status/figures.json")],
        ]),
        title="Compute it again",
    )  # fmt: skip


def _parts(figure: FigureView) -> list[str]:
    if figure.parts_unit is None:
        return ["A percentile has no numerator: the one of a window cannot be computed from those of its buckets."]
    return [
        (f"value = numerator / denominator, both in {figure.parts_unit} (parts_unit). Add up the numerators and the "
        f"denominators of all rows, and divide the sums: over the last {window(figure)} that is this page's figure. "
        "The first row begins with the span, the last one ends now.")
    ]  # fmt: skip

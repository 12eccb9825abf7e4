"""A figure's own page: what it means, how it went, and everything needed to compute it again."""

from dataclasses import dataclass
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from services.metrics.units import display_unit
from services.metrics.views import FigureView, PointView
from status_page.presentation import STATES, companion, many_samples, samples, target, value_of, verdict, window
from status_page.supplied import said
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
from web.ui.language import _, ngettext

SPANS = (1, 7, 30, 90)
"""The offered spans of history, in days."""


@dataclass(frozen=True, slots=True)
class FigureHistory:
    """A figure, how it went by bucket, and what happened meanwhile."""

    figure: FigureView
    points: tuple[PointView, ...]
    days: int
    marks: tuple[Event, ...] = ()


def span_words(days: int) -> str:
    """A span of history, in few characters: "24 h", "30 d"."""
    words = fmt.length("24", "h") if days == 1 else fmt.length(str(days), "d")
    return words.replace(fmt.NBSP, " ")


def figure_page(history: FigureHistory, now: datetime) -> Component:
    """The whole content of the page."""
    figure = history.figure
    aim = target(figure)
    return stack([
        page_head(said(figure.title), lead=said(figure.definition)),
        columns([
            kpi(_("Last {span}", span=window(figure)), str(value_of(figure)),
                note=_("target {target}", target=aim.text)),
            *([kpi(_("Within the target"), fmt.percent(figure.good_share),
                   note=_("share of {samples}, counted exactly", samples=many_samples(figure)))]
              if figure.good_share is not None else []),
            kpi(_first_letter(many_samples(figure)), fmt.count(figure.samples), note=_origin(figure)),
            *[kpi(said(c.title), companion(c), note=_("raw sum of the window")) for c in figure.companions],
        ], heading=_("Figures")),
        _trend(history),
        columns([_state(figure, now), _recompute(history)], least="half"),
    ], gap="large")  # fmt: skip


def _first_letter(text: str) -> str:
    return text[:1].upper() + text[1:]


def _origin(figure: FigureView) -> str:
    if figure.demo_samples:
        return ngettext(
            "{n} of them from the demo generator", "{n} of them from the demo generator", figure.demo_samples,
            n=fmt.count(figure.demo_samples),
        )  # fmt: skip
    return _("none of them from the demo generator")


def trend(history: FigureHistory, *, values_href: str | None = None) -> Component:
    """The figure over time against its target."""
    figure, aim = history.figure, target(history.figure)
    unit = display_unit(figure)
    least = figure.minimum_samples
    points = [Point(p.starts_at, unit.shown(p.value), few=p.samples < least) for p in history.points]
    chart = trend_chart(
        points,
        title=_("{title}, {span}", title=said(figure.title), span=span_words(history.days)),
        unit=unit.sign,
        target=aim.value,
        target_text=aim.text,
        events=history.marks,
        short=values_href is not None,
        values_href=values_href,
    )
    if not any(point.few and point.value is not None for point in points):
        return chart
    dotted = _("Dotted where a bucket has fewer than {samples}.", samples=samples(figure, least))
    return html.Div([chart, html.P(dotted, className="small dim")])


def _trend(history: FigureHistory) -> Component:
    spans = segmented_links(
        _("Span"), [Option(str(days), span_words(days), href=f"?days={days}") for days in SPANS], str(history.days)
    )
    title = _("{title}, {span}", title=said(history.figure.title), span=span_words(history.days))
    return card(trend(history), title=title, aside=spans)


def _state(figure: FigureView, now: datetime) -> Component:
    return card(
        facts({
            _("State"): chip(verdict(figure), STATES[figure.state]),
            _("Newest sample"): timestamp(figure.newest_at, now=now),
            _("Window"): _("the last {span}, moving", span=window(figure)),
            _("Judged from"): samples(figure, figure.minimum_samples),
            _("Computed"): timestamp(figure.as_of),
        }),
        title=_("Now"),
    )  # fmt: skip


def _recompute(history: FigureHistory) -> Component:
    name = history.figure.name
    links = [
        html.A(_("CSV, {span}", span=span_words(days)), href=f"/status/figures/{name}.csv?days={days}")
        for days in SPANS
    ]
    return card(
        prose([
            _("The same figure, from the same cells, for your own program. A bucket without a measurement is empty in "
              "the CSV and null in the JSON; it is never zero."),
            *_parts(history.figure),
            [part for link in links for part in (link, " · ")] + [html.A(_("JSON, now"), href="/status/figures.json")],
        ]),
        title=_("Compute it again"),
    )  # fmt: skip


def _parts(figure: FigureView) -> list[str]:
    if figure.parts_unit is None:
        return [_("A percentile has no numerator: the one of a window cannot be computed from those of its buckets.")]
    return [
        _(
            "value = numerator / denominator, both in {unit} (parts_unit). Add up the numerators and the denominators "
            "of all rows, and divide the sums: over the last {span} that is this page's figure. The first row begins "
            "with the span, the last one ends now.",
            unit=figure.parts_unit,
            span=window(figure),
        )
    ]

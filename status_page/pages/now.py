"""The page that everybody opens first: whether all is well, and what that is measured from."""

from collections.abc import Sequence
from datetime import datetime

from dash import dcc, html
from dash.development.base_component import Component

from services.metrics.views import FigureState, FigureView
from status_page.pages.figure import SPANS, FigureHistory, trend
from status_page.presentation import HREF, figure_tile, window
from status_page.state import StatusState
from web.ui import card, columns, fmt, note, stack, timestamp, verdict
from web.ui.theme import State

LIVE_ID, TICK_ID = "status-live", "status-tick"
REFRESH_MS = 10_000


def overall(state: StatusState) -> tuple[str, State]:
    """The page's first words: what the worst of the figures says, and never green on nothing."""
    if not state.current:
        return "Our measurements cannot be read just now", State.UNKNOWN
    missed = [f for f in state.figures if f.state is FigureState.MISSED]
    if missed:
        return f"{_listed(missed)} {'misses its target' if len(missed) == 1 else 'miss their targets'}", State.BAD
    near = [f for f in state.figures if f.state is FigureState.NEAR]
    if near:
        return f"{_listed(near)} {'is' if len(near) == 1 else 'are'} near the limit", State.WARN
    if state.figures and all(f.state is FigureState.MET for f in state.figures):
        return "All figures meet their targets", State.GOOD
    if any(f.state is FigureState.MET for f in state.figures):
        return "What is measured meets its target; not everything is measured", State.UNKNOWN
    return "Not enough measured to judge", State.UNKNOWN


def now_page(state: StatusState, histories: Sequence[FigureHistory], now: datetime) -> Component:
    """The whole content of the page; `now` is the instant that ages count from."""
    tick = dcc.Interval(id=TICK_ID, interval=REFRESH_MS)
    return stack(
        [tick, html.Div(live(state, now), id=LIVE_ID), *_histories(histories), _explained(state.figures)], gap="large"
    )


def live(state: StatusState, now: datetime) -> Component:
    """The part of the page that is drawn again while it is open."""
    title, colour = overall(state)
    lead = measured_from(state.figures)
    return html.Div(
        [
            verdict(title, colour, lead=lead, live=timestamp(state.as_of, now=now, prefix="updated")),
            columns([figure_tile(figure, now) for figure in state.figures], heading="Figures"),
        ],
        className="stack large",
    )


def measured_from(figures: Sequence[FigureView]) -> str:
    """What the figures were measured from, in words: each kind of sample once, with its window."""
    samples: dict[tuple[str, str], int] = {}
    for figure in figures:
        kind = figure.sample_noun, window(figure)
        samples[kind] = max(samples.get(kind, 0), figure.samples)
    said = [f"{fmt.plural(count, noun)} in the last {span}" for (noun, span), count in samples.items() if count]
    if not said:
        return "Nothing was measured lately. "
    return f"Measured from {', '.join(said[:-1])} and {said[-1]}. " if len(said) > 1 else f"Measured from {said[0]}. "


def _histories(histories: Sequence[FigureHistory]) -> list[Component]:
    return [
        card(
            trend(history, values_href=f"{HREF.format(name=history.figure.name)}?days={history.days}"),
            title=f"{history.figure.title}, {SPANS[history.days]}",
        )
        for history in histories
    ]


def _listed(figures: Sequence[FigureView]) -> str:
    return " and ".join(f.title for f in figures)


def _explained(figures: Sequence[FigureView]) -> Component:
    lead = (
        "Every figure is one merge over everything in its window, never an average of averages. "
        "Raw counts, history and definition:"
    )
    return note(
        [
            lead,
            *[[" · " if f is not figures[0] else " ", html.A(f.title, href=HREF.format(name=f.name))] for f in figures],
        ]
    )

"""How a figure is put into words and units for people."""

from datetime import datetime, timedelta

from dash.development.base_component import Component

from services.metrics.units import display_unit, is_duration, target_text, value_unit
from services.metrics.views import CompanionView, FigureState, FigureView
from web.ui import Point, Target, fmt, tile
from web.ui.theme import State

STATES = {
    FigureState.MET: State.GOOD,
    FigureState.NEAR: State.WARN,
    FigureState.MISSED: State.BAD,
    FigureState.FEW_SAMPLES: State.UNKNOWN,
    FigureState.STALE: State.UNKNOWN,
    FigureState.NO_DATA: State.UNKNOWN,
}
_VERDICTS = {
    FigureState.MET: "meets {target}",
    FigureState.NEAR: "near {target}",
    FigureState.MISSED: "misses {target}",
    FigureState.FEW_SAMPLES: "too few {samples}",
    FigureState.STALE: "nothing new",
    FigureState.NO_DATA: "no data",
}
_HOURS_MAX = 48
HREF = "/status/figures/{name}/"


def value_of(figure: FigureView) -> fmt.Quantity:
    """The figure's value in the unit that people see."""
    unit = value_unit(figure)
    return fmt.quantity(unit.shown(figure.value), unit.sign)


def target(figure: FigureView) -> Target:
    """What the figure is held against, in the unit that people see."""
    return Target(figure.target * display_unit(figure).factor, target_text(figure))


def verdict(figure: FigureView) -> str:
    """The words of the figure's state."""
    return _VERDICTS[figure.state].format(target=target(figure).text, samples=f"{figure.sample_noun}s")


def points(figure: FigureView) -> list[Point]:
    """The figure's trend in the unit that people see."""
    unit = display_unit(figure)
    return [Point(p.starts_at, unit.shown(p.value)) for p in figure.series]


def window(figure: FigureView) -> str:
    """The figure's window in words."""
    window_length = timedelta(seconds=figure.window_seconds)
    hours = window_length // timedelta(hours=1)
    return f"{hours} h" if hours <= _HOURS_MAX else f"{window_length.days} days"


def companion(view: CompanionView) -> str:
    """A raw number in words."""
    return fmt.duration(view.value) if is_duration(view) else fmt.count(round(view.value))


def figure_tile(figure: FigureView, now: datetime) -> Component:
    """The figure as the page shows it, with everything that makes it believable."""
    return tile(
        figure.title,
        value_of(figure),
        state=STATES[figure.state],
        verdict=verdict(figure),
        samples=fmt.plural(figure.samples, figure.sample_noun),
        as_of=figure.newest_at,
        now=now,
        definition_href=HREF.format(name=figure.name),
        target=target(figure),
        points=points(figure),
        span_label=window(figure),
        id=f"status-{figure.name.replace('_', '-')}",
    )

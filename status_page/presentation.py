"""How a figure is put into words and units for people."""

import re
from datetime import datetime, timedelta

from dash.development.base_component import Component

from services.metrics.units import display_unit, is_duration, target_text, value_unit
from services.metrics.views import CompanionView, FigureState, FigureView
from status_page.supplied import said
from web.ui import Point, Target, fmt, tile
from web.ui.language import _, current, later, later_counted, ngettext
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
    FigureState.MET: later("meets {target}"),
    FigureState.NEAR: later("near {target}"),
    FigureState.MISSED: later("misses {target}"),
    FigureState.FEW_SAMPLES: later("too few {samples}"),
    FigureState.STALE: later("nothing new"),
    FigureState.NO_DATA: later("no data"),
}
NOUNS = {
    "play": later_counted("{n} play", "{n} plays"),
    "checkout": later_counted("{n} checkout", "{n} checkouts"),
    "payout": later_counted("{n} payout", "{n} payouts"),
}
NOUNS_ALONE = {"play": later("plays"), "checkout": later("checkouts"), "payout": later("payouts")}
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_HOURS_MAX = 48
HREF = "/status/figures/{name}/"


def value_of(figure: FigureView) -> fmt.Quantity:
    """The figure's value in the unit that people see."""
    unit = value_unit(figure)
    return fmt.quantity(unit.shown(figure.value), unit.sign)


def target(figure: FigureView) -> Target:
    """What the figure is held against, in the unit that people see."""
    return Target(figure.target * display_unit(figure).factor, _aim(figure))


def _aim(figure: FigureView) -> str:
    """The target in words, with the decimal sign of the reader's language."""
    text = target_text(figure)
    return text if current().plain else _DIGITS.sub(lambda found: fmt.written(found[0]), text)


def samples(figure: FigureView, number: int) -> str:
    """So many samples, by their noun."""
    if figure.sample_noun not in NOUNS:
        return fmt.plural(number, figure.sample_noun)
    return fmt.counted(number, *NOUNS[figure.sample_noun])


def many_samples(figure: FigureView) -> str:
    """What samples are called, without a number."""
    return _(NOUNS_ALONE.get(figure.sample_noun, f"{figure.sample_noun}s"))


def verdict(figure: FigureView) -> str:
    """The words of the figure's state."""
    return _(_VERDICTS[figure.state], target=target(figure).text, samples=many_samples(figure))


def points(figure: FigureView) -> list[Point]:
    """The figure's trend in the unit that people see."""
    unit = display_unit(figure)
    return [Point(p.starts_at, unit.shown(p.value)) for p in figure.series]


def window(figure: FigureView) -> str:
    """The figure's window in words."""
    window_length = timedelta(seconds=figure.window_seconds)
    hours = window_length // timedelta(hours=1)
    if hours <= _HOURS_MAX:
        return fmt.length(str(hours), "h").replace(fmt.NBSP, " ")
    return ngettext("{n} days", "{n} days", window_length.days, n=window_length.days)


def companion(view: CompanionView) -> str:
    """A raw number in words."""
    return fmt.duration(view.value) if is_duration(view) else fmt.count(round(view.value))


def figure_tile(figure: FigureView, now: datetime) -> Component:
    """The figure as the page shows it, with everything that makes it believable."""
    return tile(
        said(figure.title),
        value_of(figure),
        state=STATES[figure.state],
        verdict=verdict(figure),
        samples=samples(figure, figure.samples),
        as_of=figure.newest_at,
        now=now,
        definition_href=HREF.format(name=figure.name),
        target=target(figure),
        points=points(figure),
        span_label=window(figure),
        id=f"status-{figure.name.replace('_', '-')}",
    )

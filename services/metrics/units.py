"""How a figure's unit and target are written for people: one sign and factor, wherever the figure is shown."""

from dataclasses import dataclass

from services.metrics.views import CompanionView, FigureView


@dataclass(frozen=True, slots=True)
class DisplayUnit:
    """A unit as people see it: its sign, and what a stored value is multiplied by."""

    sign: str
    factor: float

    def shown(self, value: float | None) -> float | None:
        """Return a stored value in this unit."""
        return None if value is None else value * self.factor


SECONDS = DisplayUnit("s", 0.001)
MINUTES = DisplayUnit("min", 1 / 60_000)
HOURS = DisplayUnit("h", 1 / 3_600_000)
PERCENT = DisplayUnit("%", 100)
_UNITS = {"milliseconds": SECONDS, "ratio": PERCENT}
_HOUR_MS = 3_600_000
_LONG_MS = 2 * _HOUR_MS
"""From a target of so many milliseconds on, people think in hours."""
_NBSP = "\u00a0"


def display_unit(figure: FigureView) -> DisplayUnit:
    """Return the unit in which people see a figure."""
    if figure.unit == "milliseconds" and figure.target >= _LONG_MS:
        return HOURS
    return _UNITS[figure.unit]


def value_unit(figure: FigureView) -> DisplayUnit:
    """Return the unit in which people see a figure's value by itself: a part of an hour is minutes."""
    unit = display_unit(figure)
    part = unit is HOURS and figure.value is not None and figure.value < _HOUR_MS
    return MINUTES if part else unit


def target_text(figure: FigureView) -> str:
    """Return what a figure is held against, such as "< 2 s" or "> 95 %"."""
    unit = display_unit(figure)
    return f"{'>' if figure.higher_is_better else '<'} {figure.target * unit.factor:g}{_NBSP}{unit.sign}"


def is_duration(view: CompanionView) -> bool:
    """Tell whether a raw number is a length of time in seconds, or a count."""
    return view.unit == "seconds"

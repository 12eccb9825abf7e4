"""How a figure's unit is written for people: one sign and factor, wherever the figure is shown."""

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
PERCENT = DisplayUnit("%", 100)
_UNITS = {"milliseconds": SECONDS, "ratio": PERCENT}


def display_unit(figure: FigureView) -> DisplayUnit:
    """Return the unit in which people see a figure."""
    return _UNITS[figure.unit]


def is_duration(view: CompanionView) -> bool:
    """Tell whether a raw number is a length of time in seconds, or a count."""
    return view.unit == "seconds"

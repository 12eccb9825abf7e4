"""Sample series for the gallery: drawn from formulas, shown only there, and labelled as samples on the page."""

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta

from web.ui.charts.series import BandPoint, Point
from web.ui.charts.uptime import DayState
from web.ui.theme import State

QUARTER = timedelta(minutes=15)
POINTS = 96


def wave(index: int, *, level: float, swing: float, rough: float) -> float:
    """A daily rhythm with some roughness that is the same on every run."""
    rhythm = math.sin(index / POINTS * 2 * math.pi - 1.1)
    noise = math.sin(index * 12.9898) * 43758.5453
    return level + swing * rhythm + rough * (noise - math.floor(noise) - 0.5)


def day_of(now: datetime, value: Callable[[int], float | None]) -> list[Point]:
    """A day in quarters of an hour, ending now."""
    return [Point(now - QUARTER * (POINTS - 1 - index), value(index)) for index in range(POINTS)]


def join_time(now: datetime) -> list[Point]:
    """A healthy day."""
    return day_of(now, lambda index: wave(index, level=1.4, swing=0.14, rough=0.14))


def join_time_with_peak(now: datetime) -> list[Point]:
    """A day with an hour above its target."""

    def value(index: int) -> float:
        base = wave(index, level=1.4, swing=0.14, rough=0.14)
        return base + 0.95 * math.exp(-(((index - 66) / 3.2) ** 2))

    return day_of(now, value)


def with_gaps(now: datetime) -> list[Point]:
    """A day with two stretches without measurement and one lone point between them."""
    missing = {*range(30, 45), *range(46, 52)}
    return day_of(now, lambda index: None if index in missing else wave(index, level=0.31, swing=0.05, rough=0.06))


def band(now: datetime) -> list[BandPoint]:
    """What is expected for each quarter of an hour."""
    points = []
    for index in range(POINTS):
        middle = wave(index, level=1.4, swing=0.14, rough=0)
        points.append(BandPoint(now - QUARTER * (POINTS - 1 - index), middle - 0.22, middle + 0.22))
    return points


def days(today: date, *, bad: dict[int, State] | None = None, unmeasured: int = 0) -> list[DayState]:
    """Ninety days up to today; `bad` is days ago → state, and the first `unmeasured` days are unknown."""
    marked = bad or {}
    found = []
    for ago in range(89, -1, -1):
        on = today - timedelta(days=ago)
        if 90 - unmeasured <= ago:
            found.append(DayState(on, State.UNKNOWN, None))
        elif ago in marked:
            share = 0.981 if marked[ago] is State.BAD else 0.9962
            found.append(DayState(on, marked[ago], share, "Sample incident"))
        else:
            found.append(DayState(on, State.GOOD, 1.0))
    return found


def rising(now: datetime) -> list[Point]:
    """A day that comes close to its target."""
    return day_of(now, lambda index: 15 + index / 12 + wave(index, level=0, swing=0.3, rough=0.8))


def falling(now: datetime) -> list[Point]:
    """A day whose last hours fall below the target."""
    return day_of(now, lambda index: wave(index, level=97.2, swing=0.3, rough=0.9) - max(0, index - 72) / 3.9)

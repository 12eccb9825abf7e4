"""What charts draw: points in time, gaps between them, and the scales that place them."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from web.ui import format as fmt


@dataclass(frozen=True, slots=True)
class Point:
    """A measured value at an instant; `None` is a gap, never zero. `few` tells that too little stands behind it."""

    at: datetime
    value: float | None
    few: bool = False


@dataclass(frozen=True, slots=True)
class BandPoint:
    """The range that is expected at an instant."""

    at: datetime
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear mapping of a domain onto a stretch; a domain without extent maps to the middle."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where the value lies on the stretch."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def runs(points: Iterable[Point]) -> list[list[tuple[datetime, float]]]:
    """The stretches of measured points between the gaps."""
    found: list[list[tuple[datetime, float]]] = [[]]
    for point in points:
        if point.value is None or not math.isfinite(point.value):
            found.append([])
        else:
            found[-1].append((point.at, point.value))
    return [run for run in found if run]


def stretches(points: Iterable[Point]) -> list[tuple[bool, list[tuple[datetime, float]]]]:
    """The stretches between the gaps, parted where few samples begin or end; neighbours share their point.

    The flag tells the stretches of few samples.
    """
    found: list[tuple[bool, list[tuple[datetime, float]]]] = []
    before: Point | None = None
    for point in points:
        if point.value is None or not math.isfinite(point.value):
            before = None
            continue
        here = (point.at, point.value)
        if before is None:
            found.append((point.few, [here]))
        elif found[-1][0] == (few := point.few or before.few):
            found[-1][1].append(here)
        else:
            found.append((few, [found[-1][1][-1], here]))
        before = point
    return [(few, run) for few, run in found if len(run) > 1 or _alone(found, run)]


def _alone(found: list[tuple[bool, list[tuple[datetime, float]]]], run: list[tuple[datetime, float]]) -> bool:
    """Whether a single point belongs to no longer stretch beside it."""
    return not any(len(other) > 1 and run[0] in (other[0], other[-1]) for _, other in found)


def measured(points: Iterable[Point]) -> list[float]:
    """The finite values among the points."""
    return [point.value for point in points if point.value is not None and math.isfinite(point.value)]


def extent(values: Sequence[float], *, pad_ratio: float = 0.12) -> tuple[float, float]:
    """The lowest and highest value with air around them; down to zero where zero is near."""
    low, high = min(values), max(values)
    if low == high:
        half = abs(low) / 2
        half = half if low + half > low else 1.0
        low, high = low - half, high + half
    elif 0 <= low < high * 0.6:
        low = 0.0
    pad = (high - low) * pad_ratio
    return (low if low == 0 else low - pad, high + pad)


def stroke(
    run: Sequence[tuple[datetime, float]],
    x: Callable[[datetime], float],
    y: Callable[[float], float],
    *,
    few: bool = False,
) -> str:
    """The run as a line; a lone point is a thicker dot, so that it is seen. Few samples make it a dashed one."""
    look = ("stroke" if len(run) > 1 else "stroke lone") + (" few" if few else "")
    return f'<path class="{look}" d="{path(run, x, y)}"/>'


def path(run: Sequence[tuple[datetime, float]], x: Callable[[datetime], float], y: Callable[[float], float]) -> str:
    """An SVG path through the run; a lone point becomes a dot (a line without length, with round ends)."""
    steps = [f"{x(at):.1f} {y(value):.1f}" for at, value in run]
    return f"M{steps[0]}h0" if len(steps) == 1 else "M" + "L".join(steps)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values inside the range, `most` at the most, a step of 1, 2, 2.5 or 5 times a power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 2.5, 5, 10, 20, 25, 50, 100):
        step = factor * power
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [index * step for index in range(first, last + 1)]
    return [low]


def tick_decimals(values: Sequence[float]) -> int:
    """How many decimals tell neighbouring ticks apart."""
    if len(values) < 2:  # noqa: PLR2004 - a pair is needed to have a step
        return fmt.decimals_for(values[0]) if values else 0
    step = abs(values[1] - values[0])
    places = max(0, -math.floor(math.log10(step)))
    # A step of 2.5 needs one digit more than its magnitude tells.
    return min(6, places + (0 if math.isclose(round(step, places), step, rel_tol=1e-6) else 1))


_STEPS = [timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30)] + [
    timedelta(hours=h) for h in (1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 168, 336, 720, 1440, 2880, 8760)
]
_DAY = timedelta(days=1)


def time_ticks(start_at: datetime, end_at: datetime, most: int = 7) -> list[tuple[datetime, str]]:
    """Round instants in UTC inside the stretch, each with its label: hours within a day, dates beyond."""
    start, end = fmt.utc(start_at), fmt.utc(end_at)
    span = end - start
    if span <= timedelta(0):
        return [(start, fmt.hour(start))]
    step = next((each for each in _STEPS if span / each <= most), _STEPS[-1])
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + -(-(start - midnight) // step) * step
    found: list[tuple[datetime, str]] = []
    at = first
    while at <= end and len(found) <= most:
        midnight_shown = at.hour == at.minute == 0 and span > _DAY / 4
        label = fmt.day(at, year=False) if step >= _DAY or midnight_shown else fmt.hour(at)
        found.append((at, label))
        at += step
    return found

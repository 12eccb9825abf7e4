"""Accounting: what spans come to in days and in uptime. Pure, in whole milliseconds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from services.components.timeline import BAD_FROM, RANKS, Span
from services.components.views import ComponentStatus, DayView, UptimePolicy

DAY_MS = 86_400_000
COLUMNS = ("operational_ms", "degraded_ms", "partial_ms", "major_ms", "maintenance_ms", "unknown_ms")
"""The parts of a day, in the order in which `Sums` and the rows hold them."""

OPERATIONAL, DEGRADED, PARTIAL, MAJOR, MAINTENANCE, UNKNOWN = range(6)
_PLACES = {
    ComponentStatus.OPERATIONAL: OPERATIONAL,
    ComponentStatus.DEGRADED: DEGRADED,
    ComponentStatus.PARTIAL_OUTAGE: PARTIAL,
    ComponentStatus.MAJOR_OUTAGE: MAJOR,
    ComponentStatus.MAINTENANCE: MAINTENANCE,
    ComponentStatus.UNKNOWN: UNKNOWN,
}
_BY_RANK = {rank: status for status, rank in RANKS.items()}


@dataclass(slots=True)
class Sums:
    """The parts of some time in each status, and the worst bad status in it (as a rank; 0 where none was bad)."""

    parts: list[int] = field(default_factory=lambda: [0] * 6)
    worst_rank: int = 0

    def add(self, status: ComponentStatus, ms: int, *, excused: bool) -> None:
        """Count a stretch of time."""
        self.parts[place_of(status, excused=excused)] += ms
        if RANKS[status] >= BAD_FROM:
            self.worst_rank = max(self.worst_rank, RANKS[status])

    def add_all(self, parts: Sequence[int], worst_rank: int) -> None:
        """Count what was added up elsewhere."""
        for place, ms in enumerate(parts):
            self.parts[place] += ms
        self.worst_rank = max(self.worst_rank, worst_rank)

    @property
    def total_ms(self) -> int:
        """All of the time."""
        return sum(self.parts)

    def fill(self, total_ms: int) -> None:
        """Count what is missing to a total as unknown."""
        self.parts[UNKNOWN] += max(0, total_ms - self.total_ms)

    @property
    def worst(self) -> ComponentStatus:
        """The status that stands for this time; unknown where that is most of it and nothing was bad."""
        if self.worst_rank:
            return _BY_RANK[self.worst_rank]
        if self.parts[UNKNOWN] * 2 >= self.total_ms:
            return ComponentStatus.UNKNOWN
        return ComponentStatus.MAINTENANCE if self.parts[MAINTENANCE] else ComponentStatus.OPERATIONAL


def place_of(status: ComponentStatus, *, excused: bool) -> int:
    """Return which part of a day time in a status belongs to."""
    return MAINTENANCE if excused else _PLACES[status]


def day_of(ms: int) -> date:
    """Return the day (UTC) of an instant."""
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)).date()


def start_of(day: date) -> int:
    """Return the first instant of a day (UTC).

    Units: milliseconds since the epoch.
    """
    return _number(day) * DAY_MS


def is_long(starts_ms: int, ends_ms: int | None) -> bool:
    """Tell whether a span still lasts, or covers a whole day (UTC)."""
    if ends_ms is None:
        return True
    first_whole = -(-starts_ms // DAY_MS) * DAY_MS
    return first_whole + DAY_MS <= ends_ms


@dataclass(slots=True)
class Calendar:
    """The days of one component: those that one long span fills, and the sums of the others."""

    whole: dict[int, tuple[ComponentStatus, bool]] = field(default_factory=dict)
    """By the day's number since the epoch: the status of all of it, and whether it is excused."""
    sums: dict[date, Sums] = field(default_factory=dict)

    def add(self, span: Span, from_ms: int, until_ms: int) -> None:
        """Count a long span, as far as it lies between two instants."""
        begins = max(span.starts_ms, from_ms)
        ends = until_ms if span.ends_ms is None else min(span.ends_ms, until_ms)
        first, after = -(-begins // DAY_MS), ends // DAY_MS
        if first >= after:
            into_days(self.sums, [span], begins, ends)
            return
        self.whole.update(dict.fromkeys(range(first, after), (span.status, span.excused)))
        into_days(self.sums, [span], begins, first * DAY_MS)
        into_days(self.sums, [span], after * DAY_MS, ends)

    def all_sums(self) -> dict[date, Sums]:
        """Return the sums of every day, whole ones included."""
        for number, (status, excused) in self.whole.items():
            self.sums.setdefault(_day(number), Sums()).add(status, DAY_MS, excused=excused)
        self.whole.clear()
        return self.sums


class Bars:
    """Makes the days of many components; days that are alike are one object."""

    def __init__(self, first: date, last: date, now_ms: int) -> None:
        self._days = [(_number(first) + n, first + timedelta(days=n)) for n in range((last - first).days + 1)]
        self._now_ms = now_ms
        self._whole: dict[tuple[int, ComponentStatus, bool], DayView] = {}
        self._nothing: dict[int, DayView] = {}

    def of(self, calendar: Calendar) -> tuple[DayView, ...]:
        """Return each day; what nothing was said of is unknown, up to now."""
        whole, sums = calendar.whole, calendar.sums
        return tuple(
            self._one(number, day, whole.get(number), sums.get(day) if sums else None) for number, day in self._days
        )

    def _one(self, number: int, day: date, whole: tuple[ComponentStatus, bool] | None, sums: Sums | None) -> DayView:
        if sums is not None:
            return _view(day, sums, self._passed(number), 1)
        if whole is None:
            if number not in self._nothing:
                self._nothing[number] = _view(day, Sums(), self._passed(number), 1)
            return self._nothing[number]
        key = (number, *whole)
        if key not in self._whole:
            made = Sums()
            made.add(whole[0], DAY_MS, excused=whole[1])
            self._whole[key] = _view(day, made, DAY_MS, 1)
        return self._whole[key]

    def _passed(self, number: int) -> int:
        return max(0, min(DAY_MS, self._now_ms - number * DAY_MS))


def into_days(sums: dict[date, Sums], spans: Iterable[Span], from_ms: int, until_ms: int) -> None:
    """Add spans to the days that they lie in, as far as they are between two instants."""
    for span in spans:
        at = max(span.starts_ms, from_ms)
        ends = until_ms if span.ends_ms is None else min(span.ends_ms, until_ms)
        while at < ends:
            day_number = at // DAY_MS
            end = min((day_number + 1) * DAY_MS, ends)
            day = _day(day_number)
            if day not in sums:
                sums[day] = Sums()
            sums[day].add(span.status, end - at, excused=span.excused)
            at = end


def day_views(sums: Mapping[date, Sums], first: date, last: date, now_ms: int, members: int = 1) -> tuple[DayView, ...]:
    """Return each day from one to another; what nothing was said of is unknown, up to now.

    Units: of several members the average.
    """
    views = []
    day = first
    while day <= last:
        passed = max(0, min(DAY_MS, now_ms - start_of(day)))
        views.append(_view(day, sums.get(day) or Sums(), passed, members))
        day += timedelta(days=1)
    return tuple(views)


def _view(day: date, counted: Sums, passed_ms: int, members: int) -> DayView:
    # Written out: a page of thousands of components makes as many of these.
    up, degraded, partial, major, kept, unknown = counted.parts
    missing = passed_ms * members - (up + degraded + partial + major + kept + unknown)
    if missing > 0:
        counted.parts[UNKNOWN] = unknown = unknown + missing
    n = 1000 * members
    return DayView(day, counted.worst, up / n, degraded / n, partial / n, major / n, kept / n, unknown / n)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def totals(parts: Iterable[Sequence[float]]) -> list[float]:
    """Return the sums of parts."""
    return [sum(column) for column in zip(*parts, strict=True)] or [0.0] * 6


def seconds_of(day: DayView) -> tuple[float, ...]:
    """Return a day's parts in the order of `COLUMNS`."""
    return (
        day.operational_seconds,
        day.degraded_seconds,
        day.partial_seconds,
        day.major_seconds,
        day.maintenance_seconds,
        day.unknown_seconds,
    )


def up_and_down(parts: Sequence[float], policy: UptimePolicy) -> tuple[float, float]:
    """Return how much of some time counts as up, and how much as down; the two add up to what was measured."""
    weights = {MAJOR: policy.major_weight, PARTIAL: policy.partial_weight, DEGRADED: policy.degraded_weight}
    down = sum(parts[place] * weight for place, weight in weights.items())
    measured = sum(parts[place] for place in (OPERATIONAL, DEGRADED, PARTIAL, MAJOR))
    return measured - down, down


def uptime_ratio(parts: Sequence[float], policy: UptimePolicy) -> float | None:
    """Return the share of the measured time that counts as up; nothing where nothing was measured."""
    up, down = up_and_down(parts, policy)
    return up / (up + down) if up + down > 0 else None

"""What was counted over time, so that any window's sum is one subtraction. Pure, in tests as in production."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol


class Counted(NamedTuple):
    """Events of a span: good ones, bad ones, how many single events stand behind each, and people who left before.

    Units: good and bad in the agreement's unit; an instant anywhere here is in seconds since the epoch.
    """

    good: float = 0.0
    bad: float = 0.0
    samples: float = 0.0
    bad_samples: float = 0.0
    left: float = 0.0

    @property
    def total(self) -> float:
        """Good and bad together."""
        return self.good + self.bad

    def plus(self, other: "Counted", sign: int = 1) -> "Counted":
        """Return the sum, or with a sign of -1 the difference, never below nothing."""
        return Counted(*(max(0.0, a + sign * b) for a, b in zip(self, other, strict=True)))


NOTHING = Counted()


class Bucket(NamedTuple):
    """A span, and what was counted in it."""

    starts: float
    seconds: float
    counted: Counted


class Tally(Protocol):
    """Answers what was counted in a window."""

    def between(self, starts: float, ends: float) -> Counted:
        """Return what was counted in a half-open span, as exactly as it is kept: whole buckets that begin in it."""
        ...

    def worst_since(self, starts: float, ends: float, allowed_ratio: float) -> float:
        """Return from when on the span holds the most bad events beyond what is allowed: when it began, by the data."""
        ...

    def bad_run(self, starts: float, ends: float) -> tuple[Counted, float]:
        """Return what was counted since the last bucket with a good event, and since when that is."""
        ...


class Timeline:
    """Buckets in order, none overlapping; their lengths may differ."""

    def __init__(self, buckets: Iterable[Bucket] = ()) -> None:
        ordered = sorted(buckets, key=lambda b: b.starts)
        self._starts = [b.starts for b in ordered]
        self._counted = [b.counted for b in ordered]
        columns = list(zip(*self._counted, strict=True)) if ordered else [()] * len(NOTHING)
        self._sums: Sequence[Sequence[float]] = [list(accumulate(column, initial=0.0)) for column in columns]

    def between(self, starts: float, ends: float) -> Counted:
        """Return what was counted in a span."""
        first, last = bisect_left(self._starts, starts), bisect_left(self._starts, ends)
        if first >= last:
            return NOTHING
        return Counted(*(max(0.0, sums[last] - sums[first]) for sums in self._sums))

    def worst_since(self, starts: float, ends: float, allowed_ratio: float) -> float:
        """Return from when on there were the most bad events beyond what is allowed.

        Source: the change point of a cumulative sum (Page, 1954).
        """
        first, last = bisect_left(self._starts, starts), bisect_left(self._starts, ends)
        excess = worst = 0.0
        since = starts
        for index in range(last - 1, first - 1, -1):
            counted = self._counted[index]
            excess += counted.bad - allowed_ratio * counted.total
            if excess > worst:
                worst, since = excess, self._starts[index]
        return since

    def bad_run(self, starts: float, ends: float) -> tuple[Counted, float]:
        """Return what was counted since the last good event, within a span."""
        last = bisect_right(self._starts, ends)
        run, since = NOTHING, ends
        for index in range(last - 1, -1, -1):
            counted = self._counted[index]
            if self._starts[index] < starts or counted.good > 0:
                break
            if counted.bad or counted.left:
                run, since = run.plus(counted), self._starts[index]
        return run, since

"""Uptime over any number of days, with how much of them was measured at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.components.days import Sums, seconds_of, totals, up_and_down
from services.components.views import DayView, StatusSpanView, UptimePolicy

DAY_SECONDS: Final = 86_400.0
_POLICY: Final = UptimePolicy()
_NEARLY_ALL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Uptime:
    """The uptime of a span: `ratio` is nothing where nothing was measured.

    Units: seconds; maintenance and what is not known belong to neither.
    """

    days: int
    ratio: float | None
    measured_seconds: float

    @property
    def whole(self) -> bool:
        """Whether about the whole span was measured."""
        return self.measured_seconds >= _NEARLY_ALL * self.days * DAY_SECONDS


def over_days(rows: Sequence[DayView], days: int) -> Uptime:
    """Return the uptime of the last days, today's part included."""
    return _uptime(days, totals(seconds_of(row) for row in list(rows)[-days:]))


def over_last_day(spans: Iterable[StatusSpanView], now: datetime) -> Uptime:
    """Return the uptime of the last 24 hours, to the second."""
    since, sums = now - timedelta(days=1), Sums()
    for span in spans:
        lasted = min(span.ends_at or now, now) - max(span.starts_at, since)
        if lasted > timedelta(0):
            sums.add(span.status, lasted // timedelta(milliseconds=1), excused=False)
    return _uptime(1, [part / 1_000 for part in sums.parts])


def _uptime(days: int, parts: Sequence[float]) -> Uptime:
    up, down = up_and_down(parts, _POLICY)
    measured = up + down
    return Uptime(days, up / measured if measured > 0 else None, measured)

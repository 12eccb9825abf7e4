"""What the metrics domain needs of a store, in our words; our database and any Prometheus-compatible server fill it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, Self

import pandas as pd

from services.kernel.clock import require_utc
from services.kernel.context import Actor


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        require_utc(self.starts_at)
        if require_utc(self.ends_at) < self.starts_at:
            raise ValueError("A window ends after it starts.")

    @classmethod
    def last(cls, seconds: float, now: datetime) -> Self:
        """Return the window of so many seconds that ends now."""
        return cls(now - timedelta(seconds=seconds), now)

    @property
    def seconds(self) -> float:
        """The length of the window."""
        return (self.ends_at - self.starts_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a metric came to within a window.

    `quantiles` has one entry per quantile that was asked for, and is empty where nothing was measured or the metric is
    a total. `good_count` counts values up to the metric's threshold.

    Units: `total` and quantiles are in the metric's unit.
    """

    count: int
    total: int
    good_count: int | None = None
    newest_at: datetime | None = None
    quantiles: Mapping[float, float] = field(default_factory=dict)


class MetricStore(Protocol):
    """Answers questions about what was measured.

    `where` narrows by dimension (`{"origin": "real"}`). Every method checks that the actor may `metrics.read`.

    Raises: Invalid for an unknown metric or for a dimension that this store does not keep, Unavailable where the store
    does not answer.
    """

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that this store can narrow and split by."""
        ...

    def summary(
        self,
        actor: Actor,
        metric: str,
        window: Window,
        *,
        quantiles: Sequence[float] = (),
        where: Mapping[str, str] | None = None,
    ) -> Summary:
        """Return what a metric came to within a window: one merge over all of it, never an average of parts."""
        ...

    def split(
        self, actor: Actor, metric: str, window: Window, dimension: str, *, quantiles: Sequence[float] = ()
    ) -> Mapping[str, Summary]:
        """Return the summary of a metric per value of a dimension; values without data are left out."""
        ...

    def series(
        self,
        actor: Actor,
        metrics: Sequence[str],
        window: Window,
        grain_seconds: int,
        *,
        quantile: float | None = None,
        where: Mapping[str, str] | None = None,
    ) -> pd.DataFrame:
        """Return metrics over time, in buckets that are whole multiples of the grain since the epoch.

        Shape: one row per bucket and metric, in order; every bucket of the window has its row. Columns `starts_at`
        (aware UTC), `metric`, `count` (int), `total` (int), `value` (float: the quantile; NaN where nothing was
        measured, where the metric is a total, or where none was asked for).
        """
        ...

"""What is measured: every metric by name, with its kind, unit and threshold; and the dimensions it is kept by."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Origin = Literal["real", "demo"]


class Dimensions(NamedTuple):
    """What an observation is kept by; each one has few values, and everything unknown is `other`.

    New ones stand at the end: sessions that are remembered keep theirs in this order.
    """

    origin: str = "real"
    player: str = "other"
    cdn: str = "none"
    stream: str = "other"
    region: str = "none"


DIMENSIONS = Dimensions._fields
STREAMS = {"h": "hls", "d": "dash", "s": "smooth"}
"""CMCD's `sf` tokens in words."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    A `distribution` answers quantiles; a `total` answers sums and counts only. `good_at_most` is the value up to and
    including which an observation is good, counted exactly beside the sketch. `exported_range` is the span that an
    exported histogram divides finely.

    Units: `good_at_most` and `exported_range` are in `unit`.
    """

    name: str
    kind: Literal["distribution", "total"]
    unit: Literal["milliseconds", "occurrences"]
    help: str
    good_at_most: int | None = None
    exported_range: tuple[int, int] = (20, 120_000)


class Observation(NamedTuple):
    """Something measured: a value in the metric's unit, and how many occurrences it stands for.

    None at all adds to the sum alone: a play that goes on adds time, and was counted when it began.
    """

    metric: str
    value: int
    at_ms: int
    dimensions: Dimensions = Dimensions()
    occurrences: int = 1


JOIN_TIME = Metric(
    "join_time",
    "distribution",
    "milliseconds",
    "Time from the play instruction to the first frame that plays.",
    good_at_most=2_000,
)
STALL_TIME = Metric(
    "stall_time", "total", "milliseconds", "Time spent rebuffering after the start, outside of seeking; counts stalls."
)
PLAY_TIME = Metric("play_time", "total", "milliseconds", "Time spent playing; counts plays.")
EXITS_BEFORE_START = Metric(
    "exits_before_start", "total", "occurrences", "Plays that were asked for and given up before the first frame."
)
START_FAILURES = Metric(
    "start_failures", "total", "occurrences", "Plays that were asked for and failed before the first frame."
)

CHECKOUTS_ATTEMPTED = Metric(
    "checkouts_attempted",
    "total",
    "occurrences",
    "Attempts to pay that ended, paid or not; buyers who walked away are not among them.",
)
CHECKOUTS_PAID = Metric("checkouts_paid", "total", "occurrences", "Attempts to pay that ended paid.")
CHECKOUTS_FAILED = Metric("checkouts_failed", "total", "occurrences", "Attempts to pay that ended without money.")
CHECKOUTS_ABANDONED = Metric(
    "checkouts_abandoned", "total", "occurrences", "Orders whose buyer walked away and did not pay."
)
PAYOUT_LATENCY = Metric(
    "payout_latency",
    "distribution",
    "milliseconds",
    "Time from the approval of a payout until the money reached the creator.",
    good_at_most=86_400_000,
    exported_range=(60_000, 30 * 86_400_000),
)
PAYOUTS_OVERDUE = Metric(
    "payouts_overdue", "total", "occurrences", "Payouts that were not paid within the target after their approval."
)

METRICS = {
    m.name: m
    for m in (
        JOIN_TIME,
        STALL_TIME,
        PLAY_TIME,
        EXITS_BEFORE_START,
        START_FAILURES,
        CHECKOUTS_ATTEMPTED,
        CHECKOUTS_PAID,
        CHECKOUTS_FAILED,
        CHECKOUTS_ABANDONED,
        PAYOUT_LATENCY,
        PAYOUTS_OVERDUE,
    )
}

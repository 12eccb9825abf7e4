"""Service level indicators as data: what each figure means, its target, and when it may be judged."""

from dataclasses import dataclass
from typing import Literal

from services.metrics.catalogue import (
    CHECKOUTS_ABANDONED,
    CHECKOUTS_ATTEMPTED,
    CHECKOUTS_FAILED,
    CHECKOUTS_PAID,
    EXITS_BEFORE_START,
    JOIN_TIME,
    PAYOUT_LATENCY,
    PAYOUTS_OVERDUE,
    PLAY_TIME,
    STALL_TIME,
    START_FAILURES,
)


@dataclass(frozen=True, slots=True)
class Sli:
    """One service level indicator.

    With a `quantile` it is that quantile of `metric`; without, it is the sum of `metric` divided by the sum of
    `whole`. Both are computed over everything in the window at once, never as an average of smaller figures.

    With `higher_is_better` the target is a floor, otherwise a ceiling. `near_ratio` is how much of the allowance may be
    used before the figure counts as near: of the target itself for a ceiling, of what is missing to 1 for a floor.

    `failures` are attempts that came to nothing: where they are at least `minimum_failures` and more than the
    `successes`, in the whole window or in its last `lately_seconds`, the target is missed, however good the rest was.

    What one sample is called stands in `sample_noun`; `source` says where samples come from.

    Units: `target` and every value are in `unit`; `window_seconds` ends at the time of asking.
    """

    name: str
    title: str
    definition: str
    unit: Literal["milliseconds", "ratio"]
    target: float
    metric: str
    quantile: float | None = None
    whole: tuple[str, ...] = ()
    samples_of: str = ""
    companions: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    successes: str = ""
    minimum_failures: int = 20
    lately_seconds: int = 3_600
    higher_is_better: bool = False
    sample_noun: str = "play"
    source: str = "reports of players (CMCD version 2)"
    window_seconds: int = 86_400
    minimum_samples: int = 20
    near_ratio: float = 0.9
    stale_after_seconds: int = 3_600


JOIN_TIME_P95 = Sli(
    name="join_time_p95",
    title="Join time, p95",
    definition=(
        "95 % of plays showed their first playing frame within this time after the viewer pressed play or autoplay "
        "began. Page load is not part of it. Plays given up or failed before the first frame have no join time; they "
        "are counted beside it; where 20 or more of them outnumber the plays that started, over the whole window or "
        "its last hour, the target is missed. A pause before the first frame starts the measurement anew."
    ),
    unit="milliseconds",
    target=2_000,
    metric=JOIN_TIME.name,
    quantile=0.95,
    samples_of=JOIN_TIME.name,
    companions=(EXITS_BEFORE_START.name, START_FAILURES.name),
    failures=(EXITS_BEFORE_START.name, START_FAILURES.name),
    successes=JOIN_TIME.name,
)
REBUFFER_RATIO = Sli(
    name="rebuffer_ratio",
    title="Rebuffer ratio",
    definition=(
        "Time spent stalled divided by time spent stalled or playing, summed over all plays (CTA-2066). Start-up, "
        "seeking and pauses are not part of it."
    ),
    unit="ratio",
    target=0.01,
    metric=STALL_TIME.name,
    whole=(STALL_TIME.name, PLAY_TIME.name),
    samples_of=PLAY_TIME.name,
    companions=(STALL_TIME.name, PLAY_TIME.name),
)

CHECKOUT_SUCCESS = Sli(
    name="checkout_success",
    title="Checkout success",
    definition=(
        "Attempts to pay that ended paid, divided by all attempts that ended. A card that was declined, an error and a "
        "payment processor that stayed silent for 30 s count against it; a buyer who walked away without paying does "
        "not count at all, and is counted beside it. Where 3 or more failed attempts outnumber the paid ones within 10 "
        "minutes, the target is missed at once."
    ),
    unit="ratio",
    target=0.95,
    metric=CHECKOUTS_PAID.name,
    whole=(CHECKOUTS_ATTEMPTED.name,),
    samples_of=CHECKOUTS_ATTEMPTED.name,
    companions=(CHECKOUTS_PAID.name, CHECKOUTS_FAILED.name, CHECKOUTS_ABANDONED.name),
    failures=(CHECKOUTS_FAILED.name,),
    successes=CHECKOUTS_PAID.name,
    minimum_failures=3,
    lately_seconds=600,
    higher_is_better=True,
    sample_noun="checkout",
    source="the order path, where each attempt to pay ends with the payment processor's answer",
)
PAYOUT_LATENCY_P95 = Sli(
    name="payout_latency_p95",
    title="Payout latency, p95",
    definition=(
        "95 % of payouts reached the creator within this time after they were approved. It counts when the payment "
        "processor says that the money arrived. A payout that is not paid within 24 h has no latency yet; it is "
        "counted beside it at that moment, and where 20 or more of them outnumber the paid ones, the target is missed."
    ),
    unit="milliseconds",
    target=86_400_000,
    metric=PAYOUT_LATENCY.name,
    quantile=0.95,
    samples_of=PAYOUT_LATENCY.name,
    companions=(PAYOUTS_OVERDUE.name,),
    failures=(PAYOUTS_OVERDUE.name,),
    successes=PAYOUT_LATENCY.name,
    lately_seconds=2 * 86_400,
    sample_noun="payout",
    source="payouts, approved by staff and settled by the payment processor",
    window_seconds=7 * 86_400,
    stale_after_seconds=2 * 86_400,
)

SLIS = {s.name: s for s in (JOIN_TIME_P95, REBUFFER_RATIO, CHECKOUT_SUCCESS, PAYOUT_LATENCY_P95)}
"""Every indicator by name, in the order in which pages show them."""

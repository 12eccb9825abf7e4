"""Service level indicators as data: what each figure means, its target, and when it may be judged."""

from dataclasses import dataclass
from typing import Literal

from services.metrics.catalogue import EXITS_BEFORE_START, JOIN_TIME, PLAY_TIME, STALL_TIME, START_FAILURES


@dataclass(frozen=True, slots=True)
class Sli:
    """One service level indicator.

    With a `quantile` it is that quantile of `metric`; without, it is the sum of `metric` divided by the sum of
    `whole`. Both are computed over everything in the window at once, never as an average of smaller figures.

    `failures` are starts that came to nothing: where they are at least `minimum_samples` and more than the samples, in
    the whole window or in its last `stale_after_seconds`, the target is missed, however good the starts that worked.

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

SLIS = {s.name: s for s in (JOIN_TIME_P95, REBUFFER_RATIO)}
"""Every indicator by name, in the order in which pages show them."""

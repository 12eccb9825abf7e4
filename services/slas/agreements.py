"""Service level agreements as data: what is promised, of what, over which window, and when it may be judged."""

from dataclasses import dataclass, field, replace
from typing import Final, Literal

Column = Literal["count", "total", "good_count"]
Term = tuple[str, Column, float]
"""A metric, which of its counts, and the factor with which it is added."""

DAY: Final = 86_400
THIRTY_DAYS: Final = 30 * DAY


@dataclass(frozen=True, slots=True)
class Recipe:
    """How good and bad events are added up from counts of metrics.

    `samples` and `bad_samples` are how many single events stand behind good and bad, where those are times; `left` are
    people who went away before it was good or bad. `parts` are the dimensions by which single parts are judged too.
    """

    good: tuple[Term, ...]
    bad: tuple[Term, ...]
    samples: tuple[Term, ...] = ()
    bad_samples: tuple[Term, ...] = ()
    left: tuple[Term, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that the recipe reads."""
        terms = (*self.good, *self.bad, *self.samples, *self.bad_samples, *self.left)
        return tuple(dict.fromkeys(metric for metric, _, _ in terms))


@dataclass(frozen=True, slots=True)
class Caution:
    """What keeps a few events from being taken for a breach.

    A burn rate is judged from `minimum_events` in the long window of which `minimum_bad` are bad; a part of the whole
    (one CDN, one player) from `part_minimum_events` and `part_minimum_bad`. With `beyond_chance` the bad ones must also
    exceed what the factor allows by so many standard deviations. However few there are, `all_bad` bad events in a row
    within a day without one good event are a breach. The trip-wire is `trip_bad` bad ones that make up `trip_share`
    within two minutes, or `all_bad` in a row within five. `expects_events` tells that silence is judged.

    Units: events, or seconds where the agreement is one of time.
    """

    minimum_events: float
    minimum_bad: float
    all_bad: float
    trip_bad: float
    trip_share: float
    part_minimum_events: float = 60
    part_minimum_bad: float = 30
    expects_events: bool = False
    beyond_chance: float = 0.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement. Its source is a `recipe` over metrics, or the uptime of `component_id`, or of all components.

    `promise` has `{target}`, `{allowed}` and `{window}` for what staff may change. `impact` is the worst that a breach
    may be. `component_ids` are what it is about: a breach affects them, and their maintenance is left out. Those of a
    declared agreement are components that every installation begins with.
    """

    name: str
    title: str
    promise: str
    counts: str
    event_unit: str
    target_ratio: float
    caution: Caution
    impact: str
    figure: str | None = None
    recipe: Recipe | None = None
    component_id: str | None = None
    component_ids: tuple[str, ...] = ()
    window_seconds: int = THIRTY_DAYS
    position: int = 0
    declared: bool = True

    @property
    def allowed_ratio(self) -> float:
        """The share of events that may be bad."""
        return 1 - self.target_ratio

    @property
    def timed(self) -> bool:
        """Whether events are seconds."""
        return self.event_unit == "seconds"


_UPTIME_CAUTION: Final = Caution(
    minimum_events=60, minimum_bad=20, all_bad=30, trip_bad=30, trip_share=0.9, part_minimum_events=0
)
_UPTIME_COUNTS: Final = (
    "Every second in which a component is measured counts; a second in major outage is bad, one in partial outage is "
    "bad to three tenths, a degraded one is good."
)

JOIN_TIME: Final = Agreement(
    name="join_time",
    title="Start of playback",
    promise="{target} of plays start within 2 seconds, over {window}.",
    counts=(
        "A play counts once: good where its first frame plays within 2 s of the play instruction, bad where it plays "
        "later or fails to start. Viewers who leave before the first frame count as neither; where nobody starts and "
        "they alone remain, they trip the wire."
    ),
    event_unit="plays",
    target_ratio=0.95,
    caution=Caution(
        minimum_events=40,
        minimum_bad=15,
        all_bad=10,
        trip_bad=20,
        trip_share=0.9,
        expects_events=True,
        beyond_chance=2.0,
    ),
    impact="critical",
    figure="join_time_p95",
    component_ids=("videostart01",),
    recipe=Recipe(
        good=(("join_time", "good_count", 1),),
        bad=(("join_time", "count", 1), ("join_time", "good_count", -1), ("start_failures", "count", 1)),
        left=(("exits_before_start", "count", 1),),
        parts=("cdn", "player", "region"),
    ),
)
REBUFFERING: Final = Agreement(
    name="rebuffering",
    title="Uninterrupted playback",
    promise="Stalls are less than {allowed} of the time that viewers play or stall, over {window}.",
    counts=(
        "Every second counts in which a viewer plays (good) or is stalled (bad), added up over all plays. Start-up, "
        "seeking and pauses are not part of it."
    ),
    event_unit="seconds",
    target_ratio=0.99,
    caution=Caution(
        minimum_events=60,
        minimum_bad=25,
        all_bad=600,
        trip_bad=240,
        trip_share=0.5,
        part_minimum_events=100,
        part_minimum_bad=60,
    ),
    impact="major",
    figure="rebuffer_ratio",
    component_ids=("videodeliv01",),
    recipe=Recipe(
        good=(("play_time", "total", 0.001),),
        bad=(("stall_time", "total", 0.001),),
        samples=(("play_time", "count", 1),),
        bad_samples=(("stall_time", "count", 1),),
        parts=("cdn", "player", "region"),
    ),
)
CHECKOUT: Final = Agreement(
    name="checkout",
    title="Checkout",
    promise="{target} of attempts to pay succeed, over {window}.",
    counts=(
        "An attempt to pay counts once it ends: good where it was paid, bad where it was declined, failed, or never "
        "answered. Buyers who walk away count as neither."
    ),
    event_unit="checkouts",
    target_ratio=0.95,
    caution=Caution(
        minimum_events=30,
        minimum_bad=12,
        all_bad=6,
        trip_bad=12,
        trip_share=0.9,
        expects_events=True,
        beyond_chance=2.0,
    ),
    impact="critical",
    figure="checkout_success",
    component_ids=("checkout0001",),
    recipe=Recipe(good=(("checkouts_paid", "count", 1),), bad=(("checkouts_failed", "count", 1),)),
)
PAYOUTS: Final = Agreement(
    name="payouts",
    title="Payouts",
    promise="{target} of payouts arrive within 24 hours of their approval, over {window}.",
    counts=(
        "A payout counts once: good when it arrived within 24 h of its approval, bad at the moment when 24 h have "
        "passed without it."
    ),
    event_unit="payouts",
    target_ratio=0.95,
    caution=Caution(minimum_events=20, minimum_bad=5, all_bad=5, trip_bad=10, trip_share=0.9, beyond_chance=2.0),
    impact="major",
    figure="payout_latency_p95",
    component_ids=("payouts00001",),
    recipe=Recipe(good=(("payout_latency", "good_count", 1),), bad=(("payouts_overdue", "count", 1),)),
)
UPTIME: Final = Agreement(
    name="uptime",
    title="Availability of all components",
    promise="Components are up {target} of the time that they are measured, over {window}.",
    counts=_UPTIME_COUNTS,
    event_unit="seconds",
    target_ratio=0.9995,
    caution=_UPTIME_CAUTION,
    impact="major",
)
DECLARED: Final = (JOIN_TIME, REBUFFERING, CHECKOUT, PAYOUTS, UPTIME)
"""What is promised from the first start, in the order in which pages show it."""


def of_component(component_id: str, name: str, component_name: str) -> Agreement:
    """Return the agreement on one component's uptime, with the defaults of a new one."""
    return replace(
        UPTIME,
        name=name,
        title=component_name,
        promise="It is up {target} of the time that it is measured, over {window}.",
        impact="critical",
        component_id=component_id,
        component_ids=(component_id,),
        declared=False,
    )


@dataclass(frozen=True, slots=True)
class Revision:
    """What staff set of an agreement, from an instant on."""

    target_ratio: float
    window_seconds: int
    component_ids: tuple[str, ...] = field(default=())


def revised(agreement: Agreement, revision: Revision) -> Agreement:
    """Return the agreement as staff have set it."""
    return replace(
        agreement,
        target_ratio=revision.target_ratio,
        window_seconds=revision.window_seconds,
        component_ids=revision.component_ids or agreement.component_ids,
    )

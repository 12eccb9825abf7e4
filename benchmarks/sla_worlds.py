"""Worlds for the SLA engine: what players and buyers do in 30 days, in slots of ten seconds, healthy or broken.

A world answers what the engine asks of its stores, in the same buckets: to the minute for six hours, to the hour for
three days, to the day before. `tests/slas/test_simulation.py` holds these answers against the engine's own `Timeline`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from services.slas.agreements import CHECKOUT, DAY, JOIN_TIME, PAYOUTS, REBUFFERING, Agreement
from services.slas.judging import Evidence
from services.slas.timeline import NOTHING, Bucket, Counted, Timeline
from services.slas.transitions import Memory
from services.slas.tripwires import Expected, usual_at_least

SLOT, MINUTE, HOUR = 10, 60, 3_600
EPOCH = 1_788_134_400.0
"""A Monday's midnight (UTC), at which every world begins."""
SLOTS_A_DAY = DAY // SLOT
_BY_HOUR = (0.42, 0.28, 0.19, 0.14, 0.13, 0.17, 0.28, 0.45, 0.60, 0.68, 0.74, 0.82,
            0.95, 0.93, 0.86, 0.85, 0.92, 1.10, 1.38, 1.70, 1.92, 1.86, 1.42, 0.86)  # fmt: skip
_BY_WEEKDAY = (0.90, 0.88, 0.92, 0.96, 1.08, 1.18, 1.08)
_REGIONS = (("region europe", 0.55), ("region north-america", 0.30), ("region asia", 0.15))
Floats = npt.NDArray[np.float64]


class Grid:
    """Counts by slot, so that any window's sum is one subtraction; columns are those of `Counted`."""

    def __init__(self, counts: Floats) -> None:
        self.sums = np.vstack([np.zeros((1, 5)), np.cumsum(counts, axis=0)])
        self.counts = counts
        places = np.arange(len(counts))
        self.last_good = np.maximum.accumulate(np.where(counts[:, 0] > 0, places, -1))
        self.last_any = np.maximum.accumulate(np.where(counts[:, :2].sum(axis=1) + counts[:, 4] > 0, places, -1))
        self.wrong = self.sums[:, 1] + self.sums[:, 4]

    def at(self, slot: int) -> "Moment":
        """Return what the store answers at the end of a slot."""
        return Moment(self, slot)


@dataclass(frozen=True)
class Moment:
    """A tally as the engine gets it after so many slots."""

    grid: Grid
    slots: int

    @cached_property
    def _edges(self) -> tuple[float, float]:
        now = EPOCH + self.slots * SLOT
        return (now - 6 * HOUR) // HOUR * HOUR, (now - 3 * DAY) // DAY * DAY

    def _first(self, starts: float) -> int:
        """Return the slot at which the first whole bucket begins that begins in a span."""
        minutes_from, hours_from = self._edges
        grain = MINUTE if starts >= minutes_from else HOUR if starts >= hours_from else DAY
        return min(self.slots, max(0, int((-(-starts // grain) * grain - EPOCH) // SLOT)))

    def between(self, starts: float, ends: float) -> Counted:
        """Return what was counted up to now; no rule asks for another end."""
        assert ends >= EPOCH + self.slots * SLOT
        first, sums = self._first(starts), self.grid.sums
        return NOTHING if first >= self.slots else Counted(*(sums[self.slots] - sums[first]).tolist())

    def worst_since(self, starts: float, ends: float, allowed_ratio: float) -> float:
        """Return what the engine's own timeline says of these buckets."""
        return self.timeline().worst_since(starts, ends, allowed_ratio)

    def bad_run(self, starts: float, ends: float) -> tuple[Counted, float]:
        """Return what was counted since the last bucket with a good event."""
        first = self._first(starts)
        good = int(self.grid.last_good[self.slots - 1]) if self.slots else -1
        if good >= 0:
            at = EPOCH + good * SLOT
            grain = self._grain(at)
            first = max(first, int((at // grain * grain + grain - EPOCH) // SLOT))
        if first >= self.slots:
            return NOTHING, ends
        sums, wrong = self.grid.sums, self.grid.wrong
        run = Counted(*(sums[self.slots] - sums[first]).tolist())
        if run.bad + run.left <= 0:
            return NOTHING, ends
        at = EPOCH + (int(np.searchsorted(wrong, wrong[first], side="right")) - 1) * SLOT
        return run, at // self._grain(at) * self._grain(at)

    def timeline(self) -> Timeline:
        """Return the same buckets as the engine lays them out."""
        buckets, slot = [], 0
        while slot < self.slots:
            starts = EPOCH + slot * SLOT
            grain = self._grain(starts)
            until = min(self.slots, slot + grain // SLOT)
            counted = Counted(*self.grid.counts[slot:until].sum(axis=0).tolist())
            if any(counted):
                buckets.append(Bucket(starts, grain, counted))
            slot += grain // SLOT
        return Timeline(buckets)

    def _grain(self, at: float) -> int:
        minutes_from, hours_from = self._edges
        return MINUTE if at >= minutes_from else HOUR if at >= hours_from else DAY


@dataclass
class World:
    """What happens to one agreement: its grid and its parts'; `judged_from` is the first slot that is looked at."""

    agreement: Agreement
    grid: Grid
    judged_from: int
    parts: Mapping[str, Grid] = field(default_factory=dict)

    @cached_property
    def history_since(self) -> float | None:
        """When the first event came, as exactly as the store tells."""
        came = np.flatnonzero(self.grid.counts[:, :2].sum(axis=1))
        return None if not len(came) else EPOCH + int(came[0]) * SLOT // MINUTE * MINUTE

    @cached_property
    def slots_to_look_at(self) -> Sequence[int]:
        """The ends of slots at which anything can change: each minute, and where something went wrong or was about to.

        In between, the buckets are the same and nothing bad came: no rule can begin to fire.
        """
        counts = self.grid.counts
        wrong = np.flatnonzero(counts[:, 1] + counts[:, 4] > 0) + 1
        minutes = np.arange(0, len(counts) + 1, MINUTE // SLOT)
        chosen = np.unique(np.concatenate([wrong, wrong - 1, minutes]))
        return [int(slot) for slot in chosen[chosen >= max(1, self.judged_from)]]

    @cached_property
    def hours(self) -> Floats:
        """How many events came in each whole hour."""
        per_hour = HOUR // SLOT
        samples: Floats = self.grid.counts[: len(self.grid.counts) // per_hour * per_hour, 2]
        hours: Floats = samples.reshape(-1, per_hour).sum(axis=1)
        return hours

    def expected(self) -> Expected | None:
        """Return how many events usually come, by the engine's own rule, from the counts of whole hours."""
        if not self.agreement.caution.expects_events:
            return None
        hours = self.hours

        def came(starts: float, ends: float) -> float:
            first, total = starts // HOUR * HOUR, 0.0
            while first < ends:
                place = int((first - EPOCH) // HOUR)
                share = (min(ends, first + HOUR) - max(starts, first)) / HOUR
                total += share * float(hours[place]) if 0 <= place < len(hours) else 0.0
                first += HOUR
            return total

        return usual_at_least(came, self.history_since)

    def evidence(self, slot: int, memory: Memory, expected: Expected | None) -> Evidence:
        """Return what the engine looks at after so many slots."""
        now = EPOCH + slot * SLOT
        since = self.history_since
        newest = int(self.grid.last_any[slot - 1]) if slot else -1
        return Evidence(
            tally=self.grid.at(slot),
            now=now,
            history_since=since if since is not None and since <= now else None,
            watching_since=memory.watching_since,
            recovered=memory.recovered,
            slots=memory.slots,
            newest=EPOCH + newest * SLOT if newest >= 0 else None,
            expected=expected,
            parts={name: part.at(slot) for name, part in self.parts.items()},
        )


def rate(days: int, rng: np.random.Generator) -> Floats:
    """Return how busy each slot is, with a mean of about one: nights, weekends, and good and bad days."""
    slots = np.arange(days * SLOTS_A_DAY)
    hour = (slots % SLOTS_A_DAY) * SLOT / HOUR - 0.5
    of_hour = np.interp(hour % 24, np.arange(25), (*_BY_HOUR, _BY_HOUR[0]))
    luck = rng.lognormal(0, 0.12, days)[slots // SLOTS_A_DAY]
    of_day = np.array(_BY_WEEKDAY)[slots // SLOTS_A_DAY % 7]
    busy: Floats = of_hour / np.mean(_BY_HOUR) * of_day * luck
    return busy


def _counted(
    good: Floats, bad: Floats, left: Floats | None = None, samples: tuple[Floats, Floats] | None = None
) -> Floats:
    alone = (good + bad, bad) if samples is None else samples
    return np.stack([good, bad, *alone, np.zeros_like(good) if left is None else left], axis=1).astype(np.float64)


def _quality(days: int, rng: np.random.Generator, usual: float) -> Floats:
    """Return the share that goes wrong while all is well: usually little, with waves that keep the promise."""
    hours = rng.lognormal(np.log(usual), 0.35, days * 24)
    return np.repeat(np.minimum(hours, 2.5 * usual), HOUR // SLOT)


def plays(days: int, rng: np.random.Generator, a_day: float) -> tuple[Floats, dict[str, Floats]]:
    """Return starts of playback, over all and by region: 1.5 % start late or fail, 3 % leave first.

    In two hours of three nights there is one viewer alone, who plays again and again; one in ten has a bad line.
    """
    busy, slow = rate(days, rng), _quality(days, rng, 0.015)
    alone, line = _one_viewer(days, rng)
    parts = {}
    for name, share in _REGIONS:
        rates = np.where(alone, 0.0, busy * a_day / SLOTS_A_DAY * share)
        came = rng.poisson(rates).astype(np.float64)
        bad = rng.binomial(came.astype(np.int64), slow).astype(np.float64)
        left = rng.poisson(rates * 0.03).astype(np.float64)
        if name == _REGIONS[0][0]:
            own = rng.poisson(np.where(alone, 12 * SLOT / HOUR, 0.0))
            bad += rng.binomial(own, line)
            came += own
        parts[name] = _counted(came - bad, bad, left)
    whole: Floats = np.sum(list(parts.values()), axis=0)
    return whole, parts


def _one_viewer(days: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.bool_], Floats]:
    alone, line = np.zeros(days * SLOTS_A_DAY, dtype=bool), np.full(days * SLOTS_A_DAY, 0.02)
    for day in range(days):
        if rng.random() < 3 / 7:
            first = day * SLOTS_A_DAY + int(rng.integers(1 * HOUR, 4 * HOUR)) // SLOT
            alone[first : first + 2 * HOUR // SLOT] = True
            line[first : first + 2 * HOUR // SLOT] = 0.25 if rng.random() < 0.1 else 0.02
    return alone, line


def watching(days: int, rng: np.random.Generator, a_day: float) -> tuple[Floats, dict[str, Floats]]:
    """Return seconds played and stalled: a viewer stalls for 1.5 s in ten minutes, a quarter of what may be."""
    busy = rate(days, rng)
    parts = {}
    for name, share in _REGIONS:
        begun = rng.poisson(busy * a_day / SLOTS_A_DAY * share)
        viewers = np.convolve(begun, np.ones(12 * MINUTE // SLOT), "full")[: len(begun)]  # a play lasts twelve minutes
        stalls = rng.poisson(viewers * SLOT / (10 * MINUTE))
        stalled = np.where(stalls > 0, rng.gamma(np.maximum(1, stalls) * 1.5, 1.0), 0.0)
        stalled = np.minimum(stalled, viewers * SLOT * 0.5)
        played = viewers * float(SLOT) - stalled
        parts[name] = _counted(played, stalled, None, (begun.astype(np.float64), stalls.astype(np.float64)))
    whole: Floats = np.sum(list(parts.values()), axis=0)
    return whole, parts


def checkouts(days: int, rng: np.random.Generator, a_day: float) -> tuple[Floats, dict[str, Floats]]:
    """Return ends of attempts to pay: 2 % of buyers are declined, half of those try once more, and 40 % fail again."""
    buyers = rng.poisson(rate(days, rng) * a_day / SLOTS_A_DAY)
    declined = rng.binomial(buyers, 0.02)
    again = rng.binomial(declined, 0.5)
    failed = rng.binomial(again, 0.4)
    good = (buyers - declined + again - failed).astype(np.float64)
    return _counted(good, (declined + failed).astype(np.float64)), {}


def payouts(days: int, rng: np.random.Generator, a_day: float) -> tuple[Floats, dict[str, Floats]]:
    """Return payouts that arrived, in office hours of weekdays; 0.5 % come late."""
    slots = np.arange(days * SLOTS_A_DAY)
    hour, weekday = (slots % SLOTS_A_DAY) * SLOT / HOUR, slots // SLOTS_A_DAY % 7
    office = (hour >= 8) & (hour < 18) & (weekday < 5)
    came = rng.poisson(np.where(office, a_day / (10 * HOUR / SLOT), 0.0))
    late = rng.binomial(came, 0.005)
    return _counted((came - late).astype(np.float64), late.astype(np.float64)), {}


Maker = Callable[[int, np.random.Generator, float], tuple[Floats, dict[str, Floats]]]
KINDS: dict[str, tuple[Agreement, Maker, tuple[float, float]]] = {
    "join_time": (JOIN_TIME, plays, (60, 3_000)),
    "rebuffering": (REBUFFERING, watching, (60, 3_000)),
    "checkout": (CHECKOUT, checkouts, (10, 400)),
    "payouts": (PAYOUTS, payouts, (3, 60)),
}
"""Agreement, who makes its events, and the least and the most events a day (seeds lie anywhere between)."""


def healthy(
    kind: str, seed: int, *, days: int = 30, history_days: int | None = None, a_day: float | None = None
) -> World:
    """Return a healthy world; every other seed begins with an installation's very first event."""
    agreement, make, (least, most) = KINDS[kind]
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    before = history_days if history_days is not None else (28 if seed % 2 else 0)
    amount = a_day or float(np.exp(rng.uniform(np.log(least), np.log(most))))
    whole, parts = make(before + days, rng, amount)
    return World(agreement, Grid(whole), before * SLOTS_A_DAY, {name: Grid(each) for name, each in parts.items()})

"""The SLA engine in simulated months: false breaches in healthy ones, and how soon broken ones are found.

Usage: python -m benchmarks.sla_simulation [seeds] [processes]

What judges is the engine's own code (`looked`, `judge_agreement`, `turn`); only the stores are replaced, by arrays that
answer in the same buckets (`benchmarks/sla_worlds.py`).
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.sla_skipping import worth_judging
from benchmarks.sla_worlds import EPOCH, HOUR, KINDS, MINUTE, SLOT, SLOTS_A_DAY, Grid, World, healthy
from services.slas.burn import pairs_of
from services.slas.judging import judge_agreement
from services.slas.timeline import Counted
from services.slas.transitions import Memory, looked, turn
from services.slas.tripwires import RECENT_SECONDS, SILENT_EVENTS

DAYS_SLOTS: Final = 2 * SLOTS_A_DAY
REMEMBERED: Final = (RECENT_SECONDS + 2 * MINUTE) // SLOT
SAMPLE: Final = 997
"""Of the looks at which no rule can fire, one in so many is judged all the same."""


@dataclass(frozen=True)
class Opened:
    """A breach that the engine opened: by which rule, and after how many slots of the world."""

    kind: str
    seed: int
    rule: str
    slot: int
    explanation: str


def breaches(world: World, *, until: int | None = None, skip: bool = True) -> Iterator[tuple[str, int, str]]:
    """Yield the rule, the slot and the words of each breach that the engine opens, look by look.

    With `skip`, looks at which no rule can fire are left out, but for those of the minutes before one at which a rule
    can: what came in single ticks then is remembered, as it would have been.
    """
    slots = np.array([each for each in world.slots_to_look_at if until is None or each <= until], dtype=np.int64)
    if not len(slots):
        return
    begun = EPOCH + int(slots[0]) * SLOT
    memory = looked(Memory(), begun, _totals(world, int(slots[0])))
    wanted = worth_judging(world, slots) if skip else np.ones(len(slots), dtype=bool)
    wanted[::SAMPLE] = True
    soon = np.zeros(len(slots), dtype=bool)  # whether one that is worth judging comes within the memory of ticks
    ahead = np.where(wanted, slots, np.iinfo(np.int64).max)
    nearest = np.minimum.accumulate(ahead[::-1])[::-1]
    soon = nearest - slots <= REMEMBERED
    expected = world.expected()
    for place in range(1, len(slots)):
        slot = int(slots[place])
        if memory.open is None and not soon[place]:
            continue
        before = int(slots[place - 1])
        if memory.looked != EPOCH + before * SLOT:  # looks were left out: remember what the last of them would
            memory = replace(memory, looked=EPOCH + before * SLOT, totals=_totals(world, before), slots=())
        memory = looked(memory, EPOCH + slot * SLOT, _totals(world, slot))
        if memory.open is None and not wanted[place]:
            continue
        evidence = world.evidence(slot, memory, expected)
        memory, change = turn(world.agreement, memory, judge_agreement(world.agreement, evidence), evidence)
        if change is not None and change.kind == "opened" and change.firing is not None:
            yield change.firing.rule, slot, change.firing.explanation


def _totals(world: World, slot: int) -> Counted:
    return Counted(*world.grid.sums[slot].tolist())


def month(task: tuple[str, int]) -> tuple[str, int, list[Opened], int]:
    """Return what the engine opens in a healthy month, and how many looks that took."""
    kind, seed = task
    world = healthy(kind, seed)
    found = [Opened(kind, seed, rule, slot, words) for rule, slot, words in breaches(world)]
    return kind, seed, found, len(world.slots_to_look_at)


@dataclass(frozen=True)
class Injection:
    """Something that breaks at an instant: a share of events is bad, for all or for one part, or nothing comes."""

    name: str
    kind: str
    a_day: float
    bad_share: float
    part: str = ""
    silent: bool = False


INJECTIONS: Final = (
    Injection("fast burn: 85 % of plays", "join_time", 3_000, 0.85),
    Injection("fast burn: 50 % of plays", "join_time", 3_000, 0.50),
    Injection("slow burn: 20 % of plays", "join_time", 3_000, 0.20),
    Injection("slow burn: 8 % of plays", "join_time", 3_000, 0.08),
    Injection("total failure, busy", "checkout", 20_000, 1.00),
    Injection("total failure, low traffic", "checkout", 60, 1.00),
    Injection("total silence, busy", "join_time", 3_000, 0.0, silent=True),
    Injection("total silence, quiet", "join_time", 300, 0.0, silent=True),
    Injection("one region: 80 % of plays", "join_time", 3_000, 0.80, part="region asia"),
    Injection("one region: 20 % stalls", "rebuffering", 3_000, 0.20, part="region north-america"),
)


def broken(injection: Injection, seed: int) -> tuple[World, int]:
    """Return a world that is well for 28 days and broken from a Tuesday's noon on, and the slot at which it breaks."""
    world = healthy(injection.kind, seed, days=4, history_days=28, a_day=injection.a_day)
    at = (29 * SLOTS_A_DAY) + 12 * HOUR // SLOT
    rng = np.random.default_rng([seed, 4_711])
    chosen = {injection.part: world.parts[injection.part]} if injection.part else {**world.parts, "": world.grid}
    whole = world.grid.counts.copy()
    parts = {name: grid.counts.copy() for name, grid in world.parts.items()}
    if parts:
        for name in chosen:
            if name:
                parts[name][at:] = _spoilt(parts[name][at:], injection, rng)
        whole[at:] = np.sum([each[at:] for each in parts.values()], axis=0)
    else:
        whole[at:] = _spoilt(whole[at:], injection, rng)
    grids = {name: Grid(each) for name, each in parts.items()}
    return World(world.agreement, Grid(whole), at - HOUR // SLOT, grids), at


def _spoilt(counts: npt.NDArray[np.float64], injection: Injection, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    if injection.silent:
        return np.zeros_like(counts)
    good, bad, samples, bad_samples, left = counts.T
    if injection.kind == "rebuffering":
        turned = good * injection.bad_share
        more = np.where(turned > 0, np.maximum(1.0, rng.poisson(turned / 3)), 0.0)
        return np.stack([good - turned, bad + turned, samples, bad_samples + more, left], axis=1)
    turned = rng.binomial(good.astype(np.int64), injection.bad_share).astype(np.float64)
    return np.stack([good - turned, bad + turned, samples, bad_samples + turned, left], axis=1)


def allowed(injection: Injection, world: World, at: int) -> float:
    """Return how soon a breach may come by arithmetic alone, from the very counts of this world.

    A trip-wire: when its number of events has come, and a look more. A pair of windows: when long and short burn are
    both above the factor and the minimum of events has come, and two minutes more, since buckets are whole minutes.
    """
    if injection.silent:
        return _silence_allowed(world, at)
    agreement, caution = world.agreement, world.agreement.caution
    whole = (world.grid, caution.minimum_events, caution.minimum_bad, pairs_of(agreement))
    judged = [whole]
    found = []
    if injection.part:
        part = (world.parts[injection.part], caution.part_minimum_events, caution.part_minimum_bad)
        judged.append((*part, pairs_of(agreement)[:2]))
    elif injection.bad_share == 1:
        sums = world.grid.sums
        slot = int(np.argmax(sums[at:, 1] - sums[at, 1] >= caution.all_bad))
        found.append((slot + 2.0) * SLOT)
    for grid, least, least_bad, pairs in judged:
        for pair in pairs:
            windows = (pair.factor * agreement.allowed_ratio, pair.long_seconds, pair.short_seconds)
            minima = (least, least_bad, caution.beyond_chance if grid is world.grid else 0.0)
            after = first_burning(grid, at, windows, minima) if pair.can_fire else None
            found += [] if after is None else [after + 2.0 * MINUTE]
    return min(found)


def _silence_allowed(world: World, at: int) -> float:
    """Return when so many events as make silence a breach would have come by the quietest of the weeks before."""
    expected, now = world.expected(), EPOCH + at * SLOT
    assert expected is not None
    for seconds in range(MINUTE, 12 * HOUR, SLOT):
        if (expected(now, now + seconds) or 0) >= SILENT_EVENTS:
            return seconds + 2.0 * MINUTE
    return 12.0 * HOUR


def first_burning(
    grid: Grid, at: int, windows: tuple[float, int, int], minima: tuple[float, float, float]
) -> float | None:
    """Return how long after a break both windows (share, long, short) are above a share of bad events, to the slot."""
    (share, long_seconds, short_seconds), (least, least_bad, deviations) = windows, minima
    ends = np.arange(at + 1, min(len(grid.sums), at + DAYS_SLOTS))
    long = grid.sums[ends] - grid.sums[np.maximum(0, ends - long_seconds // SLOT)]
    short = grid.sums[ends] - grid.sums[np.maximum(0, ends - short_seconds // SLOT)]
    burns = (long[:, 1] > share * long[:, :2].sum(axis=1)) & (short[:, 1] > share * short[:, :2].sum(axis=1))
    expected = share * long[:, :2].sum(axis=1)
    beyond = long[:, 1] >= expected + deviations * np.sqrt(expected)
    hits = np.flatnonzero(burns & beyond & (long[:, 2] >= least) & (long[:, 3] >= least_bad))
    return None if not len(hits) else float((int(hits[0]) + 1) * SLOT)


def detection(injection: Injection, seed: int) -> tuple[float | None, str, float]:
    """Return how long it took until the engine opened a breach, by which rule, and what arithmetic allows."""
    world, at = broken(injection, seed)
    most = allowed(injection, world, at)
    for rule, slot, _ in breaches(world, until=at + DAYS_SLOTS):
        return float((slot - at) * SLOT), rule, most
    return None, "", most


def run_months(seeds: int, processes: int) -> tuple[int, list[Opened]]:
    """Judge healthy months of every kind; return how many looks that took, and the false breaches."""
    tasks = [(kind, seed) for seed in range(seeds) for kind in KINDS]
    looks, found = 0, []
    with ProcessPoolExecutor(processes) as pool:
        for done, (_, seed, opened, taken) in enumerate(pool.map(month, tasks, chunksize=1), 1):
            looks += taken
            found += opened
            if done % (10 * len(KINDS)) == 0:
                print(f"  {seed + 1} seeds, {looks:,} looks, {len(found)} false breaches", flush=True)
    return looks, found


def run_injections(seeds: Sequence[int]) -> Iterator[str]:
    """Yield the table of detection times, one line for each thing that breaks."""
    yield f"{'what breaks':32s} {'found':>9s} {'median':>8s} {'worst':>8s} {'allowed':>8s} {'late':>4s}  by rule"
    for injection in INJECTIONS:
        results = [detection(injection, seed) for seed in seeds]
        times = sorted(after for after, _, _ in results if after is not None)
        late = sum(after is None or not 0 < after <= most for after, _, most in results)
        rules = ", ".join(f"{rule} {n}" for rule, n in Counter(rule for _, rule, _ in results).most_common())
        found, worst = f"{len(times)}/{len(results)}", max(most for _, _, most in results)
        median, last = (_time(float(np.median(times))), _time(times[-1])) if times else ("-", "-")
        yield f"{injection.name:32s} {found:>9s} {median:>8s} {last:>8s} {_time(worst):>8s} {late:4d}  {rules}"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 10 * MINUTE else f"{seconds / 60:.0f} min"


def main() -> None:
    """Print false breaches over healthy months, and the table of detection times."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    began = time.perf_counter()
    for line in run_injections(range(min(seeds, 20))):
        print(line, flush=True)
    print(f"injections: {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    looks, found = run_months(seeds, processes)
    print(f"healthy: {seeds} seeds x 30 days x {len(KINDS)} agreements, {looks:,} looks: {len(found)} false breaches")
    for each in found[:20]:
        print(f"  {each}")
    print(f"healthy: {time.perf_counter() - began:.0f} s")
    assert not found


if __name__ == "__main__":
    main()

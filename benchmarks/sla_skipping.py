"""Which looks of a simulated world need no judgement: those at which, by the counts alone, no rule can fire.

Each condition here is wider than the rule's own: it may hold where the rule does not fire, and never the other way.
`tests/slas/test_simulation.py` holds runs that skip against runs that judge every look.
"""

import numpy as np
import numpy.typing as npt

from benchmarks.sla_worlds import EPOCH, HOUR, MINUTE, SLOT, SLOTS_A_DAY, Grid, World
from services.slas.agreements import DAY
from services.slas.burn import Pair, pairs_of
from services.slas.tripwires import RECENT_SECONDS, SHARE_SECONDS, SILENT_AT_LEAST_SECONDS, SILENT_EVENTS

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def worth_judging(world: World, slots: Places) -> Flags:
    """Tell for each look whether any rule might fire at it."""
    agreement, caution = world.agreement, world.agreement.caution
    pairs = pairs_of(agreement)
    found = np.zeros(len(slots), dtype=bool)
    for pair in pairs:
        found |= _burning(world.grid, slots, pair, agreement.allowed_ratio, caution.minimum_bad)
    for part in world.parts.values():
        for pair in pairs[:2]:
            found |= _burning(part, slots, pair, agreement.allowed_ratio, caution.part_minimum_bad)
    return found | _tripping(world, slots) | _silent(world, slots)


def _burning(grid: Grid, slots: Places, pair: Pair, allowed_ratio: float, least_bad: float) -> Flags:
    """The long window, with the very buckets that the store would answer with, is above the factor."""
    now = EPOCH + slots * SLOT
    starts = now - pair.long_seconds
    minutes_from, hours_from = (now - 6 * HOUR) // HOUR * HOUR, (now - 3 * DAY) // DAY * DAY
    grain = np.where(starts >= minutes_from, MINUTE, np.where(starts >= hours_from, HOUR, DAY))
    first = np.clip(((-(-starts // grain) * grain - EPOCH) // SLOT).astype(np.int64), 0, slots)
    counted = grid.sums[slots] - grid.sums[first]
    above: Flags = counted[:, 1] > pair.factor * allowed_ratio * counted[:, :2].sum(axis=1) * (1 - 1e-9)
    found: Flags = above & (counted[:, 3] >= least_bad) & (counted[:, 1] > 0)
    return found


def _tripping(world: World, slots: Places) -> Flags:
    """Enough bad events since the last good one, or within the last minutes."""
    sums, caution = world.grid.sums, world.agreement.caution
    good = np.where(slots > 0, world.grid.last_good[np.maximum(slots - 1, 0)], -1) + 1
    since = np.maximum(good, slots - 2 * SLOTS_A_DAY)
    alone: Flags = sums[slots, 1] - sums[since, 1] >= caution.all_bad
    lately = np.maximum(0, slots - (RECENT_SECONDS + MINUTE) // SLOT)
    wrong = world.grid.wrong[slots] - world.grid.wrong[lately]
    share = sums[slots, 1] - sums[np.maximum(0, slots - (SHARE_SECONDS + MINUTE) // SLOT), 1]
    found: Flags = alone | (wrong >= caution.all_bad) | (share >= caution.trip_bad)
    return found


def _silent(world: World, slots: Places) -> Flags:
    """It is silent for so long that by the busiest hour ever a breach might be due."""
    busiest = float(world.hours.max()) if len(world.hours) else 0.0
    if not world.agreement.caution.expects_events or busiest <= 0:
        return np.zeros(len(slots), dtype=bool)
    silent = (slots - 1 - world.grid.last_any[np.maximum(slots - 1, 0)]) * SLOT + SLOT
    long_enough: Flags = silent >= max(SILENT_AT_LEAST_SECONDS, SILENT_EVENTS * HOUR / busiest)
    return long_enough

"""Multi-window burn rates: which pairs of windows an agreement is judged by, and whether one of them fires. Pure.

A burn of one uses up the allowance exactly over the agreement's window. A pair fires where both its long and its short
window burn faster than its factor: the long one says that it matters, the short one that it still goes on.

Source: Google SRE Workbook, chapter 5 (multiwindow, multi-burn-rate alerts).
"""

import math
from dataclasses import dataclass
from typing import Final

from services.slas.agreements import DAY, Agreement
from services.slas.timeline import Counted, Tally

_HOUR: Final = 3_600
_BOOK: Final = (
    ("fast", 0.02, _HOUR, 300, "major"),
    ("steady", 0.05, 6 * _HOUR, 1_800, "major"),
    ("slow", 0.10, DAY, 2 * _HOUR, "minor"),
    ("creeping", 0.10, 3 * DAY, 6 * _HOUR, "minor"),
)
"""Name, share of the window's allowance that is used up within the long window, long window, short one, impact."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair of windows with its factor at an agreement's window and target; `note` says what is unusual about it."""

    name: str
    factor: float
    long_seconds: int
    short_seconds: int
    impact: str
    can_fire: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Burn:
    """How a pair stands; a burn is nothing where its window has no events."""

    pair: Pair
    long: Counted
    long_burn: float | None
    short_burn: float | None
    ready: bool
    firing: bool


def pairs_of(agreement: Agreement) -> tuple[Pair, ...]:
    """Return the pairs of an agreement, fastest first.

    factor = share of the allowance x window / long window. Below one it would fire while the promise is kept, so it is
    raised to one; a long window beyond the agreement's own is left out.
    """
    found = []
    for name, share, long_seconds, short_seconds, impact in _BOOK:
        if long_seconds > agreement.window_seconds:
            continue
        factor = share * agreement.window_seconds / long_seconds
        note = ""
        if factor < 1:
            factor, note = 1.0, "Its factor is raised to 1: below it the promise is kept."
        can_fire = factor * agreement.allowed_ratio < 1
        if not can_fire:
            most = 1 / agreement.allowed_ratio
            note = f"It can never fire: with this target no burn is above {most:.1f}, and it needs {factor:.1f}."
        found.append(Pair(name, factor, long_seconds, short_seconds, impact, can_fire, note))
    return tuple(found)


def burn_rate(counted: Counted, allowed_ratio: float) -> float | None:
    """Return the share of bad events divided by the share that is allowed; nothing by nothing is no data."""
    return counted.bad / counted.total / allowed_ratio if counted.total > 0 else None


def least_bad_beyond_chance(expected: float, deviations: float) -> float:
    """Return from how many bad events on there are more than chance makes of so many expected ones.

    Source: the spread of a Poisson count is the root of its mean.
    """
    return expected + deviations * math.sqrt(expected)


def judge(
    pair: Pair,
    agreement: Agreement,
    tally: Tally,
    now: float,
    *,
    history_since: float | None,
    recovered: float = 0.0,
    minimum: tuple[float, float] | None = None,
) -> Burn:
    """Return how a pair stands at an instant.

    `recovered` is when the last breach was over: what was bad before it opens no second one. `minimum` replaces the
    agreement's own number of events and of bad ones that a judgement needs.
    """
    caution, allowed = agreement.caution, agreement.allowed_ratio
    events_needed, bad_needed = minimum or (caution.minimum_events, caution.minimum_bad)
    deviations = 0.0 if minimum else caution.beyond_chance  # parts need more events, and are far from the factor
    starts = now - pair.long_seconds
    long = tally.between(starts, now)
    long_burn = burn_rate(long, allowed)
    short_burn = burn_rate(tally.between(now - pair.short_seconds, now), allowed)
    ready = history_since is not None and history_since <= starts
    firing = (
        ready
        and pair.can_fire
        and long_burn is not None
        and short_burn is not None
        and long_burn > pair.factor
        and short_burn > pair.factor
        and long.samples >= events_needed
        and long.bad_samples >= bad_needed
        and long.bad >= least_bad_beyond_chance(pair.factor * allowed * long.total, deviations)
    )
    if firing and recovered > starts:
        fresh = tally.between(recovered, now)
        firing = fresh.bad > pair.factor * allowed * long.total and fresh.bad_samples >= bad_needed
    return Burn(pair, long, long_burn, short_burn, ready, firing)

"""When a breach opens, becomes worse and is over: one at a time, and never twice for the same events. Pure."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from services.slas.agreements import DAY, Agreement
from services.slas.burn import pairs_of
from services.slas.judging import RANKS, Evidence, Firing, Judgement, amount, still_burning
from services.slas.timeline import Counted
from services.slas.tripwires import RECENT_SECONDS, Slot

HOLD_SECONDS: Final = 300
"""A breach is over once nothing has fired, and its long window has been below the factor, for this long."""
GAP_SECONDS: Final = 90
"""Longer without a look, and we were not watching."""
GOOD_AGAIN: Final = 3.0
"""So many good events show that something works again."""

_GRAINS: Final = ((60, 6 * 3_600), (3_600, 3 * DAY))
_TRIPPED: Final = frozenset({"nothing_arrives", "all_failing", "most_failing"})


@dataclass(frozen=True, slots=True)
class OpenBreach:
    """A breach that is not over; `fired` is when a rule of its kind fired last."""

    id: str
    rule: str
    impact: str
    started: float
    fired: float
    part: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered from one look to the next.

    `totals` are the counts since the beginning at the last look; `slots` what came between the looks; `clear_since` is
    since when an open breach shows no sign.
    """

    looked: float = 0.0
    watching_since: float = 0.0
    recovered: float = 0.0
    totals: Counted | None = None
    slots: tuple[Slot, ...] = ()
    open: OpenBreach | None = None
    clear_since: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What changes: a breach opens, becomes worse, or is over."""

    kind: Literal["opened", "escalated", "recovered"]
    firing: Firing | None = None
    explanation: str = ""


def looked(memory: Memory, now: float, totals: Counted | None) -> Memory:
    """Return the memory after a look: how long we watch without a gap, and what came since the last one.

    A gap, a clock that jumped and counts that shrank begin anew: what came meanwhile cannot be told apart.
    """
    gap = now - memory.looked
    if gap < 0:  # the clock was set back: nothing may lie ahead of it
        breach = replace(memory.open, fired=min(memory.open.fired, now)) if memory.open is not None else None
        memory = replace(memory, recovered=min(memory.recovered, now), open=breach)
    if not 0 <= gap <= GAP_SECONDS:
        return replace(memory, looked=now, watching_since=now, totals=totals, slots=(), clear_since=None)
    if totals is None or memory.totals is None or any(a < b for a, b in zip(totals, memory.totals, strict=True)):
        return replace(memory, looked=now, totals=totals, slots=())
    slot = Slot(now, totals.plus(memory.totals, -1))
    kept = tuple(s for s in memory.slots if s.ends > now - RECENT_SECONDS)
    return replace(memory, looked=now, totals=totals, slots=(*kept, slot))


def turn(
    agreement: Agreement, memory: Memory, judgement: Judgement, evidence: Evidence
) -> tuple[Memory, Change | None]:
    """Return the memory after a judgement, and what changes; the id of a breach that opens is still empty."""
    worst, breach = judgement.worst, memory.open
    if worst is not None:
        return _fired(memory, breach, worst, evidence.now)
    if breach is None:
        return memory, None
    if not _clear(agreement, breach, evidence):
        return replace(memory, clear_since=None), None
    clear_since = memory.clear_since if memory.clear_since is not None else evidence.now
    if evidence.now - clear_since < HOLD_SECONDS:
        return replace(memory, clear_since=clear_since), None
    over = _closing(agreement, breach, evidence)
    return replace(memory, open=None, clear_since=None, recovered=evidence.now), Change("recovered", None, over)


def _fired(memory: Memory, breach: OpenBreach | None, worst: Firing, now: float) -> tuple[Memory, Change | None]:
    if breach is None:
        opened = OpenBreach("", worst.rule, worst.impact, worst.since, now, worst.part)
        return replace(memory, open=opened, clear_since=None), Change("opened", worst)
    if worst.rank >= RANKS.index(breach.rule):
        return replace(memory, open=replace(breach, fired=now), clear_since=None), None
    started = min(breach.started, worst.since)
    worse = OpenBreach(breach.id, worst.rule, worst.impact, started, now, worst.part)
    return replace(memory, open=worse, clear_since=None), Change("escalated", worst)


def _clear(agreement: Agreement, breach: OpenBreach, evidence: Evidence) -> bool:
    """Tell whether there is evidence that it is over, on the long window: silence is none."""
    if breach.rule in _TRIPPED:
        fastest = pairs_of(agreement)[:1]
        if any(still_burning(agreement, pair.name, evidence, "") for pair in fastest):
            return False
        since = evidence.tally.between(breach.fired - 60, evidence.now)
        for slot in evidence.slots if since.good < GOOD_AGAIN else ():
            since = since.plus(slot.counted) if slot.ends > breach.fired else since
        good_again = since.good >= GOOD_AGAIN and since.good > since.bad
        return good_again or (breach.rule == "nothing_arrives" and since.samples >= GOOD_AGAIN)
    return still_burning(agreement, breach.rule, evidence, breach.part) is False


def _closing(agreement: Agreement, breach: OpenBreach, evidence: Evidence) -> str:
    """Return what is told at the end: why it is over, and what went wrong meanwhile."""
    ago = evidence.now - breach.started
    grain = next((seconds for seconds, until in _GRAINS if ago < until), DAY)  # whole buckets, as they are kept
    during = evidence.tally.between(breach.started // grain * grain, evidence.now)
    why = f"No rule has fired for {HOLD_SECONDS // 60} min, and {_why_clear(breach)}."
    if during.total <= 0:
        return f"{why} Nothing was counted since it began."
    counted = f"{amount(agreement, during.bad)} of {amount(agreement, during.total)} {agreement.event_unit}"
    return f"{why} Since it began, {counted} were bad."


def _why_clear(breach: OpenBreach) -> str:
    if breach.rule == "nothing_arrives":
        return "events arrive again"
    if breach.rule in _TRIPPED:
        return "most events are good again, also over the long window"
    return "the long window burns slower than the rule's factor again"

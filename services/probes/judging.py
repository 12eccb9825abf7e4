"""What the results of several vantages come to.

Flaps are damped once, here, as results are written: a vantage's word changes after so many equal results in a row, and
then reaches back to the first of them. The quorum over the vantages' words is taken as it is. A vantage that says
nothing for too long says neither up nor down.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """What one attempt found; unknown where nothing can be said (the prober is offline, the answer holds no value)."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What the vantages together come to."""

    UP = "up"
    PARTIAL = "partial"
    """Some vantages see it down, fewer than the quorum."""
    DOWN = "down"
    UNKNOWN = "unknown"
    """Fewer vantages than the quorum say anything."""
    WITHDRAWN = "withdrawn"
    """The probe is paused, removed, or watches something else now: it says nothing any more."""


@dataclass(frozen=True, slots=True)
class Damping:
    """How many equal results in a row change a vantage's word, and how long a silence ends a row."""

    down: int
    up: int
    silence: timedelta

    def needed(self, outcome: Outcome) -> int:
        """Return how many results in a row this outcome needs."""
        return self.up if outcome is Outcome.UP else self.down


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt as it counts for judging."""

    at: datetime
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one vantage sees a probe: its last result, the row of equal ones that it ends, and its confirmed word."""

    last: Result
    run_count: int
    run_since_at: datetime
    word: Outcome | None
    word_since_at: datetime | None
    word_reason: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the vantages come to, since when, and why in words."""

    verdict: Verdict
    since_at: datetime
    explanation: str


def applied(standing: Standing | None, result: Result, damping: Damping) -> Standing:
    """Return how a vantage stands after one more result, which is newer than all before it."""
    if standing is None or result.at - standing.last.at > damping.silence:
        # After a silence nothing is carried over: what was in between, nobody saw.
        confirmed = damping.needed(result.outcome) <= 1 or (result.outcome is Outcome.UP and _was_up(standing))
        word = result.outcome if confirmed else None
        return Standing(result, 1, result.at, word, result.at if word else None, result.reason if word else "")
    same = result.outcome is standing.last.outcome
    count = standing.run_count + 1 if same else 1
    since = standing.run_since_at if same else result.at
    moved = replace(standing, last=result, run_count=count, run_since_at=since)
    if result.outcome is standing.word:
        return replace(moved, word_reason=result.reason or standing.word_reason)
    if count >= damping.needed(result.outcome):
        return replace(moved, word=result.outcome, word_since_at=since, word_reason=result.reason)
    return moved


def _was_up(standing: Standing | None) -> bool:
    """Tell whether one good result is enough: there was none before, or the last word before the silence was good."""
    return standing is None or standing.word in {Outcome.UP, None}


def judged(
    standings: Sequence[Standing | None],
    *,
    quorum: int,
    now: datetime,
    silence: timedelta,
    before: Verdict | None = None,
) -> Judgement | None:
    """Return what the vantages come to at an instant, after another verdict; nothing where none has ever spoken."""
    heard = [standing for standing in standings if standing is not None]
    if not heard:
        return None
    total, needed = len(standings), min(quorum, len(standings))
    speaking = [s for s in heard if now - s.last.at <= silence]
    downs = [s for s in speaking if s.word is Outcome.DOWN]
    ups = [s for s in speaking if s.word is Outcome.UP]
    if len(downs) >= needed:
        since = sorted(_since(s) for s in downs)[needed - 1]
        return Judgement(Verdict.DOWN, since, _of_them(downs, total))
    if len(downs) + len(ups) < needed:
        return _too_few(heard, speaking, downs, needed=needed, total=total)
    if downs:
        # Half a recovery begins with the vantage that recovered, half an outage with the first that saw it.
        since = max(_since(s) for s in ups) if before is Verdict.DOWN and ups else min(_since(s) for s in downs)
        return Judgement(Verdict.PARTIAL, since, _of_them(downs, total))
    quiet = total - len(ups)
    said = f"{len(ups)} of {total} vantages see it up" if total > 1 else "seen up"
    return Judgement(Verdict.UP, max(_since(s) for s in ups), f"{said}; {quiet} say nothing" if quiet else said)


def _too_few(
    heard: Sequence[Standing], speaking: Sequence[Standing], downs: Sequence[Standing], *, needed: int, total: int
) -> Judgement:
    clear = [s for s in speaking if s.word in {Outcome.UP, Outcome.DOWN}]
    # Each vantage that says nothing (any more), by when that began: the quorum was lost when the last needed one went.
    lost = sorted((_unclear_since(s, speaking) for s in heard if s not in clear), reverse=True)
    since = lost[min(needed - len(clear), len(lost)) - 1] if lost else min(_since(s) for s in clear)
    reasons = [s.word_reason for s in speaking if s.word is Outcome.UNKNOWN and s.word_reason]
    words = f"{len(clear)} of {total} {'vantage says' if total == 1 else 'vantages say'} for sure, {needed} needed"
    if downs:
        words = f"{words}; {_of_them(downs, total)}"
    elif reasons:
        words = f"{words}: {Counter(reasons).most_common(1)[0][0]}"
    return Judgement(Verdict.UNKNOWN, since, words)


def _unclear_since(standing: Standing, speaking: Sequence[Standing]) -> datetime:
    if standing not in speaking:
        return standing.last.at
    return standing.word_since_at or standing.run_since_at


def _since(standing: Standing) -> datetime:
    return standing.word_since_at or standing.run_since_at


def _of_them(downs: Sequence[Standing], total: int) -> str:
    reason = Counter(s.word_reason or "failed" for s in downs).most_common(1)[0][0]
    return f"{len(downs)} of {total} {'vantage' if total == 1 else 'vantages'}: {reason}"

"""One simulated play: what a player would report of it, from the viewer's wish to the end."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from demo.rhythm import Conditions
from services.kernel.clock import to_epoch_ms

PLAYERS: Final = (("hls.js", 58), ("avplayer", 21), ("exoplayer", 12), ("shaka", 9))
"""Which players the demo audience uses, by weight."""
REGIONS: Final = ("europe", "north-america", "asia")
"""Where the demo audience is; each session says the same wherever it is asked."""
LADDER_KBPS: Final = (614, 1_120, 1_820)
REPORT_EVERY_MS: Final = 10_000

_JOIN_MEDIAN_MS, _JOIN_SPREAD = 560.0, 0.48
_SLOW_SHARE, _SLOW_MEDIAN_MS, _SLOW_SPREAD = 0.055, 1_650.0, 0.55
_PATIENCE_MEDIAN_MS, _PATIENCE_SPREAD = 7_500.0, 0.6
_GAVE_UP_AT_ONCE = 0.008
_FAILED_SHARE = 0.003
_FINISHED_SHARE, _WATCHED_MEAN = 0.46, 0.38
_STALLS_A_MINUTE = 0.15
_STALL_MEDIAN_MS, _STALL_SPREAD = 850.0, 0.7


@dataclass(frozen=True, slots=True)
class Event:
    """One report: so long after the viewer's wish, of this type, with these further members.

    Units: milliseconds.
    """

    offset_ms: int
    kind: str
    state: str
    members: str = ""


@dataclass(frozen=True, slots=True)
class SimulatedPlay:
    """One play: whose, of what, with which player, and what is reported of it, in order."""

    session_id: str
    title: str
    player: str
    begins_at: datetime
    events: Sequence[Event]

    @property
    def region(self) -> str:
        """Where the viewer is: a play's own, and no throw of dice that would change all later ones."""
        return REGIONS[int(self.session_id[-4:], 16) % 10 // 4]

    def records(self) -> Iterator[tuple[datetime, str]]:
        """Yield each report as a CMCD record with the instant at which the player sends it."""
        began_ms = to_epoch_ms(self.begins_at)
        for number, event in enumerate(self.events):
            whose = f'cid="{self.title}",sf=h,sid="{self.session_id}",st=v,v=2'
            what = f"e={event.kind},sn={number},sta={event.state},ts={began_ms + event.offset_ms}{event.members}"
            yield self.begins_at + timedelta(milliseconds=event.offset_ms), f"{whose},{what}"


def simulate(
    chance: random.Random,
    begins_at: datetime,
    conditions: Conditions,
    *,
    titles: Sequence[str],
    duration_ms: int,
    periodic: bool = True,
) -> SimulatedPlay:
    """Return a play; `periodic` adds the report that players send every ten seconds."""
    session_id = f"demo-{chance.getrandbits(96):024x}"
    title = chance.choices(titles, [1 / (rank + 1.3) for rank in range(len(titles))])[0]
    player = chance.choices([p for p, _ in PLAYERS], [w for _, w in PLAYERS])[0]
    events = _events(chance, conditions, duration_ms)
    if periodic:
        events = _with_periodic(events)
    return SimulatedPlay(session_id, title, player, begins_at, events)


def _events(chance: random.Random, conditions: Conditions, duration_ms: int) -> list[Event]:
    rate = chance.choices(LADDER_KBPS, (1, 3, 6))[0]
    events = [Event(0, "ps", "s")]
    join_ms = _join_ms(chance, conditions)
    patience_ms = int(chance.lognormvariate(0, _PATIENCE_SPREAD) * _PATIENCE_MEDIAN_MS)
    if chance.random() < _GAVE_UP_AT_ONCE:
        patience_ms = min(patience_ms, join_ms // 2)
    if chance.random() < _FAILED_SHARE * conditions.start_factor:
        at = min(join_ms * 2, patience_ms)
        return [*events, Event(at, "ps", "f"), Event(at, "e", "f", ',ec=("networkError")')]
    if patience_ms < join_ms:
        return [*events, Event(patience_ms, "ps", "q")]
    at, left_ms = join_ms, _watched_ms(chance, duration_ms)
    finished = left_ms >= duration_ms
    events.append(Event(at, "ps", "p", f",br=({rate})"))
    for until_stall_ms, stall_ms in _stalls(chance, conditions, left_ms):
        at += until_stall_ms
        left_ms -= until_stall_ms
        events += [Event(at, "ps", "r"), Event(at + stall_ms, "ps", "p")]
        at += stall_ms
    return [*events, Event(at + left_ms, "ps", "e" if finished else "q")]


def _join_ms(chance: random.Random, conditions: Conditions) -> int:
    slow = chance.random() < _SLOW_SHARE
    median, spread = (_SLOW_MEDIAN_MS, _SLOW_SPREAD) if slow else (_JOIN_MEDIAN_MS, _JOIN_SPREAD)
    return max(90, int(chance.lognormvariate(0, spread) * median * conditions.start_factor))


def _watched_ms(chance: random.Random, duration_ms: int) -> int:
    if chance.random() < _FINISHED_SHARE:
        return duration_ms
    return max(1_200, min(duration_ms - 500, int(chance.expovariate(1 / _WATCHED_MEAN) * duration_ms)))


def _stalls(chance: random.Random, conditions: Conditions, watched_ms: int) -> Iterator[tuple[int, int]]:
    """Yield how long it plays until each stall, and how long the stall is."""
    per_ms = _STALLS_A_MINUTE * conditions.stall_factor / 60_000
    left_ms = watched_ms
    while True:
        until_ms = int(chance.expovariate(per_ms)) + 400
        if until_ms >= left_ms:
            return
        left_ms -= until_ms
        yield until_ms, max(120, int(chance.lognormvariate(0, _STALL_SPREAD) * _STALL_MEDIAN_MS))


def _with_periodic(events: Sequence[Event]) -> list[Event]:
    """Add the reports by time, each with the state that holds at its instant."""
    added = [
        Event(at, "t", [e.state for e in events if e.offset_ms <= at][-1])
        for at in range(REPORT_EVERY_MS, events[-1].offset_ms, REPORT_EVERY_MS)
    ]
    return sorted([*events, *added], key=lambda e: e.offset_ms)

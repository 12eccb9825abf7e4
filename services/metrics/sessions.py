"""One playback session: folds its event reports, in the order of their sequence numbers, into observations.

Only differences between the player's instants are used, so a player whose clock is wrong by a constant is measured as
well as any other; an observation is dated by when its report arrived. What cannot be true is left out and tallied.

Source: CTA-5004-B (player states, msd, bsd, bsda); CTA-2066 (start-up and rebuffering).
"""

import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import orjson

from services.metrics.catalogue import (
    EXITS_BEFORE_START,
    JOIN_TIME,
    PLAY_TIME,
    STALL_TIME,
    START_FAILURES,
    STREAMS,
    Dimensions,
    Observation,
)
from services.metrics.cmcd import PlayEvent

START_LIMIT_MS = 300_000
"""A play that has not started after this long counts as given up."""
RETENTION_MS = 1_800_000
"""A session is forgotten this long after its last report: a report repeated later than that would count again."""
AHEAD_LIMIT_MS = 300_000
BEHIND_LIMIT_MS = 86_400_000
GAP_WAIT_MS = 3_000
"""How long a later report waits for a missing earlier one."""
PENDING_MAX = 32
EVENTS_MAX = 50_000
STALL_LIMIT_MS = 300_000
"""Longest single stall that counts: beyond it nobody is watching."""
PLAY_GAP_LIMIT_MS = 14_400_000
"""Longest time of playing that counts without any report in between."""
CLAIM_SLACK_MS = 30_000
"""How much longer than we have known a session its start or its stalls may have taken: a first report comes late."""
_UNNUMBERED_REMEMBERED = 16

STARTING, PLAYING, SEEKING, REBUFFERING, PAUSED, WAITING, ENDED, FAILED, QUIT = "spkrawefq"
STATE_WORDS: Final = {
    "": "unknown", "s": "starting", "p": "playing", "k": "seeking", "r": "rebuffering", "a": "paused",
    "w": "waiting", "e": "ended", "f": "failed", "q": "quit", "d": "preloading",
}  # fmt: skip

Tally = Counter[str]
"""What was not as it should be: duplicate, clock, backwards, gap, content_changed, over_cap, skewed, unbelieved."""


@dataclass(slots=True)
class PlaySession:
    """The bounded memory of one session.

    `outcome` is how the start went: nothing yet, `joined`, `exited`, `failed`, or `unseen` where playing began without
    a start that we saw. `startup_ms` is -1 outside of a start-up. `unclaimed_…` is what we derived of stalls since the
    player last reported stalls itself, so that nothing is counted twice.
    """

    dimensions: Dimensions
    first_received_ms: int
    last_received_ms: int
    offset_ms: int = 0
    next_sn: int = -1
    waiting_since_ms: int = -1
    state: str = ""
    since_ms: int = 0
    startup_ms: int = -1
    outcome: str = ""
    played: bool = False
    join_ms: int = -1
    play_ms: int = 0
    stall_ms: int = 0
    stalls: int = 0
    stall_open_ms: int = 0
    player_stalls: bool = False
    unclaimed_ms: int = 0
    unclaimed_stalls: int = 0
    content: int = 0
    events: int = 0
    pending: list[PlayEvent] = field(default_factory=list)
    unnumbered: list[int] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        """Return the session for the store."""
        values = [getattr(self, name) for name in _FIELDS]
        values[0] = tuple(self.dimensions)
        values[_PENDING] = [tuple(event) for event in self.pending]
        return orjson.dumps(values)

    @classmethod
    def from_bytes(cls, data: bytes) -> "PlaySession":
        """Return the session that was stored."""
        values = orjson.loads(data)
        values[0] = Dimensions(*values[0])
        values[_PENDING] = [PlayEvent(*event) for event in values[_PENDING]]
        return cls(*values)

    @property
    def wake_ms(self) -> int:
        """When the session wants to be looked at although nothing arrives: a gap, a start that hangs, its end."""
        if self.waiting_since_ms >= 0:
            return self.waiting_since_ms + GAP_WAIT_MS
        if self.startup_ms >= 0 and not self.outcome:
            return self.last_received_ms + START_LIMIT_MS
        return self.last_received_ms + RETENTION_MS

    @property
    def over_cap(self) -> bool:
        """Whether the session has sent more than any honest one does."""
        return self.events >= EVENTS_MAX


_FIELDS = tuple(PlaySession.__dataclass_fields__)
_PENDING = _FIELDS.index("pending")


class Folding:
    """Folds what arrived for one session, collecting the observations that come of it."""

    def __init__(self, session: PlaySession, now_ms: int, tally: Tally) -> None:
        self.session, self.tally = session, tally
        self.now_ms = max(now_ms, session.last_received_ms)  # our own clock may have gone back
        self.observations: list[Observation] = []
        self._play_ms, self._stall_ms = session.play_ms, session.stall_ms
        self._plays, self._stalls = int(session.played), session.stalls

    def take(self, event: PlayEvent) -> None:
        """Take one event: now if it is next in its session's order, later if others are missing, never twice."""
        session = self.session
        session.last_received_ms = self.now_ms
        if session.over_cap:
            self.tally["over_cap"] += 1
            return
        session.events += 1
        if event.sn < 0:
            self._take_unnumbered(event)
        elif event.sn == max(session.next_sn, 0):
            self._apply(event)
            session.next_sn = event.sn + 1
            self._take_ready()
        elif event.sn < session.next_sn or any(p.sn == event.sn for p in session.pending):
            self.tally["duplicate"] += 1
        else:
            session.pending.append(event)
            if session.waiting_since_ms < 0:
                session.waiting_since_ms = self.now_ms
            if len(session.pending) > PENDING_MAX:
                self._give_up_gap()

    def _take_unnumbered(self, event: PlayEvent) -> None:
        mark = zlib.crc32(f"{event.ts} {event.event} {event.state}".encode())
        if mark in self.session.unnumbered:
            self.tally["duplicate"] += 1
            return
        self.session.unnumbered = [*self.session.unnumbered[1 - _UNNUMBERED_REMEMBERED :], mark]
        self._apply(event)

    def wake(self) -> bool:
        """Do what is due without a new report; return whether the session is over and may be forgotten."""
        session = self.session
        if session.waiting_since_ms >= 0 and self.now_ms >= session.waiting_since_ms + GAP_WAIT_MS:
            self._give_up_gap()
        silent_ms = self.now_ms - session.last_received_ms
        if session.startup_ms >= 0 and not session.outcome and silent_ms >= START_LIMIT_MS:
            self._end_start("exited")
        return silent_ms >= RETENTION_MS

    def finish(self) -> list[Observation]:
        """Return every observation, with the play and stall time that was added since the folding began."""
        session = self.session
        play_ms, plays = session.play_ms - self._play_ms, int(session.played) - self._plays
        stall_ms, stalls = session.stall_ms - self._stall_ms, session.stalls - self._stalls
        if play_ms or plays:
            self._observe(PLAY_TIME.name, play_ms, plays)
        if stall_ms or stalls:
            self._observe(STALL_TIME.name, stall_ms, stalls)
        return self.observations

    def _observe(self, metric: str, value: int, count: int = 1) -> None:
        self.observations.append(Observation(metric, value, self.now_ms, self.session.dimensions, count))

    def _take_ready(self) -> None:
        session = self.session
        if not session.pending:
            session.waiting_since_ms = -1
            return
        session.pending.sort(key=lambda e: e.sn)
        while session.pending and session.pending[0].sn == session.next_sn:
            self._apply(session.pending.pop(0))
            session.next_sn += 1
        if not session.pending:
            session.waiting_since_ms = -1

    def _give_up_gap(self) -> None:
        """Go on without the reports that are missing."""
        session = self.session
        while session.pending:
            session.pending.sort(key=lambda e: e.sn)
            if session.next_sn >= 0 or session.pending[0].sn > 1:
                self.tally["gap"] += 1
            session.next_sn = session.pending[0].sn
            self._take_ready()

    def _apply(self, event: PlayEvent) -> None:
        session = self.session
        ts = self._plausible(event.ts)
        if ts is None:
            return
        if event.stream or event.cdn:
            self._learn_dimensions(event)
        changed = bool(event.content and session.content and event.content != session.content)
        session.content = event.content or session.content
        if changed:
            self.tally["content_changed"] += 1
            session.startup_ms = -1
            session.since_ms = ts
        elapsed_ms = ts - session.since_ms if session.state else 0
        if elapsed_ms < 0:
            self.tally["backwards"] += 1
            elapsed_ms = 0
        session.since_ms = ts
        self._accrue(elapsed_ms)
        if event.msd >= 0 and session.outcome in {"", "unseen"}:
            if event.msd > self._believable_ms():
                self.tally["unbelieved"] += 1
            else:
                self._joined(event.msd)
        if event.state and (event.state != session.state or changed):
            self._enter(event.state)
        if event.bsd >= 0 or event.bsda >= 0:
            self._claim(event)

    def _plausible(self, ts: int) -> int | None:
        """Return the instant by our own clock, or nothing where it cannot be true."""
        session = self.session
        if not session.state and not session.since_ms:
            behind_ms = self.now_ms - ts
            if not -AHEAD_LIMIT_MS <= behind_ms <= RETENTION_MS:
                # A clock that is wrong; taking the arrival for the event keeps all later differences right.
                session.offset_ms = behind_ms
                self.tally["skewed"] += 1
        ts += session.offset_ms
        if not self.now_ms - BEHIND_LIMIT_MS <= ts <= self.now_ms + AHEAD_LIMIT_MS:
            self.tally["clock"] += 1
            return None
        return ts

    def _believable_ms(self) -> int:
        """Return how long a start, or all stalls together, can have taken by our own clock."""
        return self.now_ms - self.session.first_received_ms + CLAIM_SLACK_MS

    def _learn_dimensions(self, event: PlayEvent) -> None:
        mine = self.session.dimensions
        stream = STREAMS.get(event.stream, mine.stream)
        if stream != mine.stream or event.cdn:
            self.session.dimensions = mine._replace(stream=stream, cdn=event.cdn or mine.cdn)

    def _accrue(self, elapsed_ms: int) -> None:
        session = self.session
        if session.startup_ms >= 0:
            session.startup_ms += elapsed_ms
        elif session.state == PLAYING:
            session.play_ms += min(elapsed_ms, PLAY_GAP_LIMIT_MS)
        elif session.state == REBUFFERING and session.played and not session.player_stalls:
            room_ms = max(0, self._believable_ms() - session.stall_ms)
            counted_ms = min(elapsed_ms, STALL_LIMIT_MS - session.stall_open_ms, room_ms)
            session.stall_open_ms += counted_ms
            session.stall_ms += counted_ms
            session.unclaimed_ms += counted_ms

    def _enter(self, state: str) -> None:
        session = self.session
        if state in {REBUFFERING, WAITING} and session.state == SEEKING:
            return  # waiting for what was sought is part of seeking
        if not session.played and state in {REBUFFERING, SEEKING, WAITING} and session.startup_ms >= 0:
            return  # and waiting for the first frame is part of starting
        session.state = state
        if state == STARTING:
            if not session.played and session.startup_ms < 0:
                session.startup_ms = 0
        elif state == PLAYING:
            self._play()
        elif state == PAUSED:
            session.startup_ms = -1
        elif state == REBUFFERING and session.played:
            session.stall_open_ms = 0
            session.stalls += 1
            session.unclaimed_stalls += 1
        elif state in {ENDED, QUIT, FAILED}:
            if session.startup_ms >= 0 and not session.outcome:
                self._end_start("failed" if state == FAILED else "exited")
            session.startup_ms = -1

    def _play(self) -> None:
        session = self.session
        if not session.outcome:
            if session.startup_ms > self._believable_ms():
                self.tally["unbelieved"] += 1
                session.outcome = "unseen"
            elif session.startup_ms >= 0:
                self._joined(session.startup_ms)
            else:
                session.outcome = "unseen"
        session.startup_ms = -1
        session.played = True

    def _joined(self, join_ms: int) -> None:
        session = self.session
        if join_ms > START_LIMIT_MS:
            self._end_start("exited")
            return
        session.outcome, session.join_ms = "joined", join_ms
        self._observe(JOIN_TIME.name, join_ms)

    def _end_start(self, outcome: str) -> None:
        self.session.outcome = outcome
        self.session.startup_ms = -1
        self._observe(START_FAILURES.name if outcome == "failed" else EXITS_BEFORE_START.name, 1)

    def _claim(self, event: PlayEvent) -> None:
        """Take the player's own account of its stalls, adding only what was not derived already."""
        session = self.session
        cumulative = event.bsda >= 0
        claimed_ms = event.bsda - session.stall_ms if cumulative else event.bsd - session.unclaimed_ms
        if session.stall_ms + claimed_ms > self._believable_ms():
            self.tally["unbelieved"] += 1
            return
        session.player_stalls = True
        if not cumulative:
            session.stalls += max(0, event.bsd_count - session.unclaimed_stalls)
        session.unclaimed_ms = session.unclaimed_stalls = 0
        session.stall_ms += max(0, min(claimed_ms, STALL_LIMIT_MS * max(1, event.bsd_count)))

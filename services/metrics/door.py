"""The door for player reports: what it takes, from whom and how much, before anything is stored."""

import hashlib
import hmac
import math
import secrets
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cachetools import TTLCache

from services.infra.group_commit import GroupCommit
from services.kernel.clock import Clock, to_epoch_ms
from services.kernel.context import VisitorActor
from services.kernel.errors import Gone, RateLimited, TooLarge, Unauthenticated, Unavailable
from services.kernel.network import client_network
from services.metrics.cmcd import parse_report
from services.metrics.intake import Intake, IntakeRoom, Report, session_key

PLAYERS = frozenset({"hls.js", "shaka", "dash.js", "exoplayer", "avplayer", "native"})
REPORTER = VisitorActor(frozenset({"metrics.report"}))
"""Whoever reports is a visitor who may do just that."""
_CLIENTS_MAX = 20_000
_SESSIONS_REMEMBERED = 200_000
_SESSION_SECONDS = 1_800
_WAITING_WEIGHT_MAX = 50_000
_ROOM_SECONDS = 1.0
_FULL_RETRY_SECONDS = 60
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class DoorPolicy:
    """What the door takes.

    `players`, `cdns` and `regions` are the names that are kept as dimensions; everything else is `other`. With
    `region_told` a proxy in front names the viewer's region; else only the demo generator is believed. Limits hold per
    client and per process; the demo generator, known by its key, may start sessions without the limit per client. So
    many new sessions of all processes in the half hour for which they are remembered at least must fit into
    `SESSIONS_MAX`: the default is for two processes. `max_waiting` should leave threads free for other pages while the
    database is slow.
    """

    demo_key: str
    enabled: bool = True
    body_bytes: int = 262_144
    events_per_second: int = 2_000
    sessions_per_minute: int = 60
    all_sessions_per_minute: int = 3_000
    players: Collection[str] = PLAYERS
    cdns: Collection[str] = frozenset()
    regions: Collection[str] = frozenset()
    region_told: bool = False
    max_waiting: int = 6


class TokenBucket:
    """Allows a rate, and a burst of `burst_seconds` of it."""

    __slots__ = ("_at_ms", "_full", "_left", "_per_ms")

    def __init__(self, per_second: float, burst_seconds: float, now_ms: int) -> None:
        self._per_ms = per_second / 1_000
        self._full = self._left = max(1.0, per_second * burst_seconds)
        self._at_ms = now_ms

    def missing_ms(self, amount: int, now_ms: int) -> int:
        """Return 0 and take the amount, or return after how many milliseconds it would be there.

        An amount beyond the whole burst is let through once the bucket is full, and paid for afterwards.
        """
        self._left = min(self._full, self._left + max(0, now_ms - self._at_ms) * self._per_ms)
        self._at_ms = now_ms
        needed = min(float(amount), self._full)
        if self._left + _ROUNDING < needed:
            return max(1, math.ceil((needed - self._left - _ROUNDING) / self._per_ms))
        self._left -= amount
        return 0


class _Client:
    __slots__ = ("events", "sessions")

    def __init__(self, policy: DoorPolicy, now_ms: int) -> None:
        self.events = TokenBucket(policy.events_per_second, 2, now_ms)
        self.sessions = TokenBucket(policy.sessions_per_minute / 60, 60, now_ms)


class Door:
    """Takes player reports; each returns only once its events are durable.

    Memory is bounded whatever arrives: by so many clients, so many known sessions, so much waiting.
    """

    def __init__(self, intake: Intake, policy: DoorPolicy, clock: Clock) -> None:
        self.policy = policy
        self._intake, self._clock = intake, clock
        self._lock = threading.Lock()
        self._client_secret = secrets.token_bytes(32)
        self._clients: TTLCache[bytes, _Client] = TTLCache(_CLIENTS_MAX, 300, timer=self._seconds)
        self._known: TTLCache[str, bool] = TTLCache(_SESSIONS_REMEMBERED, _SESSION_SECONDS, timer=self._seconds)
        self._all_sessions = TokenBucket(policy.all_sessions_per_minute / 60, 60, self._now_ms())
        self._room = IntakeRoom(frozenset(), sessions_full=False, inbox_full=False)
        self._room_until = float("-inf")
        self._commits = GroupCommit(self._append, max_waiting=policy.max_waiting, max_weight=_WAITING_WEIGHT_MAX)

    def accept(
        self, body: bytes, *, client: str, player: str = "", region: str = "", demo_key: str | None = None
    ) -> int:
        """Take one report and return how many events it had, once they are durable.

        Raises: Gone where this player is to stop, TooLarge, Invalid naming the bad line, RateLimited,
        Unauthenticated for a wrong demo key, Unavailable where nothing, or no further session, can be stored now.
        """
        if not self.policy.enabled:
            raise Gone("ingest_off", "Player reports are not collected now; stop sending them.")
        if len(body) > self.policy.body_bytes:
            raise self.too_large()
        origin = self._origin(demo_key)
        parsed = parse_report(body)
        keys = {sid: session_key(sid) for sid in {event.sid for event in parsed}}
        self._find_room(frozenset(keys.values()))
        fresh = self._limit(self._client_key(client), len(parsed), frozenset(keys.values()), demo=origin == "demo")
        self._refuse_further_sessions(fresh)
        events = [event._replace(sid=keys[event.sid], cdn=self._cdn(event.cdn)) for event in parsed]
        kept_region = self._region(region) if self.policy.region_told or origin == "demo" else "none"
        report = Report(origin, self._player(player), self._clock.now(), events, kept_region)
        self._commits.submit(report, weight=len(events))
        return len(events)

    def too_large(self) -> TooLarge:
        """Return the refusal of a body that is larger than the door takes."""
        limit = self.policy.body_bytes
        return TooLarge("report_too_large", f"Send at most {limit} bytes at once.", limit_bytes=limit)

    def _append(self, reports: Sequence[Report]) -> None:
        self._intake.append(REPORTER, reports)

    def _origin(self, demo_key: str | None) -> str:
        if demo_key is None:
            return "real"
        if not self.policy.demo_key or not hmac.compare_digest(demo_key.encode(), self.policy.demo_key.encode()):
            raise Unauthenticated("demo_key_wrong", "This is not the demo generator's key.")
        return "demo"

    def _client_key(self, address: str) -> bytes:
        """Return a digest under a key that dies with the process."""
        return hashlib.blake2b(client_network(address).encode(), key=self._client_secret, digest_size=16).digest()

    def _player(self, name: str) -> str:
        lowered = name.lower()
        return lowered if lowered in self.policy.players else "other"

    def _region(self, name: str) -> str:
        lowered = name.strip().lower()
        return lowered if lowered in self.policy.regions else "other" if lowered else "none"

    def _cdn(self, name: str) -> str:
        lowered = name.lower()
        return lowered if not lowered or lowered in self.policy.cdns else "other"

    def _find_room(self, keys: frozenset[str]) -> None:
        now = self._seconds()
        if now >= self._room_until:
            self._room_until = now + _ROOM_SECONDS
            self._room = self._intake.room(REPORTER)
        room = self._room
        if keys & room.stopped:
            raise Gone("session_stopped", "This session has reported more than a play does; it is closed.")
        if room.inbox_full:
            raise _full("inbox_full", "Too many reports wait to be counted; send these again later.")

    def _refuse_further_sessions(self, fresh: frozenset[str]) -> None:
        """Refuse what would be acknowledged and then dropped; sessions that another process let in go on."""
        if not fresh or not self._room.sessions_full:
            return
        further = fresh - self._intake.remembered(REPORTER, fresh)
        if further:
            with self._lock:
                for key in further:
                    self._known.pop(key, None)
            raise _full("sessions_full", "Too many playback sessions are remembered now; send these again later.")

    def _limit(self, client: bytes, events: int, keys: frozenset[str], *, demo: bool) -> frozenset[str]:
        """Return which sessions this process has not heard of before.

        Raises: RateLimited where the client, or all together, send too much.
        """
        now_ms = self._now_ms()
        with self._lock:
            mine = self._clients.get(client)
            if mine is None:
                mine = self._clients[client] = _Client(self.policy, now_ms)
            wait_ms = mine.events.missing_ms(events, now_ms)
            if wait_ms:
                raise _too_fast("events", wait_ms)
            fresh = frozenset(key for key in keys if key not in self._known)
            if fresh:
                own_wait_ms = 0 if demo else mine.sessions.missing_ms(len(fresh), now_ms)
                wait_ms = own_wait_ms or self._all_sessions.missing_ms(len(fresh), now_ms)
                if wait_ms:
                    raise _too_fast("sessions", wait_ms)
                self._known.update(dict.fromkeys(fresh, True))
            return fresh

    def _now_ms(self) -> int:
        return to_epoch_ms(self._clock.now())

    def _seconds(self) -> float:
        return self._now_ms() / 1_000


def _full(code: str, message: str) -> Unavailable:
    return Unavailable(code, message, retry_after_seconds=_FULL_RETRY_SECONDS)


def _too_fast(what: str, wait_ms: int) -> RateLimited:
    seconds = -(-wait_ms // 1_000)
    return RateLimited(
        f"too_many_{what}", f"Too many {what} from one client; go on after {seconds} s.", retry_after_seconds=seconds
    )

"""The beacon intake: reports are appended durably first, then folded in order into sessions and cells, exactly once.

Folding loads the sessions that a batch touches, applies it, writes cells and sessions, and deletes the batch, all in
one transaction; whenever the process dies, a report is either still waiting or completely counted.
"""

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import intake, query
from services.kernel.clock import from_epoch_ms, to_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import NotFound
from services.metrics.catalogue import Dimensions, Observation
from services.metrics.cmcd import PlayEvent
from services.metrics.recording import serialise, write_cells
from services.metrics.sessions import RETENTION_MS, STATE_WORDS, Folding, PlaySession, Tally
from services.metrics.tables import INBOX, LIVE_SESSIONS, SESSIONS, InboxRow, SessionRow, StoppedSessionRow, TallyRow
from services.metrics.views import PlaySessionView

_ROWS_MAX = 2_000
_CHUNK = 500
WOKEN_MAX = 2_000
"""How many sessions one waking looks at; where it looked at so many, more may be due."""
SESSIONS_MAX = 200_000
WAITING_MAX = 500_000
_NEARLY = 0.9
_FOLDED = "folded"


class Report(NamedTuple):
    """One accepted report on its way to the inbox; `sid` of each event is the session's key already."""

    origin: str
    player: str
    received_at: datetime
    events: Sequence[PlayEvent]
    region: str = "none"


class _Arrived(NamedTuple):
    """One event of a session, with when and whence it came."""

    received_ms: int
    whence: Dimensions
    event: PlayEvent


@dataclass(frozen=True, slots=True)
class FoldReport:
    """What one folding did; `more` tells that reports are still waiting."""

    events: int
    more: bool


@dataclass(frozen=True, slots=True)
class IntakeRoom:
    """What the intake has room for: no further sessions, or no further reports at all."""

    stopped: frozenset[str]
    sessions_full: bool
    inbox_full: bool


@dataclass(slots=True)
class _Batch:
    """What one transaction collects before it writes."""

    now: datetime
    tally: Tally = field(default_factory=Tally)
    observations: list[Observation] = field(default_factory=list)
    changed: dict[str, tuple[PlaySession, str]] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)


def session_key(sid: str) -> str:
    """Return the key by which a session is kept; its id itself is stored nowhere."""
    return hashlib.blake2b(sid.encode(), digest_size=16).hexdigest()


class Intake:
    """The verbs by which player reports become measurements.

    `sessions_max` bounds how many sessions are remembered at once; reports of further ones are tallied and dropped, so
    the door refuses new ones when nine in ten are taken: those acknowledged meanwhile still find room. `waiting_max`
    bounds how many reports wait to be folded.
    """

    def __init__(self, uow: UnitOfWork, *, sessions_max: int = SESSIONS_MAX, waiting_max: int = WAITING_MAX) -> None:
        self.uow = uow
        self._sessions_max, self._waiting_max = sessions_max, waiting_max

    @intake(permission="metrics.report", unaudited_because="player reports arrive at machine rate")
    def append(self, actor: Actor, reports: Sequence[Report]) -> None:
        """Store accepted reports durably, in the order given.

        Raises: Unavailable where the database does not take them.
        """
        rows = [
            {
                "received_at": r.received_at,
                "origin": r.origin,
                "player": r.player,
                "region": r.region,
                "event_count": len(r.events),
                "events": orjson.dumps([tuple(event) for event in r.events]),
            }
            for r in reports
        ]
        current().session.execute(sa.insert(InboxRow), rows)

    @intake(permission="metrics.run", unaudited_because="the cells and sessions that it writes are the record")
    def fold(self, actor: Actor, limit_events: int = 4_000) -> FoldReport:
        """Fold waiting reports, oldest first, up to about so many events.

        Raises: Unavailable where the database does not take them.
        """
        session = current().session
        serialise(session)
        waiting = session.execute(sa.select(INBOX).order_by(InboxRow.id).limit(_ROWS_MAX + 1)).all()
        taken: list[int] = []
        arrived: dict[str, list[_Arrived]] = defaultdict(list)
        events = 0
        for row in waiting[:_ROWS_MAX]:
            if taken and events + row.event_count > limit_events:
                break
            taken.append(row.id)
            events += row.event_count
            received_ms, whence = to_epoch_ms(row.received_at), Dimensions(row.origin, row.player, region=row.region)
            for key, *rest in orjson.loads(row.events):
                arrived[key].append(_Arrived(received_ms, whence, PlayEvent("", *rest)))
        if not taken:
            return FoldReport(0, more=False)
        batch = _Batch(self.uow.clock.now())
        self._fold_sessions(session, arrived, batch)
        batch.tally[_FOLDED] += events
        self._write(session, batch, ended=())
        session.execute(sa.delete(InboxRow).where(InboxRow.id.in_(taken)))
        return FoldReport(events, more=len(taken) < len(waiting))

    @intake(permission="metrics.run", unaudited_because="the cells and sessions that it writes are the record")
    def wake_sessions(self, actor: Actor) -> int:
        """Do what is due in sessions where nothing arrives: give up on gaps and on starts that hang, forget the rest.

        Returns how many sessions were due.
        """
        session, now = current().session, self.uow.clock.now()
        serialise(session)
        session.execute(sa.delete(StoppedSessionRow).where(StoppedSessionRow.until_at < now))
        due = session.execute(
            sa.select(SESSIONS).where(SessionRow.wake_at <= now).order_by(SessionRow.wake_at).limit(WOKEN_MAX)
        ).all()
        batch, ended = _Batch(now), []
        for row in due:
            play = PlaySession.from_bytes(row.state)
            folding = Folding(play, to_epoch_ms(now), batch.tally)
            over = folding.wake()
            batch.observations += folding.finish()
            if over:
                ended.append(row.key)
            else:
                batch.changed[row.key] = (play, row.origin)
        self._write(session, batch, ended)
        live = session.scalar(sa.select(sa.func.count()).select_from(SessionRow))
        session.execute(sa.update(TallyRow).where(TallyRow.reason == LIVE_SESSIONS).values(count=live))
        return len(due)

    @query(permission="metrics.report")
    def play_session(self, actor: Actor, sid: str) -> PlaySessionView:
        """Return what is known of one playback session, for the player that knows its id.

        Raises: NotFound while nothing of it was folded, and after it was forgotten.
        """
        state = current().session.scalar(sa.select(SessionRow.state).where(SessionRow.key == session_key(sid)))
        if state is None:
            raise NotFound("session_unknown", "Nothing of this session has been recorded yet.")
        play = PlaySession.from_bytes(state)
        return PlaySessionView(
            state=STATE_WORDS[play.state],
            join_time_ms=play.join_ms if play.join_ms >= 0 else None,
            stall_ms=play.stall_ms,
            play_ms=play.play_ms,
            stalls=play.stalls,
            recorded_at=from_epoch_ms(play.last_received_ms),
        )

    @query(permission="metrics.report")
    def stopped_sessions(self, actor: Actor) -> frozenset[str]:
        """Return the keys of the sessions whose players are told to stop."""
        return _stopped(current().session)

    @query(permission="metrics.report")
    def room(self, actor: Actor) -> IntakeRoom:
        """Return which sessions are stopped, and whether there is room for new ones and for reports; cheap to ask."""
        session = current().session
        live = session.scalar(sa.select(TallyRow.count).where(TallyRow.reason == LIVE_SESSIONS)) or 0
        return IntakeRoom(
            stopped=_stopped(session),
            sessions_full=live >= self._sessions_max * _NEARLY,
            inbox_full=waiting_reports(session) >= self._waiting_max,
        )

    @query(permission="metrics.report")
    def remembered(self, actor: Actor, keys: Collection[str]) -> frozenset[str]:
        """Return which of the sessions with these keys are remembered."""
        session, wanted, found = current().session, list(keys), set[str]()
        for start in range(0, len(wanted), _CHUNK):
            chosen = SessionRow.key.in_(wanted[start : start + _CHUNK])
            found.update(session.scalars(sa.select(SessionRow.key).where(chosen)))
        return frozenset(found)

    @query(permission="metrics.read")
    def tallies(self, actor: Actor) -> Mapping[str, int]:
        """Return how many events were folded, and how many were not as they should be, by reason."""
        rows = current().session.execute(sa.select(TallyRow).order_by(TallyRow.reason)).scalars()
        return {row.reason: row.count for row in rows}

    def _fold_sessions(self, session: Session, arrived: Mapping[str, list[_Arrived]], batch: _Batch) -> None:
        known = _load(session, list(arrived))
        live = session.scalar(sa.select(TallyRow.count).where(TallyRow.reason == LIVE_SESSIONS)) or 0
        for key, reports in arrived.items():
            first_received_ms, whence, _ = reports[0]
            play, kept_origin = known.get(key, (None, whence.origin))
            if play is None:
                if live + len(batch.new) >= self._sessions_max:
                    batch.tally["too_many_sessions"] += len(reports)
                    continue
                batch.new.add(key)
                play = PlaySession(whence, first_received_ms, first_received_ms)
            was_over_cap = play.over_cap
            for received_ms, together in itertools.groupby(reports, key=lambda r: r.received_ms):
                folding = Folding(play, received_ms, batch.tally)
                for report in together:
                    if report.whence.origin == kept_origin:
                        folding.take(report.event)
                    else:  # a session of one origin cannot be continued by the other
                        batch.tally["other_origin"] += 1
                batch.observations += folding.finish()
            batch.changed[key] = (play, kept_origin)
            if play.over_cap and not was_over_cap:
                until_at = batch.now + timedelta(milliseconds=RETENTION_MS)
                session.merge(StoppedSessionRow(key=key, until_at=until_at))

    def _write(self, session: Session, batch: _Batch, ended: Sequence[str]) -> None:
        write_cells(session, batch.observations, batch.now)
        rows = [
            {"key": key, "origin": origin, "wake_at": from_epoch_ms(play.wake_ms), "state": play.to_bytes()}
            for key, (play, origin) in batch.changed.items()
        ]
        inserts = [r for r in rows if r["key"] in batch.new]
        updates = [
            {"at_key": r["key"], "at_wake_at": r["wake_at"], "at_state": r["state"]}
            for r in rows
            if r["key"] not in batch.new
        ]
        if inserts:
            session.execute(sa.insert(SessionRow), inserts)
        if updates:
            changed = (
                sa.update(SESSIONS)
                .where(SESSIONS.c.key == sa.bindparam("at_key"))
                .values(wake_at=sa.bindparam("at_wake_at"), state=sa.bindparam("at_state"))
            )
            session.connection().execute(changed, updates)
        for start in range(0, len(ended), _CHUNK):
            session.execute(sa.delete(SessionRow).where(SessionRow.key.in_(ended[start : start + _CHUNK])))
        batch.tally[LIVE_SESSIONS] += len(inserts)
        for reason, count in batch.tally.items():
            if count:
                _tally(session, reason, count)


def waiting_reports(session: Session) -> int:
    """Return about how many reports wait to be folded, by the span of their ids, which needs no counting.

    The oldest are folded first, so the span has gaps only where an origin was removed or a transaction rolled back.
    """
    ends = sa.select(
        sa.select(sa.func.max(InboxRow.id)).scalar_subquery(), sa.select(sa.func.min(InboxRow.id)).scalar_subquery()
    )
    newest, oldest = session.execute(ends).one()
    return 0 if newest is None else int(newest - oldest + 1)


def _stopped(session: Session) -> frozenset[str]:
    return frozenset(session.scalars(sa.select(StoppedSessionRow.key)))


def _load(session: Session, keys: Sequence[str]) -> dict[str, tuple[PlaySession, str]]:
    loaded: dict[str, tuple[PlaySession, str]] = {}
    for start in range(0, len(keys), _CHUNK):
        chosen = sa.select(SessionRow.key, SessionRow.state, SessionRow.origin)
        for key, state, origin in session.execute(chosen.where(SessionRow.key.in_(keys[start : start + _CHUNK]))):
            loaded[key] = (PlaySession.from_bytes(state), origin)
    return loaded


def _tally(session: Session, reason: str, count: int) -> None:
    changed = session.execute(sa.update(TallyRow).where(TallyRow.reason == reason).values(count=TallyRow.count + count))
    if not changed.rowcount:  # type: ignore[attr-defined] # an update has a row count
        session.execute(sa.insert(TallyRow).values(reason=reason, count=count))

"""The heart: each background process shows that it lives, and takes over the work of those that no longer do.

Death is judged by silence alone: a process whose count of beats stood still for so many looks in a row is ended. No two
clocks are compared, and a pause of the one who looks counts as one look. What was ended can never beat again, and the
engine refuses its commits for work that somebody else took over, so a paused process that wakes can do no harm.
Unfinished work of whoever does not live is taken over, however long ago that life ended.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.infra.durable.tables import ExecutorRow
from services.infra.uow import UnitOfWork

_log = logging.getLogger(__name__)

PAUSED_SECONDS_MAX = 30


class Silence(Protocol):
    """How long silence may last."""

    @property
    def beat_seconds(self) -> float:
        """How often to beat and to look."""
        ...

    @property
    def missed_beats(self) -> int:
        """After how many looks without a beat a process counts as dead."""
        ...


def bound_pause(session: Session) -> None:
    """Let the database end this transaction should our process be paused in it, so that its locks do not stay."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text(f"set local idle_in_transaction_session_timeout = '{PAUSED_SECONDS_MAX}s'"))


def new_executor_id(slot: str) -> str:
    """Return the id of one life of a slot; a restart is another life, so taking over can name exactly the dead one."""
    return f"{slot}.{secrets.token_hex(6)}"


class Heart:
    """The heartbeat of one process, and its look at the others."""

    def __init__(
        self,
        uow: UnitOfWork,
        executor_id: str,
        *,
        slot: str,
        owners: Callable[[], set[str]],
        take_over: Callable[[Iterable[str]], int],
        silence: Silence,
        on_lost: Callable[[], None],
    ) -> None:
        self._uow, self._id, self._slot = uow, executor_id, slot
        self._owners, self._take_over = owners, take_over
        self._silence, self._on_lost = silence, on_lost
        self._seen: dict[str, tuple[int, int]] = {}
        self._stop, self._resting = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="durable-heart", daemon=True)

    def register(self) -> None:
        """Enter this life, and end earlier lives of the same slot."""
        with self._uow.writing() as session:
            now = self._uow.clock.now()
            session.execute(
                sa.update(ExecutorRow)
                .where(ExecutorRow.slot == self._slot, ExecutorRow.ended_at.is_(None))
                .values(ended_at=now, ended_because="superseded")
            )
            session.add(
                ExecutorRow(
                    executor_id=self._id,
                    slot=self._slot,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    beats=0,
                    started_at=now,
                    beat_at=now,
                )
            )

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def rest(self) -> None:
        """Beat on, and take over nothing more."""
        self._resting.set()

    def stop(self) -> None:
        """End this life in good order, so that others need not wait for silence."""
        self._stop.set()
        self._thread.join(self._silence.beat_seconds + 10)
        try:
            with self._uow.writing() as session:
                session.execute(
                    sa.update(ExecutorRow)
                    .where(ExecutorRow.executor_id == self._id, ExecutorRow.ended_at.is_(None))
                    .values(ended_at=self._uow.clock.now(), ended_because="stopped")
                )
        except Exception:  # noqa: BLE001 -- others will notice the silence
            _log.exception("end_not_recorded", extra={"executor_id": self._id})

    def _run(self) -> None:
        while True:
            try:
                if not self._beat():
                    _log.error("executor_lost", extra={"executor_id": self._id})
                    self._on_lost()
                    return
                if not self._resting.is_set():
                    self._end_silent()
                    self._take_over(self._dead())
            except Exception:  # noqa: BLE001 -- the heart beats on while the database is away
                _log.exception("beat_failed", extra={"executor_id": self._id})
            if self._stop.wait(self._silence.beat_seconds):
                return

    def _beat(self) -> bool:
        """Count up; tell whether this life still goes on."""
        with self._uow.writing() as session:
            bound_pause(session)
            changed = session.execute(
                sa.update(ExecutorRow)
                .where(ExecutorRow.executor_id == self._id, ExecutorRow.ended_at.is_(None))
                .values(beats=ExecutorRow.beats + 1, beat_at=self._uow.clock.now())
            )
            return bool(changed.rowcount)  # type: ignore[attr-defined] # an update's result counts rows

    def _end_silent(self) -> None:
        """End who was silent for too long."""
        with self._uow.reading() as session:
            living = session.execute(
                sa.select(ExecutorRow.executor_id, ExecutorRow.beats).where(
                    ExecutorRow.ended_at.is_(None), ExecutorRow.executor_id != self._id
                )
            ).all()
        silent = self._silent({row.executor_id: row.beats for row in living})
        if silent:
            self._end(silent)

    def _dead(self) -> set[str]:
        """Return who has unfinished work and does not live."""
        # Who has work was entered before it took any, so those asked for first are all entered by now.
        owners = self._owners()
        with self._uow.reading() as session:
            living = set(session.scalars(sa.select(ExecutorRow.executor_id).where(ExecutorRow.ended_at.is_(None))))
        return owners - living - {self._id}

    def _end(self, silent: dict[str, int]) -> None:
        """End the silent, except one who is in the middle of a beat: it holds its row, and waiting would silence us."""
        with self._uow.writing() as session:
            bound_pause(session)
            rows = session.scalars(
                sa.select(ExecutorRow)
                .where(ExecutorRow.executor_id.in_(silent), ExecutorRow.ended_at.is_(None))
                .with_for_update(skip_locked=True)
            )
            for row in rows:
                if row.beats == silent[row.executor_id]:
                    _log.warning("executor_ended", extra={"executor_id": row.executor_id})
                    row.ended_at, row.ended_because = self._uow.clock.now(), "silent"

    def _silent(self, living: dict[str, int]) -> dict[str, int]:
        seen = {}
        for executor_id, beats in living.items():
            before, looks = self._seen.get(executor_id, (-1, 0))
            seen[executor_id] = (beats, looks + 1 if beats == before else 0)
        self._seen = seen
        return {i: beats for i, (beats, looks) in seen.items() if looks >= self._silence.missed_beats}

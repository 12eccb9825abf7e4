"""Leased loops: short work that one process at a time repeats, handed on when its holder falls silent.

Each turn updates the lease's row and runs in the same transaction. A process that was paused and has lost the lease
updates no row, so its turn does nothing; one that is paused in mid-turn still holds the row, so nobody can take it.
"""

import logging
import threading

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.infra.durable.declared import Beat
from services.infra.durable.heart import Silence, bound_pause
from services.infra.durable.tables import LeaseRow
from services.infra.uow import UnitOfWork
from services.kernel.context import correlated, new_correlation

_log = logging.getLogger(__name__)


class LeasedLoop:
    """One process's part in a loop: it either holds the lease and runs, or watches whoever does."""

    def __init__(self, uow: UnitOfWork, beat: Beat, holder: str, silence: Silence) -> None:
        self._uow, self._beat, self._holder, self._silence = uow, beat, holder, silence
        self._seen: tuple[str, int] | None = None
        self._looks = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"beat-{beat.name}", daemon=True)

    def start(self) -> None:
        """Begin to take part."""
        self._thread.start()

    def stop(self) -> None:
        """End after the running turn, and give the lease back."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(30)
        try:
            with self._uow.writing() as session:
                session.execute(
                    sa.delete(LeaseRow).where(LeaseRow.name == self._beat.name, LeaseRow.holder == self._holder)
                )
        except Exception:  # noqa: BLE001 -- others will notice the silence
            _log.exception("lease_not_returned", extra={"loop": self._beat.name})

    def turn(self) -> bool:
        """Run once where this process holds the lease or can take it; tell whether it ran."""
        with self._uow.writing() as session:
            bound_pause(session)
            if not (self._held(session) or self._taken(session)):
                return False
            with self._uow.lend(session), correlated(new_correlation()):
                self._beat.run()
            return True

    def _run(self) -> None:
        while not self._stop.is_set():
            wait = self._beat.every_seconds
            try:
                if not self.turn():
                    wait = max(wait, self._silence.beat_seconds)
            except Exception:  # noqa: BLE001 -- the next turn may succeed
                _log.exception("beat_failed", extra={"loop": self._beat.name})
                wait = max(wait, self._silence.beat_seconds)
            self._stop.wait(wait)

    def _held(self, session: Session) -> bool:
        now = self._uow.clock.now()
        changed = session.execute(
            sa.update(LeaseRow)
            .where(LeaseRow.name == self._beat.name, LeaseRow.holder == self._holder)
            .values(beats=LeaseRow.beats + 1, beat_at=now)
        )
        return bool(changed.rowcount)  # type: ignore[attr-defined] # an update's result counts rows

    def _taken(self, session: Session) -> bool:
        """Take a free lease, or one whose holder was silent for too long and is not in the middle of a turn."""
        row = session.get(LeaseRow, self._beat.name)
        now = self._uow.clock.now()
        if row is None:
            return self._entered(session)
        self._looks = self._looks + 1 if self._seen == (row.holder, row.beats) else 0
        self._seen = (row.holder, row.beats)
        if self._looks < self._silence.missed_beats:
            return False
        free = sa.select(LeaseRow.name).where(
            LeaseRow.name == row.name, LeaseRow.holder == row.holder, LeaseRow.beats == row.beats
        )
        if session.execute(free.with_for_update(skip_locked=True)).first() is None:
            return False
        _log.warning("lease_taken_over", extra={"loop": self._beat.name, "from": row.holder})
        row.holder, row.taken_at, row.beat_at, row.beats = self._holder, now, now, row.beats + 1
        session.flush()
        return True

    def _entered(self, session: Session) -> bool:
        now = self._uow.clock.now()
        try:
            with session.begin_nested():
                session.add(LeaseRow(name=self._beat.name, holder=self._holder, beats=1, taken_at=now, beat_at=now))
        except IntegrityError:  # another process was first
            return False
        return True

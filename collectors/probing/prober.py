"""The prober: looks at each probe in its time, as many at once as it may, and hands in what it found.

One thread keeps the times, one hands in and fetches what is to be done, and each attempt has one of its own: an attempt
that hangs beyond its limit is given up, counts as a timeout, and holds its place until it really ends.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from collectors.probing.attempt import Look
from collectors.probing.connectivity import OFFLINE_REASON, Connectivity, place_of
from collectors.probing.spool import Spool
from services.kernel.clock import Clock
from services.kernel.errors import DomainError, Invalid, TooLarge
from services.kernel.ids import uuid7
from services.probes.judging import Outcome
from services.probes.rules import attempt_seconds
from services.probes.views import Assignment, Assignments, Finding, Receipt

CONCURRENCY: Final = 16
LOOK_SECONDS: Final = 0.1
DELIVER_SECONDS: Final = 1.0
FETCH_SECONDS: Final = 5.0
BACK_OFF_SECONDS_MAX: Final = 5.0
"""Longer waits would let a prober seem silent where its server is only busy."""
GRACE_SECONDS: Final = 2.0
"""How far beyond its own limit an attempt may go before it is given up."""
HANGING_MAX: Final = 2
"""How many attempts of one probe may hang at once; more would take every place from the others."""
SPREAD_SECONDS: Final = 2.0
BATCH: Final = 200
_log = logging.getLogger(__name__)


class Server(Protocol):
    """The installation that a prober works for; every method may raise, and is tried again later."""

    def assignments(self, *, waiting: int) -> Assignments:
        """Return what is to be done, telling how many results wait here."""
        ...

    def report(self, sent_at: datetime, findings: list[Finding]) -> Receipt:
        """Hand in results."""
        ...


@dataclass(slots=True)
class _Running:
    assignment: Assignment
    began: float
    at: datetime
    given_up: bool = False


@dataclass(slots=True)
class _Place:
    """A probe among those that are to be looked at."""

    assignment: Assignment
    due: float
    asked_at: datetime | None = None
    running: _Running | None = field(default=None)
    hanging: int = 0


class Prober:
    """Runs the probes of one vantage."""

    def __init__(
        self,
        server: Server,
        look: Callable[[Assignment], Look],
        spool: Spool,
        clock: Clock,
        *,
        connectivity: Connectivity,
        concurrency: int = CONCURRENCY,
    ) -> None:
        self._server, self._look, self._spool, self._clock = server, look, spool, clock
        self._connectivity = connectivity
        self._free = threading.Semaphore(concurrency)
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.vantage = ""

    def start(self) -> None:
        """Begin, in threads of its own."""
        for name, work in (("prober-clock", self._keep_time), ("prober-courier", self._carry)):
            thread = threading.Thread(target=work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End; what is not handed in yet waits in the spool."""
        self._stop.set()
        for thread in self._threads:
            thread.join(GRACE_SECONDS)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        self.start()
        stop.wait()
        self.stop()

    def _keep_time(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            now = time.monotonic()
            with self._lock:
                places = list(self._places.values())
            for place in sorted(places, key=lambda each: each.due):
                try:
                    self._tend(place, now)
                except Exception:  # noqa: BLE001 -- whatever it is, the others are looked at
                    _log.exception("probe_not_begun", extra={"probe_id": place.assignment.probe_id})

    def _tend(self, place: _Place, now: float) -> None:
        self._give_up(place, now)
        if place.running is not None or place.due > now:
            return
        if place.hanging >= HANGING_MAX:
            self._set_due(place, now)
            self._tell_soon(_Running(place.assignment, now, self._clock.now()), _hung(place.assignment))
        elif self._free.acquire(blocking=False):
            self._begin(place, now)

    def _begin(self, place: _Place, now: float) -> None:
        place.running = running = _Running(place.assignment, now, self._clock.now())
        self._set_due(place, now)
        try:
            threading.Thread(target=self._attempt, args=(place, running), name="probe", daemon=True).start()
        except RuntimeError:
            place.running = None
            self._free.release()
            raise

    @staticmethod
    def _set_due(place: _Place, now: float) -> None:
        place.due = now + place.assignment.interval_seconds if place.assignment.enabled else float("inf")

    def _give_up(self, place: _Place, now: float) -> None:
        running = place.running
        if running is None or now - running.began <= attempt_seconds(running.assignment) + GRACE_SECONDS:
            return
        with self._lock:
            if running.given_up or place.running is not running:
                return
            running.given_up, place.running = True, None
            place.hanging += 1
        self._tell_soon(running, _hung(running.assignment))

    def _tell_soon(self, running: _Running, found: Look) -> None:
        """Tell beside the clock: whether the prober is offline may take seconds to find out."""
        threading.Thread(target=self._found, args=(running, found), name="probe-hung", daemon=True).start()

    def _attempt(self, place: _Place, running: _Running) -> None:
        try:
            found = self._look(running.assignment)
            with self._lock:
                if running.given_up:
                    return
                place.running = None
            self._found(running, found)
        finally:
            with self._lock:
                place.hanging -= running.given_up
            self._free.release()

    def _found(self, running: _Running, found: Look) -> None:
        place = place_of(running.assignment)
        if found.outcome is Outcome.UP:
            self._connectivity.note_good(place)
        elif found.outcome is Outcome.DOWN and self._connectivity.offline(place, found.reason):
            found = replace(found, outcome=Outcome.UNKNOWN, reason=OFFLINE_REASON)
        self._spool.add(
            Finding(
                id=f"{uuid7():032x}",
                probe_id=running.assignment.probe_id,
                at=running.at,
                outcome=found.outcome.value,
                latency_ms=found.latency_ms,
                reason=_sendable(found.reason),
                detail=_sendable(found.detail),
            )
        )

    def _carry(self) -> None:
        """Fetch what is to be done and hand in what was found, less often while that fails."""
        fetched, failures = float("-inf"), 0
        while True:
            try:
                if time.monotonic() - fetched >= FETCH_SECONDS:
                    self._take(self._server.assignments(waiting=len(self._spool)))
                    fetched = time.monotonic()
                self._hand_in()
                failures = 0
            except Exception as error:  # noqa: BLE001 -- the prober goes on, whatever becomes of its server
                failures += 1
                code = error.code if isinstance(error, DomainError) else type(error).__name__
                _log.warning("prober_cut_off", extra={"code": code, "waiting": len(self._spool)})
            wait = min(DELIVER_SECONDS * 2 ** min(failures, 10), BACK_OFF_SECONDS_MAX)
            if self._stop.wait(wait):
                return

    def _hand_in(self) -> None:
        while batch := self._spool.first(BATCH):
            self._deliver(batch)
            if len(batch) < BATCH or self._stop.is_set():
                return

    def _deliver(self, batch: list[Finding]) -> None:
        """Hand in a batch; one result that nobody can read must not keep all others here for ever."""
        try:
            receipt = self._server.report(self._clock.now(), batch)
        except (Invalid, TooLarge) as error:
            if len(batch) > 1:
                half = len(batch) // 2
                self._deliver(batch[:half])
                self._deliver(batch[half:])
                return
            _log.warning("results_refused", extra={"reasons": [error.code]})
        else:
            if receipt.refused:
                _log.warning("results_refused", extra={"reasons": sorted(set(receipt.refused.values()))})
        self._spool.drop([finding.id for finding in batch])

    def _take(self, assignments: Assignments) -> None:
        """Look at what is new soon, at what was asked for now, and no more at what is gone."""
        self.vantage = assignments.vantage
        now = time.monotonic()
        with self._lock:
            wanted = {each.probe_id: each for each in assignments.probes}
            for probe_id in set(self._places) - set(wanted):
                del self._places[probe_id]
            for probe_id, assignment in wanted.items():
                place = self._places.get(probe_id)
                if place is None:
                    first = now + _spread(probe_id, self.vantage) if assignment.enabled else float("inf")
                    place = self._places[probe_id] = _Place(assignment, first)
                elif assignment.enabled and not place.assignment.enabled:
                    place.due = now
                elif assignment.enabled and place.due > now + assignment.interval_seconds:
                    place.due = now + assignment.interval_seconds
                place.assignment = assignment
                if not assignment.enabled:
                    place.due = float("inf")
                if assignment.asked_at is not None and assignment.asked_at != place.asked_at:
                    place.asked_at, place.due = assignment.asked_at, now


def _hung(assignment: Assignment) -> Look:
    return Look(Outcome.DOWN, "timeout", "the attempt hung", round(attempt_seconds(assignment) * 1_000))


def _sendable(text: str) -> str:
    """Return a text that JSON can carry: half a character of what was read cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _spread(probe_id: str, vantage: str) -> float:
    """Return by how much a probe's first look is put off, so that not all of them look at once."""
    digest = hashlib.blake2b(f"{probe_id}/{vantage}".encode(), digest_size=2).digest()
    return int.from_bytes(digest, "big") / 65_536 * SPREAD_SECONDS

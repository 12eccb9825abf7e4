"""The demo's live audience: visits the shop and sends player reports through the doors that everybody uses.

It is a guest: when the product says "later" or does not answer, it waits longer each time, and what grew old meanwhile
is dropped, so that no flood follows an outage.
"""

import heapq
import itertools
import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import httpx

from demo.plays import SimulatedPlay, simulate
from demo.rhythm import Rhythm
from demo.titles import DURATION_SECONDS
from services.kernel.clock import Clock, to_epoch_ms

PATIENCE: Final = timedelta(seconds=30)
"""Reports that could not be sent for this long are dropped, with the rest of their play."""
TOGETHER: Final = timedelta(milliseconds=400)
"""Reports of one play that fall so close together travel in one request."""
_HORIZON = timedelta(minutes=1)
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 2.0, 60.0
_LATER = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.BAD_GATEWAY})
_log = logging.getLogger(__name__)

Wait = Callable[[float], bool]
"""Waits so many seconds, or until it is told to stop; returns whether it was (`threading.Event.wait`)."""


@dataclass(order=True, slots=True)
class _Sending:
    """One request that is due at an instant: a page to look at, or reports of a play."""

    due_at: datetime
    number: int
    play: SimulatedPlay = field(compare=False)
    lines: tuple[str, ...] = field(compare=False, default=())
    page: str = field(compare=False, default="")


class Audience:
    """Plans plays by the rhythm and sends each of their requests when it is due.

    `client` has the product's address as its base; `demo_key` makes the reports' origin known as the demo's.
    """

    def __init__(
        self, client: httpx.Client, demo_key: str, titles: Sequence[str], clock: Clock, rhythm: Rhythm | None = None
    ) -> None:
        self._client, self._titles, self._clock = client, titles, clock
        self._rhythm = rhythm or Rhythm()
        self._headers = {"Authorization": f"Bearer {demo_key}", "Content-Type": "application/cmcd"}
        now = clock.now()
        # A start of its own: the sessions of an earlier run must not be continued.
        self._chance = random.Random(f"{self._rhythm.seed} live {to_epoch_ms(now)}")  # noqa: S311 -- a simulation
        self._planned_until = now
        self._due: list[_Sending] = []
        self._numbers = itertools.count()
        self._lost: set[str] = set()
        self._pause_seconds = 0.0

    def run(self, wait: Wait) -> None:
        """Send until told to stop."""
        while not wait(self._turn()):
            pass

    def _turn(self) -> float:
        """Send what is due and return how long there is nothing to do.

        Units: seconds.
        """
        now = self._clock.now()
        self._plan(now)
        while self._due and self._due[0].due_at <= now:
            sending = self._due[0]
            if sending.play.session_id in self._lost or now - sending.due_at > PATIENCE:
                self._lost.add(sending.play.session_id)
                heapq.heappop(self._due)
                continue
            later_seconds = self._send(sending)
            if later_seconds:
                return later_seconds
            heapq.heappop(self._due)
        self._lost &= {sending.play.session_id for sending in self._due}
        next_at = self._due[0].due_at if self._due else now + _HORIZON
        return min(1.0, max(0.05, (next_at - now).total_seconds()))

    def _plan(self, now: datetime) -> None:
        until = now + _HORIZON
        # After a long sleep of the machine nobody comes who would have come meanwhile.
        begin = max(self._planned_until, now)
        if until <= begin:
            return
        for starts_at in self._rhythm.starts(begin, until, self._chance):
            play = simulate(
                self._chance,
                starts_at,
                self._rhythm.conditions(starts_at),
                titles=self._titles,
                duration_ms=DURATION_SECONDS * 1_000,
            )
            for sending in self._requests(play):
                heapq.heappush(self._due, sending)
        self._planned_until = until

    def _requests(self, play: SimulatedPlay) -> Iterator[_Sending]:
        arrived_at = play.begins_at - timedelta(seconds=self._chance.uniform(2, 20))
        yield _Sending(arrived_at, next(self._numbers), play, page="/shop/")
        yield _Sending(
            play.begins_at - timedelta(seconds=1), next(self._numbers), play, page=f"/shop/watch/{play.title}"
        )
        batch: list[str] = []
        due_at = play.begins_at
        for at, line in play.records():
            if batch and at - due_at > TOGETHER:
                yield _Sending(due_at + TOGETHER, next(self._numbers), play, tuple(batch))
                batch = []
            if not batch:
                due_at = at
            batch.append(line)
        yield _Sending(due_at + TOGETHER, next(self._numbers), play, tuple(batch))

    def _send(self, sending: _Sending) -> float:
        """Send one request; return how long to wait before it is tried again, or 0 where it is done with.

        Units: seconds.
        """
        try:
            answer = self._request(sending)
        except httpx.TransportError as failure:
            return self._paused(0.0, type(failure).__name__)
        if answer.status_code in _LATER:
            return self._paused(_seconds_in(answer.headers.get("Retry-After", "")), str(answer.status_code))
        if answer.status_code == httpx.codes.GONE:
            # Collection is switched off: ask again now and then, without a queue.
            self._lost.add(sending.play.session_id)
            return self._paused(_LONGEST_PAUSE_SECONDS, "410")
        if answer.is_error:
            self._lost.add(sending.play.session_id)
            _log.warning("demo_refused", extra={"status": answer.status_code, "path": sending.page or "/ingest/cmcd"})
        self._pause_seconds = 0.0
        return 0.0

    def _request(self, sending: _Sending) -> httpx.Response:
        if sending.page:
            return self._client.get(sending.page)
        return self._client.post(
            "/ingest/cmcd",
            params={"player": sending.play.player},
            content="\n".join(sending.lines).encode(),
            headers=self._headers | {"X-Viewer-Region": sending.play.region},
        )

    def _paused(self, asked_seconds: float, reason: str) -> float:
        doubled = min(_LONGEST_PAUSE_SECONDS, max(_FIRST_PAUSE_SECONDS, self._pause_seconds * 2))
        self._pause_seconds = doubled
        seconds = max(asked_seconds, doubled * self._chance.uniform(0.7, 1.0))
        _log.info("demo_waits", extra={"reason": reason, "seconds": round(seconds, 1)})
        return seconds


def _seconds_in(text: str) -> float:
    """Read a Retry-After in seconds; anything else is 0."""
    return float(text) if text.isascii() and text.isdigit() else 0.0

"""The demo's live buyers: they open, place, pay and look, by the same forms as everybody, in their own time.

They are guests: whatever is refused or does not answer ends the visit, and nobody comes for those who stayed away.
"""

import heapq
import itertools
import logging
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import httpx

from demo.orders import CUSTOM, GOOD_CARDS, PATIENCE, SimulatedOrder, simulate_order
from demo.rhythm import Rhythm
from services.kernel.clock import Clock, to_epoch_ms

_HORIZON: Final = timedelta(minutes=1)
_LOOK: Final = timedelta(seconds=1)
_LOOKS_MAX: Final = 90
_GIVES_UP: Final = timedelta(minutes=5)
_INPUT: Final = re.compile(r"<input[^>]*>")
_ATTRIBUTE: Final = re.compile(r'(name|value)="([^"]*)"')
_log = logging.getLogger(__name__)

Wait = Callable[[float], bool]
"""Waits so many seconds, or until it is told to stop; returns whether it was (`threading.Event.wait`)."""


@dataclass(order=True, slots=True)
class _Visit:
    """One buyer on their way through the till, and what they do next."""

    due_at: datetime
    number: int
    order: SimulatedOrder = field(compare=False)
    client: httpx.Client = field(compare=False)
    step: str = field(compare=False, default="open")
    page: str = field(compare=False, default="")
    fields: dict[str, str] = field(compare=False, default_factory=dict)
    cards: list[str] = field(compare=False, default_factory=list)
    tries: int = field(compare=False, default=0)
    looks: int = field(compare=False, default=0)


class Buyers:
    """Plans orders by the rhythm and does each step when it is due.

    `open_client` makes a browser of one's own, with the product's address as its base.
    """

    def __init__(
        self, open_client: Callable[[], httpx.Client], demo_key: str, clock: Clock, rhythm: Rhythm | None = None
    ) -> None:
        self._open_client, self._demo_key, self._clock = open_client, demo_key, clock
        self._rhythm = rhythm or CUSTOM
        now = clock.now()
        self._chance = random.Random(f"{self._rhythm.seed} buyers {to_epoch_ms(now)}")  # noqa: S311 -- a simulation
        self._planned_until = now
        self._due: list[_Visit] = []
        self._numbers = itertools.count()

    def run(self, wait: Wait) -> None:
        """Buy until told to stop."""
        while not wait(self.turn()):
            pass
        for visit in self._due:
            visit.client.close()

    def turn(self) -> float:
        """Do what is due and return how long there is nothing to do.

        Units: seconds.
        """
        now = self._clock.now()
        self._plan(now)
        while self._due and self._due[0].due_at <= now:
            visit = heapq.heappop(self._due)
            wait = self._step(visit) if now - visit.due_at < _GIVES_UP else None
            if wait is None:
                visit.client.close()
                continue
            visit.due_at = self._clock.now() + wait
            heapq.heappush(self._due, visit)
        next_at = self._due[0].due_at if self._due else now + _HORIZON
        return min(1.0, max(0.05, (next_at - now).total_seconds()))

    def _plan(self, now: datetime) -> None:
        until, begin = now + _HORIZON, max(self._planned_until, now)
        if until <= begin:
            return
        for at in self._rhythm.starts(begin, until, self._chance):
            order = simulate_order(self._chance, at)
            visit = _Visit(at, next(self._numbers), order, self._open_client(), cards=list(order.cards))
            heapq.heappush(self._due, visit)
        self._planned_until = until

    def _step(self, visit: _Visit) -> timedelta | None:
        """Do one step; return how long the buyer takes until the next, or nothing where the visit is over."""
        try:
            return getattr(self, f"_{visit.step}")(visit)  # type: ignore[no-any-return] # each step returns one of the two
        except (httpx.HTTPError, KeyError) as failure:
            _log.info("demo_buyer_left", extra={"step": visit.step, "reason": type(failure).__name__})
            return None

    def _open(self, visit: _Visit) -> timedelta | None:
        visit.page = f"/shop/buy/{visit.order.title}"
        visit.fields = _fields(visit.client.get(visit.page).raise_for_status().text)
        visit.step = "place"
        return self._moment(2, 9)

    def _place(self, visit: _Visit) -> timedelta | None:
        answer = self._send(visit, "order_key", demo_key=self._demo_key)
        visit.page = answer.headers["Location"]
        visit.step = "pay"
        return self._moment(4, 20) if visit.cards else None

    def _pay(self, visit: _Visit) -> timedelta | None:
        visit.fields = _fields(visit.client.get(visit.page).raise_for_status().text)
        self._send(visit, "number", card=visit.cards[0])
        visit.tries, visit.looks, visit.step = visit.tries + 1, 0, "look"
        return _LOOK

    def _look(self, visit: _Visit) -> timedelta | None:
        answer = visit.client.get(visit.page).raise_for_status()
        visit.looks += 1
        if "Refresh" in answer.headers:
            return _LOOK if visit.looks < _LOOKS_MAX else None
        if 'name="number"' not in answer.text:
            return None  # paid, or over
        if visit.cards[0] not in GOOD_CARDS:
            visit.cards.pop(0)
            visit.tries = 0
        if not visit.cards or visit.tries >= PATIENCE:
            return None
        visit.step = "pay"
        return self._moment(3, 12)

    def _send(self, visit: _Visit, name: str, **more: str) -> httpx.Response:
        given = {"_csrf_token": visit.fields["_csrf_token"], name: visit.fields[name], **more}
        answer = visit.client.post(visit.page, data=given)
        if answer.status_code != httpx.codes.SEE_OTHER:
            answer.raise_for_status()
        return answer

    def _moment(self, least: float, most: float) -> timedelta:
        return timedelta(seconds=self._chance.uniform(least, most))


def _fields(page: str) -> dict[str, str]:
    """Return the values of a page's hidden fields by name."""
    found: dict[str, str] = {}
    for control in _INPUT.findall(page):
        given = dict(_ATTRIBUTE.findall(control))
        if "name" in given:
            found.setdefault(given["name"], given.get("value", ""))
    return found

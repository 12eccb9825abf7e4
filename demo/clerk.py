"""The demo's clerk: asks for payouts to creators and approves them, and leaves some for a person to decide."""

import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from demo.orders import PAYOUTS
from demo.titles import RECIPES
from services.kernel.clock import Clock, to_epoch_ms
from services.kernel.context import Actor, JobActor
from services.kernel.errors import DomainError
from services.kernel.money import Money
from services.kernel.paging import Page, PageRequest
from services.payments.rules import PayoutStage
from services.payments.views import PayoutView

CLERK: Final = JobActor(
    "demo.clerk", frozenset({"payments.read", "payments.payout.request", "payments.payout.approve"})
)
LEFT_FOR_PEOPLE: Final = 3
"""How many requests wait, so that whoever looks has something to approve."""
_TURN_SECONDS: Final = 5.0
_LEAST_MINOR, _MOST_MINOR = 2_000, 90_000
_log = logging.getLogger(__name__)


class Payouts(Protocol):
    """The verbs of payouts."""

    def request(self, actor: Actor, *, account: str, creator_name: str, money: Money, origin: str = "real") -> str:
        """Ask for a payout."""
        ...

    def approve(self, actor: Actor, *, payout_id: str) -> None:
        """Let a payout leave."""
        ...

    def latest(self, actor: Actor, page: PageRequest, *, state: PayoutStage | None = None) -> Page[PayoutView]:
        """Return payouts, the latest first."""
        ...


class Clerk:
    """Works by the rhythm of payouts; the first requests are there at once."""

    def __init__(self, payouts: Payouts, clock: Clock) -> None:
        self._payouts, self._clock = payouts, clock
        self._chance = random.Random(f"{PAYOUTS.seed} clerk {to_epoch_ms(clock.now())}")  # noqa: S311 -- a simulation
        self._planned_until = clock.now()
        self._due: list[datetime] = []

    def run(self, wait: Callable[[float], bool]) -> None:
        """Work until told to stop."""
        while not wait(_TURN_SECONDS):
            try:
                self.turn()
            except DomainError as refusal:  # the database is away for a moment, or a person was quicker
                _log.info("demo_clerk_waits", extra={"reason": refusal.code})

    def turn(self) -> None:
        """Ask for what is due, and approve what waits beyond what is left for people."""
        now = self._clock.now()
        if now >= self._planned_until:
            until = now + timedelta(hours=1)
            self._due = sorted(PAYOUTS.starts(now, until, self._chance))
            self._planned_until = until
        waiting = self._waiting()
        due = [at for at in self._due if at <= now]
        self._due = self._due[len(due) :]
        for _ in range(max(len(due), LEFT_FOR_PEOPLE - len(waiting))):
            self._ask()
        for old in sorted(self._waiting(), key=lambda each: each.requested_at)[:-LEFT_FOR_PEOPLE]:
            self._payouts.approve(CLERK, payout_id=old.id)

    def _waiting(self) -> Sequence[PayoutView]:
        found = self._payouts.latest(CLERK, PageRequest(size=100), state=PayoutStage.REQUESTED).items
        return [each for each in found if each.origin == "demo"]

    def _ask(self) -> None:
        recipe = self._chance.choice(RECIPES)
        self._payouts.request(
            CLERK,
            account=f"acct_Demo{''.join(part.title() for part in recipe.slug.split('-'))}",
            creator_name=recipe.creator,
            money=Money(self._chance.randint(_LEAST_MINOR, _MOST_MINOR), "EUR"),
            origin="demo",
        )

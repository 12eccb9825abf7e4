"""The demo's buyers and payouts: when people buy, with which cards, how long the bank takes; seeded, and the demo's.

The past is told by the same arithmetic that counts real orders (`services.metrics.reactions`).
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from demo.components import Trouble, troubles
from demo.rhythm import Rhythm
from services.components.views import ComponentStatus
from services.kernel.context import Actor, JobActor
from services.kernel.money import Money
from services.metrics.catalogue import Observation
from services.metrics.reactions import checkout_observations, payout_observation
from services.payments.views import OfferView

MERCHANT: Final = JobActor(
    "demo.merchant", frozenset({"catalogue.read", "payments.price", "payments.buy", "payments.forget"})
)
CUSTOM: Final = Rhythm(seed=11, plays_a_day=2_400.0)
"""Orders a day: as many as let a broken checkout be noticed within minutes."""
PAYOUTS: Final = Rhythm(seed=13, plays_a_day=48.0)
PRICES: Final[Mapping[str, Money]] = {
    "good-morning": Money(499, "EUR"),
    "close-up": Money(299, "EUR"),
    "noir-morning": Money(399, "EUR"),
    "slow-morning": Money(299, "EUR"),
    "game-of-life": Money(199, "EUR"),
}
"""What the demo's titles cost; the others are not for sale."""
PAYOUT_MEDIAN_SECONDS: Final = 45.0
"""The sandbox's bank is quick, so that a payout is seen to arrive."""
GOOD_CARDS: Final = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex")
BAD_CARDS: Final = (
    "pm_card_visa_chargeDeclined",
    "pm_card_visa_chargeDeclinedInsufficientFunds",
    "pm_card_chargeDeclinedExpiredCard",
)
PATIENCE: Final = 3
"""How often a buyer tries a card that should have paid."""
_WALKS_AWAY, _BAD_CARD, _HAS_ANOTHER = 0.12, 0.024, 0.8
_TRIES_AGAIN = timedelta(seconds=40)
_GIVEN_UP = timedelta(minutes=30)
_IN_TROUBLE: Final = {
    ComponentStatus.DEGRADED: 0.12,
    ComponentStatus.PARTIAL_OUTAGE: 0.4,
    ComponentStatus.MAJOR_OUTAGE: 0.9,
}
_CHECKOUT: Final = "checkout0001"
_SPREAD, _SLOWEST = 0.55, 1.6


class Pricing(Protocol):
    """The verbs that price titles."""

    def offer(self, actor: Actor, slug: str) -> OfferView | None:
        """Return what a title costs."""
        ...

    def set_price(self, actor: Actor, *, slug: str, price: Money) -> None:
        """Offer a title at a price."""
        ...


@dataclass(frozen=True, slots=True)
class SimulatedOrder:
    """One visit to the till: the title, and the cards that its buyer tries one after another; none who walks away."""

    title: str
    begins_at: datetime
    cards: tuple[str, ...]


def price_titles(prices: Pricing, published: Sequence[str]) -> int:
    """Put the demo's prices on titles that are published, as far as they do not stand; return how many were set."""
    wanted = {slug: price for slug, price in PRICES.items() if slug in published}
    changed = {s: p for s, p in wanted.items() if (known := prices.offer(MERCHANT, s)) is None or known.price != p}
    for slug, price in changed.items():
        prices.set_price(MERCHANT, slug=slug, price=price)
    return len(changed)


def simulate_order(chance: random.Random, begins_at: datetime) -> SimulatedOrder:
    """Return what somebody does at the till."""
    titles = list(PRICES)
    title = chance.choices(titles, [1 / (rank + 1.3) for rank in range(len(titles))])[0]
    if chance.random() < _WALKS_AWAY:
        return SimulatedOrder(title, begins_at, ())
    cards: list[str] = []
    while chance.random() < _BAD_CARD and len(cards) < PATIENCE:
        cards.append(chance.choice(BAD_CARDS))
        if chance.random() >= _HAS_ANOTHER:
            return SimulatedOrder(title, begins_at, tuple(cards))
    return SimulatedOrder(title, begins_at, (*cards, chance.choice(GOOD_CARDS)))


def order_observations(now: datetime, day: datetime, until_at: datetime, share: float = 1.0) -> list[Observation]:
    """Return what is counted of a day's checkouts that end before an instant; those in trouble fit the incidents.

    `share` is the part of the demo's usual custom that comes.
    """
    custom = replace(CUSTOM, plays_a_day=CUSTOM.plays_a_day * share)
    chance = random.Random(f"{CUSTOM.seed} orders {day.date().isoformat()}")  # noqa: S311 -- a simulation, no secret
    bad = [each for each in troubles(now) if each.component_id == _CHECKOUT]
    found: list[Observation] = []
    for starts_at in custom.starts(day, day + timedelta(days=1), chance):
        for at, outcome in _ends(chance, simulate_order(chance, starts_at), bad):
            if at < until_at and at < day + timedelta(days=1):
                found += checkout_observations(outcome, "demo", at)
    return found


def payout_observations(day: datetime, until_at: datetime) -> list[Observation]:
    """Return what is measured of a day's payouts that arrive before an instant."""
    chance = random.Random(f"{PAYOUTS.seed} payouts {day.date().isoformat()}")  # noqa: S311 -- a simulation, no secret
    found: list[Observation] = []
    for approved_at in PAYOUTS.starts(day, day + timedelta(days=1), chance):
        seconds = PAYOUT_MEDIAN_SECONDS * math.exp(min(_SLOWEST, chance.gauss(0, _SPREAD)))
        paid_at = approved_at + timedelta(seconds=seconds)
        if paid_at < min(until_at, day + timedelta(days=1)):
            found.append(payout_observation(approved_at, paid_at, "demo"))
    return found


def _ends(chance: random.Random, order: SimulatedOrder, bad: Sequence[Trouble]) -> Iterator[tuple[datetime, str]]:
    """Yield when each attempt of an order ended, and how."""
    at = order.begins_at + timedelta(seconds=chance.uniform(8, 40))
    if not order.cards:
        yield order.begins_at + _GIVEN_UP, "abandoned"
        return
    for card in order.cards:
        for _ in range(PATIENCE):
            in_trouble = next((_IN_TROUBLE[t.status] for t in bad if t.starts_at <= at < t.ends_at), 0.0)
            paid = card in GOOD_CARDS and chance.random() >= in_trouble
            yield at, "paid" if paid else "failed"
            at += _TRIES_AGAIN * chance.uniform(0.4, 1.4)
            if paid or card in BAD_CARDS:
                break

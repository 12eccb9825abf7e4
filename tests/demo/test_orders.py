"""The demo's buyers, payouts and clerk: seeded, marked as the demo's, and as impatient as people are."""

import random
import re
from collections import Counter
from datetime import timedelta

import httpx
import pytest

from demo.buyers import Buyers
from demo.clerk import CLERK, LEFT_FOR_PEOPLE, Clerk
from demo.orders import (
    BAD_CARDS,
    GOOD_CARDS,
    PRICES,
    order_observations,
    payout_observations,
    price_titles,
    simulate_order,
)
from demo.rhythm import Rhythm
from demo.titles import RECIPES
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import Actor
from services.kernel.ids import secret_token
from services.kernel.paging import PageRequest
from services.metrics.slis import CHECKOUT_SUCCESS
from services.payments import Payments
from services.payments.rules import PayoutStage
from services.vendors.stripe import StripeNotices

STEADY = Rhythm(seed=3, plays_a_day=12_000.0)


class Films:
    """The demo's films, all of them published."""

    def title(self, _actor: Actor, slug: str) -> "Film":
        return Film(slug)


class Film:
    """A film, as an order remembers it."""

    def __init__(self, slug: str) -> None:
        self.slug = self.title = slug


@pytest.fixture
def payments(uow: UnitOfWork) -> Payments:
    """Payments of a demo, without anybody who asks the processor."""
    return Payments.assemble(uow, Films(), StripeNotices("whsec_x"), demo_key="the demo's own")


def test_only_titles_that_the_demo_makes_have_a_price() -> None:
    assert set(PRICES) <= {recipe.slug for recipe in RECIPES}


def test_the_past_is_the_same_whoever_asks_is_the_demos_and_keeps_its_promise(clock: FixedClock) -> None:
    day = clock.now().replace(hour=0)
    first = order_observations(clock.now(), day - timedelta(days=1), day)
    assert first == order_observations(clock.now(), day - timedelta(days=1), day)
    assert {each.dimensions.origin for each in first} == {"demo"}
    counts = Counter(each.metric for each in first)
    assert counts["checkouts_attempted"] == counts["checkouts_paid"] + counts["checkouts_failed"]
    assert counts["checkouts_paid"] / counts["checkouts_attempted"] > (CHECKOUT_SUCCESS.target or 0)
    assert counts["checkouts_abandoned"] > 0


def test_nothing_is_told_of_orders_and_payouts_of_the_future(clock: FixedClock) -> None:
    day, now = clock.now().replace(hour=0), clock.now()
    told = [*order_observations(now, day, now), *payout_observations(day, now)]
    assert max(each.at_ms for each in told) <= to_epoch_ms(now)
    assert {each.dimensions.origin for each in told} == {"demo"}


def test_some_buyers_walk_away_some_cards_are_bad_and_most_pay(clock: FixedClock) -> None:
    chance = random.Random(1)
    orders = [simulate_order(chance, clock.now()) for _ in range(4_000)]
    away = sum(not order.cards for order in orders)
    good = sum(bool(order.cards) and order.cards[-1] in GOOD_CARDS for order in orders)
    bad = sum(card in BAD_CARDS for order in orders for card in order.cards)
    assert 0.09 < away / len(orders) < 0.15
    assert good / (len(orders) - away) > 0.97
    assert bad > 0


def test_prices_are_set_once_and_only_on_what_is_published(payments: Payments) -> None:
    assert price_titles(payments.prices, ["good-morning", "colour-drift"]) == 1
    assert price_titles(payments.prices, ["good-morning", "colour-drift"]) == 0


def test_the_clerk_approves_what_waits_and_leaves_some_for_people(payments: Payments, clock: FixedClock) -> None:
    clerk = Clerk(payments.payouts, clock)
    for _ in range(48):
        clerk.turn()
        clock.advance(minutes=30)
    from_demo = payments.payouts.latest(CLERK, PageRequest(size=200)).items
    states = Counter(each.state for each in from_demo)
    assert states[PayoutStage.REQUESTED] == LEFT_FOR_PEOPLE
    assert states[PayoutStage.APPROVED] > 10
    assert {each.origin for each in from_demo} == {"demo"}


class TillDouble:
    """The till's own pages, as a buyer meets them: every card that is good pays after one look."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken, self.orders, self.cards, self.demo_keys = broken, dict[str, list[str]](), list[str](), set[str]()
        self.looked: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        given = dict(httpx.QueryParams(request.content.decode()))
        if request.url.path.startswith("/shop/buy/"):
            if request.method == "GET":
                return self._form("order_key", secret_token())
            self.demo_keys.add(given["demo_key"])
            self.orders[given["order_key"]] = []
            return httpx.Response(303, headers={"Location": f"/shop/orders/{given['order_key']}"})
        tried = self.orders[request.url.path.rpartition("/")[2]]
        if request.method == "POST":
            assert int(given["number"]) == len(tried) + 1
            tried.append(given["card"])
            self.cards.append(given["card"])
            return httpx.Response(303, headers={"Location": request.url.path})
        paid = bool(tried) and tried[-1] in GOOD_CARDS and not self.broken
        return httpx.Response(200, text="Paid") if paid else self._form("number", str(len(tried) + 1))

    @staticmethod
    def _form(name: str, value: str) -> httpx.Response:
        control = f'<input type="hidden" name="{name}" value="{value}">'
        return httpx.Response(200, text=f'<input type="hidden" name="_csrf_token" value="t">{control}')


def go(till: TillDouble, clock: FixedClock, minutes: int) -> None:
    """Let buyers come for some minutes."""
    buyers = Buyers(
        lambda: httpx.Client(transport=httpx.MockTransport(till), base_url="http://till"), "key", clock, STEADY
    )
    for _ in range(minutes * 60):
        buyers.turn()
        clock.advance(seconds=1)


def test_buyers_place_pay_and_go(clock: FixedClock) -> None:
    till = TillDouble()
    go(till, clock, 10)
    paid = [cards for cards in till.orders.values() if cards and cards[-1] in GOOD_CARDS]
    assert len(till.orders) > 30
    assert 0.6 < len(paid) / len(till.orders) < 1
    assert till.demo_keys == {"key"}


def test_buyers_whose_good_card_fails_try_it_three_times_and_leave(clock: FixedClock) -> None:
    till = TillDouble(broken=True)
    go(till, clock, 10)
    most = max(len([card for card in cards if card in GOOD_CARDS]) for cards in till.orders.values())
    assert most == 3


def test_a_shop_that_is_away_is_left_alone_by_its_buyers(clock: FixedClock) -> None:
    asked: list[str] = []

    def away(request: httpx.Request) -> httpx.Response:
        asked.append(re.sub(r"[^/]*$", "", request.url.path))
        return httpx.Response(503)

    buyers = Buyers(
        lambda: httpx.Client(transport=httpx.MockTransport(away), base_url="http://x"), "key", clock, STEADY
    )
    for _ in range(120):
        buyers.turn()
        clock.advance(seconds=1)
    assert set(asked) == {"/shop/buy/"}
    assert len(asked) < 120 * 2

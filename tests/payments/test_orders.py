"""Orders: what a buyer can do, what comes of it, and what is counted."""

import threading

import pytest

from services.kernel.errors import Conflict, DomainError, Invalid, NotFound, RateLimited, Unavailable
from services.kernel.ids import secret_token
from services.kernel.money import Money
from services.kernel.paging import PageRequest
from services.payments import Payments
from services.payments.reactions import ACTOR as TELLER
from services.payments.rules import ATTEMPTS_MAX, ORDERS_PER_NETWORK, AttemptState, OrderState
from tests.payments.conftest import BUYER, CLEANER, DECLINED, DEMO_KEY, PRICE, SLOW, STAFF, VISA, Shelf, Shop


@pytest.mark.capability("STATUS-1")
def test_an_order_is_placed_and_paid_and_counts_as_one_checkout(shop: Shop) -> None:
    key = shop.place()
    assert shop.order(key).state is OrderState.OPEN
    order = shop.pay(key)
    assert (order.state, order.price, order.attempts[0].state) == (OrderState.PAID, PRICE, AttemptState.PAID)
    assert (shop.taken(), shop.counted("checkouts_attempted"), shop.counted("checkouts_paid")) == (1, 1, 1)


@pytest.mark.capability("STATUS-1")
def test_a_declined_card_says_why_and_another_one_pays_the_same_order(shop: Shop) -> None:
    key = shop.place()
    declined = shop.pay(key, DECLINED)
    assert (declined.state, declined.attempts[0].failure_code) == (OrderState.OPEN, "generic_decline")
    paid = shop.pay(key, VISA, number=2)
    assert (paid.state, shop.taken()) == (OrderState.PAID, 1)
    assert shop.outcomes() == ["failed", "paid"]
    assert (shop.counted("checkouts_attempted"), shop.counted("checkouts_failed")) == (2, 1)


@pytest.mark.capability("STATUS-1")
def test_a_buyer_who_walks_away_is_no_failed_checkout(shop: Shop) -> None:
    key = shop.place()
    shop.tick(minutes=29)
    assert shop.order(key).state is OrderState.OPEN
    shop.tick(minutes=2)
    assert shop.order(key).state is OrderState.ABANDONED
    assert (shop.counted("checkouts_abandoned"), shop.counted("checkouts_attempted")) == (1, 0)
    with pytest.raises(Conflict, match="over"):
        shop.pay(key)


def test_the_same_form_sent_twice_is_one_order(shop: Shop) -> None:
    key = secret_token()
    for _ in range(3):
        shop.place(key=key)
    assert len(shop.payments.orders.latest(STAFF, PageRequest()).items) == 1
    with pytest.raises(Conflict, match="another order"):
        shop.place("other", key=key)


def test_twins_at_the_same_instant_are_one_order_and_one_attempt(shop: Shop) -> None:
    key, wrong = secret_token(), list[DomainError]()

    def press() -> None:
        try:
            shop.payments.orders.place(BUYER, slug="film", key=key, client_address="203.0.113.7")
            shop.payments.orders.pay(BUYER, key=key, card=VISA, number=1)
        except DomainError as refusal:
            wrong.append(refusal)

    presses = [threading.Thread(target=press) for _ in range(4)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    shop.carry()
    order = shop.order(key)
    assert (wrong, order.state, len(order.attempts), shop.taken()) == ([], OrderState.PAID, 1, 1)


@pytest.mark.parametrize("key", ["", "x", "A" * 42, "A" * 44, "A" * 42 + "\n", "A" * 42 + "/", "é" * 43, "A" * 100_000])
def test_a_key_that_no_page_has_made_opens_no_order(shop: Shop, key: str) -> None:
    with pytest.raises(Invalid):
        shop.payments.orders.place(BUYER, slug="film", key=key, client_address="203.0.113.7")
    with pytest.raises(NotFound):
        shop.order(key)


@pytest.mark.parametrize(
    "card", ["", "4242424242424242", "pm_", "pm_" + "x" * 65, "pm_card visa", "tok_visa", "pm_<b>"]
)
def test_what_is_no_payment_method_is_refused_and_a_card_number_is_never_taken(shop: Shop, card: str) -> None:
    key = shop.place()
    with pytest.raises(Invalid):
        shop.pay(key, card)
    assert shop.order(key).attempts == ()


def test_a_card_that_the_processor_does_not_know_ends_the_attempt(shop: Shop) -> None:
    order = shop.pay(shop.place(), "pm_card_unheard_of")
    assert order.attempts[0].failure_code == "processor_resource_missing"
    assert shop.counted("checkouts_failed") == 1


def test_nothing_is_sold_that_is_no_title_or_has_no_price(shop: Shop) -> None:
    with pytest.raises(NotFound):
        shop.place("nothing")
    with pytest.raises(Conflict, match="not for sale"):
        shop.place("other")


def test_an_order_keeps_its_price_when_the_title_gets_another(shop: Shop) -> None:
    key = shop.place()
    shop.payments.prices.set_price(STAFF, slug="film", price=Money(999, "USD"))
    assert shop.pay(key).price == PRICE
    assert shop.sandbox.store.latest("charge", "", limit=1, since=0, before_id=None)[0]["amount"] == PRICE.minor


@pytest.mark.parametrize(("minor", "currency"), [(0, "EUR"), (-1, "EUR"), (10_000_000, "EUR")])
def test_a_price_that_cannot_be_asked_is_refused(shop: Shop, minor: int, currency: str) -> None:
    with pytest.raises(Invalid):
        shop.payments.prices.set_price(STAFF, slug="film", price=Money(minor, currency))


def test_one_network_places_so_many_orders_an_hour_and_others_are_not_held_up(shop: Shop) -> None:
    for _ in range(ORDERS_PER_NETWORK):
        shop.place(address="2001:db8::1")
    with pytest.raises(RateLimited) as refused:
        shop.place(address="2001:db8::2")
    assert refused.value.retry_after_seconds == 3_600
    shop.place(address="198.51.100.9")
    shop.place(address="2001:db8::1", demo_key=DEMO_KEY)
    shop.tick(hours=1, seconds=1)
    shop.place(address="2001:db8::1")


def test_where_an_order_came_from_is_forgotten_when_it_no_longer_counts(shop: Shop) -> None:
    shop.place()
    shop.teller.tidy(shop.clock.now())
    shop.clock.advance(hours=1)
    assert shop.payments.orders.networks_kept(TELLER)
    shop.teller.tidy(shop.clock.now())
    assert not shop.payments.orders.networks_kept(TELLER)


def test_a_wish_that_is_sent_twice_is_one_attempt_and_a_stale_one_is_told(shop: Shop) -> None:
    key = shop.place()
    shop.pay(key, DECLINED)
    shop.pay(key, VISA, number=1)
    assert len(shop.order(key).attempts) == 1
    with pytest.raises(Conflict, match="changed meanwhile"):
        shop.pay(key, VISA, number=3)
    shop.pay(key, VISA, number=2)
    with pytest.raises(Conflict, match="paid already"):
        shop.pay(key, VISA, number=3)


def test_while_a_payment_runs_no_second_one_begins(shop: Shop) -> None:
    key = shop.place()
    assert shop.pay(key, SLOW).running
    with pytest.raises(Conflict, match="under way"):
        shop.pay(key, VISA, number=2)
    shop.tick(seconds=31)
    assert shop.order(key).state is OrderState.PAID
    assert shop.taken() == 1


def test_an_order_is_tried_so_often_and_no_more(shop: Shop) -> None:
    key = shop.place()
    for number in range(1, ATTEMPTS_MAX + 1):
        shop.pay(key, DECLINED, number=number)
    with pytest.raises(Conflict):
        shop.pay(key, VISA, number=ATTEMPTS_MAX + 1)


def test_without_a_processor_nothing_can_be_bought_and_there_is_no_door_for_notices(shop: Shop) -> None:
    bare = Payments.assemble(shop.uow, Shelf(), None)
    with pytest.raises(Unavailable):
        bare.orders.place(BUYER, slug="film", key=secret_token(), client_address="203.0.113.7")
    with pytest.raises(NotFound):
        bare.notices.accept(b"{}", "")


def test_the_demos_orders_are_marked_as_such_and_go_with_it(shop: Shop) -> None:
    mine, theirs = shop.place(), shop.place(demo_key=DEMO_KEY)
    forged = shop.place(demo_key="a guess")
    shop.pay(theirs)
    assert (shop.order(theirs).origin, shop.order(forged).origin) == ("demo", "real")
    assert shop.payments.till.forget_origin(CLEANER, "demo") == 1
    with pytest.raises(NotFound):
        shop.order(theirs)
    assert shop.order(mine).origin == "real"
    with pytest.raises(Invalid):
        shop.payments.till.forget_origin(CLEANER, "real")

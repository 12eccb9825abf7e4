"""What becomes of a payment whose answer is lost, late or never comes, and of a process that dies half-way."""

from datetime import timedelta

import pytest

from services.events.payments import PaymentRequested
from services.payments.reactions import ACTOR
from services.payments.rules import AttemptState, OrderState
from services.vendors.stripe import StripeGateway
from tests.payments.conftest import BUYER, KEY, VISA, Shop

pytestmark = pytest.mark.capability("STATUS-1")


def requested(shop: Shop, key: str, number: int = 1, card: str = VISA) -> PaymentRequested:
    """Ask for a payment, and return the fact before anybody has heard it."""
    shop.payments.orders.pay(BUYER, key=key, card=card, number=number)
    fact, _ = shop.carrier.waiting.pop()
    assert isinstance(fact, PaymentRequested)
    return fact


def test_a_process_that_dies_between_the_charge_and_its_record_charges_once(shop: Shop) -> None:
    key = shop.place()
    fact = requested(shop, key)
    shop.teller.charge(fact, "key")  # the money is taken, and the process dies before it settles
    assert (shop.taken(), shop.order(key).attempts[0].state) == (1, AttemptState.REQUESTED)
    result = shop.teller.charge(fact, "key")  # durable work begins the effect anew
    shop.teller.settle_charge(fact, result)
    shop.carry()
    assert (shop.taken(), shop.order(key).state, shop.outcomes()) == (1, OrderState.PAID, ["paid"])


def test_a_result_that_is_settled_twice_counts_once(shop: Shop) -> None:
    key = shop.place()
    fact = requested(shop, key)
    result = shop.teller.charge(fact, "key")
    for _ in range(3):
        shop.teller.settle_charge(fact, result)
    shop.carry()
    assert (shop.outcomes(), shop.counted("checkouts_paid")) == (["paid"], 1)


def test_a_charge_whose_answer_was_lost_for_good_still_pays_the_order_and_the_buyer_is_not_charged_again(
    shop: Shop,
) -> None:
    key = shop.place()
    shop.teller.charge(requested(shop, key), "key")  # taken; nobody ever hears the answer
    shop.tick(seconds=31)
    order = shop.order(key)
    assert (order.attempts[0].failure_code, order.state) == ("processor_silent", OrderState.OPEN)
    shop.tick(seconds=31)
    assert (shop.order(key).state, shop.taken()) == (OrderState.PAID, 1)
    assert (shop.outcomes(), shop.counted("checkouts_attempted")) == (["failed"], 1)


def test_a_buyer_who_tries_again_after_a_lost_answer_pays_once(shop: Shop) -> None:
    key = shop.place()
    shop.teller.charge(requested(shop, key), "key")
    shop.clock.advance(seconds=31)
    shop.teller.watch()
    order = shop.pay(key, "pm_card_mastercard", number=2)
    assert (order.state, shop.taken()) == (OrderState.PAID, 1)


def test_a_processor_that_fails_ends_the_attempt_and_says_it_is_unclear(shop: Shop) -> None:
    shop.behave(charges="error")
    key = shop.place()
    shop.pay(key)
    assert shop.carrier.failures == ["processor_failing"]
    shop.clock.advance(seconds=31)
    shop.teller.watch()
    shop.carry()
    assert shop.order(key).attempts[0].failure_code == "processor_silent"
    shop.behave(charges="normal")
    assert shop.pay(key, number=2).state is OrderState.PAID
    assert (shop.taken(), shop.outcomes()) == (1, ["failed", "paid"])


def test_a_processor_that_stays_silent_holds_nobody_longer_than_it_is_given(shop: Shop) -> None:
    shop.behave(charges="silent")
    gateway = StripeGateway(KEY, shop.sandbox.url, timeout_seconds=0.2)
    shop.teller.gateway = gateway
    key = shop.place()
    shop.pay(key)
    assert shop.carrier.failures == ["processor_unreachable"]
    shop.behave(charges="normal")
    assert shop.order(key).running


def test_every_card_is_declined_where_the_sandbox_says_so(shop: Shop) -> None:
    shop.behave(charges="declined")
    order = shop.pay(shop.place())
    assert (order.attempts[0].failure_code, shop.taken()) == ("generic_decline", 0)


def test_what_stays_unclear_is_asked_for_a_day_and_then_no_more(shop: Shop) -> None:
    key = shop.place()
    requested(shop, key)
    shop.clock.advance(seconds=31)
    shop.teller.watch()
    shop.behave(charges="error")
    for _ in range(3):
        shop.tick(hours=9)
    assert shop.payments.settlement.unclear(ACTOR) == ()
    shop.tick(minutes=31)
    assert shop.order(key).state is OrderState.ABANDONED


def test_an_attempt_that_is_over_is_not_charged_any_more(shop: Shop) -> None:
    key = shop.place()
    fact = requested(shop, key)
    shop.clock.advance(seconds=31)
    shop.teller.watch()
    assert shop.teller.charge(fact, "key") is None
    assert shop.taken() == 0


def test_a_paid_order_is_told_apart_from_one_that_is_open_for_as_long_as_it_is_asked(shop: Shop) -> None:
    key = shop.place()
    shop.pay(key)
    for _ in range(3):
        shop.tick(hours=12)
    order = shop.order(key)
    assert order.paid_at is not None
    assert (order.state, shop.clock.now() - order.paid_at) == (OrderState.PAID, timedelta(hours=36))
    assert shop.outcomes() == ["paid"]

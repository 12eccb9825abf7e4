"""Payouts: approved once, sent once, and measured from the approval to the money's arrival."""

import threading

import pytest

from services.events.payments import PayoutApproved, PayoutOverdue, PayoutPaid
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.money import Money
from services.payments.rules import PayoutStage, money_of
from tests.payments.conftest import STAFF, Shop


def approved(shop: Shop, payout_id: str) -> PayoutApproved:
    """Approve a payout, and return the fact before anybody has heard it."""
    shop.payments.payouts.approve(STAFF, payout_id=payout_id)
    fact, _ = shop.carrier.waiting.pop()
    assert isinstance(fact, PayoutApproved)
    return fact


@pytest.mark.capability("STATUS-1")
def test_a_payout_is_approved_sent_and_paid_and_its_latency_is_measured(shop: Shop) -> None:
    payout = shop.payout()
    assert shop.seen(payout).state is PayoutStage.REQUESTED
    shop.clock.advance(minutes=3)
    assert shop.approve(payout).state is PayoutStage.SENT
    shop.tick(minutes=20)
    (notice,) = shop.notices("payout.paid")
    shop.hear(notice)
    done = shop.seen(payout)
    assert done.state is PayoutStage.PAID
    assert done.approved_at is not None
    assert done.paid_at is not None
    assert (done.paid_at - done.approved_at).total_seconds() == 1_200
    assert (shop.counted("payout_latency"), shop.sent()) == (1, 1)


def test_two_people_who_approve_at_once_send_it_once(shop: Shop) -> None:
    payout, refused = shop.payout(), list[str]()

    def approve() -> None:
        try:
            shop.payments.payouts.approve(STAFF, payout_id=payout)
        except Conflict as refusal:
            refused.append(refusal.code)

    people = [threading.Thread(target=approve) for _ in range(4)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    shop.carry()
    assert (refused, shop.sent()) == (["payout_not_waiting"] * 3, 1)


@pytest.mark.capability("STATUS-1")
def test_a_process_that_dies_between_the_sending_and_its_record_sends_once(shop: Shop) -> None:
    payout = shop.payout()
    fact = approved(shop, payout)
    shop.teller.pay_out(fact, "key")
    result = shop.teller.pay_out(fact, "key")
    for _ in range(2):
        shop.teller.settle_pay_out(fact, result)
    assert (shop.sent(), shop.seen(payout).state) == (1, PayoutStage.SENT)


def test_a_payout_that_may_have_left_is_looked_for_before_it_is_sent_again(shop: Shop) -> None:
    payout = shop.payout()
    fact = approved(shop, payout)
    shop.teller.pay_out(fact, "key")  # it left; the answer is lost, and the processor forgets the key after a day
    shop.clock.advance(hours=25)
    shop.teller.settle_pay_out(fact, shop.teller.pay_out(fact, "key"))
    assert (shop.sent(), shop.seen(payout).state) == (1, PayoutStage.SENT)


@pytest.mark.parametrize("how", ["as sent", "reversed", "doubled", "lost"])
def test_however_notices_arrive_a_payout_is_paid_once(shop: Shop, how: str) -> None:
    payout = shop.payout()
    shop.approve(payout)
    shop.clock.advance(minutes=20)
    shop.sandbox.messenger.turn()
    told = shop.notices("payout.created", "payout.paid")
    shop.hear(*{"as sent": told, "reversed": told[::-1], "doubled": [*told, *told], "lost": []}[how])
    shop.tick(minutes=20)
    assert shop.seen(payout).state is PayoutStage.PAID
    assert len([fact for fact in shop.carrier.seen if isinstance(fact, PayoutPaid)]) == 1


def test_a_payout_that_the_bank_sends_back_is_approved_anew_and_sent_anew(shop: Shop) -> None:
    payout = shop.payout("acct_Closed")
    shop.approve(payout)
    shop.tick(minutes=20)
    failed = shop.seen(payout)
    assert (failed.state, failed.failure_code) == (PayoutStage.FAILED, "account_closed")
    shop.approve(payout)
    assert shop.sent("acct_Closed") == 2


def test_a_processor_that_does_not_take_it_leaves_it_to_staff_and_is_asked_under_the_same_key(shop: Shop) -> None:
    payout = shop.payout()
    fact = approved(shop, payout)
    shop.behave(charges="error")
    shop.carrier.run(shop.uow, shop.teller.subscriptions()[1], fact)
    assert shop.carrier.failures == ["processor_failing"]
    shop.behave(charges="normal")
    shop.carrier.run(shop.uow, shop.teller.subscriptions()[1], fact)
    assert (shop.sent(), shop.seen(payout).state) == (1, PayoutStage.SENT)


@pytest.mark.capability("STATUS-1")
def test_a_payout_that_does_not_arrive_within_a_day_is_counted_once_as_overdue(shop: Shop) -> None:
    shop.behave(payouts="held")
    payout = shop.payout()
    shop.approve(payout)
    for _ in range(4):
        shop.tick(hours=9)
    assert len([fact for fact in shop.carrier.seen if isinstance(fact, PayoutOverdue)]) == 1
    assert (shop.seen(payout).state, shop.counted("payouts_overdue")) == (PayoutStage.SENT, 1)


def test_what_was_paid_or_rejected_is_not_approved_again(shop: Shop) -> None:
    paid, rejected = shop.payout(), shop.payout()
    shop.payments.payouts.reject(STAFF, payout_id=rejected)
    shop.approve(paid)
    shop.tick(minutes=20)
    for payout in (paid, rejected):
        with pytest.raises(Conflict):
            shop.payments.payouts.approve(STAFF, payout_id=payout)
        with pytest.raises(Conflict):
            shop.payments.payouts.reject(STAFF, payout_id=payout)
    with pytest.raises(NotFound):
        shop.payments.payouts.approve(STAFF, payout_id="pay_nothing")


@pytest.mark.parametrize("account", ["", "acct_", "acct_a b", "DE89370400440532013000", "acct_" + "x" * 65, "acct_<b>"])
def test_what_is_no_account_is_refused(shop: Shop, account: str) -> None:
    with pytest.raises(Invalid):
        shop.payout(account)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_payout_says_whom_it_is_for(shop: Shop, name: str) -> None:
    with pytest.raises(Invalid):
        shop.payments.payouts.request(STAFF, account="acct_1A2b", creator_name=name, money=Money(100, "EUR"))


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.50", "EUR", 1_250), (" 7 ", "EUR", 700), ("500", "JPY", 500), ("1.234", "KWD", 1_234), ("0.01", "USD", 1)],
)
def test_an_amount_is_read_in_the_units_of_its_currency(amount: str, currency: str, minor: int) -> None:
    assert money_of(amount, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("", "EUR"), ("1,50", "EUR"), ("-1", "EUR"), ("1e3", "EUR"), ("0", "EUR"), ("1.234", "EUR"), ("1.5", "JPY"),
        ("9999999999", "EUR"), ("100000", "EUR"), ("٣", "EUR"), ("1", "euro"), ("1", "E1R"), ("nan", "EUR"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(Invalid):
        money_of(amount, currency)

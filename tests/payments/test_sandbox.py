"""The payment sandbox against Stripe's own SDK: as strict as Stripe, and the same shapes."""

import socket
from pathlib import Path

import pytest
import stripe

from payment_sandbox.server import Sandbox
from services.kernel.clock import FixedClock
from tests.payments.conftest import KEY

INTENT: stripe.params.PaymentIntentCreateParams = {"amount": 499, "currency": "eur"}
PAYOUT: stripe.params.PayoutCreateParams = {"amount": 499, "currency": "eur"}


@pytest.fixture
def database_kind() -> str:
    """The sandbox keeps a file of its own: no database of ours is needed."""
    return "sqlite"


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    """Stripe's own client, which differs by its base address alone."""
    return stripe.StripeClient(KEY, base_addresses={"api": sandbox.url}, max_network_retries=0)


def test_a_payment_goes_through_the_states_that_the_sdk_knows(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 499, "currency": "eur", "metadata": {"order_id": "ord_1"}})
    assert (intent.status, intent.object, intent.livemode) == ("requires_payment_method", "payment_intent", False)
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.amount_received, paid.metadata["order_id"]) == ("succeeded", 499, "ord_1")
    assert client.v1.payment_intents.retrieve(intent.id).latest_charge == paid.latest_charge


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
def test_a_declined_card_is_the_sdks_card_error(
    client: stripe.StripeClient, card: str, code: str, decline_code: str
) -> None:
    intent = client.v1.payment_intents.create(INTENT)
    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": card})
    assert (declined.value.code, declined.value.http_status) == (code, 402)
    assert declined.value.error is not None
    assert declined.value.error.decline_code == decline_code
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"amount": 499}, "currency"),
        ({"currency": "eur"}, "amount"),
        ({**INTENT, "amount": 0}, "amount"),
        ({**INTENT, "amount": -5}, "amount"),
        ({**INTENT, "amount": 49}, "amount"),
        ({**INTENT, "amount": 100_000_000}, "amount"),
        ({**INTENT, "amount": "4.99"}, "amount"),
        ({**INTENT, "currency": "EUR"}, "currency"),
        ({**INTENT, "currency": "doge"}, "currency"),
        ({**INTENT, "colour": "red"}, "colour"),
        ({**INTENT, "metadata": {"k" * 41: "v"}}, "metadata"),
        ({**INTENT, "metadata": {"k": "v" * 501}}, "metadata"),
        ({**INTENT, "payment_method": "pm_card_unheard_of"}, "payment_method"),
    ],
)
def test_what_stripe_refuses_the_sandbox_refuses(
    client: stripe.StripeClient, given: dict[str, object], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(given)  # type: ignore[arg-type] # wrong on purpose
    assert refused.value.param == param


def test_a_paid_payment_is_neither_confirmed_nor_cancelled_again(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 499, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    )
    for again in (client.v1.payment_intents.confirm, client.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            again(intent.id)
        assert refused.value.code == "payment_intent_unexpected_state"


def test_an_idempotency_key_replays_its_answer_and_refuses_other_words(
    client: stripe.StripeClient, clock: FixedClock
) -> None:
    first = client.v1.payment_intents.create(INTENT, {"idempotency_key": "once"})
    assert client.v1.payment_intents.create(INTENT, {"idempotency_key": "once"}).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.create({"amount": 500, "currency": "eur"}, {"idempotency_key": "once"})
    clock.advance(hours=25)
    assert client.v1.payment_intents.create(INTENT, {"idempotency_key": "once"}).id != first.id


@pytest.mark.parametrize("key", ["sk_test_of_somebody_else", "whsec_x"])
def test_a_wrong_key_opens_nothing(sandbox: Sandbox, key: str) -> None:
    stranger = stripe.StripeClient(key, base_addresses={"api": sandbox.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.payment_intents.create(INTENT)


def test_what_is_not_there_is_a_404_and_accounts_do_not_see_each_other(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.payment_intents.retrieve("pi_nothing")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    payout = client.v1.payouts.create(PAYOUT, {"stripe_account": "acct_1A2b"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.retrieve(payout.id, None, {"stripe_account": "acct_other"})


def test_payouts_are_listed_page_by_page_as_the_sdk_asks(client: stripe.StripeClient) -> None:
    made = [client.v1.payouts.create(PAYOUT, {"stripe_account": "acct_1A2b"}).id for _ in range(5)]
    listed = client.v1.payouts.list({"limit": 2}, {"stripe_account": "acct_1A2b"})
    assert [payout.id for payout in listed.auto_paging_iter()] == made[::-1]


def test_what_was_written_outlives_the_process(tmp_path: Path, clock: FixedClock) -> None:
    def opened() -> Sandbox:
        return Sandbox(tmp_path / "kept.db", port=0, api_key=KEY, clock=lambda: clock.now().timestamp())

    first = opened()
    first.start()
    client = stripe.StripeClient(KEY, base_addresses={"api": first.url}, max_network_retries=0)
    intent = client.v1.payment_intents.create(INTENT, {"idempotency_key": "once"})
    first.stop()
    second = opened()
    second.start()
    again = stripe.StripeClient(KEY, base_addresses={"api": second.url}, max_network_retries=0)
    assert again.v1.payment_intents.create(INTENT, {"idempotency_key": "once"}).id == intent.id
    second.stop()


def test_it_listens_on_this_machine_alone(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) == 0

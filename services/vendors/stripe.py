"""Stripe: payments, payouts and signed notices, through its own SDK; only the base address differs for the sandbox.

An order has one PaymentIntent, made under the order's id and confirmed under each attempt's, so that neither a repeated
request nor a second attempt can take the money twice.

Source: docs.stripe.com/api (payment intents, payouts, idempotent requests, errors).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import stripe

from services.infra.http import refuse_in_transaction
from services.kernel.errors import Invalid, Unauthenticated
from services.kernel.money import Money, exponent
from services.payments.ports import (
    Charge,
    Notice,
    PaymentState,
    PayoutState,
    ProcessorRefused,
    ProcessorUnavailable,
    Transfer,
)

TIMEOUT_SECONDS = 8.0
TOLERANCE_SECONDS = 300
_WHOLE_UNITS = frozenset({"ISK", "UGX"})
"""ISO has no decimals for them, Stripe wants two zeros."""
_STATES: dict[str, Literal["paid", "pending", "open"]] = {
    "succeeded": "paid",
    "processing": "pending",
    "requires_capture": "pending",
}
_PAYOUT_STATES: dict[str, Literal["sent", "paid", "failed"]] = {
    "paid": "paid",
    "failed": "failed",
    "canceled": "failed",
}
_FOLLOWED: dict[str, Literal["payment", "payout"]] = {"payment_intent": "payment", "payout": "payout"}
_LOOKED_THROUGH = 100


class StripeGateway:
    """Moves money by Stripe."""

    def __init__(self, key: str, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": url},
            max_network_retries=0,  # durable work tries again, under the same key
            http_client=stripe.RequestsClient(timeout=timeout_seconds),
        ).v1

    def charge(self, charge: Charge) -> PaymentState:
        """Take a payment; the same attempt twice charges once, and a payment that was taken is not taken again.

        Raises: ProcessorRefused, ProcessorUnavailable.
        """
        with _errors_translated("a charge"):
            intent_id = charge.processor_id or self._intent_of(charge)
            try:
                intent = self._client.payment_intents.confirm(
                    intent_id,
                    {"payment_method": charge.card, "error_on_requires_action": True},
                    {"idempotency_key": charge.attempt_id},
                )
            except stripe.CardError as declined:
                code = getattr(declined.error, "decline_code", None) or declined.code or "card_declined"
                return PaymentState(intent_id, charge.order_id, "failed", str(code))
            except stripe.InvalidRequestError as refused:
                if refused.code != "payment_intent_unexpected_state":
                    raise
                # An earlier attempt, whose answer was lost, has moved it on: what counts is how it stands.
                intent = self._client.payment_intents.retrieve(intent_id)
        return _payment_state(intent)

    def payment(self, processor_id: str) -> PaymentState:
        """Return how a payment stands.

        Raises: ProcessorRefused, ProcessorUnavailable.
        """
        with _errors_translated("a question about a payment"):
            return _payment_state(self._client.payment_intents.retrieve(processor_id))

    def look_up(self, charge: Charge) -> PaymentState:
        """Return what became of an order's payment, also where its id never reached us.

        Raises: ProcessorRefused, ProcessorUnavailable.
        """
        with _errors_translated("a question about a payment"):
            intent_id = charge.processor_id or self._intent_of(charge)
            return _payment_state(self._client.payment_intents.retrieve(intent_id))

    def pay_out(self, transfer: Transfer, key: str) -> PayoutState:
        """Send a payout; the same key twice sends once.

        Raises: ProcessorRefused, ProcessorUnavailable.
        """
        with _errors_translated("a payout"):
            sent = self._sent_before(transfer) if transfer.look_first else None
            payout = sent or self._client.payouts.create(
                {
                    "amount": _stripe_amount(transfer.money),
                    "currency": transfer.money.currency.lower(),
                    "description": transfer.description,
                    "metadata": {"payout_id": transfer.payout_id, "key": key},
                },
                {"idempotency_key": key, "stripe_account": transfer.account},
            )
        return _payout_state(payout)

    def payout(self, processor_id: str, account: str) -> PayoutState:
        """Return how a payout stands.

        Raises: ProcessorRefused, ProcessorUnavailable.
        """
        with _errors_translated("a question about a payout"):
            return _payout_state(self._client.payouts.retrieve(processor_id, None, {"stripe_account": account}))

    def _intent_of(self, charge: Charge) -> str:
        """Return the id of the order's one intent, made where there is none: the order's id is its key."""
        made = self._client.payment_intents.create(
            {
                "amount": _stripe_amount(charge.money),
                "currency": charge.money.currency.lower(),
                "description": charge.description,
                "metadata": {"order_id": charge.order_id},
                "allowed_payment_method_types": ["card"],
            },
            {"idempotency_key": f"{charge.order_id}-intent"},
        )
        return made.id

    def _sent_before(self, transfer: Transfer) -> stripe.Payout | None:
        """Return a payout that left under an earlier key which Stripe has forgotten by now, unless it failed."""
        listed = self._client.payouts.list({"limit": _LOOKED_THROUGH}, {"stripe_account": transfer.account})
        for payout in listed.auto_paging_iter():
            ours = _ours(payout.metadata, "payout_id") == transfer.payout_id
            if ours and payout.status not in {"failed", "canceled"}:
                return payout
        return None


class StripeNotices:
    """Reads Stripe's webhooks."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def notice(self, body: bytes, signature: str) -> Notice | None:
        """Return the notice, or nothing where it is about something that we do not follow.

        Raises: Unauthenticated where the signature is missing, wrong or too old; Invalid for what is no event.
        """
        try:
            text = body.decode()
            stripe.WebhookSignature.verify_header(text, signature, self._secret, TOLERANCE_SECONDS)
            event = json.loads(text)
            about = event["data"]["object"]
            notice_id, kind, object_id, object_kind = event["id"], event["type"], about["id"], about["object"]
        except stripe.SignatureVerificationError as error:
            message = "The signature is missing, wrong, or older than five minutes."
            raise Unauthenticated("notice_signature", message) from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Invalid("notice_malformed", "This is no event of Stripe's.") from error
        if not all(isinstance(each, str) for each in (notice_id, kind, object_id, object_kind)):
            raise Invalid("notice_malformed", "This is no event of Stripe's.")
        if object_kind not in _FOLLOWED:
            return None
        return Notice(notice_id[:80], _FOLLOWED[object_kind], object_id[:80], kind[:80])


@contextmanager
def _errors_translated(what: str) -> Iterator[None]:
    refuse_in_transaction(f"{what} at Stripe")
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.IdempotencyError) as error:
        code = "processor_unreachable" if isinstance(error, stripe.APIConnectionError) else "processor_busy"
        raise ProcessorUnavailable(code, "The payment processor does not answer now.") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        # The fault is in our settings: it is good once an operator has mended them.
        raise ProcessorUnavailable("processor_denies_us", "The payment processor refuses our key.") from error
    except stripe.StripeError as error:
        status = error.http_status or 500
        if status >= 500 or status in {409, 429}:  # noqa: PLR2004 -- HTTP's own numbers
            raise ProcessorUnavailable("processor_failing", "The payment processor does not work now.") from error
        message = "The payment processor does not take this request."
        raise ProcessorRefused(f"processor_{error.code or 'refused'}"[:64], message) from error


def _payment_state(intent: stripe.PaymentIntent) -> PaymentState:
    order_id = _ours(intent.metadata, "order_id")
    failure = intent.last_payment_error
    if intent.status in _STATES:
        return PaymentState(intent.id, order_id, _STATES[intent.status])
    if failure is not None:
        code = failure.decline_code or failure.code or "card_declined"
        return PaymentState(intent.id, order_id, "failed", str(code))
    return PaymentState(intent.id, order_id, "open")


def _payout_state(payout: stripe.Payout) -> PayoutState:
    payout_id = _ours(payout.metadata, "payout_id")
    return PayoutState(payout.id, payout_id, _PAYOUT_STATES.get(payout.status, "sent"), payout.failure_code or "")


def _ours(metadata: stripe.StripeObject | None, name: str) -> str:
    """Return what we wrote on an object of Stripe's; empty on one that is not ours."""
    return str(metadata.to_dict().get(name, "")) if metadata is not None else ""


def _stripe_amount(money: Money) -> int:
    """Return an amount in Stripe's smallest unit, which for a few currencies is not ISO's."""
    return money.minor * 100 if money.currency in _WHOLE_UNITS and exponent(money.currency) == 0 else money.minor

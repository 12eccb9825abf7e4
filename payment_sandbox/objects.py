"""Objects in the shapes in which Stripe shows them, with every field that the present API version has."""

import secrets

from payment_sandbox.cards import Card
from payment_sandbox.store import Json
from payment_sandbox.wire import API_VERSION

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_ID_LENGTH = 24


def new_id(prefix: str) -> str:
    """Return an id such as `pi_3Nx…`."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))}"


def new_intent(amount: int, currency: str, now: int, metadata: dict[str, str], description: str | None) -> Json:
    """Return a payment intent that waits for a payment method."""
    intent_id = new_id("pi")
    return {
        "id": intent_id,
        "object": "payment_intent",
        "allowed_payment_method_types": ["card"],
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{intent_id}_secret_{secrets.token_hex(12)}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "customer": None,
        "description": description,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": metadata,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def payment_method(method: str, card: Card, now: int) -> Json:
    """Return a test payment method as errors show it."""
    return {
        "id": f"pm_{method.removeprefix('pm_')}",
        "object": "payment_method",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "card": {"brand": card.brand, "last4": card.last4, "exp_month": 12, "exp_year": 2034, "country": "US",
                 "funding": "credit", "checks": {}, "networks": {"available": [card.brand], "preferred": None}},
        "created": now,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }  # fmt: skip


def new_charge(intent: Json, card: Card, now: int, *, paid: bool) -> Json:
    """Return the charge that a confirmation made."""
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": new_id("txn") if paid else None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": "SANDBOX",
        "captured": paid,
        "created": now,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_code": None if paid else card.code,
        "failure_message": None if paid else card.message,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": _outcome(card, paid=paid),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": {"type": "card", "card": {"brand": card.brand, "last4": card.last4}},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "status": "succeeded" if paid else "failed",
        "transfer_group": None,
    }


def _outcome(card: Card, *, paid: bool) -> Json:
    if paid:
        return {"network_status": "approved_by_network", "reason": None, "risk_level": "normal",
                "seller_message": "Payment complete.", "type": "authorized"}  # fmt: skip
    return {"network_status": "declined_by_network", "reason": card.decline_code or card.code, "risk_level": "normal",
            "seller_message": "The bank did not accept this payment.", "type": "issuer_declined"}  # fmt: skip


def new_payout(amount: int, currency: str, now: int, arrives: int, metadata: dict[str, str], **said: str) -> Json:
    """Return a payout that is on its way."""
    return {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrives,
        "automatic": False,
        "balance_transaction": new_id("txn"),
        "created": now,
        "currency": currency,
        "description": said.get("description"),
        "destination": new_id("ba"),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": metadata,
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": said.get("statement_descriptor"),
        "status": "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }


def new_event(kind: str, about: Json, now: int, *, account: str, request_id: str | None, key: str | None) -> Json:
    """Return an event with its object as it stands."""
    event: Json = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": request_id, "idempotency_key": key},
        "type": kind,
    }
    return event | {"account": account} if account else event

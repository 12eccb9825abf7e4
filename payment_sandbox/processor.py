"""What the processor does: takes payments, sends payouts, and lets both come to their end in their own time."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from payment_sandbox import objects
from payment_sandbox.cards import CARDS, DECLINED, SLOW, SLOW_SECONDS, Card
from payment_sandbox.store import Json, Store
from payment_sandbox.wire import Refused, amount, currency, flag, invalid, metadata, only, text

BEHAVIOURS: Final = {
    "charges": ("normal", "declined", "error", "silent"),
    "payouts": ("normal", "at_once", "held", "failed"),
    "webhooks": ("normal", "dropped", "doubled", "reversed"),
}
"""What can be set from outside, and its values; the first is how a sandbox begins."""
CLOSED_ACCOUNT = "Closed"
"""A connected account whose id ends so has a closed bank account: its payouts fail."""
_CREATE = frozenset({
    "amount", "currency", "metadata", "description", "payment_method", "payment_method_types",
    "allowed_payment_method_types", "confirm",
    "error_on_requires_action", "automatic_payment_methods", "capture_method", "confirmation_method",
    "statement_descriptor", "statement_descriptor_suffix", "transfer_group", "return_url",
})  # fmt: skip
_CONFIRM = frozenset({"payment_method", "error_on_requires_action", "return_url"})
_CANCEL = frozenset({"cancellation_reason"})
_PAYOUT = frozenset({"amount", "currency", "metadata", "description", "statement_descriptor", "method"})
_REASONS = frozenset({"abandoned", "duplicate", "fraudulent", "requested_by_customer"})
_LIST = frozenset({"limit", "starting_after", "created"})
_CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
_LIMIT_MAX = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One request: whose, under which id and key, with which parameters."""

    account: str
    given: Json
    request_id: str | None = None
    key: str | None = None


class Processor:
    """The sandbox's business; every method runs inside the store's change of its request.

    `payout_median_seconds` is how long half of all payouts take; `clock` tells epoch seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float], *, payout_median_seconds: float = 5.0) -> None:
        self._store, self._clock, self._payout_median_seconds = store, clock, payout_median_seconds

    def behaviour(self, name: str) -> str:
        """How one part of the sandbox behaves now."""
        return self._store.behaviour().get(name, BEHAVIOURS[name][0])

    def create_intent(self, call: Call) -> Json:
        """Make a payment intent, and confirm it where that is asked for.

        Raises: Refused.
        """
        given = call.given
        only(given, _CREATE)
        money = currency(given)
        said = text(given, "description") if "description" in given else None
        for kinds in ("payment_method_types", "allowed_payment_method_types"):
            if given.get(kinds, ["card"]) != ["card"]:
                raise invalid("The sandbox takes cards only.", param=kinds)
        intent = objects.new_intent(amount(given, money), money, int(self._clock()), metadata(given), said)
        method = text(given, "payment_method") if "payment_method" in given else None
        if method is not None:
            self._card(method)
            intent |= {"payment_method": method, "status": "requires_confirmation"}
        self._keep(intent, call)
        self._tell("payment_intent.created", intent, call)
        return self._confirmed(intent, method, call) if flag(given, "confirm") else intent

    def confirm_intent(self, intent_id: str, call: Call) -> Json:
        """Charge the payment method of an intent.

        Raises: Refused; for a declined card with the card's reason, and the intent is open for another try.
        """
        only(call.given, _CONFIRM)
        intent = self.intent(intent_id, call)
        method = call.given.get("payment_method") or intent["payment_method"]
        return self._confirmed(intent, method, call)

    def cancel_intent(self, intent_id: str, call: Call) -> Json:
        """Close an intent that was not paid.

        Raises: Refused.
        """
        only(call.given, _CANCEL)
        intent = self.intent(intent_id, call)
        reason = call.given.get("cancellation_reason")
        if reason is not None and reason not in _REASONS:
            raise invalid(f"Invalid cancellation_reason: {reason}", param="cancellation_reason")
        if intent["status"] not in _CONFIRMABLE:
            raise _unexpected(intent, "cancel")
        intent |= {"status": "canceled", "canceled_at": int(self._clock()), "cancellation_reason": reason}
        self._keep(intent, call)
        self._tell("payment_intent.canceled", intent, call)
        return intent

    def intent(self, intent_id: str, call: Call) -> Json:
        """Return an intent.

        Raises: Refused where there is none.
        """
        return self._found("payment_intent", intent_id, call, "intent")

    def create_payout(self, call: Call) -> Json:
        """Send money to the bank account of a connected account.

        Raises: Refused.
        """
        given = call.given
        only(given, _PAYOUT)
        if given.get("method", "standard") != "standard":
            raise invalid("The sandbox sends standard payouts only.", param="method")
        money = currency(given)
        texts = {n: text(given, n, most=350) for n in ("description", "statement_descriptor") if n in given}
        now = self._clock()
        payout = objects.new_payout(amount(given, money), money, int(now), int(now), metadata(given), **texts)
        due_at = now + self._payout_seconds(payout["id"])
        payout["arrival_date"] = int(due_at)
        self._store.put("payout", payout, account=call.account, due_at=due_at)
        self._tell("payout.created", payout, call)
        return payout

    def payout(self, payout_id: str, call: Call) -> Json:
        """Return a payout.

        Raises: Refused where there is none.
        """
        return self._found("payout", payout_id, call, "payout")

    def listed(self, kind: str, url: str, call: Call) -> Json:
        """Return objects of a kind, the newest first.

        Raises: Refused.
        """
        only(call.given, _LIST)
        limit = text(call.given, "limit", "10")
        if not limit.isdigit() or not 1 <= int(limit) <= _LIMIT_MAX:
            raise invalid("Invalid integer: limit is between 1 and 100.", param="limit")
        created = call.given.get("created", {})
        since = created.get("gte", "0") if isinstance(created, dict) else "?"
        if not since.isdigit() or len(since) > len(str(2**40)):
            raise invalid("Invalid integer: created[gte]", param="created[gte]")
        most = int(limit)
        found = self._store.latest(
            kind, call.account, limit=most + 1, since=int(since), before_id=call.given.get("starting_after")
        )
        return {"object": "list", "url": url, "has_more": len(found) > most, "data": found[:most]}

    def settle_due(self) -> int:
        """Let everything come to its end whose time it is; return how many that were."""
        now = self._clock()
        mode = self.behaviour("payouts")
        if mode == "at_once":
            self._store.make_due("payout", now)
        due = self._store.due(now)
        for kind, account, body in due:
            call = Call(account, {})
            if kind == "payment_intent":
                self._settle(body, CARDS[SLOW], call)
            elif mode == "held":
                self._store.put(kind, body, account=account, due_at=now + 5)
            else:
                self._settle_payout(body, call, failed=mode == "failed" or account.endswith(CLOSED_ACCOUNT))
        return len(due)

    def _confirmed(self, intent: Json, method: str | None, call: Call) -> Json:
        if intent["status"] not in _CONFIRMABLE:
            raise _unexpected(intent, "confirm")
        if not method:
            raise invalid(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                code="payment_intent_unexpected_state",
            )
        card = self._card(method)
        intent |= {"payment_method": method, "last_payment_error": None}
        if self.behaviour("charges") == "declined":
            card = DECLINED
        if method == SLOW and not card.code:
            intent["status"] = "processing"
            self._store.put("payment_intent", intent, account=call.account, due_at=self._clock() + SLOW_SECONDS)
            self._tell("payment_intent.processing", intent, call)
            return intent
        if card.code == "authentication_required" and not flag(call.given, "error_on_requires_action"):
            intent |= {"status": "requires_action", "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}}}
            self._keep(intent, call)
            self._tell("payment_intent.requires_action", intent, call)
            return intent
        return self._settle(intent, card, call)

    def _settle(self, intent: Json, card: Card, call: Call) -> Json:
        now = int(self._clock())
        charge = objects.new_charge(intent, card, now, paid=card.code is None)
        self._store.put("charge", charge, account=call.account)
        intent["latest_charge"] = charge["id"]
        if card.code is None:
            intent |= {"status": "succeeded", "amount_received": intent["amount"]}
            self._keep(intent, call)
            self._tell("charge.succeeded", charge, call)
            self._tell("payment_intent.succeeded", intent, call)
            return intent
        error = {"type": "card_error", "code": card.code, "message": card.message, "charge": charge["id"],
                 "decline_code": card.decline_code or card.code,
                 "payment_method": objects.payment_method(str(intent["payment_method"]), card, now)}  # fmt: skip
        intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error}
        self._keep(intent, call)
        self._tell("charge.failed", charge, call)
        self._tell("payment_intent.payment_failed", intent, call)
        raise Declined(error, intent)

    def _settle_payout(self, payout: Json, call: Call, *, failed: bool) -> None:
        if failed:
            payout |= {"status": "failed", "failure_code": "account_closed", "failure_balance_transaction":
                       objects.new_id("txn"), "failure_message": "The bank account has been closed."}  # fmt: skip
        else:
            payout |= {"status": "paid", "arrival_date": int(self._clock())}
        self._store.put("payout", payout, account=call.account)
        self._tell("payout.failed" if failed else "payout.paid", payout, call)

    def _card(self, method: str) -> Card:
        if method not in CARDS:
            raise invalid(f"No such PaymentMethod: '{method[:80]}'", code="resource_missing", param="payment_method")
        return CARDS[method]

    def _keep(self, intent: Json, call: Call) -> None:
        self._store.put("payment_intent", intent, account=call.account)

    def _tell(self, kind: str, about: Json, call: Call) -> None:
        now = self._clock()
        event = objects.new_event(
            kind, dict(about), int(now), account=call.account, request_id=call.request_id, key=call.key
        )
        self._store.add_event(event, now, deliver=self.behaviour("webhooks") != "dropped")

    def _found(self, kind: str, object_id: str, call: Call, param: str) -> Json:
        found = self._store.get(kind, object_id, call.account)
        if found is None:
            message = f"No such {kind}: '{object_id[:80]}'"
            raise invalid(message, code="resource_missing", param=param, status=404)
        return found

    def _payout_seconds(self, payout_id: str) -> float:
        chance = random.Random(payout_id)  # noqa: S311 -- banks are slow by chance; no secret
        return self._payout_median_seconds * math.exp(min(1.6, chance.gauss(0, 0.55)))


class Declined(Refused):
    """A card that was declined: its charge and the intent's state are kept all the same."""

    def __init__(self, error: Json, intent: Json) -> None:
        more = {k: v for k, v in error.items() if k not in {"type", "message", "code"}}
        super().__init__(402, "card_error", error["message"], code=error["code"], payment_intent=intent, **more)


def _unexpected(intent: Json, what: str) -> Refused:
    message = f"You cannot {what} this PaymentIntent because it has a status of {intent['status']}."
    return Refused(400, "invalid_request_error", message, code="payment_intent_unexpected_state", payment_intent=intent)

"""Facts of payments: how a checkout ended, and when money reached a creator."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class CheckoutEnded(Fact):
    """A checkout came to its end: paid, failed (declined, error, processor silent) or abandoned by the buyer.

    `origin` is real or demo. An order has one such fact for each attempt to pay.
    """

    topic: ClassVar[str] = "payments.checkout_ended"

    order_id: str
    attempt_id: str
    outcome: str
    failure_code: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class PayoutPaid(Fact):
    """A payout reached the creator. `approved_at` is ISO 8601; the latency runs from there to `occurred_at`."""

    topic: ClassVar[str] = "payments.payout_paid"

    payout_id: str
    approved_at: str
    origin: str

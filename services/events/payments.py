"""Facts of payments: what was asked of the processor, how a checkout ended, and when money reached a creator."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class PaymentRequested(Fact):
    """A buyer wants to pay an order: the processor is to be asked."""

    topic: ClassVar[str] = "payments.payment_requested"

    order_id: str
    attempt_id: str


@dataclass(frozen=True, kw_only=True)
class CheckoutEnded(Fact):
    """A checkout came to its end: paid, failed (declined, error, processor silent) or abandoned by the buyer.

    `origin` is real or demo. An order has one such fact for each attempt to pay; where the buyer walks away it has one
    more, whose `attempt_id` is empty.
    """

    topic: ClassVar[str] = "payments.checkout_ended"

    order_id: str
    attempt_id: str
    outcome: str
    failure_code: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class ProcessorNotified(Fact):
    """The payment processor says that something of ours changed: it is to be looked up, since notices may be late."""

    topic: ClassVar[str] = "payments.processor_notified"

    notice_id: str
    about: str
    """`payment` or `payout`."""
    processor_id: str


@dataclass(frozen=True, kw_only=True)
class PayoutApproved(Fact):
    """A payout may leave: the processor is to be asked. `attempt` counts approvals after a definite failure."""

    topic: ClassVar[str] = "payments.payout_approved"

    payout_id: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class PayoutPaid(Fact):
    """A payout reached the creator. `approved_at` is ISO 8601; the latency runs from there to `occurred_at`."""

    topic: ClassVar[str] = "payments.payout_paid"

    payout_id: str
    approved_at: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class PayoutOverdue(Fact):
    """A payout was not paid within the promised time after its approval; each payout has this fact once at most."""

    topic: ClassVar[str] = "payments.payout_overdue"

    payout_id: str
    approved_at: str
    origin: str

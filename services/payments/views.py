"""What surfaces read of payments."""

from dataclasses import dataclass
from datetime import datetime

from services.kernel.money import Money
from services.payments.rules import AttemptState, OrderState, PayoutStage


@dataclass(frozen=True, slots=True)
class OfferView:
    """What a title costs."""

    title_slug: str
    price: Money


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt to pay."""

    number: int
    state: AttemptState
    failure_code: str | None
    requested_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its attempts, the latest first; `ended_at` is when it was abandoned."""

    id: str
    title_slug: str
    title: str
    price: Money
    origin: str
    state: OrderState
    placed_at: datetime
    paid_at: datetime | None
    ended_at: datetime | None
    attempts: tuple[AttemptView, ...]

    @property
    def running(self) -> bool:
        """Whether the processor is being asked now."""
        return any(a.state in {AttemptState.REQUESTED, AttemptState.PROCESSING} for a in self.attempts)


@dataclass(frozen=True, slots=True)
class PayoutView:
    """A payout to a creator."""

    id: str
    account: str
    creator_name: str
    money: Money
    origin: str
    state: PayoutStage
    requested_at: datetime
    approved_at: datetime | None
    sent_at: datetime | None
    paid_at: datetime | None
    overdue_at: datetime | None
    failure_code: str | None


@dataclass(frozen=True, slots=True)
class TillView:
    """How the order path stands: what runs, what is unclear, what waits for staff."""

    orders_open: int
    attempts_running: int
    payments_unclear: int
    payouts_waiting: int
    payouts_on_their_way: int
    payouts_failed: int

"""What payments need of others: a processor that moves money, its notices, and the titles that are sold."""

from dataclasses import dataclass
from typing import Literal, Protocol

from services.kernel.context import Actor
from services.kernel.errors import DomainError, Unavailable
from services.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Charge:
    """What the processor is to take from a buyer: one payment an order, however often it is tried.

    `processor_id` is the order's payment where the processor has made one already.
    """

    order_id: str
    attempt_id: str
    money: Money
    card: str
    description: str
    processor_id: str | None


@dataclass(frozen=True, slots=True)
class PaymentState:
    """How a payment stands at the processor.

    `pending` has been taken and comes to its end later; `open` waits for a card, after a failure or before any try.
    """

    processor_id: str
    order_id: str
    state: Literal["paid", "failed", "pending", "open"]
    failure_code: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the processor is to send to a creator's account. `look_first` where an earlier try may have left already."""

    payout_id: str
    account: str
    money: Money
    description: str
    look_first: bool


@dataclass(frozen=True, slots=True)
class PayoutState:
    """How a payout stands at the processor."""

    processor_id: str
    payout_id: str
    state: Literal["sent", "paid", "failed"]
    failure_code: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of the processor whose signature was verified: something changed, look it up."""

    notice_id: str
    about: Literal["payment", "payout"]
    processor_id: str
    kind: str


class ProcessorRefused(DomainError):
    """The processor will not do this, however often it is asked."""


class ProcessorUnavailable(Unavailable):
    """The processor does not answer now, or not clearly: what was asked may have been done."""


class PaymentGateway(Protocol):
    """Moves money.

    Raises: ProcessorRefused, ProcessorUnavailable.
    """

    def charge(self, charge: Charge) -> PaymentState:
        """Take a payment; the same attempt twice charges once, and a payment that was taken is not taken again."""
        ...

    def payment(self, processor_id: str) -> PaymentState:
        """Return how a payment stands."""
        ...

    def look_up(self, charge: Charge) -> PaymentState:
        """Return what became of an order's payment, also where its id never reached us."""
        ...

    def pay_out(self, transfer: Transfer, key: str) -> PayoutState:
        """Send a payout; the same key twice sends once."""
        ...

    def payout(self, processor_id: str, account: str) -> PayoutState:
        """Return how a payout stands."""
        ...


class NoticeReader(Protocol):
    """Reads what arrives at the door for the processor's notices."""

    def notice(self, body: bytes, signature: str) -> Notice | None:
        """Return the notice, or nothing where it is about something that we do not follow.

        Raises: Unauthenticated where the signature is missing, wrong or too old; Invalid for what is no notice.
        """
        ...


class SoldTitle(Protocol):
    """A title, as an order remembers it."""

    @property
    def slug(self) -> str:
        """Its name in addresses."""
        ...

    @property
    def title(self) -> str:
        """What it is called."""
        ...


class Titles(Protocol):
    """The catalogue, as payments ask it."""

    def title(self, actor: Actor, slug: str) -> SoldTitle:
        """Return one title.

        Raises: NotFound.
        """
        ...

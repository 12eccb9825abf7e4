"""The rules of orders and payouts, free of any storage."""

import re
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from services.kernel.errors import Invalid
from services.kernel.money import Money, exponent

SILENCE = timedelta(seconds=30)
"""How long a buyer waits for the processor; then the attempt has failed, whatever comes later."""
WALKED_AWAY = timedelta(minutes=30)
"""An order without an attempt under way for so long is abandoned."""
UNCLEAR_KEPT = timedelta(hours=24)
"""How long it is asked what became of a payment without a clear answer."""
OVERDUE = timedelta(hours=24)
"""A payout that takes longer from its approval is overdue."""
KEY_KEPT = timedelta(hours=20)
"""Processors forget idempotency keys after a day; before that a second request is surely the same one."""
ATTEMPTS_MAX = 20
PLACING_WINDOW = timedelta(hours=1)
ORDERS_PER_NETWORK = 30
ORDERS_IN_ALL = 6_000
"""How many orders one network, and all together, may place within the window: more is nobody's shopping."""
PRICE_MAX_MINOR = 9_999_999
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{4,64}")
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")
_CARD = re.compile(r"pm_[A-Za-z0-9_]{1,64}")


class OrderState(StrEnum):
    """Where an order stands."""

    OPEN = "open"
    PAID = "paid"
    ABANDONED = "abandoned"


class AttemptState(StrEnum):
    """Where an attempt to pay stands."""

    REQUESTED = "requested"
    """The processor is being asked."""
    PROCESSING = "processing"
    """The processor has taken it and will tell."""
    PAID = "paid"
    FAILED = "failed"


class PayoutStage(StrEnum):
    """Where a payout stands."""

    REQUESTED = "requested"
    REJECTED = "rejected"
    APPROVED = "approved"
    """The processor is being asked to send it."""
    SENT = "sent"
    """It is on its way to the bank."""
    PAID = "paid"
    FAILED = "failed"


RUNNING = (AttemptState.REQUESTED, AttemptState.PROCESSING)
SILENT, UNREACHABLE = "processor_silent", "processor_unavailable"
UNCLEAR = (SILENT, UNREACHABLE)
"""Failures after which the money may have been taken all the same."""


def check_price(price: Money) -> Money:
    """Return a price that can be asked.

    Raises: Invalid.
    """
    if not 1 <= price.minor <= PRICE_MAX_MINOR:
        raise Invalid(
            "price_invalid", "A price is above zero and below 100,000.00.", fields={"price": "is out of range"}
        )
    return price


def check_key(key: str) -> str:
    """Return the key of an order: 256 bits that its page has made, so that a form sent twice is one order.

    Raises: Invalid.
    """
    if not _KEY.fullmatch(key):
        raise Invalid("order_key_malformed", "This form is not whole; open the title's page and buy from there.")
    return key


def check_card(card: str) -> str:
    """Return a payment method's token; a card number is never taken.

    Raises: Invalid.
    """
    if not _CARD.fullmatch(card):
        raise Invalid("card_malformed", "Choose one of the cards that are offered.", fields={"card": "is not offered"})
    return card


def check_account(account: str) -> str:
    """Return the id of a creator's account at the processor.

    Raises: Invalid.
    """
    if not _ACCOUNT.fullmatch(account):
        message = "Give the creator's account at the payment processor, such as acct_1A2b3C."
        raise Invalid("account_malformed", message, fields={"account": "is no account id"})
    return account


def money_of(amount: str, currency: str) -> Money:
    """Return money that a person wrote, such as "12.50" and "EUR".

    Raises: Invalid.
    """
    written = amount.strip()
    if not _AMOUNT.fullmatch(written) or not _CURRENCY.fullmatch(currency):
        raise Invalid("amount_malformed", "Write an amount such as 12.50.", fields={"amount": "is no amount"})
    minor = Decimal(written).scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        message = f"{currency} has no smaller unit than its minor unit."
        raise Invalid("amount_too_fine", message, fields={"amount": "has too many decimals"})
    return check_price(Money(int(minor), currency))

"""The test payment methods, and what a bank says to each.

Source: docs.stripe.com/testing (test cards as PaymentMethods). `pm_card_slow` is the sandbox's own: it is `processing`
for some seconds and then succeeds, so that the outcome comes by webhook.
"""

from dataclasses import dataclass

SLOW = "pm_card_slow"
SLOW_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Card:
    """One test card: its brand and last four digits, and why it is declined; without a code it succeeds."""

    brand: str
    last4: str
    code: str | None = None
    decline_code: str | None = None
    message: str = ""


DECLINED = Card("visa", "0002", "card_declined", "generic_decline", "Your card was declined.")
CARDS = {
    "pm_card_visa": Card("visa", "4242"),
    "pm_card_mastercard": Card("mastercard", "4444"),
    "pm_card_amex": Card("amex", "8431"),
    SLOW: Card("visa", "4242"),
    "pm_card_visa_chargeDeclined": DECLINED,
    "pm_card_visa_chargeDeclinedInsufficientFunds": Card(
        "visa", "9995", "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    "pm_card_visa_chargeDeclinedLostCard": Card(
        "visa", "9987", "card_declined", "lost_card", "Your card was declined."
    ),
    "pm_card_chargeDeclinedExpiredCard": Card("visa", "0069", "expired_card", None, "Your card has expired."),
    "pm_card_chargeDeclinedIncorrectCvc": Card(
        "visa", "0127", "incorrect_cvc", None, "Your card's security code is incorrect."
    ),
    "pm_card_chargeDeclinedProcessingError": Card(
        "visa",
        "0119",
        "processing_error",
        None,
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "pm_card_authenticationRequired": Card(
        "visa",
        "3184",
        "authentication_required",
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
}

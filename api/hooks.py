"""The one door for what outside systems tell: today the payment processor's notices.

A notice is verified by its signature over the bytes as they came, stored once, and answered before anything is made of
it: 204 taken (also one that came before), 401 forged or too old, 413 too large. Any other answer than 2xx makes Stripe
send it again.

Source: docs.stripe.com/webhooks (signatures, retries, duplicates, order).
"""

from typing import Final

from flask import Blueprint, Response, request

from api.bodies import raw_body
from services.payments import Payments
from web.shell.routes import PUBLIC, route

STRIPE_PATH: Final = "/hooks/stripe"
BODY_BYTES: Final = 256 * 1024
"""Stripe's events are a few KiB; the largest objects that they carry stay far below this."""
_SIGNATURE: Final = "Stripe-Signature"
_SIGNATURE_MAX: Final = 2_000


def blueprint(payments: Payments) -> Blueprint:
    """Return the routes of this module."""
    views = Blueprint("hooks", __name__)

    # One byte more: where no length is named, Werkzeug stops reading at the limit and does not say that there was more.
    @route(views, STRIPE_PATH, access=PUBLIC, methods=("POST",), csrf=False, anonymous=True, body_bytes=BODY_BYTES + 1)
    def take_stripe_notice() -> Response:
        """Take one notice of the payment processor."""
        signature = request.headers.get(_SIGNATURE, "")[:_SIGNATURE_MAX]
        payments.notices.accept(raw_body(most=BODY_BYTES), signature)
        return Response(status=204, headers={"Cache-Control": "no-store"})

    return views

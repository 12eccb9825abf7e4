"""Signatures by Standard Webhooks: every valid secret of an endpoint signs, so that a rotation loses nothing.

Source: Standard Webhooks 1.0.0 (webhook-id, webhook-timestamp, webhook-signature; `v1` is HMAC with SHA-256).
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from standardwebhooks import Webhook

from services.kernel.clock import require_utc

_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a fresh secret in the form that receivers' libraries take."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(message_id: str, body: str, secret_texts: Sequence[str], at: datetime) -> Mapping[str, str]:
    """Return the headers of one attempt; the timestamp is that of the attempt, the id that of the message."""
    now = require_utc(at)
    signatures = [Webhook(secret).sign(message_id, now, body) for secret in secret_texts]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }

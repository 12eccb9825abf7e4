"""Tells the product what happened: events signed as Stripe signs them, sent again until they are taken.

Source: docs.stripe.com/webhooks (signatures, retries).
"""

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable

import httpx

from payment_sandbox.processor import Processor
from payment_sandbox.store import Json, Store

_TIMEOUT_SECONDS = 5.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS, _TRIES_MAX = 2.0, 3_600.0, 80
_LOOK_SECONDS = 0.25
_log = logging.getLogger(__name__)


def signature(body: bytes, secret: str, at: int) -> str:
    """Return the header `Stripe-Signature` of a body."""
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Messenger:
    """Settles what is due and delivers what is undelivered, in a thread of its own.

    Without a `url` events are kept and sent to nobody.
    """

    def __init__(
        self, store: Store, processor: Processor, clock: Callable[[], float], *, url: str = "", secret: str = ""
    ) -> None:
        self._store, self._processor, self._clock = store, processor, clock
        self._url, self._secret = url, secret
        self._client = httpx.Client(timeout=_TIMEOUT_SECONDS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="messenger", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery under way."""
        self._stop.set()
        self._thread.join(_TIMEOUT_SECONDS + 1)
        self._client.close()

    def turn(self) -> None:
        """Settle and deliver once."""
        with self._store.changing():
            self._processor.settle_due()
        waiting = self._store.undelivered(self._clock()) if self._url else []
        mode = self._processor.behaviour("webhooks")
        if mode == "reversed":
            waiting.reverse()
        for event_id, tries, event in waiting:
            if self._stop.is_set():
                return
            taken = self._deliver(event)
            if taken and mode == "doubled":
                self._deliver(event)
            now = self._clock()
            wait = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** min(tries, 12))
            over = taken or tries + 1 >= _TRIES_MAX
            self._store.settle_event(
                event_id, delivered_at=now if taken else None, next_at=None if over else now + wait
            )

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                self.turn()
            except Exception:  # noqa: BLE001 -- the next turn may do better; it is written down
                _log.exception("sandbox_turn_failed")

    def _deliver(self, event: Json) -> bool:
        body = json.dumps(event, indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(body, self._secret, int(self._clock())),
        }
        try:
            return self._client.post(self._url, content=body, headers=headers).is_success
        except httpx.HTTPError as failure:
            _log.info("webhook_not_taken", extra={"event": event["id"], "reason": type(failure).__name__})
            return False

"""The sender: one attempt over the network, outside of any transaction, at least once under one message id."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.events.webhooks import WebhookDue
from services.infra.durable import Effect, Failure, Json
from services.infra.outbound import Answer, Outbound, TargetUnreachable
from services.infra.targets import TargetRefused
from services.infra.telemetry import outgoing_headers
from services.kernel.clock import Clock
from services.kernel.context import JobActor
from services.webhooks.deliveries import Deliveries
from services.webhooks.rules import TIMEOUT_SECONDS
from services.webhooks.signing import signed_headers
from services.webhooks.views import Outgoing, Result

ACTOR = JobActor("webhooks", frozenset({"webhooks.run"}))
EXCERPT_LENGTH = 300
_ANSWER_BYTES = 4_096
_RETRY_AFTER_LENGTH_MAX = 6


class Sender:
    """Makes the attempts."""

    def __init__(
        self, deliveries: Deliveries, outbound: Outbound, clock: Clock, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self.deliveries, self._outbound, self._clock = deliveries, outbound, clock
        self._timeout_seconds = timeout_seconds

    def attempt(self, fact: WebhookDue, _key: str) -> Json:
        """Make one attempt and return what came of it; the message's id is what receivers know a second copy by."""
        message = self.deliveries.outgoing(ACTOR, fact.delivery_id, fact.attempt)
        if message is None:
            return None
        return asdict(self._sent(message))

    def settle(self, fact: WebhookDue, result: Json) -> None:
        """Keep what came of an attempt."""
        if isinstance(result, Mapping):
            values: dict[str, Any] = dict(result)
            self.deliveries.record(ACTOR, message_id=fact.delivery_id, attempt=fact.attempt, result=Result(**values))

    def give_up(self, fact: WebhookDue, _failure: Failure) -> None:
        """Put back a message whose attempt was never made, through a fault of ours."""
        self.deliveries.park(ACTOR, message_id=fact.delivery_id)

    def hand_out(self) -> None:
        """Hand on what is due; asked first, since a change that changes nothing would fill the audit trail."""
        if self.deliveries.any_due(ACTOR):
            self.deliveries.hand_out_due(ACTOR)

    def forget(self, _tick_at: datetime) -> None:
        """Drop what is over for long."""
        self.deliveries.forget_old(ACTOR)

    def subscriptions(self) -> tuple[Effect[WebhookDue]]:
        """Return who listens to which fact."""
        return (Effect(WebhookDue, "webhooks.attempt", self.attempt, self.settle, self.give_up),)

    def _sent(self, message: Outgoing) -> Result:
        body = message.body.encode()
        headers = {
            **outgoing_headers(),
            "Content-Type": "application/json",
            "User-Agent": "Greenlight-Webhooks/1",
            "X-Correlation-Id": message.correlation_id,
            **signed_headers(message.message_id, message.body, message.secrets, self._clock.now()),
        }
        began = time.monotonic()
        try:
            answer = self._outbound.fetch(
                "POST",
                message.url,
                headers=headers,
                body=body,
                timeout_seconds=self._timeout_seconds,
                max_bytes=_ANSWER_BYTES,
            )
        except (TargetRefused, TargetUnreachable) as error:
            return Result(None, error.code, None, time.monotonic() - began, None)
        sealed = self.deliveries.sealed(ACTOR, message.message_id, message.attempt, answer.excerpt(EXCERPT_LENGTH))
        return Result(answer.status, None, sealed, answer.duration_seconds, _retry_after(answer))


def _retry_after(answer: Answer) -> int | None:
    text = answer.headers.get("retry-after", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _RETRY_AFTER_LENGTH_MAX else None

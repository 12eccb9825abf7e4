"""Facts of webhooks: a message is due, and an endpoint takes no more."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class WebhookDue(Fact):
    """A message is to be tried; `attempt` is the number of the attempt, so that two are told apart."""

    topic: ClassVar[str] = "webhooks.due"

    delivery_id: str
    attempt: int


@dataclass(frozen=True, kw_only=True)
class WebhookDisabled(Fact):
    """An endpoint gets no more messages: it said that it is gone, or failed for days. `owner` must learn of it."""

    topic: ClassVar[str] = "webhooks.disabled"

    endpoint_id: str
    owner: str
    because: str


@dataclass(frozen=True, kw_only=True)
class WebhookEnabled(Fact):
    """Staff let an endpoint that was disabled get messages again; `owner` goes on with it."""

    topic: ClassVar[str] = "webhooks.enabled"

    endpoint_id: str
    owner: str

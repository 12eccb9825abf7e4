"""Facts of notifications: a message is composed and waits to be sent."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class MessageQueued(Fact):
    """A message lies ready to go out; `queueing_id` tells a first sending from a later one of the same message."""

    topic: ClassVar[str] = "notifications.message_queued"

    message_id: str
    queueing_id: str


@dataclass(frozen=True, kw_only=True)
class MessageSettled(Fact):
    """What became of a message: sent, or failed with a cause, or dropped since there was nothing to say any more.

    `refused` tells that its address will never take it, which an outage on the way there does not.
    """

    topic: ClassVar[str] = "notifications.message_settled"

    cause: str
    failed_because: str | None
    dropped: bool = False
    refused: bool = False

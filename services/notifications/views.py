"""What surfaces read of messages: their delivery, never their content."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MessageState(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    WAITING = "waiting"
    """There is no mail server to hand it to."""
    RETRYING = "retrying"
    """The mail server did not take it; it is tried again by itself."""
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message and what came of it."""

    id: str
    subject_id: str
    template: str
    state: MessageState
    queued_at: datetime
    sent_at: datetime | None
    failed_because: str | None
    next_attempt_at: datetime | None
    correlation_id: str

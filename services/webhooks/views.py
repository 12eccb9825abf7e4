"""What others read of webhooks: endpoints, messages and attempts, frozen."""

from dataclasses import dataclass
from datetime import datetime

from services.webhooks.rules import DeliveryState, Origin


@dataclass(frozen=True, slots=True)
class OpenedEndpoint:
    """An endpoint just made, with the secret that is shown this once."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint; its `url` is empty where it is not disclosed.

    `rests_until` is set while it gets nothing because it failed several times in a row.
    """

    id: str
    owner: str
    url: str
    opened_at: datetime
    closed_at: datetime | None
    disabled_at: datetime | None
    disabled_because: str | None
    failures: int
    rests_until: datetime | None
    succeeded_at: datetime | None
    secrets: int


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt: HTTP status or our code of what went wrong, and the beginning of the answer."""

    number: int
    tried_at: datetime
    duration_seconds: float
    status: int | None
    code: str | None
    excerpt: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One message to one endpoint; `last_status` and `last_code` are the newest attempt's."""

    id: str
    endpoint_id: str
    kind: str
    origin: Origin
    state: DeliveryState
    queued_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    attempts: int
    last_status: int | None
    last_code: str | None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message in clear, ready to be signed and sent."""

    message_id: str
    url: str
    body: str
    secrets: tuple[str, ...]
    attempt: int
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt; `code` says what went wrong where there is no answer, of which the beginning is sealed.

    Units: duration_seconds, retry_after_seconds.
    """

    status: int | None
    code: str | None
    excerpt_sealed: str | None
    duration_seconds: float
    retry_after_seconds: int | None

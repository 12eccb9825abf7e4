"""What subscribers need from others: ways to reach programs and Slack; what happened stands in `happenings`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.kernel.errors import DomainError, Unavailable


class Opened(Protocol):
    """An endpoint just made."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def secret(self) -> str:
        """What its messages are signed with."""
        ...


class Endpoint(Protocol):
    """An endpoint of a webhook."""

    @property
    def url(self) -> str:
        """Where it stands."""
        ...

    @property
    def disabled_at(self) -> datetime | None:
        """Since when it gets nothing."""
        ...

    @property
    def disabled_because(self) -> str | None:
        """Why."""
        ...

    @property
    def rests_until(self) -> datetime | None:
        """Until when it is left in peace after failures."""
        ...

    @property
    def secrets(self) -> int:
        """How many secrets sign now."""
        ...


class Delivery(Protocol):
    """A message to an endpoint."""

    @property
    def id(self) -> str:
        """The message's id."""
        ...

    @property
    def kind(self) -> str:
        """What it is about."""
        ...

    @property
    def state(self) -> str:
        """Where it stands."""
        ...

    @property
    def queued_at(self) -> datetime:
        """When it was queued."""
        ...

    @property
    def due_at(self) -> datetime | None:
        """When it is tried next."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        ...

    @property
    def last_status(self) -> int | None:
        """What the newest attempt was answered with."""
        ...

    @property
    def last_code(self) -> str | None:
        """What went wrong with the newest attempt."""
        ...


class Webhooks(Protocol):
    """Does with webhooks what is asked inside the running verb's transaction."""

    def checked(self, url: str) -> str:
        """Return an address in the form in which it is kept.

        Raises: Invalid for one to which we never go.
        """
        ...

    def open(self, *, owner: str, subject_id: str, url: str) -> Opened:
        """Make an endpoint."""
        ...

    def rotate(self, endpoint_id: str) -> str:
        """Make a new secret and return it."""
        ...

    def queue(
        self, endpoint_id: str, *, kind: str, body: Mapping[str, object], cause: str, origin: str = "live"
    ) -> str | None:
        """Queue a message, once for each cause."""
        ...

    def close(self, endpoint_id: str) -> None:
        """End an endpoint."""
        ...

    def enable(self, endpoint_id: str) -> None:
        """Let an endpoint that was disabled get messages again."""
        ...

    def replay(self, endpoint_id: str, message_id: str) -> None:
        """Send a message again."""
        ...

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """Return an endpoint."""
        ...

    def deliveries(self, endpoint_id: str, *, size: int = 50) -> Sequence[Delivery]:
        """Return an endpoint's newest messages."""
        ...


@dataclass(frozen=True, slots=True)
class SlackPost:
    """What is posted to Slack: plain words, which Slack is not to read as markup, and one link of ours."""

    title: str
    lines: tuple[str, ...]
    link: str


class SlackRefused(DomainError):
    """Slack will never take this: the webhook is gone, or its channel."""


class SlackUnavailable(Unavailable):
    """Slack does not take this now; trying again may help."""


class Slack(Protocol):
    """Posts to Slack."""

    def checked(self, url: str) -> str:
        """Return an incoming webhook's address in the form in which it is kept.

        Raises: Invalid for what is none.
        """
        ...

    def post(self, url: str, post: SlackPost) -> None:
        """Post to the channel of an incoming webhook.

        Raises: SlackRefused, SlackUnavailable.
        """
        ...

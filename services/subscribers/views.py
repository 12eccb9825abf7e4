"""What surfaces and letters read of subscribers, frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.subscribers.rules import Channel, Choices, SubscriberState


@dataclass(frozen=True, slots=True)
class PendingView:
    """A subscription that waits to be confirmed."""

    channel: Channel
    target: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class ConfirmedView:
    """A subscription just confirmed; `secret` is shown this once, and only to a webhook's owner."""

    channel: Channel
    manage_token: str
    secret: str | None


@dataclass(frozen=True, slots=True)
class ToldView:
    """One thing that a subscriber was told, or will be; `message_id` is set where it can be sent again."""

    at: datetime
    title: str
    state: str
    detail: str
    message_id: str | None


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """A subscription as its owner sees it."""

    id: str
    channel: Channel
    state: SubscriberState
    contact: str
    target: str
    choices: Choices
    confirmed_at: datetime | None
    broken_because: str | None
    secrets: int
    told: Sequence[ToldView]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many subscribers there are, by channel and state."""

    by_channel: Sequence[tuple[Channel, int]]
    active: int
    pending: int
    paused: int
    broken: int
    ended: int


@dataclass(frozen=True, slots=True)
class SubscriberView:
    """A subscriber as staff see one, for a stated purpose."""

    id: str
    channel: Channel
    state: SubscriberState
    contact: str
    target: str
    everything: bool
    min_impact: str
    asked_at: datetime
    confirmed_at: datetime | None
    ended_because: str | None


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One piece of news in a letter or a post: plain text throughout."""

    title: str
    standing: str
    body: str
    components: Sequence[str]
    at: datetime
    path: str
    planned: str


@dataclass(frozen=True, slots=True)
class LetterView:
    """Whom a letter goes to and what it needs: addresses in clear, links as tokens, news as plain text."""

    subject_id: str
    email: str
    channel: str
    target: str
    confirm_token: str = ""
    manage_token: str = ""
    stop_token: str = ""
    because: str = ""
    expires_at: datetime | None = None
    news: Sequence[NewsItem] = ()

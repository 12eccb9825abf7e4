"""Facts of subscribers: letters that are due, and telling that goes on. Ids and plain words only."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class SubscriptionRequested(Fact):
    """Somebody asked to be told, and must confirm it; `request_id` tells two askings apart."""

    topic: ClassVar[str] = "subscribers.subscription_requested"

    subscriber_id: str
    request_id: str


@dataclass(frozen=True, kw_only=True)
class SubscriptionRecalled(Fact):
    """Somebody asked to be told who already is: they get the link that manages what they have."""

    topic: ClassVar[str] = "subscribers.subscription_recalled"

    subscriber_id: str
    request_id: str


@dataclass(frozen=True, kw_only=True)
class TellingContinued(Fact):
    """Subscribers after `after_id` are still to be told of an event; `about` is JSON that names it."""

    topic: ClassVar[str] = "subscribers.telling_continued"

    event: str
    kind: str
    about: str
    impact: str
    component_ids: tuple[str, ...]
    after_id: str


@dataclass(frozen=True, kw_only=True)
class NoticeDue(Fact):
    """A notice is to go out by mail."""

    topic: ClassVar[str] = "subscribers.notice_due"

    notice_id: str


@dataclass(frozen=True, kw_only=True)
class SlackNoticeDue(Fact):
    """A notice is to go out to Slack."""

    topic: ClassVar[str] = "subscribers.slack_notice_due"

    notice_id: str


@dataclass(frozen=True, kw_only=True)
class SubscriptionBroken(Fact):
    """What a subscriber's news was sent to does not take it any more; they must learn of that by mail."""

    topic: ClassVar[str] = "subscribers.subscription_broken"

    subscriber_id: str
    because: str
    break_id: str

"""What notifications need from others: addresses, and a way to hand a mail over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.kernel.context import Actor
from services.kernel.errors import DomainError, Unavailable


class Addressee(Protocol):
    """Whom a letter goes to."""

    @property
    def subject_id(self) -> str:
        """Whose data the letter holds."""
        ...

    @property
    def email(self) -> str:
        """The address in clear."""
        ...


class Correspondent(Protocol):
    """Whom a letter goes to, and what it needs to say."""

    @property
    def subject_id(self) -> str:
        """Whose data the letter holds."""
        ...

    @property
    def email(self) -> str:
        """The address in clear."""
        ...

    @property
    def name(self) -> str:
        """What the person is called; empty where it is not known yet."""
        ...

    @property
    def token(self) -> str:
        """What opens the letter's link; empty where there is none."""
        ...

    @property
    def role(self) -> str:
        """The role that an invitation is for."""
        ...

    @property
    def organisation(self) -> str | None:
        """The company that an invitation is for."""
        ...

    @property
    def expires_at(self) -> datetime | None:
        """When the letter's link ends."""
        ...


class AddressBook(Protocol):
    """Answers to whom a letter goes, each time for a stated purpose."""

    def invitation(self, actor: Actor, invitation_id: str, *, purpose: str) -> Correspondent | None:
        """Return whom an invitation goes to; nothing where it is not open any more."""
        ...

    def password_reset(self, actor: Actor, reset_id: str, *, purpose: str) -> Correspondent | None:
        """Return whom a reset link goes to; nothing where there is nobody to write to."""
        ...

    def person(self, actor: Actor, user_id: str, *, purpose: str) -> Correspondent | None:
        """Return how a person is reached; nothing where the account is gone."""
        ...


class News(Protocol):
    """One piece of news of the status page: plain text throughout."""

    @property
    def title(self) -> str:
        """What it is called."""
        ...

    @property
    def standing(self) -> str:
        """Where it stands, in words."""
        ...

    @property
    def body(self) -> str:
        """What is said of it, as it was written."""
        ...

    @property
    def components(self) -> Sequence[str]:
        """What it concerns."""
        ...

    @property
    def at(self) -> datetime:
        """When it was said."""
        ...

    @property
    def path(self) -> str:
        """Where it is read in full, on our site."""
        ...

    @property
    def planned(self) -> str:
        """From when to when it is planned; empty for what is not."""
        ...


class SubscriberLetter(Protocol):
    """A letter to a subscriber of the status page, and what it needs to say."""

    @property
    def subject_id(self) -> str:
        """Whose data the letter holds."""
        ...

    @property
    def email(self) -> str:
        """The address in clear."""
        ...

    @property
    def channel(self) -> str:
        """How the subscriber is told: email, webhook or slack."""
        ...

    @property
    def target(self) -> str:
        """Where news goes that does not go by mail."""
        ...

    @property
    def confirm_token(self) -> str:
        """What confirms the subscription."""
        ...

    @property
    def manage_token(self) -> str:
        """What manages it."""
        ...

    @property
    def stop_token(self) -> str:
        """What ends it."""
        ...

    @property
    def because(self) -> str:
        """Why something is broken."""
        ...

    @property
    def expires_at(self) -> datetime | None:
        """When the link to confirm ends."""
        ...

    @property
    def news(self) -> Sequence[News]:
        """What happened."""
        ...


class SubscriberBook(Protocol):
    """Answers what goes to which subscriber, each time for a stated purpose."""

    def confirmation(self, actor: Actor, subscriber_id: str, *, purpose: str) -> SubscriberLetter | None:
        """Return whom the link to confirm goes to; nothing where it is not wanted any more."""
        ...

    def reminder(self, actor: Actor, subscriber_id: str, *, purpose: str) -> SubscriberLetter | None:
        """Return whom the link to manage goes to; nothing where the subscription has ended."""
        ...

    def warning(self, actor: Actor, subscriber_id: str, because: str, *, purpose: str) -> SubscriberLetter | None:
        """Return who is to learn that their news does not arrive any more."""
        ...

    def notice(self, actor: Actor, notice_id: str, *, purpose: str) -> SubscriberLetter | None:
        """Return a notice with its news; nothing where there is nobody or nothing to tell any more."""
        ...


class Retry(Protocol):
    """A delivery that failed and will be tried again."""

    @property
    def payload(self) -> Mapping[str, object]:
        """What the fact said that asked for it."""
        ...

    @property
    def because(self) -> str:
        """Why it failed."""
        ...

    @property
    def next_attempt_at(self) -> datetime | None:
        """When it is tried again."""
        ...


class RetryBook(Protocol):
    """Answers what is being tried again."""

    def retrying(self, name: str) -> Sequence[Retry]:
        """Return what is being tried again of the work of this name."""
        ...


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, ready to be handed over."""

    message_id: str
    """Our own id, by which a receiver recognises a second copy."""
    recipient: str
    subject: str
    text: str
    html: str
    queued_at: datetime
    correlation_id: str
    unsubscribe_url: str = ""
    """Where one POST ends what this mail is part of; empty for letters that nobody can end."""


class MailRefused(DomainError):
    """The mail can never be delivered like this: trying again will not help."""


class MailUnavailable(Unavailable):
    """The mail server does not take it now; trying again may help."""


class MailGateway(Protocol):
    """Hands mails to the world."""

    def send(self, mail: Mail) -> None:
        """Hand a mail over.

        Raises: MailRefused, MailUnavailable.
        """
        ...

"""What notifications need from others: addresses, and a way to hand a mail over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.kernel.context import Actor
from services.kernel.errors import DomainError, Unavailable


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

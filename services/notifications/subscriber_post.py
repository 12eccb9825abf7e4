"""Letters to subscribers of the status page: composed from their facts, in those facts' transactions."""

from typing import Any

from services.events.notifications import MessageSettled
from services.events.subscribers import NoticeDue, SubscriptionBroken, SubscriptionRecalled, SubscriptionRequested
from services.infra.durable import Reaction
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command
from services.kernel.context import Actor, JobActor
from services.notifications import status_letters
from services.notifications.messages import Messages
from services.notifications.ports import SubscriberBook

ACTOR = JobActor("notifications", frozenset({"notifications.deliver", "subscribers.run"}))


class SubscriberMessages:
    """Composes letters to subscribers."""

    def __init__(self, uow: UnitOfWork, messages: Messages, book: SubscriberBook) -> None:
        self.uow, self._messages, self._book = uow, messages, book

    @command(permission="notifications.deliver")
    def compose_confirmation(self, actor: Actor, *, subscriber_id: str, request_id: str) -> None:
        """Compose the letter with the link that confirms a subscription."""
        to = self._book.confirmation(actor, subscriber_id, purpose="deliver the link to confirm")
        content = status_letters.confirmation(to, self._messages.public_url) if to else None
        self._messages.queued(to, content, "status_confirmation", f"subscribe:{request_id}")

    @command(permission="notifications.deliver")
    def compose_reminder(self, actor: Actor, *, subscriber_id: str, request_id: str) -> None:
        """Compose the letter with the link that manages a subscription."""
        to = self._book.reminder(actor, subscriber_id, purpose="deliver the link to manage")
        content = status_letters.reminder(to, self._messages.public_url) if to else None
        self._messages.queued(to, content, "status_reminder", f"subscribe:{request_id}")

    @command(permission="notifications.deliver")
    def compose_warning(self, actor: Actor, *, subscriber_id: str, because: str, break_id: str) -> None:
        """Compose the letter that says that news does not arrive any more."""
        to = self._book.warning(actor, subscriber_id, because, purpose="tell the owner of a broken subscription")
        content = status_letters.warning(to, self._messages.public_url) if to else None
        self._messages.queued(to, content, "status_warning", f"broken:{break_id}")

    @command(permission="notifications.deliver")
    def compose_notice(self, actor: Actor, *, notice_id: str) -> None:
        """Compose the letter with news; where there is nothing to tell any more, that is what became of it."""
        to, cause = self._book.notice(actor, notice_id, purpose="deliver the notice"), f"notice:{notice_id}"
        if to is None:
            now = self.uow.clock.now()
            current().publish(MessageSettled(occurred_at=now, cause=cause, failed_because=None, dropped=True))
            return
        self._messages.queued(to, status_letters.notice(to, self._messages.public_url), "status_notice", cause)


class SubscriberPost:
    """Says which letter follows which fact."""

    def __init__(self, messages: SubscriberMessages) -> None:
        self._messages = messages

    def confirm(self, fact: SubscriptionRequested) -> None:
        """Compose the letter with the link that confirms."""
        self._messages.compose_confirmation(ACTOR, subscriber_id=fact.subscriber_id, request_id=fact.request_id)

    def recall(self, fact: SubscriptionRecalled) -> None:
        """Compose the letter with the link that manages."""
        self._messages.compose_reminder(ACTOR, subscriber_id=fact.subscriber_id, request_id=fact.request_id)

    def warn(self, fact: SubscriptionBroken) -> None:
        """Compose the letter about what is broken."""
        self._messages.compose_warning(
            ACTOR, subscriber_id=fact.subscriber_id, because=fact.because, break_id=fact.break_id
        )

    def tell(self, fact: NoticeDue) -> None:
        """Compose the letter with news."""
        self._messages.compose_notice(ACTOR, notice_id=fact.notice_id)

    def subscriptions(self) -> tuple[Reaction[Any], ...]:
        """Return who listens to which fact."""
        return (
            Reaction(SubscriptionRequested, "notifications.compose_status_confirmation", self.confirm),
            Reaction(SubscriptionRecalled, "notifications.compose_status_reminder", self.recall),
            Reaction(SubscriptionBroken, "notifications.compose_status_warning", self.warn),
            Reaction(NoticeDue, "notifications.compose_status_notice", self.tell),
        )

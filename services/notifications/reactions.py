"""What notifications do when something happened elsewhere, and how a composed message leaves the building."""

import logging
import re
from datetime import datetime

from services.events.identity import AccountSecured, InvitationIssued, PasswordResetRequested
from services.events.notifications import MessageQueued
from services.infra.durable import Effect, Failure, Json, Reaction, Subscription
from services.kernel.context import JobActor
from services.notifications.messages import DELIVERY, Messages
from services.notifications.ports import MailGateway

ACTOR = JobActor("notifications", frozenset({"notifications.deliver", "identity.correspond"}))
WAITING, SENT, OVER = "waiting", "sent", "over"
_ATTEMPTS = 150
"""About a day of them, ten minutes apart in the end: a mail server that is down overnight loses nothing."""
_RECIPIENT_REFUSED = re.compile(r"smtp_5\d\d")
"""How the gateway says that the address itself is refused for good; a refused text or account is not the address's."""

_log = logging.getLogger(__name__)


class Post:
    """Composes letters from facts and hands them to the mail server; without one they wait."""

    def __init__(self, messages: Messages, gateway: MailGateway | None) -> None:
        self.messages, self.gateway = messages, gateway

    def invite(self, fact: InvitationIssued) -> None:
        """Compose the letter of an invitation."""
        self.messages.compose_invitation(ACTOR, invitation_id=fact.invitation_id)

    def help_in(self, fact: PasswordResetRequested) -> None:
        """Compose the letter with a reset link."""
        self.messages.compose_password_reset(ACTOR, reset_id=fact.reset_id)

    def warn(self, fact: AccountSecured) -> None:
        """Compose the letter that tells an account's owner of a change."""
        self.messages.compose_account_secured(
            ACTOR, user_id=fact.user_id, change=fact.change, change_id=fact.change_id, occurred_at=fact.occurred_at
        )

    def deliver(self, fact: MessageQueued, _key: str) -> str:
        """Hand a message over and return what came of it; its own id is what receivers recognise a second copy by.

        Raises: MailRefused, MailUnavailable.
        """
        mail = self.messages.outgoing(ACTOR, fact.message_id)
        if mail is None:
            return OVER
        if self.gateway is None:
            return WAITING
        self.gateway.send(mail)
        return SENT

    def settle(self, fact: MessageQueued, outcome: Json) -> None:
        """Note what came of a message."""
        if outcome == SENT:
            self.messages.settle_sent(ACTOR, message_id=fact.message_id)
        elif outcome == WAITING:
            self.messages.settle_waiting(ACTOR, message_id=fact.message_id)

    def give_up(self, fact: MessageQueued, failure: Failure) -> None:
        """Note that a message could not be delivered."""
        _log.error("mail_not_delivered", extra={"message_id": fact.message_id, "cause": failure.code})
        refused = not failure.retryable and _RECIPIENT_REFUSED.fullmatch(failure.code) is not None
        self.messages.settle_failed(ACTOR, message_id=fact.message_id, cause=failure.code, refused=refused)

    def queue_waiting(self, _tick_at: datetime) -> None:
        """Queue again what waits, where there is a mail server by now, and drop what nobody can use any more."""
        # Asked first: a change that changes nothing would fill the audit trail, minute by minute.
        waiting, too_old = self.messages.upkeep_due(ACTOR)
        if waiting and self.gateway is not None:
            self.messages.queue_waiting(ACTOR)
        if too_old:
            self.messages.drop_unsent(ACTOR)

    def subscriptions(self) -> tuple[Subscription[InvitationIssued] | Subscription[PasswordResetRequested]
                                     | Subscription[AccountSecured] | Subscription[MessageQueued], ...]:  # fmt: skip
        """Return who listens to which fact."""
        return (
            Reaction(InvitationIssued, "notifications.compose_invitation", self.invite),
            Reaction(PasswordResetRequested, "notifications.compose_password_reset", self.help_in),
            Reaction(AccountSecured, "notifications.compose_account_secured", self.warn),
            Effect(MessageQueued, DELIVERY, self.deliver, self.settle, self.give_up, _ATTEMPTS),
        )

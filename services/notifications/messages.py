"""Messages: composed in the transaction of the fact that causes them, sent outside of any, then settled."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.events.notifications import MessageQueued, MessageSettled
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor, correlation
from services.kernel.errors import Conflict, Gone, NotFound
from services.kernel.ids import new_id
from services.kernel.paging import Page, PageRequest
from services.notifications import templates
from services.notifications.ports import AddressBook, Addressee, Mail, Retry, RetryBook
from services.notifications.tables import MessageRow
from services.notifications.templates import Content
from services.notifications.views import MessageState, MessageView

UNSENT_KEPT = timedelta(days=7)
"""How long the content of a message that was never sent is kept; its links are over by then."""


DELIVERY = "notifications.deliver"
"""The work that hands messages over."""
REPORTED = frozenset({"status_notice"})
"""Letters whose cause wants to know what became of them."""
_WAITS = (MessageRow.waiting_since.is_not(None), MessageRow.sent_at.is_(None), MessageRow.failed_at.is_(None))


class Messages:
    """Composes, shows and settles messages."""

    def __init__(self, uow: UnitOfWork, address_book: AddressBook, public_url: str, retries: RetryBook) -> None:
        self.uow, self.address_book, self.public_url = uow, address_book, public_url.rstrip("/")
        self.retries = retries

    @command(permission="notifications.deliver")
    def compose_invitation(self, actor: Actor, *, invitation_id: str) -> str | None:
        """Compose the letter that invites a person; nothing where the invitation is not open any more."""
        to = self.address_book.invitation(actor, invitation_id, purpose="deliver the invitation")
        content = templates.invitation(to, self.public_url) if to else None
        return self.queued(to, content, "invitation", f"invitation:{invitation_id}")

    @command(permission="notifications.deliver")
    def compose_password_reset(self, actor: Actor, *, reset_id: str) -> str | None:
        """Compose the letter with a reset link; nothing where there is nobody to write to."""
        to = self.address_book.password_reset(actor, reset_id, purpose="deliver the reset link")
        content = templates.password_reset(to, self.public_url) if to else None
        return self.queued(to, content, "password_reset", f"reset:{reset_id}")

    @command(permission="notifications.deliver")
    def compose_account_secured(
        self, actor: Actor, *, user_id: str, change: str, change_id: str, occurred_at: datetime
    ) -> str | None:
        """Compose the letter that tells a person what changed about the guards of their account."""
        to = self.address_book.person(actor, user_id, purpose="tell the owner of a change to the account")
        content = templates.account_secured(to, self.public_url, change, occurred_at) if to else None
        return self.queued(to, content, "account_secured", f"secured:{change_id}")

    @query(permission="notifications.deliver")
    def outgoing(self, actor: Actor, message_id: str) -> Mail | None:
        """Return a message in clear, to be handed over; nothing where it is sent, dropped or its person erased.

        One that failed is handed over when its delivery is tried again.
        """
        scope = current()
        row = scope.session.get(MessageRow, message_id)
        if row is None or row.sent_at or row.content_sealed is None:
            return None
        vault = self.uow.vault
        try:
            recipient = vault.open(scope.session, row.subject_id, row.recipient_sealed, _place(row, "recipient"))
            content = json.loads(vault.open(scope.session, row.subject_id, row.content_sealed, _place(row, "content")))
        except Gone:
            return None
        return Mail(
            message_id=row.id,
            recipient=recipient,
            subject=content["subject"],
            text=content["text"],
            html=content["html"],
            queued_at=row.queued_at,
            correlation_id=row.correlation_id,
            unsubscribe_url=content.get("unsubscribe_url", ""),
        )

    @command(permission="notifications.deliver")
    def settle_sent(self, actor: Actor, *, message_id: str) -> None:
        """Note that a message was handed over, whatever an earlier try came to, and drop its content."""
        row = _found(current(), message_id)
        row.sent_at, row.waiting_since, row.content_sealed = self.uow.clock.now(), None, None
        row.failed_at = row.failed_because = None
        self._say_settled(row, None)

    @command(permission="notifications.deliver")
    def settle_waiting(self, actor: Actor, *, message_id: str) -> None:
        """Note that there is no mail server to hand a message to."""
        row = _found(current(), message_id)
        row.waiting_since = row.waiting_since or self.uow.clock.now()

    @command(permission="notifications.deliver")
    def settle_failed(self, actor: Actor, *, message_id: str, cause: str, refused: bool = False) -> None:
        """Note that a message could not be delivered, and why; its content stays for another try.

        `refused` tells that its address will never take it.
        """
        row = _found(current(), message_id)
        if row.sent_at is None:
            row.failed_at, row.failed_because = self.uow.clock.now(), cause[:64]
            self._say_settled(row, cause[:64], refused=refused)
        current().note(cause=cause[:64])

    @query(permission="notifications.deliver")
    def upkeep_due(self, actor: Actor) -> tuple[bool, bool]:
        """Tell whether messages wait for a mail server, and whether some are too old to be sent."""
        session, now = current().session, self.uow.clock.now()
        waiting, old = (sa.exists().where(*which) for which in (_WAITS, _too_old(now)))
        row = session.execute(sa.select(waiting, old)).one()
        return bool(row[0]), bool(row[1])

    @command(permission="notifications.deliver")
    def queue_waiting(self, actor: Actor) -> int:
        """Queue again what waits for a mail server, and return how many messages those were."""
        scope = current()
        waits = sa.select(MessageRow).where(*_WAITS)
        rows = scope.session.scalars(waits.order_by(MessageRow.id).limit(500).with_for_update()).all()
        for row in rows:
            row.waiting_since = None
            _publish(scope, row.id)
        scope.note(queued=len(rows))
        return len(rows)

    @command(permission="notifications.deliver")
    def drop_unsent(self, actor: Actor) -> int:
        """Drop the content of messages that were not sent within a week, and return how many those were."""
        scope, now = current(), self.uow.clock.now()
        old = sa.update(MessageRow).where(*_too_old(now))
        dropped = scope.session.execute(
            old.values(
                content_sealed=None,
                waiting_since=None,
                failed_at=sa.func.coalesce(MessageRow.failed_at, now),
                failed_because=sa.func.coalesce(MessageRow.failed_because, "too_old"),
            )
        )
        count = int(dropped.rowcount)  # type: ignore[attr-defined] # an UPDATE's result has it
        scope.note(dropped=count)
        return count

    @command(permission="notifications.retry")
    def send_again(self, actor: Actor, *, message_id: str) -> None:
        """Queue a failed message once more.

        Raises: NotFound, Conflict where it has not failed or its content is gone.
        """
        scope = current()
        row = _found(scope, message_id)
        if row.failed_at is None or row.content_sealed is None:
            raise Conflict("message_not_failed", "Only a failed message whose content is kept can be sent again.")
        row.failed_at = row.failed_because = None
        scope.about(row.subject_id)
        _publish(scope, row.id)

    @query(permission="notifications.read")
    def latest(self, actor: Actor, page: PageRequest, *, only_failed: bool = False) -> Page[MessageView]:
        """Return messages and what came of them, the latest first."""
        chosen = sa.select(MessageRow).order_by(MessageRow.id.desc()).limit(page.size + 1)
        if page.after:
            chosen = chosen.where(MessageRow.id < page.after)
        if only_failed:
            chosen = chosen.where(MessageRow.failed_at.is_not(None))
        rows = current().session.scalars(chosen).all()
        retried = {str(each.payload.get("message_id")): each for each in self.retries.retrying(DELIVERY)}
        views = [_view(row, retried.get(row.id)) for row in rows[: page.size]]
        return Page(views, views[-1].id if len(rows) > page.size else None)

    def queued(self, to: Addressee | None, content: Content | None, template: str, cause: str) -> str | None:
        """Queue a letter inside the running verb, once for each cause; nothing where there is nobody to write to."""
        scope = current()
        if to is None or content is None:
            scope.note(template=template, composed=False)
            return None
        known = scope.session.scalar(sa.select(MessageRow.id).where(MessageRow.cause == cause))
        if known is not None:
            return str(known)
        vault, subject_id = self.uow.vault, to.subject_id
        row = MessageRow(
            id=new_id("msg"),
            subject_id=subject_id,
            template=template,
            cause=cause,
            correlation_id=correlation().correlation_id,
            queued_at=self.uow.clock.now(),
        )
        row.recipient_sealed = vault.seal(scope.session, subject_id, to.email, _place(row, "recipient"))
        said = json.dumps(asdict(content))
        row.content_sealed = vault.seal(scope.session, subject_id, said, _place(row, "content"))
        scope.session.add(row)
        scope.session.flush()
        scope.about(subject_id)
        scope.note(template=template, message_id=row.id)
        _publish(scope, row.id)
        return row.id

    def _say_settled(self, row: MessageRow, failed_because: str | None, *, refused: bool = False) -> None:
        if row.template in REPORTED:
            now = self.uow.clock.now()
            current().publish(
                MessageSettled(occurred_at=now, cause=row.cause, failed_because=failed_because, refused=refused)
            )


def _too_old(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        MessageRow.content_sealed.is_not(None),
        MessageRow.sent_at.is_(None),
        MessageRow.queued_at < now - UNSENT_KEPT,
    )


def _publish(scope: Scope, message_id: str) -> None:
    now = scope.uow.clock.now()
    scope.publish(MessageQueued(occurred_at=now, message_id=message_id, queueing_id=new_id("que")))


def _found(scope: Scope, message_id: str) -> MessageRow:
    scope.note(message_id=message_id)
    row = scope.session.get(MessageRow, message_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("message_unknown", "There is no such message.", message_id=message_id)
    return row


def _place(row: MessageRow, part: str) -> str:
    return f"notifications_messages.{part}:{row.id}"


def _view(row: MessageRow, retry: Retry | None) -> MessageView:
    state = MessageState.RETRYING if retry else MessageState.QUEUED
    if row.sent_at:
        state = MessageState.SENT
    elif row.failed_at:
        state = MessageState.FAILED
    elif row.waiting_since:
        state = MessageState.WAITING
    return MessageView(
        id=row.id,
        subject_id=row.subject_id,
        template=row.template,
        state=state,
        queued_at=row.queued_at,
        sent_at=row.sent_at,
        failed_because=retry.because if retry and state is MessageState.RETRYING else row.failed_because,
        next_attempt_at=retry.next_attempt_at if retry and state is MessageState.RETRYING else None,
        correlation_id=row.correlation_id,
    )

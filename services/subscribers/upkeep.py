"""What the clock does for subscribers: tell what was held back, and drop what is over."""

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.subscribers import sealing
from services.subscribers.breaking import broken, resumed
from services.subscribers.rules import (
    CONFIRM_WITHIN,
    NOTICES_KEPT,
    REQUESTS_KEPT,
    SubscriberState,
)
from services.subscribers.tables import ChoiceRow, NoticeRow, RequestRow, SubscriberRow

_BATCH = 500


class Upkeep:
    """Looks after what time ends."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="subscribers.run")
    def digests_due(self, actor: Actor) -> bool:
        """Tell whether something held back is to be told."""
        due = sa.exists().where(SubscriberRow.digest_due_at <= self.uow.clock.now())
        return bool(current().session.scalar(sa.select(due)))

    @command(permission="subscribers.run")
    def break_off(self, actor: Actor, *, subscriber_id: str, because: str) -> None:
        """Note that a subscriber's target takes nothing any more; its owner gets a letter."""
        scope = current()
        row = scope.session.get(SubscriberRow, subscriber_id, with_for_update=True, populate_existing=True)
        if row is None or row.state not in {SubscriberState.ACTIVE, SubscriberState.PAUSED}:
            return
        broken(scope, row, because)

    @command(permission="subscribers.run")
    def mend(self, actor: Actor, *, subscriber_id: str) -> None:
        """Let a subscription go on whose webhook was switched on again."""
        scope = current()
        row = scope.session.get(SubscriberRow, subscriber_id, with_for_update=True, populate_existing=True)
        if row is not None and row.state == SubscriberState.BROKEN:
            resumed(scope, row)

    @command(permission="subscribers.run")
    def tidy(self, actor: Actor) -> int:
        """Drop unconfirmed subscriptions, old requests and old notices; return how many rows went."""
        scope, now = current(), self.uow.clock.now()
        forgotten = sa.select(SubscriberRow).where(
            SubscriberRow.state == SubscriberState.PENDING, SubscriberRow.asked_at < now - CONFIRM_WITHIN
        )
        count = 0
        for row in scope.session.scalars(forgotten.limit(_BATCH)).all():
            scope.session.execute(sa.delete(ChoiceRow).where(ChoiceRow.subscriber_id == row.id))
            sealing.end(scope, row, "not_confirmed")
            count += 1
        for statement in (
            sa.delete(RequestRow).where(RequestRow.asked_at < now - REQUESTS_KEPT),
            sa.delete(NoticeRow).where(NoticeRow.noticed_at < now - NOTICES_KEPT),
        ):
            count += int(scope.session.execute(statement).rowcount)  # type: ignore[attr-defined] # a DELETE's result has it
        scope.note(dropped=count)
        return count

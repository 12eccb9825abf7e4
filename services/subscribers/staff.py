"""What staff see of subscribers, each look with its purpose, and what they may do for one."""

from collections.abc import Sequence

import sqlalchemy as sa

from services.events.subscribers import SubscriptionRecalled, SubscriptionRequested
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.addresses import normalise_email
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import is_id, new_id
from services.subscribers import sealing
from services.subscribers.links import PREFIX
from services.subscribers.own import end
from services.subscribers.ports import Webhooks
from services.subscribers.rules import Channel, SubscriberState
from services.subscribers.tables import SubscriberRow
from services.subscribers.views import Counts, SubscriberView

PURPOSE_LENGTH_MIN, PURPOSE_LENGTH_MAX = 5, 200
SHOWN_MAX = 100


class Staff:
    """Counts and searches subscribers, ends subscriptions, sends letters again."""

    def __init__(self, uow: UnitOfWork, webhooks: Webhooks) -> None:
        self.uow, self._webhooks = uow, webhooks

    @query(permission="subscribers.read")
    def counts(self, actor: Actor) -> Counts:
        """Return how many subscribers there are; nobody is disclosed by that."""
        session = current().session
        states = sa.select(SubscriberRow.state, sa.func.count()).group_by(SubscriberRow.state)
        by_state = {row[0]: row[1] for row in session.execute(states)}
        active = SubscriberRow.state == SubscriberState.ACTIVE
        channels = sa.select(SubscriberRow.channel, sa.func.count()).where(active).group_by(SubscriberRow.channel)
        by_channel = {row[0]: row[1] for row in session.execute(channels)}
        return Counts(
            by_channel=[(channel, by_channel.get(channel, 0)) for channel in Channel],
            active=by_state.get(SubscriberState.ACTIVE, 0),
            pending=by_state.get(SubscriberState.PENDING, 0),
            paused=by_state.get(SubscriberState.PAUSED, 0),
            broken=by_state.get(SubscriberState.BROKEN, 0),
            ended=by_state.get(SubscriberState.ENDED, 0),
        )

    @command(permission="subscribers.read")
    def search(self, actor: Actor, *, text: str, purpose: str) -> Sequence[SubscriberView]:
        """Return the subscriptions of one mail address or id, or the newest; who looked and why is recorded.

        Raises: Invalid without a purpose, or for a text that is neither.
        """
        scope, wanted = current(), text.strip()
        _note_purpose(scope, purpose)
        chosen = sa.select(SubscriberRow).order_by(SubscriberRow.id.desc()).limit(SHOWN_MAX)
        if is_id(wanted, PREFIX):
            chosen = chosen.where(SubscriberRow.id == wanted)
        elif wanted:
            digest = sealing.contact_digest(scope, normalise_email(wanted))
            chosen = chosen.where(SubscriberRow.contact_digest == digest)
        rows = scope.session.scalars(chosen).all()
        scope.about(*(row.id for row in rows))
        return [_view(scope, row) for row in rows]

    @command(permission="subscribers.manage")
    def disable(self, actor: Actor, *, subscriber_id: str) -> None:
        """End a subscription on its owner's behalf, and erase what leads to them.

        Raises: NotFound.
        """
        scope = current()
        end(scope, _found(scope, subscriber_id), self._webhooks, "ended_by_staff")

    @command(permission="subscribers.manage")
    def resend(self, actor: Actor, *, subscriber_id: str) -> None:
        """Send the letter with the link again: to confirm, or to manage; older links to manage are over then.

        Raises: NotFound; Conflict for an ended subscription.
        """
        scope, now = current(), self.uow.clock.now()
        row = _found(scope, subscriber_id)
        if row.state == SubscriberState.ENDED:
            raise Conflict("subscription_ended", "This subscription has ended; nothing is kept of it.")
        if row.state == SubscriberState.PENDING:
            row.asked_at = now
            scope.publish(SubscriptionRequested(occurred_at=now, subscriber_id=row.id, request_id=new_id("req")))
        else:
            row.link_version += 1  # whoever lost their link does not want its finder to have a good one
            scope.publish(SubscriptionRecalled(occurred_at=now, subscriber_id=row.id, request_id=new_id("req")))


def _found(scope: Scope, subscriber_id: str) -> SubscriberRow:
    row = scope.session.get(SubscriberRow, subscriber_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("subscriber_unknown", "There is no such subscriber.")
    scope.about(row.id)
    return row


def _note_purpose(scope: Scope, purpose: str) -> None:
    said = " ".join(purpose.split())
    if not PURPOSE_LENGTH_MIN <= len(said) <= PURPOSE_LENGTH_MAX:
        message = "Say why you need to see this; it stands in the audit trail."
        raise Invalid("purpose_missing", message, fields={"purpose": message})
    scope.note(purpose=said)


def _view(scope: Scope, row: SubscriberRow) -> SubscriberView:
    return SubscriberView(
        id=row.id,
        channel=Channel(row.channel),
        state=SubscriberState(row.state),
        contact=sealing.contact_of(scope, row),
        target=sealing.target_of(scope, row),
        everything=row.everything,
        min_impact=row.min_impact,
        asked_at=row.asked_at,
        confirmed_at=row.confirmed_at,
        ended_because=row.ended_because,
    )

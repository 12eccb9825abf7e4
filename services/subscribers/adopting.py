"""Subscribers who come from elsewhere, within an import that is already running.

Those who agreed there are told from now on, and can leave by the link in every letter. The others are asked first: the
same letter goes to them as to somebody who asked here, and nothing else before they confirm.
"""

from datetime import datetime

import sqlalchemy as sa

from services.events.subscribers import SubscriptionRequested
from services.infra.uow import current
from services.kernel.addresses import mailbox_of, normalise_email
from services.kernel.ids import new_id
from services.subscribers import choosing, sealing
from services.subscribers.requests import new_subscriber
from services.subscribers.rules import Channel, Choices, SubscriberState
from services.subscribers.tables import RequestRow, SubscriberRow


class Adopting:
    """Makes subscribers in the running transaction."""

    def digest(self, email: str) -> str:
        """Return the digest under which an address is remembered, also after they have left.

        Raises: Invalid for what is no address.
        """
        return current().uow.vault.digest("subscribers.import", normalise_email(email))

    def known(self, email: str) -> str | None:
        """Return who is subscribed by mail with this address, if anybody.

        Raises: Invalid for what is no address.
        """
        found = sealing.target_digest(current(), Channel.EMAIL, normalise_email(email), "")
        return current().session.scalar(sa.select(SubscriberRow.id).where(SubscriberRow.target_digest == found))

    def add(self, email: str, *, confirmed_at: datetime | None, component_ids: frozenset[str]) -> str:
        """Make a subscriber and return their id.

        Raises: Invalid for what is no address, or too many choices.
        """
        scope, now = current(), current().uow.clock.now()
        address, choices = normalise_email(email), Choices(component_ids)
        digest = sealing.contact_digest(scope, address)
        found = sealing.target_digest(scope, Channel.EMAIL, address, "")
        row = new_subscriber(scope, Channel.EMAIL, digest, found)
        sealing.seal(scope, row, email=address, target="")
        choosing.keep(scope, row, choices)
        scope.about(row.id)
        if confirmed_at is not None:
            row.state, row.confirmed_at = SubscriberState.ACTIVE, confirmed_at
            scope.session.flush()
            return row.id
        network = scope.uow.vault.digest("subscribers.network", "import")
        mailbox = sealing.contact_digest(scope, mailbox_of(address))
        request = RequestRow(
            id=new_id("req"), contact_digest=mailbox, network_digest=network, asked_at=now, answered=True
        )
        scope.session.add(request)
        scope.session.flush()
        scope.publish(SubscriptionRequested(occurred_at=now, subscriber_id=row.id, request_id=request.id))
        return row.id

"""Asking to be told, and confirming it: nothing is sent before, and nobody learns who is known.

Whoever asks gets the same answer, whether the address is new, waits to be confirmed, or is subscribed. What asking can
bring to one address and what one network can ask for are bounded, so that nobody's mailbox is flooded through us.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from services.events.subscribers import SubscriptionRecalled, SubscriptionRequested
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.addresses import mailbox_of, normalise_email
from services.kernel.context import Actor
from services.kernel.errors import Gone, Invalid, RateLimited
from services.kernel.ids import new_id
from services.kernel.network import client_network, client_site
from services.subscribers import choosing, sealing
from services.subscribers.links import PREFIX, living, opened, token
from services.subscribers.ports import Slack, Webhooks
from services.subscribers.rules import (
    ADDRESS_WINDOW,
    CONFIRM_WITHIN,
    LETTER_GAP,
    LETTERS_PER_ADDRESS,
    REQUEST_WINDOW,
    REQUESTS_IN_ALL,
    REQUESTS_PER_NETWORK,
    REQUESTS_PER_SITE,
    Channel,
    Choices,
    SubscriberState,
)
from services.subscribers.tables import RequestRow, SubscriberRow
from services.subscribers.views import ConfirmedView, PendingView

_LOCK = 0x73756273  # "subs"


class Requests:
    """Takes requests in, and confirms them by the link in the letter."""

    def __init__(self, uow: UnitOfWork, webhooks: Webhooks, slack: Slack) -> None:
        self.uow, self._webhooks, self._slack = uow, webhooks, slack

    @command(permission="subscribers.subscribe")
    def ask(
        self, actor: Actor, *, channel: str, email: str, target: str, choices: Choices, client_address: str
    ) -> None:
        """Ask to be told; a letter with a link to confirm goes to the mail address, which owns the subscription.

        Raises: Invalid for a wrong address; RateLimited where this network, or all together, asked too often.
        """
        scope, now = current(), self.uow.clock.now()
        kind, address = _channel(channel), normalise_email(email)
        place = self._target(kind, target)
        _serialise(scope)
        network = self.uow.vault.digest("subscribers.network", client_network(client_address))
        site = self.uow.vault.digest("subscribers.site", client_site(client_address))
        _check_rate(scope, network, site, now)
        mailbox = sealing.contact_digest(scope, mailbox_of(address))
        answered = _may_write(scope, mailbox, now)
        request = RequestRow(
            id=new_id("req"), contact_digest=mailbox, network_digest=network, site_digest=site, asked_at=now,
            answered=answered,
        )  # fmt: skip
        scope.session.add(request)
        scope.note(channel=kind, answered=answered)
        if not answered:
            return
        found = sealing.target_digest(scope, kind, address, place)
        row = scope.session.scalar(
            sa.select(SubscriberRow).where(SubscriberRow.target_digest == found).with_for_update()
        )
        if row is None:
            row = new_subscriber(scope, kind, sealing.contact_digest(scope, address), found)
            sealing.seal(scope, row, email=address, target=place)
        scope.about(row.id)
        if row.state == SubscriberState.PENDING:
            row.asked_at = now
            choosing.keep(scope, row, choices)
            scope.publish(SubscriptionRequested(occurred_at=now, subscriber_id=row.id, request_id=request.id))
        else:
            scope.publish(SubscriptionRecalled(occurred_at=now, subscriber_id=row.id, request_id=request.id))

    @query(permission="subscribers.subscribe")
    def look_at(self, actor: Actor, *, token: str) -> PendingView:
        """Return what a link would confirm; looking confirms nothing, since mail scanners look too.

        Raises: NotFound for a forged link; Gone for one that is over.
        """
        scope = current()
        row = self._pending(scope, opened(scope, token, "confirm"))
        target = sealing.target_of(scope, row) or sealing.contact_of(scope, row)
        return PendingView(Channel(row.channel), target, row.state != SubscriberState.PENDING)

    @command(permission="subscribers.subscribe")
    def confirm(self, actor: Actor, *, token: str) -> ConfirmedView:
        """Confirm a subscription: from now on its owner is told. Confirming twice changes nothing.

        Raises: NotFound for a forged link; Gone for one that is over.
        """
        scope = current()
        row = self._pending(scope, opened(scope, token, "confirm", lock=True))
        scope.about(row.id)
        secret = None
        if row.state == SubscriberState.PENDING:
            row.state, row.confirmed_at = SubscriberState.ACTIVE, self.uow.clock.now()
            if row.channel == Channel.WEBHOOK:
                endpoint = self._webhooks.open(
                    owner=f"subscribers:{row.id}", subject_id=row.id, url=sealing.target_of(scope, row)
                )
                row.endpoint_id, secret = endpoint.id, endpoint.secret
        return ConfirmedView(Channel(row.channel), _manage(scope, row), secret)

    def _pending(self, scope: Scope, row: SubscriberRow) -> SubscriberRow:
        living(row)
        if row.asked_at + CONFIRM_WITHIN < self.uow.clock.now():  # also once confirmed: it shows the link to manage
            raise Gone(
                "confirmation_over",
                "This link was good for two days. Subscribe anew to get another.",
            )
        return row

    def _target(self, channel: Channel, target: str) -> str:
        if channel is Channel.WEBHOOK:
            return self._webhooks.checked(target)
        if channel is Channel.SLACK:
            return self._slack.checked(target)
        return ""


def _manage(scope: Scope, row: SubscriberRow) -> str:
    return token(scope, row, "manage")


def _channel(text: str) -> Channel:
    try:
        return Channel(text)
    except ValueError as error:
        message = "Choose how you want to be told."
        raise Invalid("channel_unknown", message, fields={"channel": message}) from error


def new_subscriber(scope: Scope, channel: Channel, contact_digest: str, target_digest: str) -> SubscriberRow:
    """Add a subscriber who has not confirmed anything yet, within the caller's transaction."""
    row = SubscriberRow(
        id=new_id(PREFIX),
        channel=channel,
        state=SubscriberState.PENDING,
        contact_digest=contact_digest,
        target_digest=target_digest,
        min_impact="none",
        everything=True,
        maintenance=True,
        component_changes=True,
        asked_at=scope.uow.clock.now(),
    )
    scope.session.add(row)
    scope.session.flush()
    return row


def _serialise(scope: Scope) -> None:
    """Let one request through at a time, so that those who ask at once are counted; SQLite's writers are alone."""
    if scope.session.get_bind().dialect.name == "postgresql":
        scope.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _check_rate(scope: Scope, network: str, site: str, now: datetime) -> None:
    counted = sa.select(sa.func.count()).select_from(RequestRow).where(RequestRow.asked_at > now - REQUEST_WINDOW)
    own = scope.session.scalar(counted.where(RequestRow.network_digest == network)) or 0
    around = scope.session.scalar(counted.where(RequestRow.site_digest == site)) or 0
    if (
        own >= REQUESTS_PER_NETWORK
        or around >= REQUESTS_PER_SITE
        or (scope.session.scalar(counted) or 0) >= REQUESTS_IN_ALL
    ):
        raise RateLimited(
            "too_many_requests",
            "Too many subscriptions were asked for from here. Try again in an hour.",
            retry_after_seconds=int(REQUEST_WINDOW / timedelta(seconds=1)),
        )


def _may_write(scope: Scope, contact_digest: str, now: datetime) -> bool:
    """Tell whether an address may get another letter; whoever asked is not told."""
    sent = sa.select(RequestRow.asked_at).where(
        RequestRow.contact_digest == contact_digest, RequestRow.answered, RequestRow.asked_at > now - ADDRESS_WINDOW
    )
    instants = scope.session.scalars(sent).all()
    return len(instants) < LETTERS_PER_ADDRESS and all(at + LETTER_GAP <= now for at in instants)

"""The desk: what other domains' verbs do with webhooks inside their own transaction, wired into their ports."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.events.webhooks import WebhookDue
from services.infra.targets import OutboundPolicy, address_checked
from services.infra.uow import Scope, current
from services.kernel.context import correlation
from services.kernel.errors import Conflict, Gone, Invalid, NotFound, RateLimited
from services.kernel.ids import new_id
from services.webhooks.rules import BODY_BYTES_MAX, BY_HAND_MAX, BY_HAND_WINDOW, SECRET_OVERLAP, DeliveryState, Origin
from services.webhooks.signing import new_secret
from services.webhooks.tables import AttemptRow, DeliveryRow, EndpointRow, SecretRow
from services.webhooks.views import AttemptView, DeliveryView, EndpointView, OpenedEndpoint


class Desk:
    """Opens and closes endpoints, and queues messages, in the scope of whichever verb is running.

    It asks no permission and writes no audit row: the verb that it works for has done both.
    """

    def __init__(self, policy: OutboundPolicy) -> None:
        self._policy = policy

    def checked(self, url: str) -> str:
        """Return an address in the form in which it is kept.

        Raises: Invalid for one to which we never go.
        """
        return address_checked(self._policy, url)

    def open(self, *, owner: str, subject_id: str, url: str) -> OpenedEndpoint:
        """Make an endpoint; its address and secret are sealed under the subject's key.

        Raises: Invalid for an address to which we never go.
        """
        scope = current()
        row = EndpointRow(id=new_id("whk"), owner=owner, subject_id=subject_id, opened_at=scope.uow.clock.now())
        address = self.checked(url)
        row.url_sealed = scope.uow.vault.seal(scope.session, subject_id, address, url_place(row.id))
        scope.session.add(row)
        scope.session.flush()
        return OpenedEndpoint(row.id, _add_secret(scope, row))

    def rotate(self, endpoint_id: str) -> str:
        """Make a new secret and return it; the old ones sign too for another day.

        Raises: NotFound.
        """
        scope = current()
        row, now = found(scope, endpoint_id), scope.uow.clock.now()
        _not_retired = sa.or_(SecretRow.retires_at.is_(None), SecretRow.retires_at > now + SECRET_OVERLAP)
        scope.session.execute(
            sa.update(SecretRow)
            .where(SecretRow.endpoint_id == endpoint_id, _not_retired)
            .values(retires_at=now + SECRET_OVERLAP)
        )
        return _add_secret(scope, row)

    def queue(
        self, endpoint_id: str, *, kind: str, body: Mapping[str, object], cause: str, origin: str = Origin.LIVE
    ) -> str | None:
        """Queue a message, once for each cause, and return its id; nothing where the endpoint takes none.

        Raises: NotFound; Invalid for a body that is too large; RateLimited for too many tests.
        """
        scope = current()
        row = found(scope, endpoint_id)
        if row.closed_at or row.disabled_at:
            return None
        if origin == Origin.TEST:
            _by_hand(scope, row)
        known = sa.select(DeliveryRow.id).where(DeliveryRow.endpoint_id == endpoint_id, DeliveryRow.cause == cause)
        if (message_id := scope.session.scalar(known)) is not None:
            return message_id
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > BODY_BYTES_MAX:
            raise Invalid("webhook_too_large", "This message is too large for a webhook.")
        delivery = DeliveryRow(
            id=new_id("msg"), endpoint_id=endpoint_id, cause=cause, kind=kind, origin=str(origin),
            state=DeliveryState.PENDING, queued_at=scope.uow.clock.now(), attempts=0, round_attempts=0,
            correlation_id=correlation().correlation_id,
        )  # fmt: skip
        delivery.body_sealed = scope.uow.vault.seal(scope.session, row.subject_id, text, body_place(delivery.id))
        scope.session.add(delivery)
        scope.session.flush()
        hand_on(scope, row, delivery)
        return delivery.id

    def close(self, endpoint_id: str) -> None:
        """End an endpoint: what is not delivered yet is dropped, and so is everything sealed for it.

        Raises: NotFound.
        """
        scope = current()
        row, now = found(scope, endpoint_id), scope.uow.clock.now()
        row.closed_at = row.closed_at or now
        scope.session.execute(sa.delete(SecretRow).where(SecretRow.endpoint_id == endpoint_id))
        open_ones = sa.update(DeliveryRow).where(
            DeliveryRow.endpoint_id == endpoint_id, DeliveryRow.state == DeliveryState.PENDING
        )
        scope.session.execute(open_ones.values(state=DeliveryState.DROPPED, due_at=None, settled_at=now))
        scope.session.execute(
            sa.update(DeliveryRow).where(DeliveryRow.endpoint_id == endpoint_id).values(body_sealed=None)
        )

    def enable(self, endpoint_id: str) -> None:
        """Let an endpoint that was disabled get messages again.

        Raises: NotFound.
        """
        row = found(current(), endpoint_id)
        row.disabled_at = row.disabled_because = row.waits_until = None
        row.failures = 0

    def replay(self, endpoint_id: str, message_id: str) -> None:
        """Send a message again under its own id.

        Raises: NotFound; Conflict where it waits already, or its endpoint takes nothing; Gone where it is kept no more;
        RateLimited for too many in a minute.
        """
        scope = current()
        _by_hand(scope, found(scope, endpoint_id))
        replayed(scope, endpoint_id, message_id)

    def endpoint(self, endpoint_id: str) -> EndpointView:
        """Return an endpoint.

        Raises: NotFound.
        """
        return endpoint_view(current(), found(current(), endpoint_id, lock=False), disclosed=True)

    def deliveries(self, endpoint_id: str, *, size: int = 50) -> Sequence[DeliveryView]:
        """Return an endpoint's newest messages."""
        chosen = sa.select(DeliveryRow).where(DeliveryRow.endpoint_id == endpoint_id)
        rows = current().session.scalars(chosen.order_by(DeliveryRow.id.desc()).limit(size)).all()
        return delivery_views(current(), rows)

    def attempts(self, endpoint_id: str, message_id: str) -> Sequence[AttemptView]:
        """Return the attempts of an endpoint's message, the newest first.

        Raises: NotFound.
        """
        scope = current()
        return attempt_views(scope, *_pair(scope, endpoint_id, message_id, lock=False))


def hand_on(scope: Scope, endpoint: EndpointRow, delivery: DeliveryRow) -> None:
    """Let a message be tried now, or once its endpoint has rested."""
    now = scope.uow.clock.now()
    if endpoint.waits_until is not None and endpoint.waits_until > now:
        delivery.due_at = endpoint.waits_until
        return
    delivery.due_at = None
    scope.publish(WebhookDue(occurred_at=now, delivery_id=delivery.id, attempt=delivery.attempts + 1))


def replayed(scope: Scope, endpoint_id: str, message_id: str) -> None:
    """Begin a new round of attempts for a message.

    Raises: NotFound, Conflict, Gone.
    """
    endpoint, delivery = _pair(scope, endpoint_id, message_id, lock=True)
    if endpoint.closed_at or endpoint.disabled_at:
        raise Conflict("endpoint_closed", "This endpoint gets no messages: enable it first.")
    if delivery.state == DeliveryState.PENDING:
        raise Conflict("delivery_pending", "This message is on its way already.")
    if delivery.body_sealed is None:
        raise Gone("delivery_gone", "This message is not kept any more.")
    delivery.state, delivery.settled_at, delivery.round_attempts = DeliveryState.PENDING, None, 0
    scope.session.flush()
    hand_on(scope, endpoint, delivery)


def _by_hand(scope: Scope, row: EndpointRow) -> None:
    """Count what an owner asks for by hand, so that nobody makes us flood a host that never agreed to it."""
    now = scope.uow.clock.now()
    if row.by_hand_since is None or row.by_hand_since + BY_HAND_WINDOW <= now:
        row.by_hand_since, row.by_hand_count = now, 0
    if (row.by_hand_count or 0) >= BY_HAND_MAX:
        left = (row.by_hand_since + BY_HAND_WINDOW - now) / timedelta(seconds=1)
        message = "Too many tests and messages sent again. Wait a minute."
        raise RateLimited("webhook_too_often", message, retry_after_seconds=max(1, int(left)))
    row.by_hand_count = (row.by_hand_count or 0) + 1


def found(scope: Scope, endpoint_id: str, *, lock: bool = True) -> EndpointRow:
    """Return an endpoint's row.

    Raises: NotFound.
    """
    row = scope.session.get(EndpointRow, endpoint_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("endpoint_unknown", "There is no such endpoint.")
    return row


def _pair(scope: Scope, endpoint_id: str, message_id: str, *, lock: bool) -> tuple[EndpointRow, DeliveryRow]:
    endpoint = found(scope, endpoint_id, lock=lock)
    delivery = scope.session.get(DeliveryRow, message_id, with_for_update=lock or None, populate_existing=lock)
    if delivery is None or delivery.endpoint_id != endpoint_id:
        raise NotFound("delivery_unknown", "There is no such message.")
    return endpoint, delivery


def endpoint_view(scope: Scope, row: EndpointRow, *, disclosed: bool) -> EndpointView:
    """Return what is read of an endpoint; its address only where it is disclosed, and where its owner is not erased."""
    now, url = scope.uow.clock.now(), ""
    if disclosed:
        with contextlib.suppress(Gone):
            url = scope.uow.vault.open(scope.session, row.subject_id, row.url_sealed, url_place(row.id))
    rests = row.waits_until if row.waits_until is not None and row.waits_until > now else None
    return EndpointView(
        row.id, row.owner, url, row.opened_at, row.closed_at, row.disabled_at, row.disabled_because, row.failures,
        rests, row.succeeded_at, len(valid_secrets(scope, row.id, now)),
    )  # fmt: skip


def valid_secrets(scope: Scope, endpoint_id: str, now: datetime) -> Sequence[SecretRow]:
    """Return the secrets that sign now, the newest first."""
    unretired = sa.or_(SecretRow.retires_at.is_(None), SecretRow.retires_at > now)
    chosen = sa.select(SecretRow).where(SecretRow.endpoint_id == endpoint_id, unretired)
    return scope.session.scalars(chosen.order_by(SecretRow.id.desc())).all()


def delivery_views(scope: Scope, rows: Sequence[DeliveryRow]) -> list[DeliveryView]:
    """Return messages with what their newest attempts came to."""
    newest = sa.select(AttemptRow).join(
        DeliveryRow, sa.and_(DeliveryRow.id == AttemptRow.delivery_id, DeliveryRow.attempts == AttemptRow.number)
    )
    last = {a.delivery_id: a for a in scope.session.scalars(newest.where(DeliveryRow.id.in_([r.id for r in rows])))}
    return [
        DeliveryView(
            row.id, row.endpoint_id, row.kind, Origin(row.origin), DeliveryState(row.state), row.queued_at, row.due_at,
            row.settled_at, row.attempts, last[row.id].status if row.id in last else None,
            last[row.id].code if row.id in last else None, row.correlation_id,
        )
        for row in rows
    ]  # fmt: skip


def attempt_views(scope: Scope, endpoint: EndpointRow, delivery: DeliveryRow) -> list[AttemptView]:
    """Return the attempts of a message, the newest first."""
    chosen = sa.select(AttemptRow).where(AttemptRow.delivery_id == delivery.id)
    return [
        AttemptView(
            row.number, row.tried_at, row.duration_seconds, row.status, row.code, _excerpt(scope, endpoint, row)
        )
        for row in scope.session.scalars(chosen.order_by(AttemptRow.number.desc()).limit(100))
    ]


def _excerpt(scope: Scope, endpoint: EndpointRow, row: AttemptRow) -> str:
    if row.excerpt_sealed is None:
        return ""
    try:
        place = excerpt_place(row.delivery_id, row.number)
        return scope.uow.vault.open(scope.session, endpoint.subject_id, row.excerpt_sealed, place)
    except Gone:
        return ""


def _add_secret(scope: Scope, endpoint: EndpointRow) -> str:
    row, secret = SecretRow(id=new_id("whs"), endpoint_id=endpoint.id, made_at=scope.uow.clock.now()), new_secret()
    row.secret_sealed = scope.uow.vault.seal(scope.session, endpoint.subject_id, secret, secret_place(row.id))
    scope.session.add(row)
    scope.session.flush()
    return secret


def url_place(endpoint_id: str) -> str:
    """Return where an endpoint's address stands."""
    return f"webhooks_endpoints.url:{endpoint_id}"


def secret_place(secret_id: str) -> str:
    """Return where a secret stands."""
    return f"webhooks_secrets.secret:{secret_id}"


def body_place(message_id: str) -> str:
    """Return where a message's body stands."""
    return f"webhooks_deliveries.body:{message_id}"


def excerpt_place(message_id: str, number: int) -> str:
    """Return where the beginning of an answer stands."""
    return f"webhooks_attempts.excerpt:{message_id}:{number}"

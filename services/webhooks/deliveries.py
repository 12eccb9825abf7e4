"""Deliveries: what is due, what an attempt came to, and when an endpoint is given up."""

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa

from services.events.webhooks import WebhookDisabled
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Gone
from services.webhooks.desk import body_place, excerpt_place, hand_on, secret_place, url_place, valid_secrets
from services.webhooks.rules import (
    KEPT,
    DeliveryState,
    Origin,
    breaker_seconds,
    is_gone,
    is_lost,
    is_overloaded,
    succeeded,
    wait_seconds,
)
from services.webhooks.tables import AttemptRow, DeliveryRow, EndpointRow, SecretRow
from services.webhooks.views import Outgoing, Result

BATCH = 200
_PARK = timedelta(minutes=5)


class Deliveries:
    """Hands messages out and takes results in, for the background process."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="webhooks.run")
    def outgoing(self, actor: Actor, message_id: str, attempt: int) -> Outgoing | None:
        """Return a message in clear for one attempt; nothing where that was made, or nobody waits for it any more."""
        scope = current()
        row = scope.session.get(DeliveryRow, message_id)
        if row is None or row.state != DeliveryState.PENDING or row.attempts + 1 != attempt or not row.body_sealed:
            return None
        endpoint = scope.session.get_one(EndpointRow, row.endpoint_id)
        if endpoint.closed_at or endpoint.disabled_at:
            return None
        vault, session, subject = self.uow.vault, scope.session, endpoint.subject_id
        try:
            secrets = tuple(
                vault.open(session, subject, secret.secret_sealed, secret_place(secret.id))
                for secret in valid_secrets(scope, endpoint.id, self.uow.clock.now())
            )
            return Outgoing(
                message_id=row.id,
                url=vault.open(session, subject, endpoint.url_sealed, url_place(endpoint.id)),
                body=vault.open(session, subject, row.body_sealed, body_place(row.id)),
                secrets=secrets,
                attempt=attempt,
                correlation_id=row.correlation_id,
            )
        except Gone:
            return None

    @query(permission="webhooks.run")
    def sealed(self, actor: Actor, message_id: str, attempt: int, excerpt: str) -> str | None:
        """Return the beginning of an answer as ciphertext: what is not ours is written down nowhere in clear."""
        scope = current()
        row = scope.session.get(DeliveryRow, message_id)
        if row is None or not excerpt:
            return None
        endpoint = scope.session.get_one(EndpointRow, row.endpoint_id)
        try:
            place = excerpt_place(row.id, attempt)
            return self.uow.vault.seal(scope.session, endpoint.subject_id, excerpt, place)
        except Gone:  # erased while the answer was on its way
            return None

    @command(permission="webhooks.run")
    def record(self, actor: Actor, *, message_id: str, attempt: int, result: Result) -> None:
        """Keep what an attempt came to, and settle the message or its next attempt."""
        scope, now = current(), self.uow.clock.now()
        scope.note(message_id=message_id, attempt=attempt, status=result.status, code=result.code)
        pair = _locked(scope, message_id)
        if pair is None or pair[1].attempts >= attempt:
            return
        endpoint, row = pair
        row.attempts, row.round_attempts, row.due_at = attempt, row.round_attempts + 1, None
        scope.session.add(_attempt(scope, endpoint, row, result))
        if succeeded(result.status):
            endpoint.failures, endpoint.succeeded_at, endpoint.waits_until = 0, now, None
            row.state, row.settled_at = DeliveryState.DELIVERED, now
            return
        endpoint.failures += 1
        rest = breaker_seconds(endpoint.failures)
        endpoint.waits_until = now + timedelta(seconds=rest) if rest else None
        if row.state != DeliveryState.PENDING:
            return
        wait = wait_seconds(
            row.round_attempts,
            row.id,
            overloaded=is_overloaded(result.status, result.code),
            retry_after=result.retry_after_seconds,
        )
        if is_gone(result.status):
            self._give_up(scope, endpoint, row, because="gone")
        elif row.origin == Origin.TEST:
            row.state, row.settled_at = DeliveryState.FAILED, now
        elif wait is not None:
            row.due_at = now + timedelta(seconds=wait)
        elif is_lost(row.queued_at, endpoint.succeeded_at):
            self._give_up(scope, endpoint, row, because="failing")
        else:
            row.state, row.settled_at = DeliveryState.FAILED, now

    @command(permission="webhooks.run")
    def park(self, actor: Actor, *, message_id: str) -> None:
        """Put a message back whose attempt failed through a fault of ours."""
        scope = current()
        scope.note(message_id=message_id)
        row = scope.session.get(DeliveryRow, message_id, with_for_update=True, populate_existing=True)
        if row is not None and row.state == DeliveryState.PENDING:
            row.due_at = self.uow.clock.now() + _PARK

    @query(permission="webhooks.run")
    def any_due(self, actor: Actor) -> bool:
        """Tell whether a message waits whose time has come."""
        return bool(current().session.scalar(sa.select(sa.exists().where(DeliveryRow.due_at <= self.uow.clock.now()))))

    @command(permission="webhooks.run")
    def hand_out_due(self, actor: Actor) -> int:
        """Hand on the messages whose time has come, and return how many those were.

        An endpoint that failed several times in a row gets one of them: whether it lives again is soon known.
        """
        scope, now = current(), self.uow.clock.now()
        due = sa.select(DeliveryRow.id, DeliveryRow.endpoint_id).where(DeliveryRow.due_at <= now)
        found = scope.session.execute(due.order_by(DeliveryRow.due_at).limit(BATCH)).all()
        endpoints = _endpoints(scope, {each.endpoint_id for each in found})
        ids = [each.id for each in found if each.endpoint_id in endpoints]
        still = sa.select(DeliveryRow).where(DeliveryRow.id.in_(ids), DeliveryRow.due_at <= now)
        rows = scope.session.scalars(still.order_by(DeliveryRow.due_at).with_for_update(skip_locked=True)).all()
        handed = 0
        for row in rows:
            endpoint = endpoints[row.endpoint_id]
            if endpoint.waits_until is not None and endpoint.waits_until <= now:
                hand_on(scope, endpoint, row)
                endpoint.waits_until = now + timedelta(seconds=breaker_seconds(endpoint.failures))
                handed += 1
            else:
                hand_on(scope, endpoint, row)
                handed += row.due_at is None
        scope.note(handed=handed)
        return handed

    @command(permission="webhooks.run")
    def forget_old(self, actor: Actor) -> int:
        """Drop what is settled for 90 days, and secrets that are retired; return how many messages went."""
        scope, now = current(), self.uow.clock.now()
        old = sa.select(DeliveryRow.id).where(DeliveryRow.settled_at < now - KEPT).limit(5_000).scalar_subquery()
        scope.session.execute(sa.delete(AttemptRow).where(AttemptRow.delivery_id.in_(old)))
        gone = scope.session.execute(
            sa.delete(DeliveryRow).where(DeliveryRow.id.in_(old), DeliveryRow.settled_at < now - KEPT)
        )
        scope.session.execute(sa.delete(SecretRow).where(SecretRow.retires_at < now))
        count = int(gone.rowcount)  # type: ignore[attr-defined] # a DELETE's result has it
        scope.note(dropped=count)
        return count

    def _give_up(self, scope: Scope, endpoint: EndpointRow, row: DeliveryRow, *, because: str) -> None:
        """Disable an endpoint; what waits for it stays, to be replayed once it is enabled again."""
        now = self.uow.clock.now()
        endpoint.disabled_at, endpoint.disabled_because = now, because
        waiting = sa.update(DeliveryRow).where(
            DeliveryRow.endpoint_id == endpoint.id, DeliveryRow.state == DeliveryState.PENDING
        )
        row.state, row.settled_at = DeliveryState.FAILED, now
        scope.session.flush()
        scope.session.execute(waiting.values(state=DeliveryState.FAILED, due_at=None, settled_at=now))
        scope.about(endpoint.subject_id)
        scope.note(endpoint_id=endpoint.id, disabled_because=because)
        scope.publish(WebhookDisabled(occurred_at=now, endpoint_id=endpoint.id, owner=endpoint.owner, because=because))


def _attempt(scope: Scope, endpoint: EndpointRow, row: DeliveryRow, result: Result) -> AttemptRow:
    attempt = AttemptRow(
        delivery_id=row.id,
        number=row.attempts,
        tried_at=scope.uow.clock.now(),
        duration_seconds=result.duration_seconds,
        status=result.status,
        code=result.code,
    )
    if endpoint.closed_at is None:  # one that was closed while the answer was on its way keeps none
        attempt.excerpt_sealed = result.excerpt_sealed
    return attempt


def _locked(scope: Scope, message_id: str) -> tuple[EndpointRow, DeliveryRow] | None:
    """Return a message with its endpoint, which is locked first as everywhere: two orders would be a deadlock."""
    endpoint_id = scope.session.scalar(sa.select(DeliveryRow.endpoint_id).where(DeliveryRow.id == message_id))
    if endpoint_id is None:
        return None
    endpoint = scope.session.get_one(EndpointRow, endpoint_id, with_for_update=True, populate_existing=True)
    row = scope.session.get(DeliveryRow, message_id, with_for_update=True, populate_existing=True)
    return (endpoint, row) if row is not None else None


def _endpoints(scope: Scope, ids: Collection[str]) -> dict[str, EndpointRow]:
    """Return the endpoints that nobody else is at work on; the others' messages come with the next round."""
    chosen = sa.select(EndpointRow).where(EndpointRow.id.in_(ids)).order_by(EndpointRow.id)
    return {row.id: row for row in scope.session.scalars(chosen.with_for_update(skip_locked=True))}

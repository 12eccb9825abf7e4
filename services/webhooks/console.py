"""The console: what staff see of deliveries, and what they may send again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.events.webhooks import WebhookEnabled
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Invalid
from services.kernel.ids import new_id
from services.kernel.paging import Page, PageRequest
from services.webhooks.desk import (
    Desk,
    attempt_views,
    delivery_views,
    endpoint_view,
    found,
    replayed,
)
from services.webhooks.rules import DeliveryState, Origin
from services.webhooks.tables import DeliveryRow, EndpointRow
from services.webhooks.views import AttemptView, DeliveryView, EndpointView

REPLAY_MAX = 1_000
SPAN_MAX = timedelta(days=90)


class Console:
    """The log of deliveries, replays and tests."""

    def __init__(self, uow: UnitOfWork, desk: Desk) -> None:
        self.uow, self._desk = uow, desk

    @query(permission="webhooks.read")
    def deliveries(
        self, actor: Actor, page: PageRequest, *, state: str = "", endpoint_id: str = ""
    ) -> Page[DeliveryView]:
        """Return messages and what came of them, the newest first."""
        chosen = sa.select(DeliveryRow).order_by(DeliveryRow.id.desc()).limit(page.size + 1)
        if page.after:
            chosen = chosen.where(DeliveryRow.id < page.after)
        if state:
            chosen = chosen.where(DeliveryRow.state == state)
        if endpoint_id:
            chosen = chosen.where(DeliveryRow.endpoint_id == endpoint_id)
        rows = current().session.scalars(chosen).all()
        views = delivery_views(current(), rows[: page.size])
        return Page(views, views[-1].id if len(rows) > page.size else None)

    @query(permission="webhooks.read")
    def attempts(self, actor: Actor, message_id: str) -> Sequence[AttemptView]:
        """Return the attempts of a message, the newest first."""
        scope = current()
        row = scope.session.get(DeliveryRow, message_id)
        if row is None:
            return ()
        return attempt_views(scope, scope.session.get_one(EndpointRow, row.endpoint_id), row)

    @query(permission="webhooks.read")
    def endpoints(self, actor: Actor, page: PageRequest) -> Page[EndpointView]:
        """Return endpoints that are not closed, the newest first, without their addresses."""
        chosen = sa.select(EndpointRow).where(EndpointRow.closed_at.is_(None)).order_by(EndpointRow.id.desc())
        if page.after:
            chosen = chosen.where(EndpointRow.id < page.after)
        rows = current().session.scalars(chosen.limit(page.size + 1)).all()
        views = [endpoint_view(current(), row, disclosed=False) for row in rows[: page.size]]
        return Page(views, views[-1].id if len(rows) > page.size else None)

    @command(permission="webhooks.replay")
    def replay(self, actor: Actor, *, message_id: str) -> None:
        """Send one message again under its own id.

        Raises: NotFound, Conflict where it waits already or its endpoint takes nothing, Gone where it is not kept.
        """
        scope = current()
        scope.note(message_id=message_id)
        row = scope.session.get(DeliveryRow, message_id)
        replayed(scope, row.endpoint_id if row else "", message_id)

    @command(permission="webhooks.replay")
    def replay_range(
        self, actor: Actor, *, endpoint_id: str, since_at: datetime, until_at: datetime, only_failed: bool = True
    ) -> int:
        """Send an endpoint's messages of a span again, at most 1,000, the oldest first; return how many those are.

        Raises: NotFound; Conflict where the endpoint takes nothing; Invalid for a span that is none or too long.
        """
        scope = current()
        scope.note(endpoint_id=endpoint_id, since_at=since_at.isoformat(), until_at=until_at.isoformat())
        if not timedelta(0) < until_at - since_at <= SPAN_MAX:
            raise Invalid("span_invalid", "Choose a span of at most 90 days whose end lies after its beginning.")
        found(scope, endpoint_id)
        states = [DeliveryState.FAILED] if only_failed else [DeliveryState.FAILED, DeliveryState.DELIVERED]
        chosen = sa.select(DeliveryRow.id).where(
            DeliveryRow.endpoint_id == endpoint_id,
            DeliveryRow.queued_at >= since_at,
            DeliveryRow.queued_at < until_at,
            DeliveryRow.state.in_(states),
            DeliveryRow.body_sealed.is_not(None),
        )
        ids = scope.session.scalars(chosen.order_by(DeliveryRow.id).limit(REPLAY_MAX)).all()
        for message_id in ids:
            replayed(scope, endpoint_id, message_id)
        scope.note(replayed=len(ids))
        return len(ids)

    @command(permission="webhooks.replay")
    def test(self, actor: Actor, *, endpoint_id: str) -> str | None:
        """Send a signed test message, once, and return its id; nothing where the endpoint takes none.

        Raises: NotFound.
        """
        scope, now = current(), self.uow.clock.now()
        scope.note(endpoint_id=endpoint_id)
        body = {"type": "test", "timestamp": now.isoformat(), "data": {"note": "A test. Nothing has happened."}}
        return self._desk.queue(endpoint_id, kind="test", body=body, cause=new_id("tst"), origin=Origin.TEST)

    @command(permission="webhooks.replay")
    def enable(self, actor: Actor, *, endpoint_id: str) -> None:
        """Let an endpoint that was disabled get messages again, and its owner go on.

        Raises: NotFound.
        """
        scope = current()
        scope.note(endpoint_id=endpoint_id)
        row = found(scope, endpoint_id)
        if row.disabled_at is None:
            return
        self._desk.enable(endpoint_id)
        scope.about(row.subject_id)
        scope.publish(WebhookEnabled(occurred_at=self.uow.clock.now(), endpoint_id=row.id, owner=row.owner))

"""One's own subscription, by the link in its letters: no account, and nobody else's."""

import json
from collections.abc import Sequence

import sqlalchemy as sa

from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor, JobActor
from services.kernel.errors import Conflict, NotFound
from services.kernel.ids import new_id
from services.subscribers import choosing, sealing
from services.subscribers.breaking import resumed
from services.subscribers.happenings import Components, Incidents
from services.subscribers.links import living, opened
from services.subscribers.ports import Webhooks
from services.subscribers.rules import Channel, Choices, Kind, SubscriberState
from services.subscribers.tables import NoticeRow, SubscriberRow
from services.subscribers.views import SubscriptionView, ToldView

READER = JobActor("subscribers.reader", frozenset({"incidents.read", "components.read"}))
TOLD_SHOWN = 30
_RUNNING = (SubscriberState.ACTIVE, SubscriberState.PAUSED, SubscriberState.BROKEN)


class Own:
    """Shows and changes one subscription."""

    def __init__(self, uow: UnitOfWork, webhooks: Webhooks, incidents: Incidents, components: Components) -> None:
        self.uow, self._webhooks, self._incidents, self._components = uow, webhooks, incidents, components

    @query(permission="subscribers.subscribe")
    def subscription(self, actor: Actor, *, token: str) -> SubscriptionView:
        """Return the subscription that a manage link opens.

        Raises: NotFound for a forged link, Gone for an ended subscription.
        """
        scope = current()
        row = living(opened(scope, token, "manage"))
        endpoint = self._webhooks.endpoint(row.endpoint_id) if row.endpoint_id else None
        return SubscriptionView(
            id=row.id,
            channel=Channel(row.channel),
            state=SubscriberState(row.state),
            contact=sealing.contact_of(scope, row),
            target=sealing.target_of(scope, row),
            choices=choosing.of(scope, [row])[row.id],
            confirmed_at=row.confirmed_at,
            broken_because=row.ended_because,
            secrets=endpoint.secrets if endpoint else 0,
            told=self._deliveries(row.endpoint_id) if row.endpoint_id else self._notices(scope, row),
        )

    @command(permission="subscribers.subscribe")
    def choose(self, actor: Actor, *, token: str, choices: Choices) -> None:
        """Change what one hears.

        Raises: NotFound, Gone.
        """
        scope, row = self._row(token)
        choosing.keep(scope, row, choices)
        scope.note(everything=row.everything, min_impact=row.min_impact)

    @command(permission="subscribers.subscribe")
    def pause(self, actor: Actor, *, token: str) -> None:
        """Hear nothing until one goes on; what happens meanwhile is not told later.

        Raises: NotFound, Gone, Conflict where it is not running.
        """
        _, row = self._row(token)
        if row.state != SubscriberState.ACTIVE:
            raise Conflict("subscription_not_active", "This subscription is not running.")
        row.state = SubscriberState.PAUSED

    @command(permission="subscribers.subscribe")
    def resume(self, actor: Actor, *, token: str) -> None:
        """Hear again, after a pause or once a broken target is mended.

        Raises: NotFound, Gone, Conflict where it is running or not confirmed.
        """
        scope, row = self._row(token)
        if row.state not in {SubscriberState.PAUSED, SubscriberState.BROKEN}:
            raise Conflict("subscription_not_paused", "This subscription is not paused.")
        resumed(scope, row)
        if row.endpoint_id:
            self._webhooks.enable(row.endpoint_id)

    @command(permission="subscribers.subscribe")
    def stop(self, actor: Actor, *, token: str) -> None:
        """End a subscription and erase what leads to its owner; ending it twice is as good as once.

        Raises: NotFound for a forged link.
        """
        scope = current()
        row = opened(scope, token, "stop", "manage", lock=True)
        end(scope, row, self._webhooks, "unsubscribed")

    @command(permission="subscribers.subscribe")
    def rotate(self, actor: Actor, *, token: str) -> str:
        """Return a new secret of a webhook, shown this once; the old one signs too for another day.

        Raises: NotFound, Gone.
        """
        _, row = self._row(token)
        return self._webhooks.rotate(_endpoint(row))

    @command(permission="subscribers.subscribe")
    def test(self, actor: Actor, *, token: str) -> None:
        """Send a signed test message to a webhook.

        Raises: NotFound, Gone, Conflict where it takes nothing now.
        """
        _, row = self._row(token)
        now = self.uow.clock.now().isoformat(timespec="milliseconds")
        body = {"meta": {"generated_at": now, "test": True}, "note": "A test. Nothing has happened."}
        if self._webhooks.queue(_endpoint(row), kind="test", body=body, cause=new_id("tst"), origin="test") is None:
            raise Conflict("endpoint_closed", "This webhook gets no messages now; let it go on first.")

    @command(permission="subscribers.subscribe")
    def replay(self, actor: Actor, *, token: str, message_id: str) -> None:
        """Send one of a webhook's own messages again.

        Raises: NotFound, Gone, Conflict where it waits already.
        """
        scope, row = self._row(token)
        scope.note(message_id=message_id)
        self._webhooks.replay(_endpoint(row), message_id)

    def _row(self, token: str) -> tuple[Scope, SubscriberRow]:
        scope = current()
        row = living(opened(scope, token, "manage", lock=True))
        scope.about(row.id)
        if row.state not in _RUNNING:
            raise Conflict("subscription_pending", "Confirm this subscription first, by the link in its letter.")
        return scope, row

    def _deliveries(self, endpoint_id: str) -> Sequence[ToldView]:
        told = []
        for each in self._webhooks.deliveries(endpoint_id, size=TOLD_SHOWN):
            last = f"HTTP {each.last_status}" if each.last_status else (each.last_code or "").replace("_", " ")
            tried = f"tried {each.attempts} time{'s' if each.attempts != 1 else ''}"
            detail = ", ".join(part for part in (tried if each.attempts else "", last) if part)
            message_id = each.id if each.state in {"delivered", "failed"} else None
            told.append(ToldView(each.queued_at, each.kind, each.state, detail, message_id))
        return told

    def _notices(self, scope: Scope, row: SubscriberRow) -> Sequence[ToldView]:
        chosen = sa.select(NoticeRow).where(NoticeRow.subscriber_id == row.id, NoticeRow.kind != Kind.DIGEST)
        notices = scope.session.scalars(chosen.order_by(NoticeRow.id.desc()).limit(TOLD_SHOWN)).all()
        abouts = [json.loads(notice.about) for notice in notices if notice.kind == Kind.COMPONENT]
        wanted = sorted({about["component_id"] for about in abouts})
        titles = {each.id: each.name for each in self._components.chosen(READER, wanted)} if wanted else {}
        return [
            ToldView(
                notice.noticed_at, self._title(notice, titles), notice.state,
                (notice.failed_because or "").replace("_", " "), None,
            )
            for notice in notices
        ]  # fmt: skip

    def _title(self, notice: NoticeRow, known: dict[str, str]) -> str:
        about = json.loads(notice.about)
        if notice.kind == Kind.COMPONENT:
            return known.get(about["component_id"], "A component that is gone")
        incident_id = about["incident_id"]
        if incident_id not in known:
            try:
                known[incident_id] = self._incidents.incident(READER, incident_id).name
            except NotFound:
                known[incident_id] = "An incident that is gone"
        return known[incident_id]


def end(scope: Scope, row: SubscriberRow, webhooks: Webhooks, because: str) -> None:
    """End a subscription and everything that hangs on it."""
    scope.about(row.id)
    if row.state == SubscriberState.ENDED:
        return
    if row.endpoint_id:
        webhooks.close(row.endpoint_id)
    choosing.keep(scope, row, Choices())
    sealing.end(scope, row, because)


def _endpoint(row: SubscriberRow) -> str:
    if row.endpoint_id is None:
        raise NotFound("endpoint_unknown", "This subscription has no webhook.")
    return row.endpoint_id

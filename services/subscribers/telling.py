"""Telling: from an event to a notice for each subscriber who wants to hear of it, exactly once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.events.subscribers import NoticeDue, SlackNoticeDue, TellingContinued
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command
from services.kernel.context import Actor, JobActor
from services.kernel.errors import Invalid, NotFound
from services.kernel.ids import new_id
from services.subscribers import choosing, payloads
from services.subscribers.happenings import Component, Components, Incidents
from services.subscribers.links import token
from services.subscribers.payloads import Site
from services.subscribers.ports import Webhooks
from services.subscribers.rules import (
    DIGEST_FROM,
    DIGEST_ITEMS_MAIL,
    DIGEST_ITEMS_SLACK,
    DIGEST_WINDOW,
    Channel,
    Kind,
    NoticeState,
    SubscriberState,
    is_news_of_its_own,
    wants,
)
from services.subscribers.tables import ChoiceRow, NoticeRow, SubscriberRow

READER = JobActor("subscribers.reader", frozenset({"incidents.read", "components.read"}))
BATCH = 200


@dataclass(frozen=True, slots=True)
class Event:
    """Something that subscribers may hear of. `key` is the same whenever it is told; `about` says what it is."""

    key: str
    kind: str
    about: Mapping[str, str]
    impact: str
    component_ids: tuple[str, ...]


class Telling:
    """Makes notices, in batches that each commit by themselves."""

    def __init__(
        self,
        uow: UnitOfWork,
        webhooks: Webhooks,
        incidents: Incidents,
        components: Components,
        site: Site,
        *,
        batch: int = BATCH,
    ) -> None:
        self.uow, self._webhooks, self._site, self._batch = uow, webhooks, site, batch
        self._incidents, self._components = incidents, components

    @command(permission="subscribers.run")
    def tell(self, actor: Actor, *, event: Event, after_id: str = "") -> int:
        """Make the notices of the next subscribers, and return how many those are; the rest follows by a fact."""
        scope = current()
        listed = self._components.chosen(READER, event.component_ids)
        concerned = _with_groups(event.component_ids, listed)
        rows = _candidates(scope, concerned, after_id, self._batch)
        if len(rows) == self._batch:
            scope.publish(_rest(event, rows[-1].id, self.uow.clock.now()))
        wanting = self._wanting(scope, event, rows, concerned)
        body = self._body(event, listed) if any(row.channel == Channel.WEBHOOK for row in wanting) else None
        busy = _told_lately(scope, wanting, self.uow.clock.now())
        for row in wanting:
            self._notice(scope, row, event, body, held=busy.get(row.id, 0) >= DIGEST_FROM)
        scope.note(event=event.key, told=len(wanting))
        return len(wanting)

    @command(permission="subscribers.run")
    def tell_together(self, actor: Actor) -> int:
        """Tell subscribers what was held back for them, in one notice each; return how many those are."""
        scope, now = current(), self.uow.clock.now()
        due = sa.select(SubscriberRow).where(SubscriberRow.digest_due_at <= now).order_by(SubscriberRow.id)
        rows = scope.session.scalars(due.limit(BATCH).with_for_update()).all()
        for row in rows:
            size = DIGEST_ITEMS_SLACK if row.channel == Channel.SLACK else DIGEST_ITEMS_MAIL
            held = sa.select(NoticeRow.id).where(NoticeRow.subscriber_id == row.id, NoticeRow.state == NoticeState.HELD)
            ids = scope.session.scalars(held.order_by(NoticeRow.noticed_at, NoticeRow.id).limit(size + 1)).all()
            row.digest_due_at = now + DIGEST_WINDOW if len(ids) > size else None
            if not ids:
                continue
            digest = _row(
                scope, row, Event(f"digest:{now.isoformat()}", Kind.DIGEST, {}, "none", ()), NoticeState.QUEUED
            )
            told = sa.update(NoticeRow).where(NoticeRow.id.in_(ids[:size]))
            scope.session.execute(told.values(digest_id=digest.id, state=NoticeState.QUEUED))
            _hand_on(scope, row, digest)
        scope.note(digests=len(rows))
        return len(rows)

    def _wanting(
        self, scope: Scope, event: Event, rows: Sequence[SubscriberRow], concerned: frozenset[str]
    ) -> list[SubscriberRow]:
        known = sa.select(NoticeRow.subscriber_id).where(
            NoticeRow.event == event.key, NoticeRow.subscriber_id.in_([row.id for row in rows])
        )
        told, choices = set(scope.session.scalars(known)), choosing.of(scope, rows)
        wanting = [
            row for row in rows if row.id not in told and wants(choices[row.id], event.kind, event.impact, concerned)
        ]
        if event.kind != Kind.COMPONENT or self._is_news_to_people(event):
            return wanting
        return [row for row in wanting if row.channel == Channel.WEBHOOK]

    def _is_news_to_people(self, event: Event) -> bool:
        """Tell whether people are to hear of a component's change: not beside an incident that tells of it already."""
        about = event.about
        if not is_news_of_its_own(about["old_status"], about["new_status"], about.get("ended_status", "")):
            return False
        active = [each for each in self._incidents.active(READER) if each.kind == "incident"]
        covered = {affected.component_id for incident in active for affected in incident.affected}
        return about["component_id"] not in covered

    def _body(self, event: Event, listed: Sequence[Component]) -> Mapping[str, Any] | None:
        active, statuses = self._incidents.active(READER), self._components.statuses(READER)
        if event.kind == Kind.COMPONENT:
            component = next((each for each in listed if each.id == event.about["component_id"]), None)
            return payloads.of_component(self._site, component, event.about, statuses, active) if component else None
        try:
            incident = self._incidents.incident(READER, event.about["incident_id"])
        except NotFound:
            return None
        affected = self._components.chosen(READER, [each.component_id for each in incident.affected])
        return payloads.of_incident(self._site, incident, affected, statuses, active)

    def _notice(
        self, scope: Scope, row: SubscriberRow, event: Event, body: Mapping[str, Any] | None, *, held: bool
    ) -> None:
        if row.channel == Channel.WEBHOOK:
            self._send(scope, row, event, body)
        elif held:
            _row(scope, row, event, NoticeState.HELD)
            _let_digest_be_due(scope, row)
        else:
            _hand_on(scope, row, _row(scope, row, event, NoticeState.QUEUED))

    def _send(self, scope: Scope, row: SubscriberRow, event: Event, body: Mapping[str, Any] | None) -> None:
        """Queue a message to a webhook; one that cannot be queued is this webhook's failure and nobody else's."""
        now = self.uow.clock.now()
        notice = _row(scope, row, event, NoticeState.DROPPED)
        notice.settled_at = now
        if body is None or row.endpoint_id is None:
            return
        url = f"{self._site.public_url}/status/subscribe/stop/{token(scope, row, 'stop')}/"
        whole = payloads.addressed(body, unsubscribe_url=url, site=self._site, now=now)
        kind = f"{event.kind}.{event.about.get('occasion', 'changed')}"
        try:
            queued = self._webhooks.queue(row.endpoint_id, kind=kind, body=whole, cause=event.key)
        except Invalid as error:
            notice.state, notice.failed_because = NoticeState.FAILED, error.code[:64]
        else:
            notice.state = NoticeState.SENT if queued else NoticeState.DROPPED


def _candidates(scope: Scope, concerned: frozenset[str], after_id: str, size: int) -> Sequence[SubscriberRow]:
    """Return the next subscribers who may want to hear of these components, by id."""
    chose = sa.select(ChoiceRow.subscriber_id).where(ChoiceRow.component_id.in_(concerned))
    found = (
        sa.select(SubscriberRow)
        .where(
            SubscriberRow.state == SubscriberState.ACTIVE,
            SubscriberRow.id > after_id,
            sa.or_(SubscriberRow.everything, SubscriberRow.id.in_(chose)),
        )
        .order_by(SubscriberRow.id)
        .limit(size)
    )
    return scope.session.scalars(found).all()


def _with_groups(component_ids: Sequence[str], listed: Sequence[Component]) -> frozenset[str]:
    groups = {each.id: each.group_id for each in listed}
    return frozenset(component_ids) | {group for each in component_ids if (group := groups.get(each))}


def _told_lately(scope: Scope, rows: Sequence[SubscriberRow], now: datetime) -> dict[str, int]:
    counted = (
        sa.select(NoticeRow.subscriber_id, sa.func.count())
        .where(NoticeRow.subscriber_id.in_([row.id for row in rows]), NoticeRow.noticed_at > now - DIGEST_WINDOW)
        .group_by(NoticeRow.subscriber_id)
    )
    return {row[0]: row[1] for row in scope.session.execute(counted)}


def _rest(event: Event, after_id: str, now: datetime) -> TellingContinued:
    return TellingContinued(
        occurred_at=now,
        event=event.key,
        kind=event.kind,
        about=json.dumps(dict(event.about)),
        impact=event.impact,
        component_ids=event.component_ids,
        after_id=after_id,
    )


def _row(scope: Scope, row: SubscriberRow, event: Event, state: NoticeState) -> NoticeRow:
    notice = NoticeRow(
        id=new_id("ntc"),
        subscriber_id=row.id,
        event=event.key,
        kind=str(event.kind),
        about=json.dumps(dict(event.about)),
        state=state,
        noticed_at=scope.uow.clock.now(),
    )
    scope.session.add(notice)
    scope.session.flush()
    return notice


def _let_digest_be_due(scope: Scope, row: SubscriberRow) -> None:
    """Let what is held be told within the window, whatever another transaction does to that time meanwhile."""
    due = sa.func.coalesce(SubscriberRow.digest_due_at, scope.uow.clock.now() + DIGEST_WINDOW)
    changed = sa.update(SubscriberRow).where(SubscriberRow.id == row.id).values(digest_due_at=due)
    scope.session.execute(changed, execution_options={"synchronize_session": False})
    scope.session.expire(row, ["digest_due_at"])


def _hand_on(scope: Scope, row: SubscriberRow, notice: NoticeRow) -> None:
    now = scope.uow.clock.now()
    fact = SlackNoticeDue if row.channel == Channel.SLACK else NoticeDue
    scope.publish(fact(occurred_at=now, notice_id=notice.id))

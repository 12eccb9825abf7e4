"""Letters: to whom they go and what they say, answered to whoever delivers them, each time for a stated purpose."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor, JobActor
from services.kernel.errors import NotFound
from services.subscribers import sealing
from services.subscribers.breaking import broken
from services.subscribers.happenings import Components, Incident, Incidents, Update
from services.subscribers.links import token
from services.subscribers.rules import (
    CONFIRM_WITHIN,
    FAILURES_MAX,
    Channel,
    Kind,
    NoticeState,
    SubscriberState,
)
from services.subscribers.tables import NoticeRow, SubscriberRow
from services.subscribers.views import LetterView, NewsItem

READER = JobActor("subscribers.reader", frozenset({"incidents.read", "components.read"}))
_SETTLED = (NoticeState.SENT, NoticeState.FAILED, NoticeState.DROPPED)

_log = logging.getLogger(__name__)


class Letters:
    """Says what goes to whom, and keeps what became of it."""

    def __init__(self, uow: UnitOfWork, incidents: Incidents, components: Components) -> None:
        self.uow, self._incidents, self._components = uow, incidents, components

    @query(permission="subscribers.run")
    def confirmation(self, actor: Actor, subscriber_id: str, *, purpose: str) -> LetterView | None:
        """Return whom the link to confirm goes to; nothing where it is not wanted any more."""
        row = _row(subscriber_id, SubscriberState.PENDING)
        if row is None or row.asked_at + CONFIRM_WITHIN < self.uow.clock.now():
            return None
        return _letter(row, purpose, confirm=True, expires_at=row.asked_at + CONFIRM_WITHIN)

    @query(permission="subscribers.run")
    def reminder(self, actor: Actor, subscriber_id: str, *, purpose: str) -> LetterView | None:
        """Return whom the link to manage goes to; nothing where the subscription has ended."""
        row = _row(subscriber_id, SubscriberState.ACTIVE, SubscriberState.PAUSED, SubscriberState.BROKEN)
        return None if row is None else _letter(row, purpose)

    @query(permission="subscribers.run")
    def warning(self, actor: Actor, subscriber_id: str, because: str, *, purpose: str) -> LetterView | None:
        """Return who is to learn that their news does not arrive any more."""
        row = _row(subscriber_id, SubscriberState.BROKEN)
        return None if row is None else _letter(row, purpose, because=because)

    @query(permission="subscribers.run")
    def notice(self, actor: Actor, notice_id: str, *, purpose: str) -> LetterView | None:
        """Return a notice with its news; nothing where it is settled, its owner gone, or nothing left to tell."""
        scope = current()
        notice = scope.session.get(NoticeRow, notice_id)
        if notice is None or notice.state in _SETTLED:
            return None
        row = _row(notice.subscriber_id, SubscriberState.ACTIVE)
        if row is None:
            return None
        news = self._news(scope, notice)
        return _letter(row, purpose, news=news) if news else None

    @command(permission="subscribers.run")
    def settle(
        self,
        actor: Actor,
        *,
        notice_id: str,
        failed_because: str | None = None,
        refused: bool = False,
        dropped: bool = False,
    ) -> None:
        """Keep what became of a notice; who refuses three in a row for good is not written to any more.

        `refused` tells that the receiver will never take it; an outage on the way there is not theirs.
        """
        scope, now = current(), self.uow.clock.now()
        scope.note(notice_id=notice_id, failed_because=failed_because, refused=refused, dropped=dropped)
        notice = scope.session.get(NoticeRow, notice_id, with_for_update=True, populate_existing=True)
        if notice is None or notice.state in _SETTLED:
            return
        state = NoticeState.DROPPED if dropped else NoticeState.FAILED if failed_because else NoticeState.SENT
        whole = sa.update(NoticeRow).where(sa.or_(NoticeRow.id == notice_id, NoticeRow.digest_id == notice_id))
        scope.session.execute(whole.values(state=state, settled_at=now, failed_because=failed_because))
        row = scope.session.get_one(SubscriberRow, notice.subscriber_id, with_for_update=True, populate_existing=True)
        if dropped or row.state not in {SubscriberState.ACTIVE, SubscriberState.PAUSED}:
            return
        if failed_because and not refused:
            return
        row.failures = row.failures + 1 if failed_because else 0
        if row.failures >= FAILURES_MAX:
            broken(scope, row, failed_because or "")

    def _news(self, scope: Scope, notice: NoticeRow) -> Sequence[NewsItem]:
        parts: Sequence[NoticeRow] = [notice]
        if notice.kind == Kind.DIGEST:
            inside = sa.select(NoticeRow).where(NoticeRow.digest_id == notice.id).order_by(NoticeRow.id)
            parts = scope.session.scalars(inside).all()
        abouts = [(part, json.loads(part.about)) for part in parts]
        wanted = sorted({about["component_id"] for part, about in abouts if part.kind == Kind.COMPONENT})
        names = {each.id: each.name for each in self._components.chosen(READER, wanted)} if wanted else {}
        items = (self._item(part, about, names) for part, about in abouts)
        return [item for item in items if item is not None]

    def _item(self, notice: NoticeRow, about: Mapping[str, str], names: Mapping[str, str]) -> NewsItem | None:
        if notice.kind == Kind.COMPONENT:
            return _of_component(about, names.get(about["component_id"]))
        try:
            incident = self._incidents.incident(READER, about["incident_id"])
        except NotFound:
            return None
        return of_incident(incident, about)


def _of_component(about: Mapping[str, str], name: str | None) -> NewsItem | None:
    if name is None:
        return None
    was, now = words(about["old_status"]), words(about["new_status"])
    ended = words(about.get("ended_status", ""))
    return NewsItem(
        title=f"{name}: {now}",
        standing=f"was {was}" if ended in {"", was} else f"was {ended}, then {was}",
        body=about["reason"],
        components=(name,),
        at=datetime.fromisoformat(about["since_at"]),
        path="/status/",
        planned="",
    )


def of_incident(incident: Incident, about: Mapping[str, str]) -> NewsItem:
    """Return the news of one update; where it is gone, or there was none, what the incident says of itself."""
    update = next((each for each in incident.updates if each.id == about.get("update_id")), None)
    is_postmortem = about["occasion"] == "postmortem"
    body = incident.postmortem if is_postmortem and incident.postmortem else _body(update)
    return NewsItem(
        title=incident.name,
        standing=_standing(incident, about),
        body=body,
        components=tuple(f"{a.name}: {words(a.status)}" for a in incident.affected),
        at=update.display_at if update else incident.updated_at,
        path=f"/status/incidents/{incident.id}/",
        planned=_planned(incident),
    )


def words(status: str) -> str:
    """Return a status as people say it."""
    return str(status).replace("_", " ")


def _standing(incident: Incident, about: Mapping[str, str]) -> str:
    occasion, status = about["occasion"], words(about.get("status") or incident.status)
    if incident.kind == "maintenance":
        said = {"reminder": "reminder", "cancelled": "cancelled"}.get(occasion, status)
        return f"Maintenance, {said}"
    return f"{status.capitalize()}, {incident.impact} impact"


def _planned(incident: Incident) -> str:
    if incident.scheduled_for is None or incident.scheduled_until is None:
        return ""
    return f"{incident.scheduled_for:%d %B %Y, %H:%M} to {incident.scheduled_until:%d %B %Y, %H:%M} UTC"


def _body(update: Update | None) -> str:
    return update.body if update else ""


def _row(subscriber_id: str, *states: SubscriberState) -> SubscriberRow | None:
    row = current().session.get(SubscriberRow, subscriber_id)
    return row if row is not None and row.state in states else None


def _letter(
    row: SubscriberRow,
    purpose: str,
    *,
    confirm: bool = False,
    because: str = "",
    expires_at: datetime | None = None,
    news: Sequence[NewsItem] = (),
) -> LetterView | None:
    scope = current()
    email = sealing.contact_of(scope, row)
    if not email:
        return None
    _log.info("personal_data_read", extra={"subject_id": row.id, "purpose": purpose})
    return LetterView(
        subject_id=row.id,
        email=email,
        channel=row.channel,
        target=sealing.target_of(scope, row) if row.channel != Channel.EMAIL else "",
        confirm_token=token(scope, row, "confirm") if confirm else "",
        manage_token="" if confirm else token(scope, row, "manage"),
        stop_token=token(scope, row, "stop"),
        because=because,
        expires_at=expires_at,
        news=tuple(news),
    )

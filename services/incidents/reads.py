"""What anybody may read of incidents and maintenance; every list is bounded or paged by key."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.incidents.markup import to_safe_html
from services.incidents.recurrence_words import in_words
from services.incidents.rules import ACTIVE, severity
from services.incidents.tables import AffectedRow, ChangeRow, IncidentRow, SeriesRow, UpdateRow
from services.incidents.views import (
    AffectedView,
    ComponentChangeView,
    Impact,
    IncidentView,
    MaintenanceStatus,
    UpdateView,
)
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.clock import require_utc
from services.kernel.context import Actor
from services.kernel.errors import Invalid, NotFound
from services.kernel.paging import Page, PageRequest

_SEEN = IncidentRow.deleted_at.is_(None)
UPCOMING_MAX = 100
_KINDS = ("incident", "maintenance")


class IncidentReads:
    """Incidents and maintenance, as anybody may read them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="incidents.read")
    def active(self, actor: Actor) -> Sequence[IncidentView]:
        """Return unresolved incidents and maintenance under way, the worst first."""
        session = current().session
        of_any_kind = IncidentRow.kind.in_(_KINDS)  # the index begins with it
        rows = session.scalars(
            sa.select(IncidentRow).where(_SEEN, of_any_kind, IncidentRow.status.in_([str(s) for s in ACTIVE]))
        )
        views = views_of(session, rows.all())
        return sorted(views, key=lambda view: (-severity(view.impact), -view.started_at.timestamp(), view.id))

    @query(permission="incidents.read")
    def incident(self, actor: Actor, incident_id: str) -> IncidentView:
        """Return one incident or maintenance.

        Raises: NotFound.
        """
        session = current().session
        row = session.scalar(sa.select(IncidentRow).where(IncidentRow.id == incident_id, _SEEN))
        if row is None:
            raise not_found()
        return views_of(session, [row])[0]

    @query(permission="incidents.read")
    def history(self, actor: Actor, page: PageRequest, *, component_id: str | None = None) -> Page[IncidentView]:
        """Return incidents, resolved ones included, newest first.

        Raises: Invalid for a cursor that is none.
        """
        asked = sa.select(IncidentRow).where(IncidentRow.kind == "incident", _SEEN)
        if component_id is not None:
            about = sa.select(AffectedRow.incident_id).where(AffectedRow.component_id == component_id)
            asked = asked.where(IncidentRow.id.in_(about))
        return _page(current().session, asked, page)

    @query(permission="incidents.read")
    def maintenances(self, actor: Actor, page: PageRequest) -> Page[IncidentView]:
        """Return maintenance in every state that the public sees, the latest planned first.

        Raises: Invalid for a cursor that is none.
        """
        return _page(current().session, sa.select(IncidentRow).where(IncidentRow.kind == "maintenance", _SEEN), page)

    @query(permission="incidents.read")
    def upcoming(self, actor: Actor) -> Sequence[IncidentView]:
        """Return maintenance that is scheduled, the next first."""
        session = current().session
        rows = session.scalars(
            sa.select(IncidentRow)
            .where(IncidentRow.kind == "maintenance", IncidentRow.status == MaintenanceStatus.SCHEDULED.value, _SEEN)
            .order_by(IncidentRow.started_at, IncidentRow.id)
            .limit(UPCOMING_MAX)
        )
        return views_of(session, rows.all())

    @query(permission="incidents.read")
    def between(self, actor: Actor, starts_at: datetime, ends_at: datetime) -> Sequence[IncidentView]:
        """Return incidents and maintenance that touch a span, oldest first, without their updates: for charts."""
        session = current().session
        planned = sa.and_(
            IncidentRow.status == MaintenanceStatus.SCHEDULED.value, IncidentRow.scheduled_until <= starts_at
        )
        rows = session.scalars(
            sa.select(IncidentRow)
            .where(
                _SEEN,
                IncidentRow.kind.in_(_KINDS),
                IncidentRow.status != MaintenanceStatus.CANCELLED.value,
                IncidentRow.started_at < ends_at,
                sa.or_(IncidentRow.resolved_at.is_(None), IncidentRow.resolved_at > starts_at),
                sa.not_(planned),
            )
            .order_by(IncidentRow.started_at, IncidentRow.id)
        )
        return views_of(session, rows.all(), updates=False)


def not_found() -> NotFound:
    """Return the refusal for an incident that is not there."""
    return NotFound("incident_not_found", "There is no such incident; look at the history for what there was.")


def views_of(session: Session, rows: Sequence[IncidentRow], *, updates: bool = True) -> list[IncidentView]:
    """Return the views of incidents in the order of the rows, with a fixed number of statements."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    affected: defaultdict[str, list[AffectedView]] = defaultdict(list)
    for each in session.scalars(
        sa.select(AffectedRow).where(AffectedRow.incident_id.in_(ids)).order_by(AffectedRow.place)
    ):
        affected[each.incident_id].append(AffectedView(each.component_id, each.name, each.status))
    said = _updates_of(session, ids) if updates else {}
    recurs = _recurrences_of(session, {row.series_id for row in rows if row.series_id is not None})
    return [
        _view(row, tuple(said.get(row.id, ())), tuple(affected[row.id]), recurs.get(row.series_id or "", ""))
        for row in rows
    ]


def _recurrences_of(session: Session, series_ids: set[str]) -> dict[str, str]:
    if not series_ids:
        return {}
    series = session.scalars(sa.select(SeriesRow).where(SeriesRow.id.in_(series_ids)))
    return {row.id: in_words(row.rule, row.first_local, row.time_zone) for row in series}


def _updates_of(session: Session, ids: Sequence[str]) -> dict[str, list[UpdateView]]:
    rows = session.scalars(
        sa.select(UpdateRow)
        .where(UpdateRow.incident_id.in_(ids))
        .order_by(UpdateRow.display_at.desc(), UpdateRow.number.desc())
    ).all()
    changes: defaultdict[str, list[ComponentChangeView]] = defaultdict(list)
    told = sa.select(UpdateRow.id).where(UpdateRow.incident_id.in_(ids))
    for each in session.scalars(sa.select(ChangeRow).where(ChangeRow.update_id.in_(told)).order_by(ChangeRow.place)):
        changes[each.update_id].append(
            ComponentChangeView(each.component_id, each.name, each.old_status, each.new_status)
        )
    found: defaultdict[str, list[UpdateView]] = defaultdict(list)
    for row in rows:
        found[row.incident_id].append(update_view(row, changes[row.id]))
    return found


def update_view(row: UpdateRow, changes: Iterable[ComponentChangeView]) -> UpdateView:
    """Return the view of an update."""
    return UpdateView(
        id=row.id,
        status=row.status,
        body=row.body,
        body_html=to_safe_html(row.body),
        display_at=row.display_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        changes=tuple(changes),
        notifies=row.notifies,
        edited_at=row.edited_at,
    )


def _view(
    row: IncidentRow, updates: tuple[UpdateView, ...], affected: tuple[AffectedView, ...], recurs: str
) -> IncidentView:
    return IncidentView(
        id=row.id,
        kind="maintenance" if row.kind == "maintenance" else "incident",
        name=row.name,
        status=row.status,
        impact=Impact(row.impact),
        started_at=row.started_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        monitoring_at=row.monitoring_at,
        resolved_at=row.resolved_at,
        scheduled_for=row.scheduled_at,
        scheduled_until=row.scheduled_until,
        updates=updates,
        affected=affected,
        postmortem=row.postmortem,
        postmortem_html=to_safe_html(row.postmortem) if row.postmortem else "",
        postmortem_at=row.postmortem_at,
        automatic=row.automatic,
        sla=row.sla,
        series_id=row.series_id,
        note=row.note,
        version=row.version,
        backfilled=row.backfilled,
        impact_overridden=row.impact_override is not None,
        retroactive=row.retroactive,
        recurs=recurs,
    )


def _page(session: Session, asked: sa.Select[IncidentRow], page: PageRequest) -> Page[IncidentView]:
    if page.after is not None:
        at, last_id = _position(page.after)
        asked = asked.where(
            sa.or_(IncidentRow.started_at < at, sa.and_(IncidentRow.started_at == at, IncidentRow.id < last_id))
        )
    asked = asked.order_by(IncidentRow.started_at.desc(), IncidentRow.id.desc()).limit(page.size + 1)
    rows = session.scalars(asked).all()
    shown = rows[: page.size]
    more = len(rows) > page.size
    return Page(views_of(session, shown), f"{shown[-1].started_at.isoformat()}~{shown[-1].id}" if more else None)


def _position(cursor: str) -> tuple[datetime, str]:
    at, _, last_id = cursor.partition("~")
    try:
        return require_utc(datetime.fromisoformat(at)), last_id
    except (ValueError, OverflowError) as error:
        raise Invalid("cursor_invalid", "This page does not exist; start from the first one.") from error


def json_list(text: str) -> list[object]:
    """Return the JSON list that a column holds."""
    loaded: object = json.loads(text)
    return loaded if isinstance(loaded, list) else []

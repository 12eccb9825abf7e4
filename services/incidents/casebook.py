"""Incidents as staff see them: with drafts, reasons, and who changed which word."""

import json
from collections.abc import Sequence

import sqlalchemy as sa

from services.incidents.ports import ComponentBook, NamedComponent
from services.incidents.reads import not_found, views_of
from services.incidents.tables import BreachRow, IncidentRow, JournalRow, ReminderRow
from services.incidents.views import CaseView, JournalView
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.context import Actor

_JOURNAL_SHOWN = 200


class Casebook:
    """What staff ask about incidents and maintenance."""

    def __init__(self, uow: UnitOfWork, book: ComponentBook) -> None:
        self.uow, self.book = uow, book

    @query(permission="incidents.drafts.read")
    def case(self, actor: Actor, incident_id: str) -> CaseView:
        """Return an incident or a maintenance with all that staff may know.

        Raises: NotFound.
        """
        session = current().session
        row = session.scalar(
            sa.select(IncidentRow).where(IncidentRow.id == incident_id, IncidentRow.deleted_at.is_(None))
        )
        if row is None:
            raise not_found()
        reminders = session.scalars(
            sa.select(ReminderRow.before_seconds)
            .where(ReminderRow.incident_id == incident_id)
            .order_by(ReminderRow.before_seconds.desc())
        ).all()
        breaches = session.scalars(sa.select(BreachRow).where(BreachRow.incident_id == incident_id)).all()
        over = bool(breaches) and all(each.recovered_at is not None for each in breaches)
        return CaseView(
            incident=views_of(session, [row])[0],
            impact_reason=row.impact_reason,
            postmortem_draft=row.postmortem_draft,
            taken_over=row.taken_over_at is not None,
            starts_itself=row.starts_itself,
            ends_itself=row.ends_itself,
            accounted_at=row.accounted_at,
            reminders=tuple(reminders),
            journal=self._journal(incident_id),
            recovered=breaches[-1].recovery if over else "",
        )

    @query(permission="incidents.drafts.read")
    def components(self, actor: Actor) -> Sequence[NamedComponent]:
        """Return every component that an incident can concern, in the order of pages."""
        return self.book.every()

    def _journal(self, incident_id: str) -> tuple[JournalView, ...]:
        rows = current().session.scalars(
            sa.select(JournalRow)
            .where(JournalRow.incident_id == incident_id)
            .order_by(JournalRow.version.desc())
            .limit(_JOURNAL_SHOWN)
        )
        return tuple(
            JournalView(
                version=row.version,
                at=row.at,
                actor_kind=row.actor_kind,
                actor_id=row.actor_id,
                action=row.action,
                lines=tuple(str(line) for line in json.loads(row.detail)["lines"]),
            )
            for row in rows
        )

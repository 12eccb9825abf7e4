"""Removing everything of one origin, such as the demo, with what it said of components and of maintenance."""

from collections.abc import Sequence

import sqlalchemy as sa

from services.incidents.accounts import account
from services.incidents.case import Case
from services.incidents.tables import (
    AffectedRow,
    BreachRow,
    ChangeRow,
    IncidentRow,
    JournalRow,
    ReminderRow,
    SeriesRow,
    TemplateRow,
    UpdateRow,
)
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor


class Forgetting:
    """The verbs by which the demo comes and goes."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="incidents.run")
    def has(self, actor: Actor, *, origin: str) -> bool:
        """Tell whether anything of an origin is here."""
        found = sa.select(IncidentRow.id).where(IncidentRow.origin == origin).limit(1)
        return current().session.scalar(found) is not None

    @command(permission="incidents.run")
    def forget_origin(self, actor: Actor, *, origin: str) -> int:
        """Remove everything of an origin and return how many incidents and maintenances that were."""
        scope, now = current(), self.uow.clock.now()
        session = scope.session
        rows = session.scalars(sa.select(IncidentRow).where(IncidentRow.origin == origin)).all()
        for row in rows:
            case = Case(row, scope, now)
            row.deleted_at, row.version = now, row.version + 1
            case.tell_components()
            if row.kind == "maintenance":
                account(case, row.resolved_at, withdrawn=True)
            case.announce("deleted", notifies=False)
        _drop(session.scalars(sa.select(IncidentRow.id).where(IncidentRow.origin == origin)).all())
        for table in (SeriesRow, TemplateRow):
            session.execute(sa.delete(table).where(table.origin == origin))
        scope.note(origin=origin, forgotten=len(rows))
        return len(rows)


def _drop(ids: Sequence[str]) -> None:
    session = current().session
    session.flush()
    told = sa.select(UpdateRow.id).where(UpdateRow.incident_id.in_(ids))
    session.execute(sa.delete(ChangeRow).where(ChangeRow.update_id.in_(told)))
    for table in (UpdateRow, AffectedRow, JournalRow, ReminderRow, BreachRow):
        session.execute(sa.delete(table).where(table.incident_id.in_(ids)))
    session.execute(sa.delete(IncidentRow).where(IncidentRow.id.in_(ids)))

"""Takes maintenance over as the incidents domain accounts it: planned, corrected, marked afterwards, withdrawn."""

from datetime import datetime

import sqlalchemy as sa

from services.events.incidents import MaintenanceAccounted
from services.infra.durable import Reaction
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command
from services.kernel.context import Actor, JobActor
from services.slas.tables import ExclusionRow, LeftOutRow

ACCOUNTANT = JobActor("slas.accountant", frozenset({"slas.run"}))


class Accounting:
    """Keeps what is left out of the arithmetic."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="slas.run")
    def account_maintenance(
        self,
        actor: Actor,
        *,
        incident_id: str,
        version: int,
        component_ids: tuple[str, ...],
        span: tuple[datetime, datetime | None],
        reason: str,
        retroactive: bool,
    ) -> None:
        """Leave a span out for components; the highest version replaces the earlier ones, and none withdraws it."""
        scope = current()
        scope.note(incident_id=incident_id, version=version, components=len(component_ids), retroactive=retroactive)
        row = scope.session.get(ExclusionRow, incident_id, with_for_update=True)
        if row is None:
            row = ExclusionRow(incident_id=incident_id)
            scope.session.add(row)
        elif row.version >= version:
            return
        row.version, row.component_ids, row.reason, row.retroactive = version, list(component_ids), reason, retroactive
        row.starts_at, row.ends_at = span
        row.counted = False
        scope.session.flush()
        # What it leaves out is counted anew at the next look, as far as the minutes or hours are still there.
        scope.session.execute(sa.delete(LeftOutRow).where(LeftOutRow.incident_id == incident_id))

    def take(self, fact: MaintenanceAccounted) -> None:
        """Account a maintenance as its fact says."""
        ends_at = datetime.fromisoformat(fact.ends_at) if fact.ends_at else None
        self.account_maintenance(
            ACCOUNTANT,
            incident_id=fact.incident_id,
            version=fact.version,
            component_ids=fact.component_ids,
            span=(datetime.fromisoformat(fact.starts_at), ends_at),
            reason=fact.reason,
            retroactive=fact.retroactive,
        )

    def subscriptions(self) -> tuple[Reaction[MaintenanceAccounted], ...]:
        """Return what this domain does when facts arrive."""
        return (Reaction(MaintenanceAccounted, "slas.account_maintenance", self.take),)

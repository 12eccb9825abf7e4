"""Automatic incidents: a breach opens one or joins one, its end closes it, unless a person has it in hand.

The two facts of a breach may come twice and in either order: the row of the breach remembers which have been heard, and
what follows is the same.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from services.events.slas import SlaBreached, SlaRecovered
from services.incidents.case import Case, Said, held, new_case
from services.incidents.ports import ComponentBook
from services.incidents.rules import DEGRADED, NAME_MAX, OPEN, OPERATIONAL, worst
from services.incidents.tables import BreachRow, IncidentRow
from services.incidents.views import Impact, IncidentStatus
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.clock import require_utc
from services.kernel.context import Actor
from services.kernel.errors import NotFound
from services.kernel.ids import public_id

QUIET: Final = timedelta(minutes=10)
"""How long everything must have been well before an automatic incident is resolved; a relapse joins it until then."""
_EXPLANATION_MAX: Final = 2_000


class Watch:
    """What the machine does with incidents of breaches."""

    def __init__(self, uow: UnitOfWork, book: ComponentBook) -> None:
        self.uow, self.book = uow, book

    @command(permission="incidents.run")
    def hear_breach(self, actor: Actor, fact: SlaBreached) -> str | None:
        """Open an incident for a breach, or join the open one of the same agreement; return its id, or nothing new."""
        scope, now = current(), self.uow.clock.now()
        _one_at_a_time(fact.sla)
        scope.note(breach_id=fact.breach_id, sla=fact.sla)
        breach = scope.session.get(BreachRow, fact.breach_id)
        if breach is not None and breach.opened_at is not None:
            return None
        if breach is None:
            breach = BreachRow(breach_id=fact.breach_id, sla=fact.sla, recovery="")
            scope.session.add(breach)
        breach.opened_at = now
        joined = _joined(fact.sla, now)
        case = joined or new_case(_row(fact, now), now)
        breach.incident_id = case.row.id
        self._tell(case, fact, joined=joined is not None)
        if breach.recovered_at is not None:
            self._calm(case.row.id, now, breach.recovery)
        return case.row.id

    @command(permission="incidents.run")
    def hear_recovery(self, actor: Actor, fact: SlaRecovered) -> str | None:
        """Let an incident calm down whose breaches are all over; return its id, or nothing where nothing follows."""
        scope, now = current(), self.uow.clock.now()
        _one_at_a_time(fact.sla)
        scope.note(breach_id=fact.breach_id, sla=fact.sla)
        breach = scope.session.get(BreachRow, fact.breach_id)
        if breach is None:
            breach = BreachRow(breach_id=fact.breach_id, sla=fact.sla)
            scope.session.add(breach)
        if breach.recovered_at is not None:
            return None
        breach.recovered_at, breach.recovery = now, fact.explanation[:_EXPLANATION_MAX]
        if breach.incident_id is None:
            return None
        return self._calm(breach.incident_id, now, breach.recovery)

    @query(permission="incidents.run")
    def calm_ones(self, actor: Actor) -> Sequence[str]:
        """Return the automatic incidents that have been well for long enough to be resolved."""
        rows = current().session.scalars(
            sa.select(IncidentRow.id).where(
                _MACHINE,
                IncidentRow.status == IncidentStatus.MONITORING.value,
                IncidentRow.monitoring_at <= self.uow.clock.now() - QUIET,
            )
        )
        return rows.all()

    @command(permission="incidents.run")
    def resolve_calm(self, actor: Actor, incident_id: str) -> bool:
        """Resolve an automatic incident that is still calm and in nobody's hands; tell whether it was.

        Raises: NotFound.
        """
        now = self.uow.clock.now()
        case = held(incident_id, None, now)
        row = case.row
        calm = row.status == IncidentStatus.MONITORING and row.monitoring_at and row.monitoring_at <= now - QUIET
        if not (calm and row.automatic and row.taken_over_at is None) or _still_broken(incident_id):
            case.scope.note(incident_id=incident_id, resolved=False)
            return False
        minutes = int(QUIET.total_seconds() // 60)
        row.resolved_at = now
        body = f"The figure has kept its promise for {minutes} minutes.\n\n{_report(row)}"
        case.say(Said(IncidentStatus.RESOLVED.value, body, notifies=True, display_at=now))
        case.close("resolved")
        case.tell_components()
        case.announce("resolved", notifies=True)
        return True

    def _tell(self, case: Case, fact: SlaBreached, *, joined: bool) -> None:
        row = case.row
        why = fact.explanation[:_EXPLANATION_MAX]
        if joined and row.taken_over_at is not None:
            case.lines.append(f"Another rule fired ({fact.rule}): {why}")
            case.close("breach_heard")
            return
        row.base_impact = worst([row.base_impact, fact.impact]).value
        worse = "It is still worse than promised" if joined else f"{fact.title} is worse than we promise"
        body = f"{worse}. {why}\n\nOur monitoring found this by itself; people have been told."
        status = IncidentStatus.INVESTIGATING.value if row.status == IncidentStatus.MONITORING else row.status
        update = case.say(Said(status, body, notifies=True, display_at=case.now))
        known = self.book.named(fact.component_ids)
        # Never an outage: whether a component is up is measured, and an agreement on that must not break itself.
        given = {each: DEGRADED for each in fact.component_ids if each in known}
        given |= {each.component_id: each.status for each in case.affected if each.status != OPERATIONAL}
        names = {each: known[each].name for each in given if each in known}
        case.give(update.id, given, names, {each: known[each].status for each in names})
        case.weigh()
        case.close("breach_joined" if joined else "declared")
        case.tell_components(None if joined else row.started_at)
        case.announce("updated" if joined else "opened", notifies=True)

    def _calm(self, incident_id: str, now: datetime, why: str) -> str | None:
        """Post that all is well again, where no breach of the incident goes on and the machine has it in hand."""
        if _still_broken(incident_id):
            return None
        case = held(incident_id, None, now)
        row = case.row
        if row.status not in OPEN:
            return None
        if row.taken_over_at is not None or row.status == IncidentStatus.MONITORING:
            case.lines.append(f"The figure keeps its promise again: {why}")
            case.close("recovery_heard")
            return incident_id
        body = f"The figure keeps its promise again. {why}\n\nWe keep watching before we call it over."
        row.monitoring_at = now
        update = case.say(Said(IncidentStatus.MONITORING.value, body, notifies=True, display_at=now))
        given = {each.component_id: OPERATIONAL for each in case.affected if each.status != OPERATIONAL}
        case.give(update.id, given, {}, {})
        case.close("recovery_heard")
        case.tell_components()
        case.announce("updated", notifies=True)
        return incident_id


_MACHINE = sa.and_(
    IncidentRow.kind == "incident",
    IncidentRow.automatic.is_(True),
    IncidentRow.deleted_at.is_(None),
    IncidentRow.taken_over_at.is_(None),
)


def _joined(sla: str, now: datetime) -> Case | None:
    """Return the open incident of an agreement, locked; nothing where a person closed it while we waited for it."""
    open_id = current().session.scalar(_open_one(sla))
    if open_id is None:
        return None
    try:
        case = held(open_id, None, now)
    except NotFound:
        return None
    return case if case.row.status in OPEN else None


def _open_one(sla: str) -> sa.Select[str]:
    return (
        sa.select(IncidentRow.id)
        .where(
            IncidentRow.sla == sla,
            IncidentRow.automatic.is_(True),
            IncidentRow.deleted_at.is_(None),
            IncidentRow.status.in_([str(each) for each in OPEN]),
        )
        .order_by(IncidentRow.started_at.desc(), IncidentRow.id)
        .limit(1)
    )


def _still_broken(incident_id: str) -> bool:
    session = current().session
    session.flush()
    going = (
        sa.select(sa.func.count())
        .select_from(BreachRow)
        .where(BreachRow.incident_id == incident_id, BreachRow.recovered_at.is_(None))
    )
    return bool(session.scalar(going))


def _report(row: IncidentRow) -> str:
    """Return the closing report: when it began, was found and ended, and what each of its breaches came to."""
    ended_at = row.monitoring_at or row.updated_at
    lasted = max(1, round((ended_at - row.started_at).total_seconds() / 60))
    minutes = "1 minute" if lasted == 1 else f"{lasted:,} minutes"
    times = (
        f"It began at {_said_at(row.started_at)}, was found at {_said_at(row.created_at)} and was over at "
        f"{_said_at(ended_at)}: {minutes}."
    )
    chosen = sa.select(BreachRow.recovery).where(BreachRow.incident_id == row.id).order_by(BreachRow.breach_id)
    told = [text for text in dict.fromkeys(current().session.scalars(chosen)) if text]
    return "\n\n".join([times, *told])[:_EXPLANATION_MAX]


def _said_at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _one_at_a_time(sla: str) -> None:
    """Let one fact of an agreement through at a time; on SQLite every writer is alone already."""
    session = current().session
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(0x696E6364, zlib.crc32(sla.encode()) - 2**31)))


def _row(fact: SlaBreached, now: datetime) -> IncidentRow:
    started_at = min(require_utc(datetime.fromisoformat(fact.started_at)), now)
    return IncidentRow(
        id=public_id(),
        kind="incident",
        name=f"{fact.title}: worse than promised"[:NAME_MAX],
        status=IncidentStatus.INVESTIGATING.value,
        base_impact=Impact(fact.impact).value,
        impact=Impact(fact.impact).value,
        started_at=started_at,
        created_at=now,
        updated_at=now,
        automatic=True,
        sla=fact.sla,
        version=0,
    )

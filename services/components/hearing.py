"""Takes in what probes, incidents and maintenance say, each word once, in whatever order they come."""

from datetime import datetime, timedelta
from typing import TypeAlias

import sqlalchemy as sa

from services.components.standing import Said, compute, serialise, take_in
from services.components.tables import ComponentRow
from services.components.timeline import Kind
from services.components.views import ComponentStatus
from services.events.incidents import ComponentsAffected, MaintenanceAccounted
from services.events.probes import ProbeJudged
from services.infra.durable import Reaction
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, intake, query
from services.kernel.clock import from_epoch_ms, require_utc, to_epoch_ms
from services.kernel.context import Actor, JobActor
from services.kernel.errors import Invalid

LISTENER = JobActor("components", frozenset({"components.hear"}))
_VERDICTS = {
    "up": ComponentStatus.OPERATIONAL,
    "partial": ComponentStatus.PARTIAL_OUTAGE,
    "down": ComponentStatus.MAJOR_OUTAGE,
    "unknown": ComponentStatus.UNKNOWN,
}
WITHDRAWN = "withdrawn"
"""The verdict on a probe that is no more: it says nothing of its component from then on."""

_DUE_MAX = 500

Heard: TypeAlias = Reaction[ProbeJudged] | Reaction[ComponentsAffected] | Reaction[MaintenanceAccounted]


class Hearing:
    """The verbs by which other parts' words become how components stand."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @intake(permission="components.hear", unaudited_because="the statements of probes are kept as they came")
    def judge(self, actor: Actor, fact: ProbeJudged) -> None:
        """Take in the verdict on a probe.

        Raises: Invalid for a verdict that is none.
        """
        if fact.verdict not in (*_VERDICTS, WITHDRAWN):
            raise Invalid("verdict_unknown", f"{fact.verdict} is no verdict.", probe_id=fact.probe_id)
        status = _VERDICTS.get(fact.verdict)
        take_in([
            Said(
                id=fact.fact_id,
                kind=Kind.PROBE,
                source_id=fact.probe_id,
                said=_micros(fact.occurred_at),
                starts_ms=_instant(fact.since_at),
                statuses={} if status is None else {fact.component_id: status},
                reason=fact.explanation,
            )
        ])  # fmt: skip

    @command(permission="components.hear")
    def affect(self, actor: Actor, fact: ComponentsAffected) -> None:
        """Take in what an incident or a maintenance says of components.

        Raises: Invalid for a status that is none.
        """
        affected = take_in([
            Said(
                id=fact.fact_id,
                kind=Kind.INCIDENT,
                source_id=fact.incident_id,
                said=fact.version,
                starts_ms=_instant(fact.starts_at),
                statuses=dict(_pair(text) for text in fact.statuses),
                reason=fact.title,
            )
        ])  # fmt: skip
        current().note(incident_id=fact.incident_id, version=fact.version, components=list(affected))

    @command(permission="components.hear")
    def account(self, actor: Actor, fact: MaintenanceAccounted) -> None:
        """Take in which span counts as maintenance, replacing what was said of it before."""
        affected = take_in([
            Said(
                id=fact.fact_id,
                kind=Kind.ACCOUNTED,
                source_id=fact.incident_id,
                said=fact.version,
                starts_ms=_instant(fact.starts_at),
                statuses=dict.fromkeys(fact.component_ids, ComponentStatus.MAINTENANCE),
                reason=fact.reason,
                ends_ms=_instant(fact.ends_at) if fact.ends_at else None,
                retroactive=fact.retroactive,
            )
        ])  # fmt: skip
        current().note(incident_id=fact.incident_id, version=fact.version, components=list(affected))

    @query(permission="components.hear")
    def due(self, actor: Actor) -> tuple[str, ...]:
        """Return the components whose status changes by itself about now, such as at the end of an override."""
        now_ms = to_epoch_ms(self.uow.clock.now())
        chosen = sa.select(ComponentRow.id).where(
            ComponentRow.next_change_ms <= now_ms, ComponentRow.archived_at.is_(None)
        )
        return tuple(current().session.scalars(chosen.order_by(ComponentRow.next_change_ms).limit(_DUE_MAX)))

    @intake(
        permission="components.hear", unaudited_because="what was said, and until when, was recorded as it was said"
    )
    def move_on(self, actor: Actor, component_ids: tuple[str, ...]) -> None:
        """Let the status of these components follow from what was said of this time."""
        session = current().session
        serialise(session)
        for component_id in component_ids:
            row = session.get(ComponentRow, component_id)
            if row is not None and row.next_change_ms is not None:
                compute(session, component_id, row.next_change_ms)

    def keep_up(self) -> None:
        """Move on whatever is due; asked first, since a beat comes often and seldom finds anything."""
        due = self.due(LISTENER)
        if due:
            self.move_on(LISTENER, due)

    def subscriptions(self) -> tuple[Heard, ...]:
        """Return who listens to which fact."""
        return (
            Reaction(ProbeJudged, "components.judge", lambda fact: self.judge(LISTENER, fact)),
            Reaction(ComponentsAffected, "components.affect", lambda fact: self.affect(LISTENER, fact)),
            Reaction(MaintenanceAccounted, "components.account", lambda fact: self.account(LISTENER, fact)),
        )


def _pair(text: str) -> tuple[str, ComponentStatus]:
    component_id, _, status = text.partition("=")
    try:
        return component_id, ComponentStatus(status)
    except ValueError:
        raise Invalid("component_status_unknown", f"{status!r} is no status of a component.") from None


def _instant(text: str) -> int:
    try:
        return max(0, to_epoch_ms(require_utc(datetime.fromisoformat(text))))
    except ValueError:
        raise Invalid("instant_invalid", f"{text!r} is no instant with a time zone.") from None


def _micros(at: datetime) -> int:
    return (require_utc(at) - from_epoch_ms(0)) // timedelta(microseconds=1)

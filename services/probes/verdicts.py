"""A probe's verdict: kept beside it, and told to whoever listens, in order."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.events.probes import ProbeJudged
from services.infra.uow import Scope
from services.probes.judging import Outcome, Result, Standing, Verdict, judged
from services.probes.rules import damping_of
from services.probes.tables import ProbeRow, StandingRow, VantageRow

_TICK = timedelta(microseconds=1)


def told(scope: Scope, row: ProbeRow, verdict: Verdict, since_at: datetime, explanation: str) -> None:
    """Keep a verdict, and publish it where a component listens.

    Facts of one probe have instants that grow, so that whoever gets them in another order knows which one is last.
    """
    now = scope.uow.clock.now()
    row.verdict, row.verdict_since_at, row.explanation = verdict.value, since_at, explanation
    row.judged_at = now if row.judged_at is None else max(now, row.judged_at + _TICK)
    if row.component_id is None:
        return
    scope.publish(
        ProbeJudged(
            occurred_at=row.judged_at,
            probe_id=row.id,
            component_id=row.component_id,
            verdict=verdict.value,
            since_at=since_at.isoformat(),
            explanation=explanation,
        )
    )


def withdrawn(scope: Scope, row: ProbeRow) -> None:
    """Take back what a probe said of its component, if it said anything."""
    if row.verdict is None:
        return
    kept = (row.verdict, row.verdict_since_at, row.explanation)
    told(scope, row, Verdict.WITHDRAWN, scope.uow.clock.now(), "not watched any more")
    row.verdict, row.verdict_since_at, row.explanation = kept


def judge(
    scope: Scope, row: ProbeRow, vantages: Sequence[str], standings: Mapping[str, Standing], at: datetime
) -> None:
    """Judge a probe as it stands at an instant, and tell where the verdict changes."""
    before = Verdict(row.verdict) if row.verdict else None
    watching = [standings.get(name) for name in row.vantages or vantages]
    found = judged(watching, quorum=row.quorum, now=at, silence=damping_of(row).silence, before=before)
    if found is None:
        return
    if found.verdict is before:
        if found.explanation != row.explanation:
            row.explanation = found.explanation
        return
    since = found.since_at if row.verdict_since_at is None else max(found.since_at, row.verdict_since_at)
    told(scope, row, found.verdict, since, found.explanation)


def vantage_names(scope: Scope) -> list[str]:
    """Return every vantage's name."""
    return list(scope.session.scalars(sa.select(VantageRow.name).order_by(VantageRow.name)))


def standing_of(row: StandingRow) -> Standing:
    """Return how a vantage stands, from its row."""
    return Standing(
        last=Result(row.at, Outcome(row.outcome), row.reason),
        run_count=row.run_count,
        run_since_at=row.run_since_at,
        word=Outcome(row.word) if row.word else None,
        word_since_at=row.word_since_at,
        word_reason=row.word_reason,
    )

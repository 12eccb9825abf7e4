"""What time does to probes: silence is judged, and old raw results are added up by the hour and dropped."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import intake
from services.kernel.clock import to_epoch_ms
from services.kernel.context import Actor
from services.probes.intake import CODES, KEPT_RAW
from services.probes.judging import Outcome, Standing, judged
from services.probes.rules import damping_of
from services.probes.tables import HourRow, ProbeRow, ResultRow, StandingRow
from services.probes.verdicts import judge, standing_of, vantage_names

HOUR_MS = 3_600_000
KEPT_HOURS = timedelta(days=400)
FOLD_HOURS = 24
"""How many hours of results one turn adds up."""


class ProbeUpkeep:
    """Judges silence, and keeps the store small."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @intake(permission="probes.run", unaudited_because="verdicts are published as facts, and kept")
    def judge_silence(self, actor: Actor) -> int:
        """Judge probes anew whose vantages fell silent; return how many verdicts changed."""
        scope, now = current(), self.uow.clock.now()
        names = vantage_names(scope)
        standings: dict[str, dict[str, Standing]] = {}
        for each in scope.session.scalars(sa.select(StandingRow)):
            standings.setdefault(each.probe_id, {})[each.vantage] = standing_of(each)
        rows = scope.session.scalars(sa.select(ProbeRow).where(ProbeRow.enabled, ProbeRow.verdict.is_not(None)))
        stale = [row.id for row in rows if _changes(row, names, standings.get(row.id, {}), now)]
        for probe_id in sorted(stale):
            _judge_again(scope, probe_id, names)
        return len(stale)

    @intake(permission="probes.run", unaudited_because="measurements are added up, and none is lost")
    def fold(self, actor: Actor) -> int:
        """Add up the oldest raw results by the hour, drop them, and return how many; nought when nothing is old."""
        scope = current()
        cutoff = to_epoch_ms(self.uow.clock.now() - KEPT_RAW - timedelta(hours=1)) // HOUR_MS * HOUR_MS
        first = scope.session.scalar(sa.select(sa.func.min(ResultRow.at_ms)))
        if first is None or first >= cutoff:
            return 0
        until = min(first // HOUR_MS * HOUR_MS + FOLD_HOURS * HOUR_MS, cutoff)
        scope.session.execute(
            sa.insert(HourRow).from_select(
                [
                    "probe_id", "vantage", "hour_ms", "ups", "downs", "unknowns", "latency_count", "latency_total_ms",
                    "latency_max_ms",
                ],
                _hours(until),
            )
        )  # fmt: skip
        gone = scope.session.execute(sa.delete(ResultRow).where(ResultRow.at_ms < until))
        oldest = to_epoch_ms(self.uow.clock.now() - KEPT_HOURS)
        scope.session.execute(sa.delete(HourRow).where(HourRow.hour_ms < oldest))
        return int(gone.rowcount)  # type: ignore[attr-defined] # a DELETE's result has it


def _changes(row: ProbeRow, names: list[str], standings: dict[str, Standing], now: datetime) -> bool:
    watching = [standings.get(name) for name in row.vantages or names]
    found = judged(watching, quorum=row.quorum, now=now, silence=damping_of(row).silence)
    return found is not None and found.verdict.value != row.verdict


def _judge_again(scope: Scope, probe_id: str, names: list[str]) -> None:
    """Judge a probe with its row locked, so that a result that arrives meanwhile is not overlooked."""
    row = scope.session.get(ProbeRow, probe_id, with_for_update=True, populate_existing=True)
    if row is None or not row.enabled:
        return
    fresh = sa.select(StandingRow).filter_by(probe_id=probe_id)
    stored = scope.session.scalars(fresh, execution_options={"populate_existing": True})
    judge(scope, row, names, {each.vantage: standing_of(each) for each in stored}, scope.uow.clock.now())


def _hours(until: int) -> sa.SelectBase:
    hour = ResultRow.at_ms - ResultRow.at_ms % HOUR_MS

    def counted(outcome: Outcome) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((ResultRow.outcome == CODES[outcome], 1), else_=0))

    return (
        sa.select(
            ResultRow.probe_id,
            ResultRow.vantage,
            hour,
            counted(Outcome.UP),
            counted(Outcome.DOWN),
            counted(Outcome.UNKNOWN),
            sa.func.count(ResultRow.latency_ms),
            sa.func.coalesce(sa.func.sum(ResultRow.latency_ms), 0),
            sa.func.coalesce(sa.func.max(ResultRow.latency_ms), 0),
        )
        .where(ResultRow.at_ms < until)
        .group_by(ResultRow.probe_id, ResultRow.vantage, hour)
    )

"""Probes as operators see them: what they came to, how each vantage sees them, and raw results."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.clock import from_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import NotFound
from services.kernel.paging import Page, PageRequest
from services.probes.intake import CODES
from services.probes.rules import damping_of, detection_seconds
from services.probes.tables import ProbeRow, ResultRow, StandingRow
from services.probes.verdicts import vantage_names
from services.probes.views import ProbeView, ResultView, VantageStateView

_OUTCOMES = {code: outcome.value for outcome, code in CODES.items()}
RESULTS_MAX = 500


class ProbeReads:
    """Answers what probes found."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="probes.read")
    def probes(self, actor: Actor, page: PageRequest) -> Page[ProbeView]:
        """Return probes by name, each as every vantage sees it."""
        scope = current()
        chosen = sa.select(ProbeRow).order_by(ProbeRow.name, ProbeRow.id).limit(page.size + 1)
        if page.after is not None:
            name, _, probe_id = page.after.rpartition("\n")
            chosen = chosen.where(sa.tuple_(ProbeRow.name, ProbeRow.id) > sa.tuple_(name, probe_id))
        rows = list(scope.session.scalars(chosen))
        shown = rows[: page.size]
        standings: dict[str, dict[str, StandingRow]] = {}
        found = sa.select(StandingRow).where(StandingRow.probe_id.in_([row.id for row in shown]))
        for each in scope.session.scalars(found):
            standings.setdefault(each.probe_id, {})[each.vantage] = each
        names, now = vantage_names(scope), self.uow.clock.now()
        views = [_view(row, row.vantages or names, standings.get(row.id, {}), now) for row in shown]
        return Page(views, f"{shown[-1].name}\n{shown[-1].id}" if len(rows) > page.size else None)

    @query(permission="probes.read")
    def probe(self, actor: Actor, probe_id: str) -> ProbeView:
        """Return one probe as every vantage sees it.

        Raises: NotFound.
        """
        scope = current()
        row = scope.session.get(ProbeRow, probe_id)
        if row is None:
            raise NotFound("probe_unknown", "There is no such probe.")
        found = scope.session.scalars(sa.select(StandingRow).where(StandingRow.probe_id == probe_id))
        names = row.vantages or vantage_names(scope)
        return _view(row, names, {each.vantage: each for each in found}, self.uow.clock.now())

    @query(permission="probes.read")
    def results(self, actor: Actor, probe_id: str, *, limit: int = 60, vantage: str | None = None) -> list[ResultView]:
        """Return a probe's latest raw results, oldest first."""
        chosen = sa.select(ResultRow).where(ResultRow.probe_id == probe_id)
        if vantage is not None:
            chosen = chosen.where(ResultRow.vantage == vantage)
        latest = chosen.order_by(ResultRow.at_ms.desc()).limit(min(limit, RESULTS_MAX))
        rows = list(current().session.scalars(latest))
        return [
            ResultView(row.vantage, from_epoch_ms(row.at_ms), _OUTCOMES[row.outcome], row.latency_ms, row.reason or "")
            for row in reversed(rows)
        ]


def _view(row: ProbeRow, names: list[str], standings: Mapping[str, StandingRow], now: datetime) -> ProbeView:
    silence = damping_of(row).silence
    return ProbeView(
        id=row.id,
        name=row.name,
        kind=row.kind,
        target=row.target,
        settings=row.settings,
        has_secret=row.secret_sealed is not None,
        component_id=row.component_id,
        vantages=tuple(row.vantages),
        interval_seconds=row.interval_seconds,
        timeout_seconds=row.timeout_seconds,
        retries=row.retries,
        quorum=row.quorum,
        confirm_down=row.confirm_down,
        confirm_up=row.confirm_up,
        enabled=row.enabled,
        verdict=row.verdict or "unknown",
        verdict_since_at=row.verdict_since_at,
        explanation=row.explanation,
        asked_at=row.asked_at,
        detection_seconds=detection_seconds(row),
        seen_from=tuple(_seen(name, standings.get(name), silence, now) for name in names),
    )


def _seen(name: str, row: StandingRow | None, silence: timedelta, now: datetime) -> VantageStateView:
    if row is None:
        return VantageStateView(name, True, None, None, "", "", None, None, None, 0)  # noqa: FBT003 -- the view's fields
    return VantageStateView(
        vantage=name,
        silent=now - row.at > silence,
        at=row.at,
        outcome=row.outcome,
        reason=row.reason,
        detail=row.detail,
        latency_ms=row.latency_ms,
        word=row.word,
        word_since_at=row.word_since_at,
        run_count=row.run_count,
    )

"""Where probers fetch what to do and hand in what they found: at machine rate, twice without harm, late without lies.

A prober says what its clock shows as it hands in, so that results are kept by our clock and not by a wrong one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import intake, query
from services.kernel.clock import to_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import Forbidden, TooLarge
from services.probes.definitions import SECRET_PLACE
from services.probes.judging import Outcome, Result, Standing, applied
from services.probes.rules import BUILT_IN, damping_of, fit_detail, fit_reason
from services.probes.tables import ProbeRow, ResultRow, StandingRow, VantageRow
from services.probes.verdicts import judge, standing_of, vantage_names
from services.probes.views import Assignment, Assignments, Finding, Receipt

BATCH_MAX = 500
KEPT_RAW = timedelta(days=7)
AHEAD_MAX = timedelta(seconds=5)
SKEW_IGNORED = timedelta(seconds=2)
ASKED_FOR = timedelta(seconds=60)
SEEN_EVERY = timedelta(seconds=5)
CODES = {Outcome.DOWN: 0, Outcome.UP: 1, Outcome.UNKNOWN: 2}
_ID = re.compile(r"[0-9a-f]{32}")
_LATENCY_MS_MAX = 600_000


class ProbeIntake:
    """What a vantage does: fetch its assignments, hand in its findings."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="probes.report")
    def assignments(self, actor: Actor) -> Assignments:
        """Return what the actor's vantage is to do, secrets included.

        Raises: Forbidden for a key that is no vantage's.
        """
        scope, now = current(), self.uow.clock.now()
        vantage = _vantage_of(scope, actor)
        wanted = sa.select(ProbeRow).where(sa.or_(ProbeRow.enabled, ProbeRow.asked_at > now - ASKED_FOR))
        rows = scope.session.scalars(wanted.order_by(ProbeRow.id))
        mine = [row for row in rows if not row.vantages or vantage.name in row.vantages]
        return Assignments(vantage.name, tuple(self._assignment(scope, row) for row in mine))

    @intake(permission="probes.report", unaudited_because="that a prober is there is a measurement")
    def note_seen(self, actor: Actor, *, release: str, waiting: int) -> None:
        """Note that the actor's vantage is there, and how many results it still holds.

        Raises: Forbidden for a key that is no vantage's.
        """
        scope = current()
        vantage = _vantage_of(scope, actor)
        vantage.seen_at = self.uow.clock.now()
        vantage.release, vantage.waiting = fit_detail(release)[:64], min(max(waiting, 0), 10_000_000)

    @intake(permission="probes.report", unaudited_because="the raw results that it writes are the record")
    def report(
        self, actor: Actor, *, sent_at: datetime, findings: Sequence[Finding], received_at: datetime | None = None
    ) -> Receipt:
        """Take results, oldest first; what was handed in before is known and changes nothing.

        `received_at` is when they came, so that waiting for the database does not look like a wrong clock.

        Raises: Forbidden for a key that is no vantage's; TooLarge for too many at once.
        """
        if len(findings) > BATCH_MAX:
            raise TooLarge("results_too_many", f"Hand in at most {BATCH_MAX} results at once.")
        scope, now = current(), self.uow.clock.now()
        vantage = _vantage_of(scope, actor)
        # One batch of a vantage at a time, so that one sent twice at once is known the second time.
        scope.session.refresh(vantage, with_for_update=True)
        vantage.seen_at = now
        skew = _skew(actor, sent_at, received_at or now)
        refused = {f.id: why for f in findings if (why := _unfit(f, skew, now))}
        fit = {f.id: f for f in findings if f.id not in refused}
        stored = scope.session.scalars(
            sa.select(ResultRow.id).where(ResultRow.id.in_([bytes.fromhex(each) for each in fit]))
        )
        known = {each.hex() for each in stored}
        by_probe: dict[str, list[Finding]] = {}
        for finding in fit.values():
            if finding.id not in known:
                by_probe.setdefault(finding.probe_id, []).append(finding)
        taken = 0
        names = vantage_names(scope)
        rows = _locked(scope, list(by_probe))
        for probe_id, found in sorted(by_probe.items()):
            row = rows.get(probe_id)
            if row is None or (row.vantages and vantage.name not in row.vantages):
                refused |= dict.fromkeys((f.id for f in found), "no probe of this vantage")
                continue
            by_our_clock = sorted((replace(f, at=f.at + skew) for f in found), key=lambda f: (f.at, f.id))
            _stored(scope, vantage.name, by_our_clock)
            _counted(scope, row, vantage.name, names, by_our_clock)
            taken += len(found)
        return Receipt(taken, len(known), refused)

    def now(self) -> datetime:
        """Return what the installation's clock shows."""
        return self.uow.clock.now()

    def _assignment(self, scope: Scope, row: ProbeRow) -> Assignment:
        sealed = row.secret_sealed
        return Assignment(
            probe_id=row.id,
            kind=row.kind,
            target=row.target,
            settings=row.settings,
            interval_seconds=row.interval_seconds,
            timeout_seconds=row.timeout_seconds,
            retries=row.retries,
            enabled=row.enabled,
            asked_at=row.asked_at,
            secret=self.uow.vault.open(scope.session, row.id, sealed, SECRET_PLACE) if sealed else "",
        )


def _skew(actor: Actor, sent_at: datetime, received_at: datetime) -> timedelta:
    """Return by how much a prober's clock is wrong; a job of ours has our own."""
    found = received_at - sent_at
    return timedelta() if actor.kind == "job" or abs(found) <= SKEW_IGNORED else found


def _vantage_of(scope: Scope, actor: Actor) -> VantageRow:
    """Return the actor's vantage: a key acts for its own one alone, and a job of ours for the built-in one."""
    if actor.kind == "job":
        found = scope.session.get(VantageRow, BUILT_IN)
    else:
        found = scope.session.scalar(sa.select(VantageRow).where(VantageRow.key_id == actor.id))
    if found is None:
        raise Forbidden("vantage_unknown", "This key belongs to no vantage: add one on the page of the probes.")
    return found


def _unfit(finding: Finding, skew: timedelta, now: datetime) -> str:
    """Return why a result cannot be taken, or nothing."""
    if not _ID.fullmatch(finding.id):
        return "its id is malformed"
    if finding.outcome not in set(Outcome):
        return "its outcome is unknown"
    if finding.latency_ms is not None and not 0 <= finding.latency_ms <= _LATENCY_MS_MAX:
        return "its latency is out of bounds"
    if finding.at + skew > now + AHEAD_MAX:
        return "it lies in the future"
    if finding.at + skew < now - KEPT_RAW:
        return "it is too old"
    return ""


def _locked(scope: Scope, probe_ids: Sequence[str]) -> Mapping[str, ProbeRow]:
    """Return the probes, each locked, always in the same order."""
    chosen = sa.select(ProbeRow).where(ProbeRow.id.in_(probe_ids)).order_by(ProbeRow.id).with_for_update()
    return {row.id: row for row in scope.session.scalars(chosen, execution_options={"populate_existing": True})}


def _stored(scope: Scope, vantage: str, found: Sequence[Finding]) -> None:
    rows = [
        {
            "id": bytes.fromhex(f.id),
            "probe_id": f.probe_id,
            "vantage": vantage,
            "at_ms": to_epoch_ms(f.at),
            "outcome": CODES[Outcome(f.outcome)],
            "latency_ms": f.latency_ms,
            "reason": None if f.outcome == Outcome.UP else fit_reason(f.reason) or "failed",
        }
        for f in found
    ]
    scope.session.execute(sa.insert(ResultRow), rows)


def _counted(scope: Scope, row: ProbeRow, vantage: str, names: Sequence[str], found: Sequence[Finding]) -> None:
    """Let results count that are newer than the last one, one after the other, so that the past is told as it was."""
    stored = {each.vantage: each for each in scope.session.scalars(sa.select(StandingRow).filter_by(probe_id=row.id))}
    standings: dict[str, Standing] = {name: standing_of(each) for name, each in stored.items()}
    damping, last = damping_of(row), None
    for finding in found:
        at, standing = finding.at, standings.get(vantage)
        if at < row.counts_from_at - AHEAD_MAX or (standing is not None and at <= standing.last.at):
            continue
        if row.enabled and standing is not None and at - standing.last.at > damping.silence:
            judge(scope, row, names, standings, at)
        outcome = Outcome(finding.outcome)
        reason = "" if outcome is Outcome.UP else fit_reason(finding.reason) or "failed"
        standings[vantage] = applied(standing, Result(at, outcome, reason), damping)
        last = finding
        if row.enabled:
            judge(scope, row, names, standings, at)
    if last is not None:
        kept = stored.get(vantage)
        if kept is None:
            kept = StandingRow(probe_id=row.id, vantage=vantage)
            scope.session.add(kept)
        _keep(kept, standings[vantage], last)


def _keep(row: StandingRow, standing: Standing, last: Finding) -> None:
    row.at, row.outcome, row.reason = standing.last.at, standing.last.outcome.value, standing.last.reason
    row.detail, row.latency_ms = fit_detail(last.detail), last.latency_ms
    row.run_count, row.run_since_at = standing.run_count, standing.run_since_at
    row.word = standing.word.value if standing.word else None
    row.word_since_at, row.word_reason = standing.word_since_at, standing.word_reason

"""The look: reads what was counted, judges every agreement, and writes down how each stands, with what changed.

Reading needs no transaction. What follows is written in one: states, breaches and facts. A look that another process
overtook writes nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.events.slas import SlaBreached, SlaRecovered
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, intake, query
from services.kernel.context import Actor, JobActor
from services.kernel.ids import new_id
from services.slas.agreements import Agreement
from services.slas.book import Exclusion, agreements, exclusions
from services.slas.judging import Evidence, Judgement, budget_left, judge_agreement
from services.slas.sources import LeftOut, Source, Sources
from services.slas.tables import BreachRow, ExclusionRow, LeftOutRow, StateRow
from services.slas.timeline import Counted
from services.slas.transitions import Change, Memory, OpenBreach, looked, turn
from services.slas.tripwires import Slot
from services.slas.views import SlaState

LOOKER = JobActor("slas.looker", frozenset({"slas.run", "metrics.read", "components.read"}))
LATE_SECONDS = 3_600
"""So long after a maintenance what happened in it has arrived; what it leaves out is then settled."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a look begins with: the agreements, what each remembers, and what is left out."""

    agreements: tuple[Agreement, ...]
    memories: dict[str, tuple[int, Memory]]
    exclusions: tuple[Exclusion, ...]
    left_out: LeftOut


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found of one agreement."""

    agreement: Agreement
    version: int
    shown: dict[str, Any]
    memory: Memory
    change: Change | None


class Engine:
    """Looks at every agreement; call `look` outside of any transaction, again and again."""

    def __init__(self, uow: UnitOfWork, sources: Sources) -> None:
        self.uow, self.sources = uow, sources

    def look(self, actor: Actor) -> tuple[Look, ...]:
        """Judge every agreement, write down how each stands, and return what was found.

        Raises: Unavailable where the database does not answer; what stands written then grows old.
        """
        standing = self.standing(actor)
        standing = self._counted_out(actor, standing)
        now = self.uow.clock.now()
        sources = self.sources.read(actor, standing.agreements, standing.exclusions, standing.left_out, now)
        looks = tuple(
            _look(agreement, *standing.memories.get(agreement.name, (0, Memory())), sources[agreement.name], now)
            for agreement in standing.agreements
        )
        if any(look.change for look in looks):
            self.settle(actor, looks)
        else:
            self.note(actor, looks)
        return looks

    @query(permission="slas.run")
    def standing(self, actor: Actor) -> Standing:
        """Return what a look begins with."""
        session, now = current().session, self.uow.clock.now()
        book = agreements(session)
        longest = max(a.window_seconds for a in book)
        memories = {row.sla: (row.version, memory_of(row.memory)) for row in session.scalars(sa.select(StateRow))}
        outside = exclusions(session, now - timedelta(seconds=longest), now)
        rows = session.scalars(
            sa.select(LeftOutRow).where(LeftOutRow.incident_id.in_([e.incident_id for e in outside]))
        ).all()
        left_out = {(row.incident_id, row.sla, row.hour_at): counted_of(row) for row in rows}
        return Standing(book, memories, outside, left_out)

    @intake(permission="slas.run", unaudited_because="how an agreement stands is its own record; nothing changed")
    def note(self, actor: Actor, looks: Sequence[Look]) -> None:
        """Write down how agreements stand, where nothing opens, becomes worse or ends."""
        for look in looks:
            if look.change is None:
                _written(look)

    @command(permission="slas.run")
    def settle(self, actor: Actor, looks: Sequence[Look]) -> None:
        """Write down how agreements stand, together with breaches that open, become worse or end, and their facts."""
        for look in looks:
            memory = _written(look)
            if memory is not None and look.change is not None:
                self._tell(look, look.change, memory)

    @intake(permission="slas.run", unaudited_because="it keeps what an accounted maintenance leaves out, by rule")
    def keep_left_out(
        self, actor: Actor, kept: Sequence[tuple[str, str, datetime, Counted]], settled: Sequence[str]
    ) -> None:
        """Keep what exclusions leave out by the hour; those that are `settled` are not counted again."""
        session = current().session
        for incident_id, sla, hour_at, counted in kept:
            session.merge(LeftOutRow(incident_id=incident_id, sla=sla, hour_at=hour_at, **counted._asdict()))
        session.execute(sa.update(ExclusionRow).where(ExclusionRow.incident_id.in_(settled)).values(counted=True))

    def _counted_out(self, actor: Actor, standing: Standing) -> Standing:
        """Count what exclusions leave out while its minutes are kept, until an hour after their end."""
        now = self.uow.clock.now()
        kept: list[tuple[str, str, datetime, Counted]] = []
        settled = []
        for exclusion in standing.exclusions:
            if exclusion.counted:
                continue
            for agreement in standing.agreements:
                if exclusion.concerns(agreement):
                    hours = self.sources.hours(actor, agreement, exclusion)
                    kept += [(exclusion.incident_id, agreement.name, at, c) for at, c in hours.items()]
            if exclusion.ends_at is not None and now - exclusion.ends_at > timedelta(seconds=LATE_SECONDS):
                settled.append(exclusion.incident_id)
        known = standing.left_out
        news = [each for each in kept if known.get((each[0], each[1], each[2])) != each[3]]
        if not news and not settled:
            return standing
        self.keep_left_out(actor, news, settled)
        return replace(standing, left_out={**known, **{(i, n, at): c for i, n, at, c in news}})

    def _tell(self, look: Look, change: Change, memory: Memory) -> None:
        scope, now, agreement = current(), self.uow.clock.now(), look.agreement
        open_id = memory.open.id if memory.open is not None else ""
        if change.kind == "recovered":
            row = scope.session.scalar(
                sa.select(BreachRow).where(BreachRow.sla == agreement.name, BreachRow.ended_at.is_(None))
            )
            if row is None:
                return
            row.ended_at, row.ended_because = now, change.explanation
            scope.note(**{agreement.name: "recovered", f"{agreement.name}_breach": row.id})
            scope.publish(recovered_fact(row, agreement.title, now))
            return
        firing, breach = change.firing, memory.open
        if firing is None or breach is None:
            return
        started_at = datetime.fromtimestamp(breach.started, UTC)
        row = scope.session.get(BreachRow, open_id)
        if row is None:
            row = BreachRow(id=open_id, sla=agreement.name, detected_at=now, ended_at=None, ended_because="")
            scope.session.add(row)
        row.rule, row.impact, row.explanation = firing.rule, firing.impact, firing.explanation
        row.started_at = started_at
        scope.note(**{agreement.name: change.kind, f"{agreement.name}_rule": firing.rule})
        scope.publish(
            SlaBreached(
                occurred_at=now,
                breach_id=open_id,
                sla=agreement.name,
                title=agreement.title,
                rule=firing.rule,
                explanation=firing.explanation,
                impact=firing.impact,
                component_ids=agreement.component_ids,
                started_at=started_at.isoformat(),
            )
        )


def _written(look: Look) -> Memory | None:
    """Write a state down; nothing where another process looked meanwhile."""
    session = current().session
    name, memory = look.agreement.name, look.memory
    row = session.get(StateRow, name, with_for_update=True)
    if (row.version if row is not None else 0) != look.version:
        return None
    if look.change is not None and look.change.kind == "opened" and memory.open is not None:
        memory = replace(memory, open=replace(memory.open, id=new_id("brc")))
    shown, kept = look.shown, _kept(memory)
    looked_at = datetime.fromtimestamp(memory.looked, UTC)
    if row is None:
        session.add(StateRow(sla=name, version=1, looked_at=looked_at, shown=shown, memory=kept))
    else:
        row.version, row.looked_at, row.shown, row.memory = look.version + 1, looked_at, shown, kept
    return memory


def recovered_fact(row: BreachRow, title: str, now: datetime) -> SlaRecovered:
    """Return the fact that a breach is over."""
    return SlaRecovered(occurred_at=now, breach_id=row.id, sla=row.sla, title=title, explanation=row.ended_because)


def evidence_of(source: Source, memory: Memory, now: float) -> Evidence:
    """Return what a judgement looks at; what happened in maintenance trips no wire."""
    return Evidence(
        tally=source.tally,
        now=now,
        history_since=source.history_since,
        watching_since=max(memory.watching_since, source.quiet_until),
        recovered=memory.recovered,
        slots=tuple(slot for slot in memory.slots if slot.ends > source.quiet_until),
        newest=source.newest,
        expected=source.expected,
        parts=source.parts,
    )


def _look(agreement: Agreement, version: int, memory: Memory, source: Source, now_at: datetime) -> Look:
    now = now_at.timestamp()
    if source.problem:
        unknown = replace(memory, looked=now, watching_since=now, slots=(), totals=None, clear_since=None)
        shown = {"state": SlaState.UNKNOWN.value, "reason": f"It cannot be measured just now: {source.problem}"}
        return Look(agreement, version, {**_NOTHING_SHOWN, **shown, **_since(unknown)}, unknown, None)
    memory = looked(memory, now, source.totals)
    evidence = evidence_of(source, memory, now)
    judgement = judge_agreement(agreement, evidence)
    memory, change = turn(agreement, memory, judgement, evidence)
    return Look(agreement, version, _shown(agreement, judgement, source, memory), memory, change)


_NOTHING_SHOWN: dict[str, Any] = {
    "good": 0.0, "total": 0.0, "attained": None, "budget_left": None, "filled": 0.0, "excluded": 0.0, "unknown": 0.0,
    "burns": [], "breached_since": None,
}  # fmt: skip


def _shown(agreement: Agreement, judgement: Judgement, source: Source, memory: Memory) -> dict[str, Any]:
    window = judgement.window
    state, reason = judgement.state, judgement.reason
    if memory.open is not None and state is not SlaState.BREACHED:
        state, reason = (
            SlaState.BREACHED,
            "The breach is not over yet: that needs the long window below the factor again.",
        )
    return {
        "state": state.value,
        "reason": reason,
        "good": window.good,
        "total": window.total,
        "attained": window.good / window.total if window.total else None,
        "budget_left": budget_left(agreement, window),
        "filled": judgement.filled_ratio,
        "excluded": source.excluded_seconds,
        "unknown": source.unknown_seconds,
        "burns": [
            {
                "name": b.pair.name, "factor": b.pair.factor, "long_seconds": b.pair.long_seconds,
                "short_seconds": b.pair.short_seconds, "long_burn": b.long_burn, "short_burn": b.short_burn,
                "ready": b.ready, "firing": b.firing, "note": b.pair.note,
            }
            for b in judgement.burns
        ],
        **_since(memory),
    }  # fmt: skip


def _since(memory: Memory) -> dict[str, Any]:
    return {"breached_since": memory.open.started if memory.open is not None else None}


def counted_of(row: LeftOutRow) -> Counted:
    """Return what is left out in one hour."""
    return Counted(row.good, row.bad, row.samples, row.bad_samples, row.left)


def _kept(memory: Memory) -> dict[str, Any]:
    return {
        "looked": memory.looked,
        "watching_since": memory.watching_since,
        "recovered": memory.recovered,
        "totals": memory.totals,
        "slots": [[slot.ends, *slot.counted] for slot in memory.slots],
        "open": asdict(memory.open) if memory.open is not None else None,
        "clear_since": memory.clear_since,
    }


def memory_of(kept: dict[str, Any]) -> Memory:
    """Return a memory as it was kept."""
    return Memory(
        looked=kept["looked"],
        watching_since=kept["watching_since"],
        recovered=kept["recovered"],
        totals=Counted(*kept["totals"]) if kept["totals"] is not None else None,
        slots=tuple(Slot(each[0], Counted(*each[1:])) for each in kept["slots"]),
        open=OpenBreach(**kept["open"]) if kept["open"] is not None else None,
        clear_since=kept["clear_since"],
    )

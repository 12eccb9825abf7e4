"""How a component stands is computed anew, from the earliest instant on that a new statement concerns.

One writer at a time takes statements in, so of two that arrive together the later one sees both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.components.accounting import PACKED_DAY_BYTES
from services.components.days import COLUMNS, Sums, day_of, into_days, is_long, start_of
from services.components.tables import (
    ComponentRow,
    DayRow,
    GroupRow,
    PartRow,
    SourceRow,
    SpanRow,
    StatementRow,
)
from services.components.timeline import BAD, Course, Kind, Span, Statement, course
from services.components.views import ComponentStatus
from services.events.components import ComponentStatusChanged
from services.infra.uow import current
from services.kernel.clock import from_epoch_ms, to_epoch_ms
from services.kernel.ids import new_id

_PARTS = cast("sa.Table", PartRow.__table__)
_SOURCES = cast("sa.Table", SourceRow.__table__)
_SPANS = cast("sa.Table", SpanRow.__table__)
_DAYS = cast("sa.Table", DayRow.__table__)
_CHUNK = 400
_LOCK = 0x636F6D70  # "comp": PostgreSQL's advisory lock of whoever computes how components stand


@dataclass(frozen=True, slots=True)
class Said:
    """A statement as it arrives, of all components that it names.

    Units: milliseconds since the epoch; `said` orders the statements of one source.
    """

    id: str
    kind: Kind
    source_id: str
    said: int
    starts_ms: int
    statuses: Mapping[str, ComponentStatus]
    reason: str
    ends_ms: int | None = None
    retroactive: bool = False


def serialise(session: Session) -> None:
    """Let one writer through at a time; on SQLite every writer is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def take_in(words: Sequence[Said], *, quiet: bool = False) -> tuple[str, ...]:
    """Keep statements, each once, and compute anew whom they concern; return the ids of those components.

    Components that do not exist are left out: a fact can outlive what it is about. `quiet` publishes no change: for
    components that are only being made.
    """
    session = current().session
    serialise(session)
    known = _existing(session, {component_id for word in words for component_id in word.statuses})
    since: dict[str, int] = {}
    for word in words:
        if session.get(StatementRow, word.id) is None:
            for component_id, from_ms in _keep(session, word, known).items():
                since[component_id] = min(from_ms, since.get(component_id, from_ms))
    for component_id in sorted(since):
        compute(session, component_id, since[component_id], quiet=quiet)
    return tuple(sorted(since))


def compute(session: Session, component_id: str, from_ms: int, *, quiet: bool = False) -> None:
    """Compute a component's spans, days and status from an instant on, and publish the change where there is one."""
    row = session.get_one(ComponentRow, component_id)
    if row.archived_at is not None:
        return
    now_ms = to_epoch_ms(current().uow.clock.now())
    changed_ms = min(from_ms, now_ms)
    chosen = sa.select(sa.func.max(SpanRow.starts_ms)).where(SpanRow.component_id == component_id)
    # The span before the change may turn out to be like the one that follows, and become one with it.
    before = session.scalar(chosen.where(SpanRow.starts_ms < changed_ms))
    if before is not None:
        begins_ms = int(before)
    elif session.scalar(chosen) is not None:
        begins_ms = changed_ms
    else:
        begins_ms = min(changed_ms, to_epoch_ms(row.created_at))
    found = course(statements_of(session, component_id, begins_ms), begins_ms, now_ms)
    _store(session, component_id, begins_ms, found.spans)
    if day_of(changed_ms) < day_of(now_ms):
        mark_group(session, row.group_id, day_of(changed_ms))
    _settle(session, row, found, quiet=quiet)


def statements_of(session: Session, component_id: str, from_ms: int) -> list[Statement]:
    """Return what can matter from an instant on: later statements, and of each source the last one before."""
    said, part = StatementRow, PartRow
    order = sa.func.row_number().over(
        partition_by=(said.kind, said.source_id, said.starts_ms <= from_ms), order_by=(said.said.desc(), said.id.desc())
    )
    ranked = (
        sa.select(
            said.id, said.kind, said.source_id, said.said, said.starts_ms, said.ends_ms, part.status, said.reason,
            order.label("rank"),
        )
        .join(SourceRow, sa.and_(SourceRow.kind == said.kind, SourceRow.source_id == said.source_id))
        .outerjoin(part, sa.and_(part.statement_id == said.id, part.component_id == component_id))
        .where(SourceRow.component_id == component_id)
        .subquery()
    )  # fmt: skip
    wanted = sa.or_(ranked.c.starts_ms > from_ms, ranked.c.rank == 1, ranked.c.kind == Kind.ACCOUNTED)
    rows = session.execute(sa.select(*list(ranked.c)[:8]).where(wanted))
    return [
        Statement(r[0], Kind(r[1]), r[2], r[3], r[4], r[5], ComponentStatus(r[6]) if r[6] else None, r[7]) for r in rows
    ]


def mark_group(session: Session, group_id: str | None, from_on: date) -> None:
    """Let the stored sums of a group be made anew from a day on."""
    if group_id is not None:
        group = session.get_one(GroupRow, group_id)
        if group.rolled_on is not None and group.rolled and group.rolled_on >= from_on:
            stale = ((group.rolled_on - from_on).days + 1) * PACKED_DAY_BYTES
            group.rolled = group.rolled[: max(0, len(group.rolled) - stale)] or None
            group.rolled_on = from_on - timedelta(days=1) if group.rolled else None


def _existing(session: Session, component_ids: set[str]) -> set[str]:
    known: set[str] = set()
    wanted = sorted(component_ids)
    for start in range(0, len(wanted), _CHUNK):
        chosen = sa.select(ComponentRow.id).where(ComponentRow.id.in_(wanted[start : start + _CHUNK]))
        known.update(session.scalars(chosen))
    return known


def _keep(session: Session, word: Said, known: set[str]) -> dict[str, int]:
    """Store a statement and return from when on whom it concerns."""
    of_source = (StatementRow.kind == word.kind, StatementRow.source_id == word.source_id)
    from_ms = word.starts_ms
    if word.kind is Kind.ACCOUNTED:
        earliest = session.scalar(sa.select(sa.func.min(StatementRow.starts_ms)).where(*of_source))
        from_ms = min(from_ms, from_ms if earliest is None else earliest)
    reason = word.reason
    if word.kind is Kind.INCIDENT:
        reason, from_ms = _renamed(session, word, from_ms)
    session.add(
        StatementRow(
            id=word.id,
            kind=word.kind,
            source_id=word.source_id,
            said=word.said,
            starts_ms=word.starts_ms,
            ends_ms=word.ends_ms,
            reason=reason,
            retroactive=word.retroactive,
        )
    )
    session.flush()
    named = {c: s for c, s in word.statuses.items() if c in known}
    if named:
        session.execute(
            sa.insert(_PARTS), [{"statement_id": word.id, "component_id": c, "status": s} for c, s in named.items()]
        )
    chosen = sa.select(SourceRow.component_id).where(SourceRow.kind == word.kind, SourceRow.source_id == word.source_id)
    spoken_of = set(session.scalars(chosen))
    new = [{"component_id": c, "kind": word.kind, "source_id": word.source_id} for c in named if c not in spoken_of]
    if new:
        session.execute(sa.insert(_SOURCES), new)
    return dict.fromkeys(spoken_of | set(named), from_ms)


def _renamed(session: Session, word: Said, from_ms: int) -> tuple[str, int]:
    """Let all that an incident ever said bear its newest name; return that, and from when on this changes anything."""
    mine = (StatementRow.kind == word.kind, StatementRow.source_id == word.source_id)
    newer = sa.select(StatementRow.reason).where(*mine, StatementRow.said > word.said)
    name = session.scalar(newer.order_by(StatementRow.said.desc()).limit(1))
    if name is not None:
        return name, from_ms
    other = (*mine, StatementRow.reason != word.reason)
    earliest = session.scalar(sa.select(sa.func.min(StatementRow.starts_ms)).where(*other))
    if earliest is None:
        return word.reason, from_ms
    session.execute(sa.update(StatementRow).where(*other).values(reason=word.reason))
    return word.reason, min(from_ms, earliest)


def _store(session: Session, component_id: str, from_ms: int, spans: Iterable[Span]) -> None:
    """Replace the spans from an instant on, and the sums of the days that they touch."""
    mine = SpanRow.component_id == component_id
    session.execute(sa.delete(SpanRow).where(mine, SpanRow.starts_ms >= from_ms))
    rows = [
        {
            "component_id": component_id,
            "starts_ms": s.starts_ms,
            "ends_ms": s.ends_ms,
            "status": s.status,
            "excused": s.excused,
            "overridden": s.overridden,
            "long": is_long(s.starts_ms, s.ends_ms),
            "reason": s.reason,
        }
        for s in spans
    ]
    session.execute(sa.insert(_SPANS), rows)
    _add_up(session, component_id, day_of(from_ms))


def _add_up(session: Session, component_id: str, first: date) -> None:
    """Make the sums of short spans anew from a day on."""
    session.execute(sa.delete(DayRow).where(DayRow.component_id == component_id, DayRow.day_on >= first))
    begins = start_of(first)
    chosen = sa.select(SpanRow.starts_ms, SpanRow.ends_ms, SpanRow.status, SpanRow.excused).where(
        SpanRow.component_id == component_id, SpanRow.long.is_(False), SpanRow.ends_ms > begins
    )
    short = [Span(a, b, ComponentStatus(s), e, overridden=False, reason="") for a, b, s, e in session.execute(chosen)]
    sums: dict[date, Sums] = {}
    into_days(sums, short, begins, max((s.ends_ms or 0 for s in short), default=begins))
    if sums:
        rows: list[dict[str, Any]] = [
            {"component_id": component_id, "day_on": day, "worst_rank": one.worst_rank}
            | dict(zip(COLUMNS, one.parts, strict=True))
            for day, one in sums.items()
        ]
        session.execute(sa.insert(_DAYS), rows)


def _settle(session: Session, row: ComponentRow, found: Course, *, quiet: bool) -> None:
    """Write down how the component stands now, and tell where that is a change."""
    last = found.spans[-1]
    since_ms = last.starts_ms
    for span in reversed(found.spans):
        if span.status is not last.status:
            break
        since_ms = span.starts_ms
    else:
        since_ms = _run_start(session, row.id, last.status, since_ms)
    old = ComponentStatus(row.status)
    changed = (old, row.status_reason, row.overridden) != (last.status, last.reason, last.overridden)
    row.status, row.status_since_ms, row.status_reason = last.status, since_ms, last.reason
    row.overridden, row.next_change_ms = last.overridden, found.next_change_ms
    row.excused, row.opened_ms = last.excused, last.starts_ms
    if changed:
        row.updated_at = current().uow.clock.now()
    session.flush()
    if old is not last.status and not quiet:
        current().publish(
            ComponentStatusChanged(
                occurred_at=current().uow.clock.now(),
                component_id=row.id,
                change_id=new_id("chg"),
                old_status=old,
                new_status=last.status,
                since_at=from_epoch_ms(since_ms).isoformat(),
                reason=last.reason,
                ended_status=_ended(session, row.id, since_ms) if last.status is ComponentStatus.OPERATIONAL else "",
            )
        )


def _ended(session: Session, component_id: str, since_ms: int) -> str:
    """Return the worst trouble since the component was last operational before an instant, or nothing."""
    before = (SpanRow.component_id == component_id, SpanRow.starts_ms < since_ms)
    well = sa.select(sa.func.max(SpanRow.starts_ms)).where(*before, SpanRow.status == ComponentStatus.OPERATIONAL)
    last_well = session.scalar(well)
    stood = sa.select(SpanRow.status).where(
        *before, SpanRow.starts_ms > (-1 if last_well is None else last_well), SpanRow.status.in_(BAD)
    )
    found = set(session.scalars(stood.distinct()))
    return max(found, key=BAD.index, default="")


def _run_start(session: Session, component_id: str, status: ComponentStatus, starts_ms: int) -> int:
    """Return when the status began, also where its reason changed since."""
    other = sa.select(sa.func.max(SpanRow.starts_ms)).where(
        SpanRow.component_id == component_id, SpanRow.starts_ms < starts_ms, SpanRow.status != status
    )
    before = session.scalar(other)
    first = sa.select(sa.func.min(SpanRow.starts_ms)).where(
        SpanRow.component_id == component_id, SpanRow.starts_ms > (-1 if before is None else before)
    )
    return int(session.scalar(first) or starts_ms)

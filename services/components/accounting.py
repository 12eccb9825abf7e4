"""Reads what spans come to: days and uptime of components and of groups, from stored sums and long spans together."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.components.days import (
    COLUMNS,
    DAY_MS,
    UNKNOWN,
    Bars,
    Calendar,
    Sums,
    day_of,
    day_views,
    place_of,
    start_of,
)
from services.components.tables import ComponentRow, DayRow, GroupRow, SpanRow
from services.components.timeline import BAD_FROM, RANKS, Span
from services.components.views import ComponentStatus, DayView

_CHUNK = 400
_SUMS = tuple(getattr(DayRow, name) for name in (*COLUMNS, "worst_rank"))
_WIDTH = len(COLUMNS) + 1
PACKED_DAY_BYTES = 8 * _WIDTH

Starts = Mapping[str, date | None]
"""Component ids, each with the day from which its time counts."""


@dataclass(slots=True)
class GroupNow:
    """What the components of a group come to today, by how they stand; `changed` are those that changed today.

    `statuses` counts them by how they stand, and `hidden` those of them that show only where something is wrong.
    """

    members: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    hidden: int = 0
    settled: Sums = field(default_factory=Sums)
    changed: dict[str, date | None] = field(default_factory=dict)


def component_days(
    session: Session, starts: Starts, first: date, last: date, now_ms: int
) -> dict[str, tuple[DayView, ...]]:
    """Return the days of components, each from the first to the last."""
    bars = Bars(first, last, now_ms)
    found = calendars(session, starts, first, last, now_ms)
    return {component_id: bars.of(found.get(component_id) or Calendar()) for component_id in starts}


def calendars(session: Session, starts: Starts, first: date, last: date, now_ms: int) -> dict[str, Calendar]:
    """Return what was said of each component in each day."""
    found: dict[str, Calendar] = defaultdict(Calendar)
    ids = sorted(starts)
    until_ms = min(now_ms, start_of(last) + DAY_MS)
    for at in range(0, len(ids), _CHUNK):
        chunk = ids[at : at + _CHUNK]
        days = sa.select(DayRow.component_id, DayRow.day_on, *_SUMS).where(
            DayRow.component_id.in_(chunk), DayRow.day_on >= first, DayRow.day_on <= last
        )
        for component_id, day, *parts, worst_rank in session.execute(days):
            if day >= (starts[component_id] or first):
                found[component_id].sums.setdefault(day, Sums()).add_all(parts, worst_rank)
        long = sa.select(
            SpanRow.component_id, SpanRow.starts_ms, SpanRow.ends_ms, SpanRow.status, SpanRow.excused
        ).where(
            SpanRow.component_id.in_(chunk),
            SpanRow.long.is_(True),
            sa.or_(SpanRow.ends_ms.is_(None), SpanRow.ends_ms > start_of(first)),
            SpanRow.starts_ms < until_ms,
        )
        for component_id, starts_ms, ends_ms, status, excused in session.execute(long):
            span = Span(starts_ms, ends_ms, ComponentStatus(status), excused, False, "")  # noqa: FBT003 -- a field
            found[component_id].add(span, start_of(max(first, starts[component_id] or first)), until_ms)
    return found


def group_days(
    session: Session, groups: Mapping[str, GroupNow], first: date, now_ms: int
) -> dict[str, tuple[DayView, ...]]:
    """Return the days of groups up to today, each the average of its components'.

    Days that are over come from what is stored; those that are not stored yet are added up from the members.
    """
    today = day_of(now_ms)
    sums: dict[str, dict[date, Sums]] = {group_id: {} for group_id in groups}
    late: dict[date, list[str]] = defaultdict(list)
    chosen = sa.select(GroupRow.id, GroupRow.rolled_on, GroupRow.rolled).where(GroupRow.archived_at.is_(None))
    for group_id, rolled_on, rolled in session.execute(chosen):
        if group_id not in groups:
            continue
        sums[group_id] = unpacked(rolled_on, rolled, first)
        reached = rolled_on + timedelta(days=1) if rolled_on else first
        if reached < today:
            late[max(first, reached)].append(group_id)
    for from_on, group_ids in late.items():
        for group_id, starts in members_of(session, group_ids).items():
            add_members(session, sums[group_id], starts, (from_on, today - timedelta(days=1)), now_ms)
    for group_id, group in groups.items():
        of_today = sums[group_id].setdefault(today, Sums())
        of_today.add_all(group.settled.parts, group.settled.worst_rank)
    # All groups' in one question: there is one for each member that changed today, and few of those.
    changed = {component_id: at for group in groups.values() for component_id, at in group.changed.items()}
    group_of = {component_id: group_id for group_id, group in groups.items() for component_id in group.changed}
    for component_id, calendar in calendars(session, changed, today, today, now_ms).items():
        for one in calendar.all_sums().values():
            sums[group_of[component_id]][today].add_all(one.parts, one.worst_rank)
    return {
        group_id: day_views(sums[group_id], first, today, now_ms, max(1, group.members))
        for group_id, group in groups.items()
    }


def groups_now(session: Session, now_ms: int) -> dict[str, GroupNow]:
    """Return what each group's components come to today, as far as how they stand tells it; of no group under ""."""
    today_ms, today = start_of(day_of(now_ms)), day_of(now_ms)
    row = ComponentRow
    settled, counted = row.opened_ms <= today_ms, sa.or_(row.start_on.is_(None), row.start_on <= today)
    grouped = (row.group_id, row.status, row.excused, row.only_show_if_degraded, settled, counted)
    found: dict[str, GroupNow] = defaultdict(GroupNow)
    for group_id, status, excused, hides, is_settled, counts, members in session.execute(
        sa.select(*grouped, sa.func.count()).where(row.archived_at.is_(None)).group_by(*grouped)
    ):
        group = found[group_id or ""]
        group.members += members
        group.statuses[status] += members
        group.hidden += members if hides and status == ComponentStatus.OPERATIONAL else 0
        if is_settled and counts:
            stands = ComponentStatus(status)
            group.settled.parts[place_of(stands, excused=excused)] += (now_ms - today_ms) * members
            if RANKS[stands] >= BAD_FROM:
                group.settled.worst_rank = max(group.settled.worst_rank, RANKS[stands])
        elif is_settled:
            group.settled.parts[UNKNOWN] += (now_ms - today_ms) * members
    changed = sa.select(row.group_id, row.id, row.start_on).where(
        row.archived_at.is_(None), row.group_id.is_not(None), row.opened_ms > today_ms
    )
    for group_id, component_id, start_on in session.execute(changed):
        found[group_id or ""].changed[component_id] = start_on
    return found


def add_members(
    session: Session, sums: dict[date, Sums], members: Starts, days: tuple[date, date], now_ms: int
) -> None:
    """Add up what was said of a group's members in each day, the first and the last included."""
    for calendar in calendars(session, members, *days, now_ms).values() if members else ():
        for day, one in calendar.all_sums().items():
            sums.setdefault(day, Sums()).add_all(one.parts, one.worst_rank)


def members_of(session: Session, group_ids: list[str]) -> dict[str, dict[str, date | None]]:
    """Return the components of groups, each with the day from which its time counts."""
    found: dict[str, dict[str, date | None]] = {group_id: {} for group_id in group_ids}
    chosen = sa.select(ComponentRow.group_id, ComponentRow.id, ComponentRow.start_on).where(
        ComponentRow.archived_at.is_(None), ComponentRow.group_id.is_not(None)
    )
    for group_id, component_id, start_on in session.execute(chosen):
        if group_id in found:
            found[group_id][component_id] = start_on
    return found


def packed(days: list[Sums]) -> bytes:
    """Return the sums of days in a row as bytes to keep."""
    return np.array([[*one.parts, one.worst_rank] for one in days], dtype="<i8").tobytes()


def unpacked(rolled_on: date | None, rolled: bytes | None, first: date) -> dict[date, Sums]:
    """Return the sums that were kept, from a day on; the last of them is of `rolled_on`."""
    if rolled_on is None or not rolled:
        return {}
    rows = np.frombuffer(rolled, dtype="<i8").reshape(-1, _WIDTH).tolist()
    begins = rolled_on - timedelta(days=len(rows) - 1)
    skipped = max(0, (first - begins).days)
    return {
        begins + timedelta(days=number): Sums(parts=row[:-1], worst_rank=row[-1])
        for number, row in enumerate(rows[skipped:], skipped)
    }


def span_sums(session: Session, component_id: str, from_ms: int, until_ms: int) -> Sums:
    """Return what a component's spans come to between two instants."""
    chosen = sa.select(SpanRow.starts_ms, SpanRow.ends_ms, SpanRow.status, SpanRow.excused).where(
        SpanRow.component_id == component_id,
        SpanRow.starts_ms < until_ms,
        sa.or_(SpanRow.ends_ms.is_(None), SpanRow.ends_ms > from_ms),
    )
    sums = Sums()
    for starts_ms, ends_ms, status, excused in session.execute(chosen):
        ends = until_ms if ends_ms is None else min(ends_ms, until_ms)
        sums.add(ComponentStatus(status), ends - max(starts_ms, from_ms), excused=excused)
    return sums

"""Reads what spans come to: days and uptime of components and of groups, from stored sums and long spans together."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.components.days import COLUMNS, DAY_MS, Sums, day_of, day_views, into_days, start_of
from services.components.tables import ComponentRow, DayRow, GroupDayRow, SpanRow
from services.components.timeline import Span
from services.components.views import ComponentStatus, DayView

_CHUNK = 400
_SUMS = tuple(getattr(DayRow, name) for name in (*COLUMNS, "worst_rank"))
_GROUP_SUMS = tuple(getattr(GroupDayRow, name) for name in (*COLUMNS, "worst_rank"))

Starts = Mapping[str, date | None]
"""Component ids, each with the day from which its time counts."""


def component_days(
    session: Session, starts: Starts, first: date, last: date, now_ms: int
) -> dict[str, tuple[DayView, ...]]:
    """Return the days of components, each from the first to the last."""
    sums = component_sums(session, starts, first, last, now_ms)
    return {component_id: day_views(sums[component_id], first, last, now_ms) for component_id in starts}


def component_sums(
    session: Session, starts: Starts, first: date, last: date, now_ms: int
) -> dict[str, dict[date, Sums]]:
    """Return what was said of each component in each day."""
    sums: dict[str, dict[date, Sums]] = defaultdict(dict)
    ids = sorted(starts)
    until_ms = min(now_ms, start_of(last) + DAY_MS)
    for at in range(0, len(ids), _CHUNK):
        chunk = ids[at : at + _CHUNK]
        days = sa.select(DayRow.component_id, DayRow.day_on, *_SUMS).where(
            DayRow.component_id.in_(chunk), DayRow.day_on >= first, DayRow.day_on <= last
        )
        for component_id, day, *parts, worst_rank in session.execute(days):
            if day >= (starts[component_id] or first):
                sums[component_id].setdefault(day, Sums()).add_all(parts, worst_rank)
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
            from_ms = start_of(max(first, starts[component_id] or first))
            into_days(sums[component_id], [span], from_ms, until_ms)
    return sums


def group_days(
    session: Session, groups: Mapping[str, date | None], members: Mapping[str, Starts], first: date, now_ms: int
) -> dict[str, tuple[DayView, ...]]:
    """Return the days of groups up to today, each the average of its components'.

    `groups` tells up to which day a group's sums are stored; the days after it are added up from its members.
    """
    today = day_of(now_ms)
    sums: dict[str, dict[date, Sums]] = {group_id: {} for group_id in groups}
    chosen = sa.select(GroupDayRow.group_id, GroupDayRow.day_on, *_GROUP_SUMS).where(
        GroupDayRow.day_on >= first, GroupDayRow.group_id.in_(sorted(g for g, rolled_on in groups.items() if rolled_on))
    )
    for group_id, day, *parts, worst_rank in session.execute(chosen):
        rolled_on = groups[group_id]
        if rolled_on is not None and day <= rolled_on:
            sums[group_id].setdefault(day, Sums()).add_all(parts, worst_rank)
    by_first: dict[date, list[str]] = defaultdict(list)
    for group_id, rolled_on in groups.items():
        by_first[max(first, rolled_on + timedelta(days=1)) if rolled_on else first].append(group_id)
    for from_on, group_ids in by_first.items():
        add_members(session, sums, {g: members[g] for g in group_ids}, (from_on, today), now_ms)
    return {
        group_id: day_views(of_group, first, today, now_ms, max(1, len(members[group_id])))
        for group_id, of_group in sums.items()
    }


def add_members(
    session: Session,
    sums: Mapping[str, dict[date, Sums]],
    members: Mapping[str, Starts],
    days: tuple[date, date],
    now_ms: int,
) -> None:
    """Add up what was said of the members of groups in each day, the first and the last included."""
    first, last = days
    group_of = {component_id: g for g, starts in members.items() for component_id in starts}
    if len(group_of) > _CHUNK and first == last:
        _add_one_day(session, sums, members, first, now_ms)
        return
    starts = {component_id: at for of_group in members.values() for component_id, at in of_group.items()}
    for component_id, said in component_sums(session, starts, first, last, now_ms).items():
        of_group = sums[group_of[component_id]]
        for day, one in said.items():
            of_group.setdefault(day, Sums()).add_all(one.parts, one.worst_rank)


def _add_one_day(
    session: Session, sums: Mapping[str, dict[date, Sums]], members: Mapping[str, Starts], day: date, now_ms: int
) -> None:
    """Let the database add up one day of thousands of members."""
    begins, ends = start_of(day), min(now_ms, start_of(day) + DAY_MS)
    wanted = sorted(members)
    span = SpanRow
    ends_ms = sa.case((span.ends_ms.is_(None), ends), (span.ends_ms > ends, ends), else_=span.ends_ms)
    starts_ms = sa.case((span.starts_ms < begins, begins), else_=span.starts_ms)
    counted = sa.or_(ComponentRow.start_on.is_(None), ComponentRow.start_on <= day)
    shown = (ComponentRow.group_id.in_(wanted), ComponentRow.archived_at.is_(None), counted)
    long = (
        sa.select(ComponentRow.group_id, span.status, span.excused, sa.func.sum(ends_ms - starts_ms))
        .join(ComponentRow, ComponentRow.id == span.component_id)
        .where(
            *shown,
            span.long.is_(True),
            sa.or_(span.ends_ms.is_(None), span.ends_ms > begins),
            span.starts_ms < ends,
        )
        .group_by(ComponentRow.group_id, span.status, span.excused)
    )
    for group_id, status, excused, ms in session.execute(long):
        sums[group_id].setdefault(day, Sums()).add(ComponentStatus(status), int(ms), excused=excused)
    short = (
        sa.select(
            ComponentRow.group_id,
            *(sa.func.sum(getattr(DayRow, name)) for name in COLUMNS),
            sa.func.max(DayRow.worst_rank),
        )
        .join(ComponentRow, ComponentRow.id == DayRow.component_id)
        .where(*shown, DayRow.day_on == day)
        .group_by(ComponentRow.group_id)
    )
    for group_id, *parts, worst_rank in session.execute(short):
        sums[group_id].setdefault(day, Sums()).add_all([int(p) for p in parts], worst_rank)


def span_sums(
    session: Session, component_id: str, from_ms: int, until_ms: int
) -> tuple[Sums, Sequence[tuple[int, int]]]:
    """Return what a component's spans come to between two instants, and what of that time was excused."""
    chosen = (
        sa.select(SpanRow.starts_ms, SpanRow.ends_ms, SpanRow.status, SpanRow.excused)
        .where(
            SpanRow.component_id == component_id,
            SpanRow.starts_ms < until_ms,
            sa.or_(SpanRow.ends_ms.is_(None), SpanRow.ends_ms > from_ms),
        )
        .order_by(SpanRow.starts_ms)
    )
    sums, excused_spans = Sums(), []
    for starts_ms, ends_ms, status, excused in session.execute(chosen):
        begins, ends = max(starts_ms, from_ms), until_ms if ends_ms is None else min(ends_ms, until_ms)
        sums.add(ComponentStatus(status), ends - begins, excused=excused)
        if excused:
            excused_spans.append((begins, ends))
    return sums, excused_spans


def members_of(session: Session, group_ids: Collection[str]) -> dict[str, dict[str, date | None]]:
    """Return the components of groups, each with the day from which its time counts."""
    found: dict[str, dict[str, date | None]] = {group_id: {} for group_id in group_ids}
    chosen = sa.select(ComponentRow.group_id, ComponentRow.id, ComponentRow.start_on).where(
        ComponentRow.archived_at.is_(None), ComponentRow.group_id.is_not(None)
    )
    for group_id, component_id, start_on in session.execute(chosen):
        if group_id in found:
            found[group_id][component_id] = start_on
    return found

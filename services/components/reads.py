"""What anybody may read of components: how each stands, its days, its uptime, and what counts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.components import accounting
from services.components.accounting import GroupNow
from services.components.days import day_of, seconds_of, start_of, totals, up_and_down, uptime_ratio
from services.components.tables import ComponentRow, DependencyRow, GroupRow, PartRow, SpanRow, StatementRow
from services.components.timeline import BAD_FROM, RANKS, Kind
from services.components.views import (
    ComponentBrief,
    ComponentStatus,
    ComponentsView,
    ComponentView,
    DayView,
    ExcludedView,
    GroupView,
    StatusSpanView,
    UptimePolicy,
    UptimeView,
)
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.clock import from_epoch_ms, require_utc, to_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import Invalid, NotFound
from services.kernel.paging import Page, PageRequest

SHOWN_MAX = 200
"""How many components one page shows with their days."""
WORST_MAX = 50
"""How many of those that are not well it shows, where there are more components than that."""
DAYS_MAX, SPANS_MAX = 1_830, 20_000

_c = ComponentRow
_COLUMNS = (
    _c.id, _c.name, _c.description, _c.group_id, _c.position, _c.status, _c.status_since_ms, _c.status_reason,
    _c.overridden, _c.showcase, _c.only_show_if_degraded, _c.start_on, _c.created_at, _c.updated_at,
)  # fmt: skip
_HIDDEN = sa.and_(_c.only_show_if_degraded.is_(True), _c.status == ComponentStatus.OPERATIONAL)


class Components:
    """How components stand."""

    def __init__(self, uow: UnitOfWork, policy: UptimePolicy | None = None) -> None:
        self.uow, self._policy = uow, policy or UptimePolicy()

    @query(permission="components.read")
    def moved_at(self, actor: Actor) -> datetime | None:
        """Return when a component last came to stand otherwise, or was arranged; nothing where there is none."""
        return current().session.scalar(sa.select(sa.func.max(ComponentRow.updated_at)))

    @query(permission="components.read")
    def policy(self, actor: Actor) -> UptimePolicy:
        """Return what counts as uptime."""
        return self._policy

    @query(permission="components.read")
    def overview(self, actor: Actor) -> ComponentsView:
        """Return every group, and the components that one page can show, each with its last 90 days."""
        session, now = current().session, self.uow.clock.now()
        standing = accounting.groups_now(session, to_epoch_ms(now))
        counts: Counter[str] = Counter()
        for group in standing.values():
            counts.update(group.statuses)
            counts[ComponentStatus.OPERATIONAL] -= group.hidden
        groups = self._groups(session, standing, now)
        counts += Counter()  # leaves out what nothing is left of
        total = counts.total()
        views = self._views(session, _shown(session, [g.id for g in groups], all_of_them=total <= SHOWN_MAX), now)
        return ComponentsView(groups, tuple(views), now, total, _counted(counts), total <= SHOWN_MAX)

    @query(permission="components.read")
    def listing(self, actor: Actor) -> Sequence[ComponentView]:
        """Return every component in the order of pages, without its days: for programs."""
        session = current().session
        rows = session.execute(
            sa.select(*_COLUMNS)
            .outerjoin(GroupRow, GroupRow.id == _c.group_id)
            .where(_c.archived_at.is_(None))
            .order_by(sa.func.coalesce(GroupRow.position, 0), _c.position, _c.id)
        ).all()
        return [_view(row, needs, (), self._policy) for row, needs in _with_needs(session, rows)]

    @query(permission="components.read")
    def named(self, actor: Actor, component_ids: Sequence[str]) -> Mapping[str, ComponentBrief]:
        """Return those of these components that exist, by id, archived ones included: history still names them."""
        return {each.id: each for each in _briefly(current().session, _c.id.in_(list(component_ids)))}

    @query(permission="components.read")
    def every(self, actor: Actor) -> Sequence[ComponentBrief]:
        """Return all components in the order of pages."""
        return _briefly(current().session, _c.archived_at.is_(None))

    @query(permission="components.read")
    def group(self, actor: Actor, group_id: str | None, page: PageRequest) -> Page[ComponentView]:
        """Return components of a group (or of none) in their order, each with its last 90 days.

        Raises: NotFound.
        """
        session = current().session
        if group_id is not None:
            group = session.get(GroupRow, group_id)
            if group is None or group.archived_at is not None:
                raise NotFound("group_unknown", "There is no such group.")
        in_group = _c.group_id == group_id if group_id else _c.group_id.is_(None)
        chosen = sa.select(_c.id, _c.position).where(in_group, _c.archived_at.is_(None), sa.not_(_HIDDEN))
        if page.after:
            position, after_id = _cursor(page.after)
            chosen = chosen.where(sa.tuple_(_c.position, _c.id) > sa.tuple_(sa.literal(position), sa.literal(after_id)))
        rows = session.execute(chosen.order_by(_c.position, _c.id).limit(page.size + 1)).all()
        views = self._views(session, [row.id for row in rows[: page.size]], self.uow.clock.now())
        last = rows[page.size - 1] if len(rows) > page.size else None
        return Page(views, f"{last.position}.{last.id}" if last else None)

    @query(permission="components.read")
    def component(self, actor: Actor, component_id: str) -> ComponentView:
        """Return one component with its last 90 days.

        Raises: NotFound.
        """
        _known(current().session, component_id)
        return self._views(current().session, [component_id], self.uow.clock.now())[0]

    @query(permission="components.read")
    def days(self, actor: Actor, component_id: str, starts_on: date, ends_on: date) -> tuple[DayView, ...]:
        """Return a component's days from one to another, both included, at most up to today.

        Raises: NotFound, Invalid for more than five years or none.
        """
        session, now_ms = current().session, to_epoch_ms(self.uow.clock.now())
        start_on = _known(session, component_id)
        last = min(ends_on, day_of(now_ms))
        if not 0 <= (ends_on - starts_on).days < DAYS_MAX:
            message = f"Ask for 1 to {DAYS_MAX} days."
            raise Invalid("days_invalid", message, fields={"days": message})
        if last < starts_on:
            return ()
        return accounting.component_days(session, {component_id: start_on}, starts_on, last, now_ms)[component_id]

    @query(permission="components.read")
    def spans(self, actor: Actor, component_id: str, since_at: datetime) -> Sequence[StatusSpanView]:
        """Return how a component stood since an instant, oldest first; the newest, where there are too many.

        Raises: NotFound.
        """
        session, since_ms = current().session, to_epoch_ms(since_at)
        _known(session, component_id)
        rows = session.execute(
            sa.select(SpanRow.starts_ms, SpanRow.ends_ms, SpanRow.status, SpanRow.reason)
            .where(
                SpanRow.component_id == component_id,
                sa.or_(SpanRow.ends_ms.is_(None), SpanRow.ends_ms > since_ms),
            )
            .order_by(SpanRow.starts_ms.desc())
            .limit(SPANS_MAX)
        ).all()
        return [
            StatusSpanView(
                component_id,
                ComponentStatus(status),
                from_epoch_ms(starts_ms),
                None if ends_ms is None else from_epoch_ms(ends_ms),
                reason,
            )
            for starts_ms, ends_ms, status, reason in reversed(rows)
        ]

    @query(permission="components.read")
    def uptime(self, actor: Actor, component_id: str, starts_at: datetime, ends_at: datetime) -> UptimeView:
        """Return what a component's time between two instants comes to; what lies after now is unknown.

        Raises: NotFound, Invalid where it ends before it begins.
        """
        session, now_ms = current().session, to_epoch_ms(self.uow.clock.now())
        start_on = _known(session, component_id)
        from_ms, until_ms = to_epoch_ms(starts_at), to_epoch_ms(ends_at)
        if until_ms < from_ms:
            message = "The time ends before it begins."
            raise Invalid("span_invalid", message, fields={"ends_at": message})
        counted_ms = max(from_ms, start_of(start_on)) if start_on else from_ms
        sums = accounting.span_sums(session, component_id, counted_ms, min(until_ms, now_ms))
        sums.fill(until_ms - from_ms)
        parts = [part / 1000 for part in sums.parts]
        up, down = up_and_down(parts, self._policy)
        return UptimeView(
            component_id,
            require_utc(starts_at),
            require_utc(ends_at),
            up,
            down,
            parts[4],
            parts[5],
            _exclusions(session, component_id, from_ms, until_ms),
        )

    def _groups(self, session: Session, standing: Mapping[str, GroupNow], now: datetime) -> tuple[GroupView, ...]:
        g = GroupRow
        rows = session.execute(
            sa.select(g.id, g.name, g.description, g.position, g.created_at, g.updated_at)
            .where(g.archived_at.is_(None))
            .order_by(g.position, g.id)
        ).all()
        now_ms = to_epoch_ms(now)
        first = day_of(now_ms) - timedelta(days=self._policy.days - 1)
        now_by_id = {row.id: standing.get(row.id) or GroupNow() for row in rows}
        days = accounting.group_days(session, now_by_id, first, now_ms)
        members = _ids_by_group(session)
        return tuple(
            GroupView(
                row.id,
                row.name,
                row.description,
                row.position,
                _worst_of(now_by_id[row.id].statuses),
                tuple(members.get(row.id, ())),
                uptime_ratio(totals(map(seconds_of, days[row.id])), self._policy),
                days[row.id],
                row.created_at,
                row.updated_at,
                _counted(now_by_id[row.id].statuses),
            )
            for row in rows
        )

    def _views(self, session: Session, ids: Sequence[str], now: datetime) -> list[ComponentView]:
        """Return components in this order, each with its days."""
        found = {row.id: row for row in session.execute(sa.select(*_COLUMNS).where(_c.id.in_(ids)))}
        now_ms = to_epoch_ms(now)
        first = day_of(now_ms) - timedelta(days=self._policy.days - 1)
        starts = {component_id: row.start_on for component_id, row in found.items()}
        days = accounting.component_days(session, starts, first, day_of(now_ms), now_ms)
        rows = [found[each] for each in ids if each in found]
        return [_view(row, needs, days[row.id], self._policy) for row, needs in _with_needs(session, rows)]


def _briefly(session: Session, which: sa.ColumnElement[bool]) -> list[ComponentBrief]:
    rows = session.execute(
        sa.select(_c.id, _c.name, GroupRow.name, _c.status)
        .outerjoin(GroupRow, GroupRow.id == _c.group_id)
        .where(which)
        .order_by(sa.func.coalesce(GroupRow.position, 0), _c.position, _c.id)
    )
    return [ComponentBrief(each, name, group or "", ComponentStatus(s)) for each, name, group, s in rows]


def _view(row: Any, needs: "_Needs", days: tuple[DayView, ...], policy: UptimePolicy) -> ComponentView:  # noqa: ANN401 -- a row of the columns above
    parts = totals(map(seconds_of, days)) if days else _NO_PARTS
    return ComponentView(
        id=row.id,
        name=row.name,
        description=row.description,
        group_id=row.group_id,
        position=row.position,
        status=ComponentStatus(row.status),
        status_since_at=from_epoch_ms(row.status_since_ms),
        status_reason=f"{row.status_reason} {needs.words}".strip() if needs.words else row.status_reason,
        overridden=row.overridden,
        showcase=row.showcase,
        only_show_if_degraded=row.only_show_if_degraded,
        start_on=row.start_on,
        depends_on=needs.ids,
        uptime_ratio=uptime_ratio(parts, policy),
        measured_seconds=sum(parts[:4]),
        days=days,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


class _Needs:
    """What a component depends on, and what is to be said of that."""

    __slots__ = ("ids", "words")

    def __init__(self, needed: Sequence[tuple[str, str, str]]) -> None:
        self.ids = tuple(component_id for component_id, _, _ in needed)
        bad = [
            (name, ComponentStatus(status)) for _, name, status in needed if RANKS[ComponentStatus(status)] >= BAD_FROM
        ]
        self.words = " ".join(f"It depends on {name}, which {_DOES[status]}." for name, status in bad[:3])


_DOES = {
    ComponentStatus.DEGRADED: "has degraded performance",
    ComponentStatus.PARTIAL_OUTAGE: "has a partial outage",
    ComponentStatus.MAJOR_OUTAGE: "has a major outage",
}
_NOTHING = _Needs(())
_NO_PARTS = [0.0] * 6


def _with_needs(session: Session, rows: Sequence[Any]) -> Iterable[tuple[Any, _Needs]]:
    chosen = (
        sa.select(DependencyRow.component_id, _c.id, _c.name, _c.status)
        .join(_c, _c.id == DependencyRow.depends_on_id)
        .where(_c.archived_at.is_(None))
        .order_by(_c.name, _c.id)
    )
    if len(rows) <= SHOWN_MAX:
        chosen = chosen.where(DependencyRow.component_id.in_([row.id for row in rows]))
    needed: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for component_id, *other in session.execute(chosen):
        needed[component_id].append((other[0], other[1], other[2]))
    return ((row, _Needs(needed[row.id]) if row.id in needed else _NOTHING) for row in rows)


def _exclusions(session: Session, component_id: str, from_ms: int, until_ms: int) -> tuple[ExcludedView, ...]:
    """Return the maintenance that is left out, by the last word about each."""
    said = StatementRow
    last = (
        sa.select(said.source_id, sa.func.max(said.said).label("said"))
        .where(said.kind == Kind.ACCOUNTED)
        .group_by(said.source_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(said.starts_ms, said.ends_ms, said.reason, said.retroactive)
        .join(PartRow, PartRow.statement_id == said.id)
        .join(last, sa.and_(last.c.source_id == said.source_id, last.c.said == said.said))
        .where(
            PartRow.component_id == component_id,
            said.kind == Kind.ACCOUNTED,
            said.starts_ms < until_ms,
            sa.or_(said.ends_ms.is_(None), said.ends_ms > from_ms),
        )
        .order_by(said.starts_ms)
    )
    return tuple(
        ExcludedView(from_epoch_ms(a), None if b is None else from_epoch_ms(b), reason, retroactive)
        for a, b, reason, retroactive in rows
    )


def _known(session: Session, component_id: str) -> date | None:
    """Return from which day on the time of a component counts.

    Raises: NotFound.
    """
    row = session.execute(sa.select(_c.start_on).where(_c.id == component_id, _c.archived_at.is_(None))).first()
    if row is None:
        raise NotFound("component_unknown", "There is no such component.")
    start_on: date | None = row.start_on
    return start_on


def _cursor(text: str) -> tuple[int, str]:
    position, _, component_id = text.partition(".")
    if not position.isdigit() or len(position) > 9 or not component_id:  # noqa: PLR2004 -- more digits than there are
        raise Invalid("cursor_invalid", "This page does not exist: begin with the first.")
    return int(position), component_id


def _shown(session: Session, group_ids: Sequence[str], *, all_of_them: bool) -> list[str]:
    """Return the components of the first page in its order: all that are shown, or the worst ones."""
    chosen = sa.select(_c.id, _c.group_id, _c.status).where(_c.archived_at.is_(None), sa.not_(_HIDDEN))
    if all_of_them:
        place = {group_id: number for number, group_id in enumerate(group_ids)}
        rows = session.execute(chosen.order_by(_c.position, _c.id)).all()
        return [row.id for row in sorted(rows, key=lambda row: place.get(row.group_id or "", -1))]
    worst = sa.case(*((_c.status == status, -rank) for status, rank in RANKS.items()), else_=0)
    bad = chosen.where(_c.status != ComponentStatus.OPERATIONAL)
    return list(session.scalars(bad.order_by(worst, _c.id).limit(WORST_MAX)))


def _ids_by_group(session: Session) -> dict[str, list[str]]:
    """Return the components of each group in their order; one row a group, since there may be thousands of them."""
    if session.get_bind().dialect.name == "postgresql":
        ids = sa.func.string_agg(_c.id, postgresql.aggregate_order_by(sa.literal_column("' '"), _c.position, _c.id))
        chosen = sa.select(_c.group_id, ids).where(_c.archived_at.is_(None), _c.group_id.is_not(None))
        rows = session.execute(chosen.group_by(_c.group_id))
    else:
        ordered = (
            sa.select(_c.group_id, _c.id)
            .where(_c.archived_at.is_(None), _c.group_id.is_not(None))
            .order_by(_c.group_id, _c.position, _c.id)
            .subquery()
        )
        joined = sa.func.group_concat(ordered.c.id, " ")
        rows = session.execute(sa.select(ordered.c.group_id, joined).group_by(ordered.c.group_id))
    return {group_id: ids.split(" ") for group_id, ids in rows}


def _worst_of(counts: Mapping[str, int]) -> ComponentStatus:
    if not counts:
        return ComponentStatus.UNKNOWN
    return max(map(ComponentStatus, counts), key=RANKS.__getitem__)


def _counted(counts: Mapping[str, int]) -> tuple[tuple[ComponentStatus, int], ...]:
    by_status = {ComponentStatus(status): count for status, count in counts.items()}
    return tuple((s, by_status[s]) for s in sorted(by_status, key=RANKS.__getitem__, reverse=True))

"""Arranging components and groups: making, naming, ordering, connecting and archiving them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.components.rules import check_dependencies, check_start, clean_description, clean_name
from services.components.standing import Said, compute, mark_group, serialise, take_in
from services.components.tables import ComponentRow, DependencyRow, GroupRow
from services.components.timeline import NO_PROBE, Kind
from services.components.versions import check_component, check_group
from services.components.views import ComponentStatus
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command
from services.kernel.clock import to_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id, public_id

Origin = Literal["real", "demo"]
R = TypeVar("R", GroupRow, ComponentRow)
COMPONENTS_MAX = 20_000
_NO_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class ComponentDraft:
    """A component as it is handed in.

    A `manual` component has no probe: it stands as a person says, at first operational.
    """

    name: str
    description: str = ""
    group_id: str | None = None
    manual: bool = False
    showcase: bool = True
    only_show_if_degraded: bool = False
    start_on: date | None = None
    origin: Origin = "real"


class Arranging:
    """The verbs by which staff arrange what the page shows."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="components.arrange")
    def create_group(self, actor: Actor, *, name: str, description: str = "", origin: Origin = "real") -> str:
        """Make a group, last in order, and return its id.

        Raises: Invalid.
        """
        row = add_group(current().session, name=name, description=description, origin=origin)
        current().about(row.id)
        current().note(group_id=row.id, name=row.name)
        return row.id

    @command(permission="components.arrange")
    def change_group(
        self, actor: Actor, *, group_id: str, name: str, description: str, version: str | None = None
    ) -> None:
        """Give a group another name and description; `version` is the one that was seen.

        Raises: NotFound, Invalid; Conflict where somebody changed it meanwhile.
        """
        serialise(current().session)
        row = group_row(current().session, group_id)
        check_group(row, version)
        row.name, row.description = clean_name(name), clean_description(description)
        row.updated_at = self.uow.clock.now()
        current().about(group_id)
        current().note(group_id=group_id, name=row.name)

    @command(permission="components.arrange")
    def archive_group(self, actor: Actor, *, group_id: str) -> None:
        """Take an empty group off the page; its id is never used again.

        Raises: NotFound, Conflict where it still has components.
        """
        session, row = current().session, group_row(current().session, group_id)
        members = sa.select(sa.func.count()).where(
            ComponentRow.group_id == group_id, ComponentRow.archived_at.is_(None)
        )
        if session.scalar(members):
            raise Conflict("group_not_empty", "Move or archive its components first.", group_id=group_id)
        row.archived_at = row.updated_at = self.uow.clock.now()
        current().about(group_id)
        current().note(group_id=group_id)

    @command(permission="components.arrange")
    def create(self, actor: Actor, draft: ComponentDraft) -> str:
        """Make a component, last in its group, and return its id.

        Raises: Invalid, NotFound for an unknown group.
        """
        row = add_component(current().session, draft)
        current().about(row.id)
        current().note(component_id=row.id, name=row.name, group_id=row.group_id, manual=row.manual)
        return row.id

    @command(permission="components.arrange")
    def change(self, actor: Actor, *, component_id: str, draft: ComponentDraft, version: str | None = None) -> None:
        """Change what a component is called, where it stands on the page, and how it is shown; its history stays.

        `version` is the one that was seen.

        Raises: NotFound, Invalid; Conflict where somebody changed it meanwhile.
        """
        session = current().session
        serialise(session)
        row = component_row(session, component_id)
        check_component(session, row, version)
        if row.group_id != draft.group_id:
            if draft.group_id is not None:
                group_row(session, draft.group_id)
            mark_group(session, row.group_id, _NO_DAY)
            mark_group(session, draft.group_id, _NO_DAY)
            row.group_id, row.position = draft.group_id, _next_position(session, draft.group_id)
        was_manual, was_name = row.manual, row.name
        _describe(row, draft)
        row.updated_at = self.uow.clock.now()
        session.flush()
        if row.manual != was_manual:
            take_in([first_word(row, manual=row.manual)])
        current().about(component_id)
        current().note(
            component_id=component_id, name=row.name, was_name=was_name, group_id=row.group_id, manual=row.manual
        )

    @command(permission="components.arrange")
    def depend(self, actor: Actor, *, component_id: str, depends_on: Sequence[str], version: str | None = None) -> None:
        """Say which components this one needs; `version` is the one that was seen.

        Raises: NotFound; Conflict for a circle, or where somebody changed it meanwhile; Invalid for too many.
        """
        session = current().session
        serialise(session)  # two changes at once could close a circle that neither sees
        row = component_row(session, component_id)
        check_component(session, row, version)
        wanted = sorted(set(depends_on))
        for needed in wanted:
            component_row(session, needed)
        check_dependencies(component_id, wanted, _dependencies(session))
        session.execute(sa.delete(DependencyRow).where(DependencyRow.component_id == component_id))
        session.add_all(DependencyRow(component_id=component_id, depends_on_id=needed) for needed in wanted)
        row.updated_at = self.uow.clock.now()
        current().about(component_id)
        current().note(component_id=component_id, depends_on=wanted)

    @command(permission="components.arrange")
    def order_groups(self, actor: Actor, group_ids: Sequence[str]) -> None:
        """Put groups in this order; those that are left out keep theirs, after these.

        Raises: NotFound.
        """
        session, now = current().session, self.uow.clock.now()
        rows = session.scalars(
            sa.select(GroupRow).where(GroupRow.archived_at.is_(None)).order_by(GroupRow.position, GroupRow.id)
        ).all()
        for position, row in enumerate(_ordered(list(rows), group_ids, "group"), 1):
            if row.position != position:
                row.position, row.updated_at = position, now
        current().note(order=list(group_ids))

    @command(permission="components.arrange")
    def order_components(self, actor: Actor, *, group_id: str | None, component_ids: Sequence[str]) -> None:
        """Put the components of a group in this order; those that are left out keep theirs, after these.

        Raises: NotFound.
        """
        session, now = current().session, self.uow.clock.now()
        in_group = ComponentRow.group_id == group_id if group_id else ComponentRow.group_id.is_(None)
        rows = session.scalars(
            sa.select(ComponentRow)
            .where(in_group, ComponentRow.archived_at.is_(None))
            .order_by(ComponentRow.position, ComponentRow.id)
        ).all()
        for position, row in enumerate(_ordered(list(rows), component_ids, "component"), 1):
            if row.position != position:
                row.position, row.updated_at = position, now
        current().note(group_id=group_id, order=list(component_ids)[:100])

    @command(permission="components.arrange")
    def archive(self, actor: Actor, *, component_id: str) -> None:
        """Take a component off the page; its id and history stay, and it can be restored.

        Raises: NotFound, Conflict where others depend on it.
        """
        session = current().session
        serialise(session)
        row = component_row(session, component_id)
        needed = (
            sa.select(ComponentRow.name)
            .join(DependencyRow, DependencyRow.component_id == ComponentRow.id)
            .where(DependencyRow.depends_on_id == component_id, ComponentRow.archived_at.is_(None))
        )
        if names := list(session.scalars(needed.limit(5))):
            raise Conflict("component_needed", f"{', '.join(names)} depend on it: change that first.")
        row.archived_at = row.updated_at = self.uow.clock.now()
        row.next_change_ms = None
        mark_group(session, row.group_id, _NO_DAY)
        current().about(component_id)
        current().note(component_id=component_id, name=row.name)

    @command(permission="components.arrange")
    def restore(self, actor: Actor, *, component_id: str) -> None:
        """Put an archived component back on the page, with its history.

        Raises: NotFound, Conflict where it is not archived.
        """
        session = current().session
        serialise(session)
        row = session.get(ComponentRow, component_id)
        if row is None:
            raise NotFound("component_unknown", "There is no such component.")
        if row.archived_at is None:
            raise Conflict("component_not_archived", "This component is on the page already.")
        group = session.get(GroupRow, row.group_id) if row.group_id else None
        if group is not None and group.archived_at is not None:
            row.group_id = None
        since_at, row.archived_at = row.archived_at, None
        row.updated_at = self.uow.clock.now()
        session.flush()
        compute(session, component_id, to_epoch_ms(since_at))
        mark_group(session, row.group_id, _NO_DAY)
        current().about(component_id)
        current().note(component_id=component_id, name=row.name)


def add_group(session: Session, *, name: str, description: str, origin: Origin, group_id: str = "") -> GroupRow:
    """Add a group, last in order, within the caller's transaction."""
    now = current().uow.clock.now()
    last = session.scalar(sa.select(sa.func.max(GroupRow.position)))
    row = GroupRow(
        id=group_id or public_id(),
        name=clean_name(name),
        description=clean_description(description),
        position=(last or 0) + 1,
        origin=origin,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    return row


def add_component(
    session: Session, draft: ComponentDraft, *, component_id: str = "", status: ComponentStatus | None = None
) -> ComponentRow:
    """Add a component, last in its group, within the caller's transaction.

    `status` is the first word on a manual one, operational by default.

    Raises: Invalid, NotFound for an unknown group.
    """
    now = current().uow.clock.now()
    if draft.group_id is not None:
        group_row(session, draft.group_id)
        mark_group(session, draft.group_id, _NO_DAY)
    if (session.scalar(sa.select(sa.func.count()).select_from(ComponentRow)) or 0) >= COMPONENTS_MAX:
        raise Invalid("components_too_many", f"There are {COMPONENTS_MAX} components already.")
    row = ComponentRow(
        id=component_id or public_id(),
        group_id=draft.group_id,
        position=_next_position(session, draft.group_id),
        origin=draft.origin,
        created_at=now,
        status=ComponentStatus.UNKNOWN,
        status_since_ms=to_epoch_ms(now),
        status_reason=NO_PROBE,
        overridden=False,
    )
    _describe(row, draft)
    row.updated_at = now
    session.add(row)
    session.flush()
    if draft.manual:
        take_in([first_word(row, manual=True, status=status)], quiet=True)
    else:
        serialise(session)
        compute(session, row.id, to_epoch_ms(now), quiet=True)
    return row


def first_word(row: ComponentRow, *, manual: bool, status: ComponentStatus | None = None) -> Said:
    """Return what is said of a component that begins, or ceases, to be kept by hand."""
    now_ms = to_epoch_ms(current().uow.clock.now())
    stated = {row.id: status or ComponentStatus.OPERATIONAL} if manual else {}
    return Said(new_id("cst"), Kind.WORD, row.id, now_ms * 1000, now_ms, stated, "Kept by hand.")


def group_row(session: Session, group_id: str) -> GroupRow:
    """Return a group that is on the page.

    Raises: NotFound.
    """
    row = session.get(GroupRow, group_id)
    if row is None or row.archived_at is not None:
        raise NotFound("group_unknown", "There is no such group.")
    return row


def component_row(session: Session, component_id: str) -> ComponentRow:
    """Return a component that is on the page.

    Raises: NotFound.
    """
    row = session.get(ComponentRow, component_id)
    if row is None or row.archived_at is not None:
        raise NotFound("component_unknown", "There is no such component.")
    return row


def _describe(row: ComponentRow, draft: ComponentDraft) -> None:
    check_start(draft.start_on)
    row.name, row.description = clean_name(draft.name), clean_description(draft.description)
    row.manual, row.showcase = draft.manual, draft.showcase
    row.only_show_if_degraded, row.start_on = draft.only_show_if_degraded, draft.start_on


def _next_position(session: Session, group_id: str | None) -> int:
    in_group = ComponentRow.group_id == group_id if group_id else ComponentRow.group_id.is_(None)
    return (session.scalar(sa.select(sa.func.max(ComponentRow.position)).where(in_group)) or 0) + 1


def _dependencies(session: Session) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for component_id, needed in session.execute(sa.select(DependencyRow.component_id, DependencyRow.depends_on_id)):
        found[component_id].append(needed)
    return found


def _ordered(rows: list[R], wanted: Sequence[str], noun: str) -> list[R]:
    by_id = {row.id: row for row in rows}
    unknown = [each for each in wanted if each not in by_id]
    if unknown:
        raise NotFound(f"{noun}_unknown", f"There is no such {noun} here: {unknown[0]}.")
    chosen = set(wanted)
    return [by_id[each] for each in dict.fromkeys(wanted)] + [row for row in rows if row.id not in chosen]

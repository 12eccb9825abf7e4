"""What staff see of components: all that can be arranged, what was archived, and in which version each stands."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from services.components.tables import ComponentRow, DependencyRow, GroupRow
from services.components.versions import component_version, group_version
from services.components.views import ArrangedGroupView, ArrangedView, BoardView, ComponentStatus
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.clock import from_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import NotFound

SHOWN_MAX = 300
"""How many components one look shows; a search finds the others."""
_CHUNK = 400


class Board:
    """What there is to arrange."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="components.review")
    def look(self, actor: Actor, *, search: str = "", archived: bool = False) -> BoardView:
        """Return the groups, and the components that a search finds, in the order of pages; or the archived ones."""
        session = current().session
        chosen = (
            sa.select(ComponentRow)
            .outerjoin(GroupRow, GroupRow.id == ComponentRow.group_id)
            .where(ComponentRow.archived_at.is_not(None) if archived else ComponentRow.archived_at.is_(None))
            .order_by(
                sa.case((GroupRow.archived_at.is_(None), sa.func.coalesce(GroupRow.position, 0)), else_=0),
                ComponentRow.position,
                ComponentRow.id,
            )
        )
        for word in search.split()[:8]:
            like = {"autoescape": True}
            chosen = chosen.where(
                sa.or_(ComponentRow.name.icontains(word, **like), GroupRow.name.icontains(word, **like))
            )
        found = session.scalar(sa.select(sa.func.count()).select_from(chosen.order_by(None).subquery())) or 0
        rows = session.scalars(chosen.limit(SHOWN_MAX)).all()
        return BoardView(self._groups(), tuple(_views(rows)), found)

    @query(permission="components.review")
    def component(self, actor: Actor, component_id: str) -> ArrangedView:
        """Return one component, also where it is archived.

        Raises: NotFound.
        """
        row = current().session.get(ComponentRow, component_id)
        if row is None:
            raise NotFound("component_unknown", "There is no such component.")
        return _views([row])[0]

    @query(permission="components.review")
    def group(self, actor: Actor, group_id: str) -> ArrangedGroupView:
        """Return one group that is on the page.

        Raises: NotFound.
        """
        found = next((each for each in self._groups() if each.id == group_id), None)
        if found is None:
            raise NotFound("group_unknown", "There is no such group.")
        return found

    def _groups(self) -> tuple[ArrangedGroupView, ...]:
        session = current().session
        counted = sa.select(ComponentRow.group_id, sa.func.count()).where(ComponentRow.archived_at.is_(None))
        members: Counter[str | None] = Counter()
        for group_id, count in session.execute(counted.group_by(ComponentRow.group_id)):
            members[group_id] = count
        rows = session.scalars(
            sa.select(GroupRow).where(GroupRow.archived_at.is_(None)).order_by(GroupRow.position, GroupRow.id)
        )
        return tuple(
            ArrangedGroupView(row.id, row.name, row.description, members[row.id], group_version(row)) for row in rows
        )


def _views(rows: Sequence[ComponentRow]) -> list[ArrangedView]:
    needs: dict[str, list[str]] = defaultdict(list)
    ids = [row.id for row in rows]
    for at in range(0, len(ids), _CHUNK):
        chosen = sa.select(DependencyRow.component_id, DependencyRow.depends_on_id).where(
            DependencyRow.component_id.in_(ids[at : at + _CHUNK])
        )
        for component_id, needed in current().session.execute(chosen.order_by(DependencyRow.depends_on_id)):
            needs[component_id].append(needed)
    return [_view(row, needs[row.id]) for row in rows]


def _view(row: ComponentRow, depends_on: list[str]) -> ArrangedView:
    return ArrangedView(
        id=row.id,
        name=row.name,
        description=row.description,
        group_id=row.group_id,
        manual=row.manual,
        showcase=row.showcase,
        only_show_if_degraded=row.only_show_if_degraded,
        start_on=row.start_on,
        depends_on=tuple(depends_on),
        status=ComponentStatus(row.status),
        status_since_at=from_epoch_ms(row.status_since_ms),
        status_reason=row.status_reason,
        overridden=row.overridden,
        archived_at=row.archived_at,
        version=component_version(row, depends_on),
    )

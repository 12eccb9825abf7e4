"""How long components were up between many instants at once: what service level agreements count."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from services.components.days import MAINTENANCE, UNKNOWN, place_of, start_of, up_and_down
from services.components.tables import ComponentRow, SpanRow
from services.components.timeline import NO_PROBE
from services.components.views import ComponentStatus, UptimePolicy
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.clock import from_epoch_ms, to_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import NotFound

_CHUNK = 5_000
Row = tuple[int, int, int]
"""A span: where it begins, where it ends, and its place among the parts of a day."""


class UptimeRecord:
    """How long components were up, by the same policy as their page."""

    def __init__(self, uow: UnitOfWork, policy: UptimePolicy | None = None) -> None:
        self.uow, self._policy = uow, policy or UptimePolicy()

    @query(permission="components.read")
    def uptime(
        self, actor: Actor, component_id: str | None, edges: Sequence[datetime]
    ) -> Sequence[tuple[float, float, float, float]]:
        """Return up, down, maintenance and unknown between consecutive instants: of one component, or of all shown.

        Units: seconds, added up over the components.

        Raises: NotFound for a component that does not exist.
        """
        now_ms = to_epoch_ms(self.uow.clock.now())
        at = [to_epoch_ms(edge) for edge in edges]
        if len(at) < 2:  # noqa: PLR2004 -- one span has two ends
            return []
        rows, members = self._rows(component_id, at[0], min(at[-1], now_ms))
        reached = np.zeros((6, len(at)), dtype=np.int64)
        for first in range(0, len(rows), _CHUNK):
            _reach(reached, rows[first : first + _CHUNK], np.array(at, dtype=np.int64))
        parts = np.diff(reached, axis=1)
        lengths = np.diff(np.array(at, dtype=np.int64)) * members
        parts[UNKNOWN] += lengths - parts.sum(axis=0)
        found = []
        for column in parts.T:
            seconds = [int(ms) / 1000 for ms in column]
            up, down = up_and_down(seconds, self._policy)
            found.append((up, down, seconds[MAINTENANCE], seconds[UNKNOWN]))
        return found

    @query(permission="components.read")
    def measured_since(self, actor: Actor, component_id: str | None) -> datetime | None:
        """Return since when something tells of a component, or of any; nothing where nothing does."""
        chosen = sa.select(sa.func.min(SpanRow.starts_ms)).where(
            sa.or_(SpanRow.status != ComponentStatus.UNKNOWN, SpanRow.reason != NO_PROBE)
        )
        if component_id is not None:
            chosen = chosen.where(SpanRow.component_id == component_id)
        first = current().session.scalar(chosen)
        return None if first is None else from_epoch_ms(int(first))

    @query(permission="components.read")
    def names(self, actor: Actor) -> Mapping[str, str]:
        """Return the name of every component by its id."""
        chosen = sa.select(ComponentRow.id, ComponentRow.name).where(ComponentRow.archived_at.is_(None))
        return {row.id: row.name for row in current().session.execute(chosen)}

    def _rows(self, component_id: str | None, from_ms: int, until_ms: int) -> tuple[list[Row], int]:
        session = current().session
        which = ComponentRow.showcase.is_(True) if component_id is None else ComponentRow.id == component_id
        counted = sa.select(ComponentRow.id, ComponentRow.start_on).where(which, ComponentRow.archived_at.is_(None))
        starts = {each: start_of(start_on) if start_on else from_ms for each, start_on in session.execute(counted)}
        if component_id is not None and not starts:
            raise NotFound("component_unknown", "There is no such component.")
        chosen = (
            sa.select(SpanRow.component_id, SpanRow.starts_ms, SpanRow.ends_ms, SpanRow.status, SpanRow.excused)
            .join(ComponentRow, ComponentRow.id == SpanRow.component_id)
            .where(
                which,
                ComponentRow.archived_at.is_(None),
                SpanRow.starts_ms < until_ms,
                sa.or_(SpanRow.ends_ms.is_(None), SpanRow.ends_ms > from_ms),
            )
        )
        rows = []
        for each, starts_ms, ends_ms, status, excused in session.execute(chosen):
            begins = max(starts_ms, starts[each], from_ms)
            ends = until_ms if ends_ms is None else min(ends_ms, until_ms)
            if begins < ends:
                rows.append((begins, ends, place_of(ComponentStatus(status), excused=excused)))
        return rows, len(starts)


def _reach(reached: npt.NDArray[np.int64], rows: Sequence[Row], edges: npt.NDArray[np.int64]) -> None:
    """Add to each part how much of it lies before each edge."""
    table = np.array(rows, dtype=np.int64)
    for place in np.unique(table[:, 2]):
        own = table[table[:, 2] == place]
        before = np.clip(edges[None, :] - own[:, 0, None], 0, (own[:, 1] - own[:, 0])[:, None])
        reached[place] += before.sum(axis=0)

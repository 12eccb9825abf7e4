"""Writes observations into cells of a minute, an hour and a day at once, and clears away what is past its keeping.

All three resolutions are written in the transaction that measured, so a long window is always the exact merge of its
parts, and there is no roll-up that could be late, run twice, or miss what arrived after it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, intake
from services.kernel.clock import from_epoch_ms, to_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import Invalid
from services.metrics.catalogue import DIMENSIONS, METRICS, Dimensions, Observation
from services.metrics.sketch import Sketch
from services.metrics.tables import CELLS, TOTALS, CellRow, DimensionSetRow, InboxRow, SessionRow, TotalRow

MINUTE, HOUR, DAY = 60, 3_600, 86_400
RESOLUTIONS = (MINUTE, HOUR, DAY)
KEPT = {MINUTE: timedelta(hours=48), HOUR: timedelta(days=35), DAY: timedelta(days=400)}
"""How long the cells of each resolution are kept."""
_CHUNK = 200
_LOCK = 0x6D657472  # "metr": PostgreSQL's advisory lock of whoever writes cells

Key = tuple[str, int, datetime, int]


class Cell:
    """What is counted of one metric for one set of dimensions within one bucket."""

    __slots__ = ("count", "good_count", "newest_ms", "sketch", "total")

    def __init__(self) -> None:
        self.count = self.total = self.good_count = self.newest_ms = 0
        self.sketch: Sketch | None = None

    def add(self, observation: Observation) -> None:
        """Count one observation."""
        metric = METRICS[observation.metric]
        value, count = observation.value, observation.occurrences
        self.count += count
        self.total += value
        self.newest_ms = max(self.newest_ms, observation.at_ms)
        if metric.good_at_most is not None and value <= metric.good_at_most:
            self.good_count += count
        if metric.kind == "distribution" and count:
            if self.sketch is None:
                self.sketch = Sketch()
            self.sketch.add(value, count)

    def merge(self, other: "Cell") -> None:
        """Take in what another cell counted."""
        self.count += other.count
        self.total += other.total
        self.good_count += other.good_count
        self.newest_ms = max(self.newest_ms, other.newest_ms)
        if other.sketch is not None:
            if self.sketch is None:
                self.sketch = Sketch()
            self.sketch.merge(other.sketch)

    def merge_row(self, row: sa.RowMapping) -> None:
        """Take in what a stored row counted."""
        stored = Cell()
        stored.count, stored.total, stored.good_count = row["count"], row["total"], row["good_count"]
        stored.newest_ms = to_epoch_ms(row["newest_at"])
        stored.sketch = Sketch.from_bytes(row["sketch"]) if row["sketch"] is not None else None
        self.merge(stored)

    def values(self) -> dict[str, Any]:
        """Return the columns of the row that stores this cell."""
        return {
            "count": self.count,
            "total": self.total,
            "good_count": self.good_count,
            "newest_at": from_epoch_ms(self.newest_ms),
            "sketch": self.sketch.to_bytes() if self.sketch is not None else None,
        }


def floor_to(at: datetime, seconds: int) -> datetime:
    """Return the start of the bucket that an instant lies in."""
    return from_epoch_ms(to_epoch_ms(at) // (seconds * 1_000) * seconds * 1_000)


class Recording:
    """The verbs by which measurements are written and cleared away."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @intake(permission="metrics.record", unaudited_because="measurements are their own record")
    def record_observations(self, actor: Actor, observations: Sequence[Observation]) -> None:
        """Write observations, each at its own instant; past their keeping they are left out of the finer cells.

        Raises: Invalid for a metric that the catalogue does not have, or a negative value.
        """
        write_cells(current().session, observations, self.uow.clock.now())

    @intake(permission="metrics.run", unaudited_because="the keeping times are declared; nothing is decided here")
    def expire(self, actor: Actor) -> int:
        """Delete cells past their keeping, and return how many; doing it again deletes nothing more."""
        session, now = current().session, self.uow.clock.now()
        deleted = 0
        for resolution, kept in KEPT.items():
            result = session.execute(
                sa.delete(CellRow).where(
                    CellRow.resolution_seconds == resolution, CellRow.starts_at < floor_to(now - kept, resolution)
                )
            )
            deleted += result.rowcount  # type: ignore[attr-defined] # a delete has a row count
        return deleted

    @command(permission="metrics.forget")
    def forget_origin(self, actor: Actor, origin: str) -> int:
        """Remove everything that one origin measured, such as the demo generator, and return how many cells went.

        Raises: Invalid for measurements of real players, which are not removed this way.
        """
        if origin == "real":
            raise Invalid("origin_is_real", "What real players measured stays; name another origin.", origin=origin)
        scope = current()
        session = scope.session
        serialise(session)
        sets = sa.select(DimensionSetRow.id).where(DimensionSetRow.origin == origin)
        cells = session.execute(sa.delete(CellRow).where(CellRow.dimension_set_id.in_(sets))).rowcount  # type: ignore[attr-defined] # a delete has a row count
        session.execute(sa.delete(TotalRow).where(TotalRow.dimension_set_id.in_(sets)))
        session.execute(sa.delete(DimensionSetRow).where(DimensionSetRow.origin == origin))
        session.execute(sa.delete(SessionRow).where(SessionRow.origin == origin))
        session.execute(sa.delete(InboxRow).where(InboxRow.origin == origin))
        scope.note(origin=origin, cells=cells)
        return int(cells)


def serialise(session: Session) -> None:
    """Let one writer of cells through at a time; on SQLite every writer is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def write_cells(session: Session, observations: Iterable[Observation], now: datetime) -> None:
    """Add observations to the cells of every resolution and to the totals, within the caller's transaction."""
    minutes: dict[tuple[str, Dimensions, int], Cell] = defaultdict(Cell)
    for observation in observations:
        _check(observation)
        minutes[observation.metric, observation.dimensions, observation.at_ms // (MINUTE * 1_000)].add(observation)
    if not minutes:
        return
    serialise(session)
    set_ids = _dimension_set_ids(session, {dimensions for _, dimensions, _ in minutes})
    cells: dict[Key, Cell] = defaultdict(Cell)
    totals: dict[tuple[str, int], Cell] = defaultdict(Cell)
    kept_from = {resolution: floor_to(now - kept, resolution) for resolution, kept in KEPT.items()}
    for (metric, dimensions, minute), cell in minutes.items():
        set_id, at = set_ids[dimensions], from_epoch_ms(minute * MINUTE * 1_000)
        for resolution in RESOLUTIONS:
            starts_at = floor_to(at, resolution)
            if starts_at >= kept_from[resolution]:
                cells[metric, resolution, starts_at, set_id].merge(cell)
        totals[metric, set_id].merge(cell)
    _store(session, CELLS, cells)
    _store(session, TOTALS, totals)


def _check(observation: Observation) -> None:
    if observation.metric not in METRICS:
        raise Invalid("metric_unknown", f"There is no metric {observation.metric}.", metric=observation.metric)
    if observation.value < 0 or observation.occurrences < 0:
        raise Invalid("observation_negative", "A value and a count are never negative.", metric=observation.metric)


def _dimension_set_ids(session: Session, wanted: set[Dimensions]) -> dict[Dimensions, int]:
    columns = (getattr(DimensionSetRow, name) for name in DIMENSIONS)
    known = {Dimensions(*row[1:]): row[0] for row in session.execute(sa.select(DimensionSetRow.id, *columns))}
    for dimensions in sorted(wanted - known.keys()):
        row = DimensionSetRow(**dimensions._asdict())
        session.add(row)
        session.flush()
        known[dimensions] = row.id
    return known


def _store(session: Session, table: sa.Table, cells: dict[Any, Cell]) -> None:
    """Merge cells into their rows: those that exist are updated, the others inserted."""
    columns = list(table.primary_key)
    names = [c.name for c in columns]
    keys = sorted(cells)
    existing: set[Any] = set()
    for start in range(0, len(keys), _CHUNK):
        chosen = sa.select(table).where(sa.tuple_(*columns).in_(keys[start : start + _CHUNK]))
        for row in session.execute(chosen).mappings():
            key = tuple(row[name] for name in names)
            cells[key].merge_row(row)
            existing.add(key)
    inserts = [dict(zip(names, key, strict=True)) | cells[key].values() for key in keys if key not in existing]
    if inserts:
        session.execute(sa.insert(table), inserts)
    if existing:
        merged = sa.update(table).where(*(c == sa.bindparam(f"at_{c.name}") for c in columns))
        rows = [
            {f"at_{n}": v for n, v in zip(names, key, strict=True)} | cells[key].values() for key in sorted(existing)
        ]
        session.connection().execute(merged, rows)

"""Counts without quantiles: what metrics came to in each bucket, added up by the database, for judging shares."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.context import Actor
from services.metrics.catalogue import DIMENSIONS
from services.metrics.recording import DAY, HOUR, MINUTE
from services.metrics.store import Segment, check_dimensions, known_metric
from services.metrics.tables import CELLS, TOTALS, CellRow, DimensionSetRow


class CellCount(NamedTuple):
    """What a metric came to in one bucket: `events` is its count, `part` the value of the dimension asked for.

    Units: `total` is in the metric's unit.
    """

    metric: str
    resolution_seconds: int
    starts_at: datetime
    part: str
    events: int
    total: int
    good_count: int
    newest_at: datetime


class Counts:
    """Answers from the cells of our own database, whichever store figures are read from: no network, no sketches."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="metrics.read")
    def buckets(
        self, actor: Actor, metrics: Sequence[str], spans: Sequence[Segment], *, by: str | None = None
    ) -> list[CellCount]:
        """Return the buckets within spans, each as long as its span's resolution says, in no order.

        Raises: Invalid for an unknown metric or dimension.
        """
        for metric in metrics:
            known_metric(metric)
        if not metrics or not spans:
            return []
        if by is not None:
            check_dimensions({by: ""}, DIMENSIONS)
        part = getattr(DimensionSetRow, by) if by is not None else sa.literal("")
        chosen = sa.select(
            CellRow.metric,
            CellRow.resolution_seconds,
            CellRow.starts_at,
            part,
            sa.func.sum(CellRow.count),
            sa.func.sum(CellRow.total),
            sa.func.sum(CellRow.good_count),
            sa.func.max(CellRow.newest_at),
        )
        if by is not None:
            chosen = chosen.join(DimensionSetRow, DimensionSetRow.id == CellRow.dimension_set_id)
        inside = sa.or_(
            *(
                sa.and_(
                    CellRow.resolution_seconds == resolution,
                    CellRow.starts_at >= starts_at,
                    CellRow.starts_at < ends_at,
                )
                for resolution, starts_at, ends_at in spans
            )
        )
        grouped = [CellRow.metric, CellRow.resolution_seconds, CellRow.starts_at, *([part] if by is not None else [])]
        rows = current().session.execute(chosen.where(CellRow.metric.in_(metrics), inside).group_by(*grouped))
        return [
            CellCount(row[0], row[1], row[2], row[3], int(row[4]), int(row[5]), int(row[6]), row[7]) for row in rows
        ]

    @query(permission="metrics.read")
    def totals(self, actor: Actor, metrics: Sequence[str]) -> dict[str, tuple[int, int, int]]:
        """Return count, total and good count of metrics since the beginning; they grow as reports are folded."""
        chosen = (
            sa.select(
                TOTALS.c.metric,
                sa.func.sum(TOTALS.c.count),
                sa.func.sum(TOTALS.c.total),
                sa.func.sum(TOTALS.c.good_count),
            )
            .where(TOTALS.c.metric.in_(metrics))
            .group_by(TOTALS.c.metric)
        )
        return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in current().session.execute(chosen)}

    @query(permission="metrics.read")
    def earliest(self, actor: Actor, metrics: Sequence[str]) -> dict[str, datetime]:
        """Return since when metrics are measured, as exactly as the cells that are kept tell; none where never."""
        session = current().session
        found: dict[str, datetime] = {}
        for metric in metrics:
            first = {
                resolution: session.execute(
                    sa.select(CELLS.c.starts_at)
                    .where(CELLS.c.metric == metric, CELLS.c.resolution_seconds == resolution)
                    .order_by(CELLS.c.starts_at)
                    .limit(1)
                ).scalar_one_or_none()
                for resolution in (MINUTE, HOUR, DAY)
            }
            day, hour, minute = first[DAY], first[HOUR], first[MINUTE]
            if day is None:
                continue
            found[metric] = day
            if hour is not None and (hour - day).total_seconds() < DAY:
                found[metric] = hour
                if minute is not None and (minute - hour).total_seconds() < HOUR:
                    found[metric] = minute
        return found

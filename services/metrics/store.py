"""The metric store in our own database: merges the cells that make up a window, the coarsest that fit."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd
import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.clock import from_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import Invalid
from services.metrics.catalogue import DIMENSIONS, METRICS, Metric
from services.metrics.ports import Summary, Window
from services.metrics.recording import DAY, HOUR, KEPT, MINUTE, Cell, floor_to
from services.metrics.tables import CELLS, CellRow, DimensionSetRow

Segment = tuple[int, datetime, datetime]
"""A resolution, and the half-open span that its cells cover."""


class SqlMetricStore:
    """Answers from the cells; a window begins and ends on whole minutes, or on the finest cells still kept."""

    dimensions = DIMENSIONS

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="metrics.read")
    def summary(
        self,
        actor: Actor,
        metric: str,
        window: Window,
        *,
        quantiles: Sequence[float] = (),
        where: Mapping[str, str] | None = None,
    ) -> Summary:
        """Return what a metric came to within a window: one merge over all of it."""
        merged = Cell()
        for row in self._rows([metric], segments(window, self.uow.clock.now()), where):
            merged.merge_row(row)
        return summary_of(known_metric(metric), merged, quantiles)

    @query(permission="metrics.read")
    def split(
        self, actor: Actor, metric: str, window: Window, dimension: str, *, quantiles: Sequence[float] = ()
    ) -> Mapping[str, Summary]:
        """Return the summary of a metric per value of a dimension."""
        check_dimensions({dimension: ""}, self.dimensions)
        parts: dict[str, Cell] = defaultdict(Cell)
        for row in self._rows([metric], segments(window, self.uow.clock.now()), None):
            parts[row[dimension]].merge_row(row)
        return {value: summary_of(known_metric(metric), parts[value], quantiles) for value in sorted(parts)}

    @query(permission="metrics.read")
    def series(
        self,
        actor: Actor,
        metrics: Sequence[str],
        window: Window,
        grain_seconds: int,
        *,
        quantile: float | None = None,
        where: Mapping[str, str] | None = None,
    ) -> pd.DataFrame:
        """Return metrics over time.

        Shape: as the port declares.
        """
        starts = buckets(window, grain_seconds)
        resolution = next(r for r in (DAY, HOUR, MINUTE) if grain_seconds % r == 0)
        parts: dict[tuple[datetime, str], Cell] = defaultdict(Cell)
        if starts:
            span = (resolution, starts[0], starts[-1] + timedelta(seconds=grain_seconds))
            for row in self._rows(metrics, [span], where):
                parts[floor_to(row["starts_at"], grain_seconds), row["metric"]].merge_row(row)
        return frame(
            (at, name, summary_of(known_metric(name), parts[at, name], () if quantile is None else (quantile,)))
            for at in starts
            for name in metrics
        )

    def _rows(
        self, metrics: Sequence[str], spans: Sequence[Segment], where: Mapping[str, str] | None
    ) -> Iterator[sa.RowMapping]:
        for metric in metrics:
            known_metric(metric)
        check_dimensions(where or {}, self.dimensions)
        chosen = (
            sa.select(*CELLS.c, *(getattr(DimensionSetRow, d) for d in DIMENSIONS))
            .join(DimensionSetRow, DimensionSetRow.id == CellRow.dimension_set_id)
            .where(
                CellRow.metric.in_(metrics),
                sa.or_(
                    sa.false(),
                    *(
                        sa.and_(
                            CellRow.resolution_seconds == resolution,
                            CellRow.starts_at >= starts_at,
                            CellRow.starts_at < ends_at,
                        )
                        for resolution, starts_at, ends_at in spans
                    ),
                ),
                *(getattr(DimensionSetRow, name) == value for name, value in (where or {}).items()),
            )
        )
        yield from current().session.execute(chosen).mappings()


def segments(window: Window, now: datetime) -> list[Segment]:
    """Return the cells that make up a window: days and hours wholly inside, minutes at its edges.

    Where the finer cells are past their keeping, the edge moves outward to the next coarser one.
    """
    starts_at = _outward(window.starts_at, now)
    ends_at = _outward(window.ends_at, now, up=True)
    spans: list[Segment] = []
    at = starts_at
    for resolution, coarser in ((MINUTE, HOUR), (HOUR, DAY)):
        until = min(_ceiling(at, coarser), floor_to(ends_at, resolution))
        if until > at:
            spans.append((resolution, at, until))
            at = until
    for resolution in (DAY, HOUR, MINUTE):
        until = floor_to(ends_at, resolution)
        if until > at:
            spans.append((resolution, at, until))
            at = until
    return spans


def _outward(at: datetime, now: datetime, *, up: bool = False) -> datetime:
    resolution = next((r for r in (MINUTE, HOUR) if floor_to(at, r) >= floor_to(now - KEPT[r], r)), DAY)
    return _ceiling(at, resolution) if up else floor_to(at, resolution)


def _ceiling(at: datetime, seconds: int) -> datetime:
    return floor_to(at + timedelta(seconds=seconds) - timedelta(milliseconds=1), seconds)


def buckets(window: Window, grain_seconds: int) -> list[datetime]:
    """Return the starts of the buckets that a window touches.

    Raises: Invalid for a grain that is no whole number of minutes.
    """
    if grain_seconds < MINUTE or grain_seconds % MINUTE:
        raise Invalid("grain_invalid", "A grain is a whole number of minutes.", grain_seconds=grain_seconds)
    step_ms = grain_seconds * 1_000
    first = round(floor_to(window.starts_at, grain_seconds).timestamp() * 1_000)
    last = round(_ceiling(window.ends_at, grain_seconds).timestamp() * 1_000)
    return [from_epoch_ms(ms) for ms in range(first, last, step_ms)]


def known_metric(name: str) -> Metric:
    """Return a metric of the catalogue.

    Raises: Invalid for any other.
    """
    metric = METRICS.get(name)
    if metric is None:
        raise Invalid("metric_unknown", f"There is no metric {name}; known: {', '.join(METRICS)}.", metric=name)
    return metric


def check_dimensions(where: Mapping[str, str], kept: Sequence[str]) -> None:
    """Refuse dimensions that a store does not keep.

    Raises: Invalid.
    """
    for name in where:
        if name not in kept:
            raise Invalid("dimension_unknown", f"This store is kept by {', '.join(kept)}, not by {name}.")


def summary_of(metric: Metric, cell: Cell, quantiles: Sequence[float]) -> Summary:
    """Return what a merged cell says."""
    values: dict[float, float] = {}
    if cell.sketch is not None:
        for q in quantiles:
            value = cell.sketch.quantile(q)
            if value is not None:
                values[q] = value
    return Summary(
        count=cell.count,
        total=cell.total,
        good_count=cell.good_count if metric.good_at_most is not None else None,
        newest_at=from_epoch_ms(cell.newest_ms) if cell.newest_ms else None,
        quantiles=values,
    )


def frame(rows: Iterator[tuple[datetime, str, Summary]]) -> pd.DataFrame:
    """Return the frame that the port declares, from one summary per bucket and metric.

    Shape: one row per bucket and metric; columns `starts_at`, `metric`, `count`, `total`, `value`.
    """
    listed = [(at, name, s.count, s.total, next(iter(s.quantiles.values()), float("nan"))) for at, name, s in rows]
    made = pd.DataFrame(listed, columns=["starts_at", "metric", "count", "total", "value"])
    return made.astype(
        {"starts_at": "datetime64[us, UTC]", "metric": "str", "count": "int64", "total": "int64", "value": "float64"}
    )

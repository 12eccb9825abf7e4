"""What Prometheus may scrape of the measurements: all-time counters, and histograms on the sketch's own bin edges.

Because the edges are the bins' edges, `histogram_quantile` finds the same bin as our own quantile and differs from it
by less than half a bin; one more edge lies exactly at the threshold, so that the share of good values is exact.

Source: Prometheus, metric and label naming.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.context import Actor
from services.metrics.catalogue import METRICS, Metric
from services.metrics.intake import waiting_reports
from services.metrics.recording import Cell
from services.metrics.sketch import Sketch, bin_of, edge
from services.metrics.tables import LIVE_SESSIONS, TOTALS, DimensionSetRow, TallyRow

PREFIX = "greenlight_"
LABELS = ("origin",)
"""The dimensions that are exported; the others would multiply the buckets."""
_ORIGINS = ("real", "demo")


@dataclass(frozen=True, slots=True)
class Histogram:
    """One series of a histogram: cumulative counts by upper edge, and the sum."""

    labels: tuple[str, ...]
    buckets: tuple[tuple[str, int], ...]
    total: float


@dataclass(frozen=True, slots=True)
class Family:
    """One exported metric with its series; `samples` for counters and gauges, `histograms` for histograms.

    Units: as the name says: seconds, or occurrences.
    """

    name: str
    kind: str
    help: str
    label_names: tuple[str, ...]
    samples: tuple[tuple[tuple[str, ...], float], ...] = ()
    histograms: tuple[Histogram, ...] = ()


def histogram_name(metric: Metric) -> str:
    """Return the exported name of a distribution."""
    return f"{PREFIX}{metric.name}_seconds"


def total_name(metric: Metric) -> str:
    """Return the exported name of a total's sum, without the suffix `_total`."""
    return f"{PREFIX}{metric.name}" + ("_seconds" if metric.unit == "milliseconds" else "")


def count_name(metric: Metric) -> str:
    """Return the exported name of how often a total occurred, without the suffix `_total`."""
    return total_name(metric) if metric.unit == "occurrences" else f"{PREFIX}{metric.name}_occurrences"


def newest_name(metric: Metric) -> str:
    """Return the exported name of when a metric was measured last."""
    return f"{PREFIX}{metric.name}_newest_timestamp_seconds"


def threshold_label(metric: Metric) -> str:
    """Return the upper edge at a metric's threshold, as the label `le` shows it."""
    return _label(metric.good_at_most or 0)


class Exposition:
    """Reads everything that is exported, in one go."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="metrics.read")
    def families(self, actor: Actor) -> tuple[Family, ...]:
        """Return every exported metric; every series is there from the start, at zero: no increase is missed."""
        merged = self._totals()
        made: list[Family] = []
        for metric in METRICS.values():
            made += _families(metric, {origin: merged[metric.name, origin] for origin in _ORIGINS})
        return (*made, *self._intake_families())

    def _intake_families(self) -> Iterator[Family]:
        rows = current().session.execute(sa.select(TallyRow).order_by(TallyRow.reason)).scalars()
        tallies = {row.reason: float(row.count) for row in rows}
        live = tallies.pop(LIVE_SESSIONS, 0.0)
        yield Family(
            f"{PREFIX}ingest_events",
            "counter",
            "Player events folded, and those that were not as they should be, by reason.",
            ("reason",),
            tuple(((reason,), count) for reason, count in tallies.items()),
        )
        yield Family(f"{PREFIX}ingest_sessions", "gauge", "Playback sessions remembered now.", (), (((), live),))
        waiting = float(waiting_reports(current().session))
        yield Family(
            f"{PREFIX}ingest_waiting_reports", "gauge", "Reports that wait to be folded.", (), (((), waiting),)
        )

    def _totals(self) -> dict[tuple[str, str], Cell]:
        chosen = sa.select(*TOTALS.c, DimensionSetRow.origin).join(
            DimensionSetRow, DimensionSetRow.id == TOTALS.c.dimension_set_id
        )
        merged: dict[tuple[str, str], Cell] = defaultdict(Cell)
        for row in current().session.execute(chosen).mappings():
            merged[row["metric"], row["origin"]].merge_row(row)
        return merged


def _families(metric: Metric, cells: dict[str, Cell]) -> Iterator[Family]:
    if metric.kind == "distribution":
        histograms = tuple(_histogram(metric, origin, cell) for origin, cell in cells.items())
        yield Family(histogram_name(metric), "histogram", metric.help, LABELS, histograms=histograms)
    else:
        counts = tuple(((origin,), float(cell.count)) for origin, cell in cells.items())
        yield Family(count_name(metric), "counter", f"{metric.help} Occurrences.", LABELS, counts)
        if metric.unit == "milliseconds":
            sums = tuple(((origin,), cell.total / 1_000) for origin, cell in cells.items())
            yield Family(total_name(metric), "counter", metric.help, LABELS, sums)
    newest = tuple(((origin,), cell.newest_ms / 1_000) for origin, cell in cells.items() if cell.newest_ms)
    yield Family(newest_name(metric), "gauge", "When this was measured last.", LABELS, newest)


def _histogram(metric: Metric, origin: str, cell: Cell) -> Histogram:
    sketch = cell.sketch or Sketch()
    lowest, highest = metric.exported_range
    bins = range(bin_of(lowest), bin_of(highest) + 1)
    edges = [(edge(index), count) for index, count in zip(bins, sketch.cumulative(iter(bins)), strict=True)]
    if metric.good_at_most is not None:
        edges.append((float(metric.good_at_most), cell.good_count))
        edges.sort()
    buckets = (*((_label(ms), count) for ms, count in edges), ("+Inf", cell.count))
    return Histogram((origin,), buckets, cell.total / 1_000)


def _label(milliseconds: float) -> str:
    text = f"{milliseconds / 1_000:.9g}"
    return text if "." in text else f"{text}.0"

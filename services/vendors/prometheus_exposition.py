"""Exported measurements in the shapes of prometheus-client, for whoever serves `/metrics`."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from services.metrics.exposition import Family


class ExpositionCollector(Collector):
    """Turns what the metrics domain exports into families, anew at every scrape."""

    def __init__(self, read: Callable[[], Iterable[Family]]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Describe nothing: the names are known at the scrape only, and registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        for family in self._read():
            if family.kind == "histogram":
                histogram = HistogramMetricFamily(family.name, family.help, labels=family.label_names)
                for series in family.histograms:
                    histogram.add_metric(series.labels, series.buckets, series.total)
                yield histogram
                continue
            make = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
            plain = make(family.name, family.help, labels=family.label_names)
            for labels, value in family.samples:
                plain.add_metric(labels, value)
            yield plain

"""Exported measurements and agreements in the shapes of prometheus-client, for whoever serves `/metrics`."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from services.metrics.exposition import Family
from services.slas.views import SlaState, SlaView


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


class SlaCollector(Collector):
    """Turns agreements, as they stood at the last look, into gauges; what is not known has no sample."""

    def __init__(self, read: Callable[[], Sequence[SlaView]]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Describe nothing: registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        views = self._read()
        for name, text, value in _PER_SLA:
            family = GaugeMetricFamily(f"greenlight_sla_{name}", text, labels=("sla",))
            for view in views:
                number = value(view)
                if number is not None:
                    family.add_metric((view.name,), number)
            yield family
        yield _states(views)
        yield from _burns(views)


_PER_SLA: tuple[tuple[str, str, Callable[[SlaView], float | None]], ...] = (
    ("target_ratio", "Share of good events that is promised.", lambda view: view.target_ratio),
    ("window_seconds", "Length of the window over which it is promised.", lambda view: view.window_seconds),
    ("window_filled_ratio", "Share of the window for which there are measurements.",
     lambda view: view.window_filled_ratio),
    ("good_events", "Good events within the window after exclusions; seconds where it is about time.",
     lambda view: view.good),
    ("events", "All events within the window after exclusions; seconds where it is about time.",
     lambda view: view.total),
    ("attained_ratio", "Share of good events within the window; none without events.",
     lambda view: view.attained_ratio),
    ("budget_left_ratio", "Share of what may fail that is left; below zero it is overspent.",
     lambda view: view.budget_left_ratio),
    ("excluded_seconds", "Time within the window that is left out as maintenance.", lambda view: view.excluded_seconds),
    ("unknown_seconds", "Time within the window of which nobody knows how it was.", lambda view: view.unknown_seconds),
    ("looked_timestamp_seconds", "When the engine looked last.", lambda view: view.as_of.timestamp()),
)  # fmt: skip


def _states(views: Sequence[SlaView]) -> Metric:
    family = GaugeMetricFamily("greenlight_sla_state", "How it stands: one for the state that holds.",
                               labels=("sla", "state"))  # fmt: skip
    for view in views:
        for state in SlaState:
            family.add_metric((view.name, state.value), float(view.state is state))
    return family


def _burns(views: Sequence[SlaView]) -> Iterator[Metric]:
    rates = GaugeMetricFamily(
        "greenlight_sla_burn_rate",
        "How fast the allowance burns within a rule's long or short window; 1 uses it up over the whole window.",
        labels=("sla", "rule", "window"),
    )
    factors = GaugeMetricFamily(
        "greenlight_sla_burn_rate_threshold", "Above it in both windows a rule fires.", labels=("sla", "rule")
    )
    firing = GaugeMetricFamily(
        "greenlight_sla_rule_firing",
        "Whether a rule fires; none before its long window is full.",
        labels=("sla", "rule"),
    )
    for view in views:
        for burn in view.burns:
            factors.add_metric((view.name, burn.name), burn.factor)
            for window, rate in (("long", burn.long_burn), ("short", burn.short_burn)):
                if rate is not None:
                    rates.add_metric((view.name, burn.name, window), rate)
            if burn.ready:
                firing.add_metric((view.name, burn.name), float(burn.firing))
    yield from (rates, factors, firing)

"""Any Prometheus-compatible server as a metric store: our exported counters and histograms, asked for by PromQL."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests import RequestException
from urllib3.util import Retry

from services.infra.http import refuse_in_transaction
from services.infra.verbs import check
from services.kernel.clock import Clock, from_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import Invalid, Unavailable
from services.metrics.catalogue import Metric
from services.metrics.exposition import (
    LABELS,
    count_name,
    histogram_name,
    newest_name,
    threshold_label,
    total_name,
)
from services.metrics.ports import Summary, Window
from services.metrics.store import buckets, check_dimensions, frame, known_metric

TIMEOUT_SECONDS = 5
_VERB = "metrics.PrometheusMetricStore"


class PrometheusMetricStore:
    """Answers from a Prometheus-compatible server that scrapes us; a window is as exact as the scrapes are close.

    What grew within a window is the counter at its end less the counter at its start, without extrapolation, so that a
    count stays a whole number; where a counter began anew, what it counted since.
    """

    dimensions = LABELS

    def __init__(self, url: str, clock: Clock, *, timeout_seconds: int = TIMEOUT_SECONDS) -> None:
        self._clock = clock
        self._server = PrometheusConnect(
            url.rstrip("/"), timeout=timeout_seconds, retry=Retry(total=1, backoff_factor=0.1, raise_on_status=False)
        )

    def summary(
        self,
        actor: Actor,
        metric: str,
        window: Window,
        *,
        quantiles: Sequence[float] = (),
        where: Mapping[str, str] | None = None,
    ) -> Summary:
        """Return what a metric came to within a window."""
        check(actor, "metrics.read", f"{_VERB}.summary")
        found = self._summaries(known_metric(metric), window, quantiles, where or {}, by=None)
        return found.get("", Summary(0, 0))

    def split(
        self, actor: Actor, metric: str, window: Window, dimension: str, *, quantiles: Sequence[float] = ()
    ) -> Mapping[str, Summary]:
        """Return the summary of a metric per value of a dimension."""
        check(actor, "metrics.read", f"{_VERB}.split")
        check_dimensions({dimension: ""}, self.dimensions)
        found = self._summaries(known_metric(metric), window, quantiles, {}, by=dimension)
        return {value: found[value] for value in sorted(found) if found[value].count or found[value].total}

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
        check(actor, "metrics.read", f"{_VERB}.series")
        starts = buckets(window, grain_seconds)
        by_metric = {
            name: self._over_time(known_metric(name), starts, grain_seconds, quantile, where or {}) for name in metrics
        }
        return frame((at, name, by_metric[name].get(at, Summary(0, 0))) for at in starts for name in metrics)

    def _summaries(
        self, metric: Metric, window: Window, quantiles: Sequence[float], where: Mapping[str, str], *, by: str | None
    ) -> dict[str, Summary]:
        check_dimensions(where, self.dimensions)
        at, seconds = window.ends_at, max(1, round(window.seconds))
        parts = {name: self._instant(text, at, by) for name, text in _questions(metric, seconds, where, by).items()}
        ranks = {
            q: self._instant(_quantile(metric, q, seconds, where, by), at, by)
            for q in quantiles
            if metric.kind == "distribution"
        }
        return {
            value: _summary(
                metric,
                {name: part.get(value) for name, part in parts.items()},
                {q: rank[value] for q, rank in ranks.items() if value in rank},
            )
            for value in parts["count"]
        }

    def _over_time(
        self,
        metric: Metric,
        starts: Sequence[datetime],
        grain_seconds: int,
        quantile: float | None,
        where: Mapping[str, str],
    ) -> dict[datetime, Summary]:
        """Ask for whole buckets in one range; the running one ends now, since the server knows nothing later."""
        check_dimensions(where, self.dimensions)
        grain, now = timedelta(seconds=grain_seconds), self._clock.now()
        whole = [at for at in starts if at + grain <= now]
        found: dict[datetime, Summary] = {}
        if whole:
            texts = _questions(metric, grain_seconds, where, None)
            first, last = whole[0] + grain, whole[-1] + grain
            parts = {name: self._range(text, first, last, grain) for name, text in texts.items() if name != "newest"}
            ranks: dict[datetime, float] = {}
            if quantile is not None and metric.kind == "distribution":
                ranks = self._range(_quantile(metric, quantile, grain_seconds, where, None), first, last, grain)
            for at in whole:
                ended = at + grain
                values = {name: part.get(ended) for name, part in parts.items()}
                ranked = {quantile: ranks[ended]} if quantile is not None and ended in ranks else {}
                found[at] = _summary(metric, values, ranked)
        for at in starts:
            if at <= now < at + grain:
                wanted = () if quantile is None else (quantile,)
                running = self._summaries(metric, Window(at, now), wanted, where, by=None)
                found[at] = running.get("", Summary(0, 0))
        return found

    def _instant(self, text: str, at: datetime, by: str | None) -> dict[str, float]:
        rows = self._ask(lambda: self._server.custom_query(text, params={"time": at.timestamp()}))
        pairs = ((row["metric"].get(by, "") if by else "", _number(row["value"][1])) for row in rows)
        return {value: number for value, number in pairs if number is not None}

    def _range(self, text: str, first: datetime, last: datetime, step: timedelta) -> dict[datetime, float]:
        seconds = str(int(step.total_seconds()))
        rows = self._ask(lambda: self._server.custom_query_range(text, first, last, seconds))
        pairs = ((from_epoch_ms(round(at * 1_000)), _number(text)) for row in rows for at, text in row["values"])
        return {at: number for at, number in pairs if number is not None}

    def _ask(self, question: Any) -> Iterable[Any]:  # noqa: ANN401 -- the client is untyped
        refuse_in_transaction("a question to Prometheus")
        try:
            rows: Iterable[Any] = question()
        except (RequestException, PrometheusApiClientException, ValueError, KeyError) as error:
            raise Unavailable(
                "metric_store_unavailable", "The metric store does not answer now; try again shortly."
            ) from error
        return rows


def _questions(metric: Metric, seconds: int, where: Mapping[str, str], by: str | None) -> dict[str, str]:
    grouped = f" by ({by})" if by else ""
    if metric.kind == "distribution":
        name = histogram_name(metric)
        texts = {
            "count": _grown(f"{name}_count", where, seconds, grouped),
            "total": _grown(f"{name}_sum", where, seconds, grouped),
        }
        if metric.good_at_most is not None:
            at_threshold = {**where, "le": threshold_label(metric)}
            texts["good"] = _grown(f"{name}_bucket", at_threshold, seconds, grouped)
    else:
        texts = {
            "count": _grown(f"{count_name(metric)}_total", where, seconds, grouped),
            "total": _grown(f"{total_name(metric)}_total", where, seconds, grouped),
        }
    texts["newest"] = f"max{grouped} ({newest_name(metric)}{_matching(where)})"
    return texts


def _quantile(metric: Metric, q: float, seconds: int, where: Mapping[str, str], by: str | None) -> str:
    grouped = f" by (le, {by})" if by else " by (le)"
    return f"histogram_quantile({q}, {_grown(f'{histogram_name(metric)}_bucket', where, seconds, grouped)})"


def _grown(name: str, where: Mapping[str, str], seconds: int, grouped: str) -> str:
    now = f"sum{grouped} ({name}{_matching(where)})"
    before = f"sum{grouped} ({name}{_matching(where)} offset {seconds}s)"
    return f"((({now} - {before}) >= 0) or {now})"


def _matching(where: Mapping[str, str]) -> str:
    for value in where.values():
        if not value.replace(".", "").replace("-", "").replace("_", "").isalnum():
            raise Invalid("dimension_value_invalid", "A dimension's value has letters, digits, dots and dashes only.")
    return "{" + ",".join(f'{name}="{value}"' for name, value in sorted(where.items())) + "}"


def _summary(metric: Metric, values: Mapping[str, float | None], ranks: Mapping[float, float]) -> Summary:
    count = round(values["count"] or 0)
    scale = 1_000 if metric.unit == "milliseconds" else 1
    newest = values.get("newest")
    return Summary(
        count=count,
        total=round((values["total"] or 0) * scale),
        good_count=round(values.get("good") or 0) if metric.good_at_most is not None else None,
        newest_at=from_epoch_ms(round(newest * 1_000)) if newest else None,
        quantiles={q: value * scale for q, value in ranks.items()} if count else {},
    )


def _number(text: str) -> float | None:
    """A quotient of nothing by nothing is no data, never zero."""
    value = float(text)
    return value if math.isfinite(value) else None

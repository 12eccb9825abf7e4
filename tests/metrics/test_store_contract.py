"""One contract for every metric store: our database and a real Prometheus that scrapes us say the same."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import httpx
import pytest

from services.infra.uow import UnitOfWork
from services.kernel.clock import SystemClock, to_epoch_ms
from services.kernel.context import JobActor
from services.kernel.errors import Forbidden, Invalid, Unavailable
from services.metrics import (
    Dimensions,
    Exposition,
    Figures,
    MetricStore,
    Observation,
    Recording,
    SqlMetricStore,
    Window,
)
from services.metrics.catalogue import METRICS
from services.vendors.prometheus import PrometheusMetricStore
from tests.metrics.exporter import Exporter
from tests.servers.prometheus import PrometheusServer
from tests.servers.waiting import until

DEMO = Dimensions("demo", "hls.js")
REAL = Dimensions("real", "shaka", "none", "dash")


class Measured:
    """The same events in the database and in a Prometheus, and when both had all of them."""

    def __init__(self, observations: Sequence[Observation], sql: MetricStore, server: PrometheusServer) -> None:
        self.observations, self.sql, self.server = observations, sql, server
        self.window = Window(datetime.min.replace(tzinfo=SystemClock().now().tzinfo), SystemClock().now())

    def values(self, metric: str, origin: str | None = None) -> list[int]:
        return sorted(
            o.value for o in self.observations if o.metric == metric and origin in {None, o.dimensions.origin}
        )


def plays(random_: random.Random, now_ms: int) -> list[Observation]:
    made = []
    for i in range(600):
        dimensions = DEMO if i % 3 == 0 else REAL
        made.append(Observation("join_time", int(random_.lognormvariate(7, 0.6)), now_ms, dimensions))
        made.append(Observation("play_time", random_.randrange(1_000, 300_000), now_ms, dimensions))
        if i % 5 == 0:
            made.append(Observation("stall_time", random_.randrange(50, 4_000), now_ms, dimensions))
        if i % 50 == 0:
            made.append(Observation("exits_before_start", 1, now_ms, dimensions))
    return made


@pytest.fixture
def measured(uow: UnitOfWork, actor: JobActor, start_prometheus: Callable[..., PrometheusServer]) -> Iterator[Measured]:
    clock = SystemClock()
    exposition = Exposition(uow)
    exporter = Exporter(lambda: exposition.families(actor))
    server = start_prometheus(exporter.target)

    def counted() -> float:
        answer = httpx.get(
            f"{server.url}/api/v1/query",
            params={"query": "sum(greenlight_join_time_seconds_count)"},
            trust_env=False,
        ).json()["data"]["result"]
        return float(answer[0]["value"][1]) if answer else -1.0

    until(lambda: counted() == 0, "the first scrape shows that nothing was measured")
    uow.clock = clock
    observations = plays(random.Random(5), to_epoch_ms(clock.now()))
    Recording(uow).record_observations(actor, observations)
    until(lambda: counted() == 600, "everything is scraped")
    made = Measured(observations, SqlMetricStore(uow), server)
    # Within this window lies all of it; it begins before the first scrape and ends after the last that matters.
    made.window = Window(clock.now() - timedelta(minutes=4), clock.now())
    yield made
    exporter.close()


@pytest.fixture(params=["sql", "prometheus"])
def store(request: pytest.FixtureRequest, measured: Measured) -> MetricStore:
    if request.param == "sql":
        return measured.sql
    return PrometheusMetricStore(measured.server.url, SystemClock())


def quantile(values: Sequence[int], q: float) -> int:
    return values[max(1, math.ceil(q * len(values) - 1e-9)) - 1]


@pytest.mark.capability("STATUS-1")
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_every_store_says_what_the_raw_events_say(store: MetricStore, measured: Measured, actor: JobActor) -> None:
    window = Window(measured.window.starts_at, measured.window.ends_at + timedelta(seconds=1))
    for origin in (None, "real", "demo"):
        where = {} if origin is None else {"origin": origin}
        for metric in METRICS:
            values = measured.values(metric, origin)
            summary = store.summary(actor, metric, window, quantiles=(0.5, 0.95), where=where)
            assert (summary.count, summary.total) == (len(values), sum(values)), metric
            if METRICS[metric].good_at_most is None:
                assert summary.good_count is None
            elif metric == "join_time":
                assert summary.good_count == sum(1 for value in values if value <= 2_000)
                for q in (0.5, 0.95):
                    assert summary.quantiles[q] == pytest.approx(quantile(values, q), rel=0.015)
            else:
                assert summary.good_count == 0, "nobody paid or was paid in these sessions"
                assert not summary.quantiles
            if values:
                assert summary.newest_at is not None
                newest = max(o.at_ms for o in measured.observations if o.metric == metric)
                assert to_epoch_ms(summary.newest_at) == newest
    _check_split(store, measured, window, actor)
    _check_series(store, measured, window, actor)
    _check_refusals(store, window, actor)
    _check_figures(store, measured, actor)


def _check_split(store: MetricStore, measured: Measured, window: Window, actor: JobActor) -> None:
    assert "origin" in store.dimensions
    split = store.split(actor, "join_time", window, "origin", quantiles=(0.95,))
    assert set(split) == {"demo", "real"}
    for origin, summary in split.items():
        assert summary.count == len(measured.values("join_time", origin))
        assert summary.quantiles[0.95] == pytest.approx(quantile(measured.values("join_time", origin), 0.95), rel=0.015)


def _check_series(store: MetricStore, measured: Measured, window: Window, actor: JobActor) -> None:
    metrics = ["join_time", "play_time", "stall_time"]
    rows = store.series(actor, metrics, window, 60, quantile=0.95)
    assert list(rows.columns) == ["starts_at", "metric", "count", "total", "value"]
    assert str(rows["starts_at"].dt.tz) == "UTC"
    assert rows["starts_at"].diff().dropna().dt.total_seconds().isin([0, 60]).all()
    for metric in metrics:
        mine = rows[rows["metric"] == metric]
        values = measured.values(metric)
        assert (int(mine["count"].sum()), int(mine["total"].sum())) == (len(values), sum(values))
    filled = rows[(rows["metric"] == "join_time") & (rows["count"] > 0)]
    assert filled["value"].notna().all()
    assert rows[rows["count"] == 0]["value"].isna().all()


def _check_refusals(store: MetricStore, window: Window, actor: JobActor) -> None:
    with pytest.raises(Invalid):
        store.summary(actor, "happiness", window)
    with pytest.raises(Invalid):
        store.summary(actor, "join_time", window, where={"content": "film"})
    with pytest.raises(Invalid):
        store.series(actor, ["join_time"], window, 7)
    with pytest.raises(Forbidden):
        store.summary(JobActor("nobody", frozenset()), "join_time", window)
    before = Window(window.starts_at - timedelta(days=3), window.starts_at - timedelta(days=2))
    nothing = store.summary(actor, "join_time", before, quantiles=(0.95,))
    assert (nothing.count, dict(nothing.quantiles)) == (0, {})


def _check_figures(store: MetricStore, measured: Measured, actor: JobActor) -> None:
    figures = Figures(store, SystemClock())
    joined = figures.figure(actor, "join_time_p95")
    assert joined.value == pytest.approx(quantile(measured.values("join_time"), 0.95), rel=0.015)
    assert (joined.samples, joined.demo_samples) == (600, 200)
    stalled, played = sum(measured.values("stall_time")), sum(measured.values("play_time"))
    ratio = figures.figure(actor, "rebuffer_ratio")
    assert ratio.value == pytest.approx(stalled / (stalled + played), rel=1e-9)
    assert len(figures.history(actor, "rebuffer_ratio", 1)) == 25


@pytest.mark.capability("STATUS-1")
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_plain_promql_says_what_our_page_says(measured: Measured, actor: JobActor) -> None:
    def ask(query: str) -> float:
        answer = httpx.get(f"{measured.server.url}/api/v1/query", params={"query": query}, trust_env=False)
        return float(answer.json()["data"]["result"][0]["value"][1])

    window = Window(measured.window.starts_at, measured.window.ends_at + timedelta(seconds=1))
    ours = measured.sql.summary(actor, "join_time", window, quantiles=(0.5, 0.95))
    for q in (0.5, 0.95):
        theirs = ask(f"histogram_quantile({q}, sum by (le) (increase(greenlight_join_time_seconds_bucket[4m])))")
        assert theirs * 1_000 == pytest.approx(ours.quantiles[q], rel=0.01)
        rated = ask(f"histogram_quantile({q}, sum by (le) (rate(greenlight_join_time_seconds_bucket[4m])))")
        assert rated == pytest.approx(theirs, rel=1e-6)
    stalls, playing = "greenlight_stall_time_seconds_total", "greenlight_play_time_seconds_total"
    ratio = ask(f"sum(increase({stalls}[4m])) / (sum(increase({stalls}[4m])) + sum(increase({playing}[4m])))")
    assert ratio == pytest.approx(Figures(measured.sql, SystemClock()).figure(actor, "rebuffer_ratio").value, rel=1e-6)
    good = ask('sum(greenlight_join_time_seconds_bucket{le="2.0"})')
    assert good == ours.good_count


def test_a_prometheus_that_does_not_answer_is_unavailable_and_never_zero(actor: JobActor, port: int) -> None:
    store = PrometheusMetricStore(f"http://127.0.0.1:{port}", SystemClock(), timeout_seconds=1)
    with pytest.raises(Unavailable) as refused:
        Figures(store, SystemClock()).figures(actor)
    assert refused.value.code == "metric_store_unavailable"


def test_what_a_dimension_may_be_cannot_change_the_question(actor: JobActor, port: int) -> None:
    store = PrometheusMetricStore(f"http://127.0.0.1:{port}", SystemClock())
    with pytest.raises(Invalid):
        store.summary(
            actor, "join_time", Window.last(60, SystemClock().now()), where={"origin": 'real"} or vector(1) #'}
        )

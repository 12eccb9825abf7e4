"""What is exported: valid for Prometheus's own checker, cumulative, complete, and exact at the threshold."""

import itertools
import math
import random
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import JobActor
from services.kernel.errors import Forbidden
from services.metrics import Dimensions, Exposition, Observation, Recording
from services.vendors.prometheus_exposition import ExpositionCollector
from tools import system


@pytest.fixture
def exposition(uow: UnitOfWork) -> Exposition:
    return Exposition(uow)


def text_of(exposition: Exposition, actor: JobActor) -> str:
    registry = CollectorRegistry()
    registry.register(ExpositionCollector(lambda: exposition.families(actor)))
    return generate_latest(registry).decode()


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_before_anything_was_measured_every_series_is_there_at_zero(exposition: Exposition, actor: JobActor) -> None:
    found = samples(text_of(exposition, actor))
    for origin in ("real", "demo"):
        labels = (("origin", origin),)
        for name in (
            "greenlight_join_time_seconds_count",
            "greenlight_stall_time_seconds_total",
            "greenlight_play_time_seconds_total",
            "greenlight_exits_before_start_total",
            "greenlight_start_failures_total",
        ):
            assert found[name, labels] == 0


def test_buckets_are_cumulative_and_exact_at_the_threshold(
    exposition: Exposition, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    random_, now_ms = random.Random(2), to_epoch_ms(clock.now())
    values = [int(random_.lognormvariate(7.3, 0.9)) for _ in range(2_000)] + [0, 5, 2_000, 2_001, 500_000]
    recording.record_observations(actor, [Observation("join_time", v, now_ms, Dimensions()) for v in values])
    found = samples(text_of(exposition, actor))
    buckets = sorted(
        (float(dict(labels)["le"]), count)
        for (name, labels), count in found.items()
        if name == "greenlight_join_time_seconds_bucket" and dict(labels)["origin"] == "real"
    )
    counts = [count for _, count in buckets]
    assert counts == sorted(counts)
    assert (buckets[-1][0], counts[-1]) == (math.inf, len(values))
    for upper, count in buckets:
        # An edge is the sketch's own: it may be off by rounding in the ninth digit, never by a value.
        assert count == sum(1 for v in values if v <= upper * 1_000 * (1 + 1e-8))
    assert dict(buckets)[2.0] == sum(1 for v in values if v <= 2_000)
    assert found["greenlight_join_time_seconds_sum", (("origin", "real"),)] == pytest.approx(sum(values) / 1_000)
    edges = [upper for upper, _ in buckets[:-1] if upper != 2.0]
    assert all(b / a < 1.02 for a, b in itertools.pairwise(edges))
    assert (edges[0] < 0.0205, edges[-1] > 119) == (True, True)


def test_prometheus_own_checker_finds_nothing_to_refuse(
    exposition: Exposition, recording: Recording, actor: JobActor, clock: FixedClock, tmp_path: Path
) -> None:
    promtool = system.find("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    recording.record_observations(actor, [Observation("join_time", 900, to_epoch_ms(clock.now()))])
    done = subprocess.run(
        [promtool, "check", "metrics"],
        input=text_of(exposition, actor),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_exporting_needs_the_permission_to_read(exposition: Exposition) -> None:
    with pytest.raises(Forbidden):
        exposition.families(JobActor("nobody", frozenset()))

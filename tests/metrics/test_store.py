"""Cells and what is read from them, on both databases: exact merges, honest windows, keeping times."""

import itertools
import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import JobActor
from services.kernel.errors import Forbidden, Invalid
from services.metrics import Dimensions, Observation, Recording, SqlMetricStore, Window
from services.metrics.recording import DAY, HOUR, KEPT, MINUTE, RESOLUTIONS
from services.metrics.sketch import Sketch
from services.metrics.store import segments
from services.metrics.tables import CellRow, DimensionSetRow, TotalRow

DEMO = Dimensions("demo", "hls.js")


def joins(random_: random.Random, around: datetime, count: int, *, within: timedelta) -> list[Observation]:
    start_ms, span_ms = to_epoch_ms(around - within), int(within.total_seconds() * 1_000)
    return [
        Observation("join_time", int(random_.lognormvariate(6.8, 0.5)), start_ms + random_.randrange(span_ms))
        for _ in range(count)
    ]


def exact(observations: Sequence[Observation], window: Window, q: float) -> float:
    values = sorted(
        o.value for o in observations if to_epoch_ms(window.starts_at) <= o.at_ms < to_epoch_ms(window.ends_at)
    )
    return values[max(1, math.ceil(q * len(values) - 1e-9)) - 1]


@pytest.mark.capability("STATUS-1")
@pytest.mark.parametrize("window_hours", [1, 24, 24 * 30])
def test_a_long_window_is_one_merge_and_not_an_average_of_parts(
    recording: Recording, store: SqlMetricStore, actor: JobActor, clock: FixedClock, window_hours: int
) -> None:
    random_ = random.Random(7)
    observations = joins(random_, clock.now(), 3_000, within=timedelta(hours=window_hours))
    recording.record_observations(actor, observations)
    window = Window.last(window_hours * 3_600, clock.now())
    summary = store.summary(actor, "join_time", window, quantiles=(0.5, 0.95))
    assert (summary.count, summary.total) == (3_000, sum(o.value for o in observations))
    for q in (0.5, 0.95):
        assert summary.quantiles[q] == pytest.approx(exact(observations, window, q), rel=0.01)
    assert summary.good_count == sum(1 for o in observations if o.value <= 2_000)


def test_observations_in_several_writes_say_what_one_write_says(
    recording: Recording, store: SqlMetricStore, uow: UnitOfWork, actor: JobActor, clock: FixedClock
) -> None:
    observations = joins(random.Random(3), clock.now(), 400, within=timedelta(minutes=90))
    for start in range(0, 400, 37):
        recording.record_observations(actor, observations[start : start + 37])
    with uow.reading() as session:
        cells = session.scalars(sa.select(CellRow)).all()
        totals = session.scalars(sa.select(TotalRow)).all()
    parts: list[Sequence[CellRow | TotalRow]] = [totals]
    parts += [[c for c in cells if c.resolution_seconds == r] for r in RESOLUTIONS]
    for rows in parts:
        merged = Sketch()
        for row in rows:
            assert row.sketch is not None
            merged.merge(Sketch.from_bytes(row.sketch))
        whole = Sketch()
        for observation in observations:
            whole.add(observation.value)
        assert merged == whole
        assert sum(row.count for row in rows) == 400


def test_a_window_has_what_lies_in_it_to_the_minute(
    recording: Recording, store: SqlMetricStore, actor: JobActor, clock: FixedClock
) -> None:
    clock.set(datetime(2026, 11, 24, 12, 34, 30, tzinfo=UTC))
    now_ms = to_epoch_ms(clock.now())
    ages_minutes = (0, 1, 59, 60, 61, 600, 1_439, 1_440, 1_441, 2_000, 2_870)
    recording.record_observations(
        actor, [Observation("join_time", 100 + age, now_ms - age * 60_000) for age in ages_minutes]
    )
    for hours in (1, 2, 24, 48):
        window = Window.last(hours * 3_600, clock.now() + timedelta(milliseconds=1))
        expected = sum(1 for age in ages_minutes if age <= hours * 60)
        assert store.summary(actor, "join_time", window).count == expected


def test_no_data_is_nothing_and_not_zero(store: SqlMetricStore, actor: JobActor, clock: FixedClock) -> None:
    summary = store.summary(actor, "join_time", Window.last(3_600, clock.now()), quantiles=(0.95,))
    assert (summary.count, summary.newest_at, dict(summary.quantiles)) == (0, None, {})
    rows = store.series(actor, ["join_time"], Window.last(7_200, clock.now()), 3_600, quantile=0.95)
    assert rows["value"].isna().all()


def test_a_series_has_every_bucket_and_the_declared_columns(
    recording: Recording, store: SqlMetricStore, actor: JobActor, clock: FixedClock
) -> None:
    now_ms = to_epoch_ms(clock.now())
    recording.record_observations(
        actor,
        [Observation("join_time", 700, now_ms - 5_400_000), Observation("play_time", 9_000, now_ms - 5_400_000)],
    )
    rows = store.series(actor, ["join_time", "play_time"], Window.last(3 * 3_600, clock.now()), 3_600, quantile=0.95)
    assert list(rows.columns) == ["starts_at", "metric", "count", "total", "value"]
    assert str(rows["starts_at"].dt.tz) == "UTC"
    assert len(rows) == 6
    one = rows[(rows["metric"] == "join_time") & (rows["count"] == 1)].iloc[0]
    assert (one["starts_at"], one["total"], one["value"]) == (pd.Timestamp("2026-11-24T10:00Z"), 700, 700.0)
    played = rows[(rows["metric"] == "play_time") & (rows["count"] == 1)].iloc[0]
    assert math.isnan(played["value"])


@pytest.mark.parametrize("grain", [0, 30, 90, -60])
def test_a_grain_that_is_no_whole_minute_is_refused(
    store: SqlMetricStore, actor: JobActor, clock: FixedClock, grain: int
) -> None:
    with pytest.raises(Invalid):
        store.series(actor, ["join_time"], Window.last(3_600, clock.now()), grain)


def test_reads_narrow_and_split_by_dimension(
    recording: Recording, store: SqlMetricStore, actor: JobActor, clock: FixedClock
) -> None:
    now_ms = to_epoch_ms(clock.now()) - 1
    recording.record_observations(
        actor, [Observation("join_time", 500, now_ms), Observation("join_time", 900, now_ms, DEMO)]
    )
    window = Window.last(3_600, clock.now())
    assert store.summary(actor, "join_time", window, where={"origin": "demo"}).total == 900
    assert {k: v.total for k, v in store.split(actor, "join_time", window, "player").items()} == {
        "hls.js": 900,
        "other": 500,
    }
    with pytest.raises(Invalid):
        store.split(actor, "join_time", window, "content")
    with pytest.raises(Invalid):
        store.summary(actor, "join_time", window, where={"id": "1"})


def test_unknown_metrics_and_negative_values_are_refused(
    recording: Recording, store: SqlMetricStore, actor: JobActor, clock: FixedClock
) -> None:
    with pytest.raises(Invalid):
        store.summary(actor, "happiness", Window.last(60, clock.now()))
    for wrong in (Observation("happiness", 1, 0), Observation("join_time", -1, 0)):
        with pytest.raises(Invalid):
            recording.record_observations(actor, [wrong])


def test_reading_and_writing_need_their_permissions(
    recording: Recording, store: SqlMetricStore, clock: FixedClock
) -> None:
    reader = JobActor("reader", frozenset({"metrics.read"}))
    store.summary(reader, "join_time", Window.last(60, clock.now()))
    for call in (
        lambda: recording.record_observations(reader, []),
        lambda: recording.expire(reader),
        lambda: recording.forget_origin(reader, "demo"),
        lambda: store.summary(JobActor("nobody", frozenset()), "join_time", Window.last(60, clock.now())),
    ):
        with pytest.raises(Forbidden):
            call()


def test_cells_go_when_their_keeping_ends_and_coarser_ones_still_answer(
    recording: Recording, store: SqlMetricStore, uow: UnitOfWork, actor: JobActor, clock: FixedClock
) -> None:
    born = clock.now()
    recording.record_observations(actor, joins(random.Random(1), born, 200, within=timedelta(minutes=50)))

    def kept() -> set[int]:
        with uow.reading() as session:
            return set(session.scalars(sa.select(CellRow.resolution_seconds)))

    window = Window(born - timedelta(days=1), born + timedelta(minutes=1))
    for days, resolutions in ((1, {60, 3_600, 86_400}), (3, {3_600, 86_400}), (37, {86_400}), (402, set())):
        clock.set(born + timedelta(days=days))
        recording.expire(actor)
        assert recording.expire(actor) == 0
        assert kept() == resolutions
        assert store.summary(actor, "join_time", window).count == (200 if resolutions else 0)


def test_history_is_written_into_the_cells_that_are_still_kept(
    recording: Recording, store: SqlMetricStore, uow: UnitOfWork, actor: JobActor, clock: FixedClock
) -> None:
    days = [clock.now() - timedelta(days=d) for d in range(90)]
    recording.record_observations(actor, [Observation("join_time", 800, to_epoch_ms(at), DEMO) for at in days])
    with uow.reading() as session:
        stored = list(session.scalars(sa.select(CellRow.resolution_seconds)))
    assert (stored.count(MINUTE), stored.count(HOUR), stored.count(DAY)) == (3, 36, 90)
    window = Window(clock.now() - timedelta(days=89), clock.now() + timedelta(minutes=1))
    assert store.summary(actor, "join_time", window).count == 90


def test_forgetting_the_demo_leaves_what_real_players_measured(
    recording: Recording, store: SqlMetricStore, uow: UnitOfWork, actor: JobActor, clock: FixedClock
) -> None:
    now_ms = to_epoch_ms(clock.now()) - 1
    recording.record_observations(
        actor, [Observation("join_time", 500, now_ms), Observation("join_time", 900, now_ms, DEMO)]
    )
    assert recording.forget_origin(actor, "demo") == 3
    assert recording.forget_origin(actor, "demo") == 0
    assert store.summary(actor, "join_time", Window.last(3_600, clock.now())).total == 500
    with uow.reading() as session:
        assert list(session.scalars(sa.select(DimensionSetRow.origin))) == ["real"]
        assert session.scalar(sa.select(sa.func.count()).select_from(TotalRow)) == 1
    with pytest.raises(Invalid):
        recording.forget_origin(actor, "real")


def test_observations_that_come_late_or_with_a_clock_gone_back_are_added_where_they_belong(
    recording: Recording, store: SqlMetricStore, actor: JobActor, clock: FixedClock
) -> None:
    noon = clock.now()
    for at in (noon, noon - timedelta(hours=20), noon - timedelta(minutes=3), noon):
        clock.set(at)
        recording.record_observations(actor, [Observation("join_time", 1_000, to_epoch_ms(at))])
    clock.set(noon)
    window = Window(noon - timedelta(days=1), noon + timedelta(minutes=1))
    summary = store.summary(actor, "join_time", window)
    assert (summary.count, summary.newest_at) == (4, noon)


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 24), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone


@given(INSTANTS, st.integers(0, 10**7), st.integers(0, 10**8))
def test_the_cells_of_a_window_cover_it_once_without_gap(ends_at: datetime, seconds: int, age: int) -> None:
    window, now = Window.last(seconds, ends_at), ends_at + timedelta(seconds=age)
    spans = segments(window, now)
    for (_, _, before_ends), (_, starts, _) in itertools.pairwise(spans):
        assert before_ends == starts
    for resolution, starts, ends in spans:
        assert starts < ends
        assert to_epoch_ms(starts) % (resolution * 1_000) == to_epoch_ms(ends) % (resolution * 1_000) == 0
        kept_from = now - KEPT[resolution] - timedelta(seconds=resolution)
        assert starts >= kept_from or resolution == DAY
    if spans:
        assert spans[0][1] <= window.starts_at
        assert spans[-1][2] >= window.ends_at - timedelta(milliseconds=1)
        finest_at_edge = 60 if age + seconds < KEPT[MINUTE].total_seconds() - 60 else DAY
        assert window.starts_at - spans[0][1] < timedelta(seconds=finest_at_edge)


def test_ten_times_the_traffic_needs_hardly_more_storage(
    recording: Recording, uow: UnitOfWork, actor: JobActor, clock: FixedClock
) -> None:
    def stored_bytes() -> int:
        with uow.reading() as session:
            sketches = session.scalars(sa.select(CellRow.sketch)).all()
        # 120 is what a row takes beside its sketch: key, counts, instants and the index entry.
        return sum(len(sketch or b"") + 120 for sketch in sketches)

    random_ = random.Random(11)
    minutes = [clock.now() - timedelta(minutes=m) for m in range(30)]

    def traffic(per_minute: int) -> list[Observation]:
        return [o for at in minutes for o in joins(random_, at, per_minute, within=timedelta(seconds=59))]

    recording.record_observations(actor, traffic(300))
    once = stored_bytes()
    recording.record_observations(actor, traffic(2_700))
    assert stored_bytes() < 1.2 * once

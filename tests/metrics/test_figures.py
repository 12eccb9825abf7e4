"""The live figures: value, target, state, and the numbers from which they can be recomputed."""

from datetime import timedelta

import pytest

from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import JobActor, VisitorActor
from services.kernel.errors import Invalid, NotFound, Unauthenticated
from services.metrics import GRAINS, Dimensions, Figures, FigureState, Observation, Recording, SqlMetricStore


@pytest.fixture
def figures(store: SqlMetricStore, clock: FixedClock) -> Figures:
    return Figures(store, clock)


def record(
    recording: Recording, actor: JobActor, clock: FixedClock, *values: tuple[str, int], origin: str = "real"
) -> None:
    now_ms = to_epoch_ms(clock.now())
    recording.record_observations(
        actor, [Observation(metric, value, now_ms, Dimensions(origin)) for metric, value in values]
    )


def test_without_data_there_is_no_value_and_no_green(figures: Figures, actor: JobActor) -> None:
    for view in figures.figures(actor):
        assert (view.value, view.state, view.samples, view.newest_at) == (None, FigureState.NO_DATA, 0, None)
        assert all(point.value is None for point in view.series)


@pytest.mark.capability("STATUS-1")
@pytest.mark.parametrize(
    ("join_ms", "state"),
    [
        (1_000, FigureState.MET),
        (1_790, FigureState.MET),
        (1_850, FigureState.NEAR),
        (2_000, FigureState.MISSED),
        (5_000, FigureState.MISSED),
    ],
)
def test_a_figure_is_judged_against_its_target(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock, join_ms: int, state: FigureState
) -> None:
    record(recording, actor, clock, *[("join_time", join_ms)] * 30)
    view = figures.figure(actor, "join_time_p95")
    assert (view.value, view.target, view.state, view.samples) == (join_ms, 2_000, state, 30)
    assert view.good_share == (1.0 if join_ms <= 2_000 else 0.0)
    assert view.newest_at == view.as_of == clock.now()


def test_one_play_shows_at_once_but_is_not_judged(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    record(recording, actor, clock, ("join_time", 1_234))
    view = figures.figure(actor, "join_time_p95")
    assert (view.value, view.state, view.samples) == (1_234, FigureState.FEW_SAMPLES, 1)


def test_a_figure_without_news_becomes_stale_and_then_has_no_data(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    record(recording, actor, clock, *[("join_time", 900)] * 30)
    clock.advance(hours=2)
    assert figures.figure(actor, "join_time_p95").state == FigureState.STALE
    clock.advance(hours=23)
    assert figures.figure(actor, "join_time_p95").state == FigureState.NO_DATA


def test_the_rebuffer_ratio_is_a_ratio_of_sums(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    # The mean of the two plays' own ratios would be 0.25.
    record(recording, actor, clock, ("play_time", 1_000), ("stall_time", 1_000), ("play_time", 98_000))
    view = figures.figure(actor, "rebuffer_ratio")
    assert view.value == pytest.approx(0.01)
    assert {c.metric: (c.value, c.unit) for c in view.companions} == {
        "stall_time": (1.0, "seconds"),
        "play_time": (99.0, "seconds"),
    }
    assert view.samples == 2


def test_exits_before_start_stand_beside_the_join_time(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    record(recording, actor, clock, ("join_time", 900), ("exits_before_start", 1), ("exits_before_start", 1))
    view = figures.figure(actor, "join_time_p95")
    assert {c.metric: c.value for c in view.companions} == {"exits_before_start": 2, "start_failures": 0}


def test_an_outage_of_all_starts_is_not_green_because_yesterdays_were_good(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    record(recording, actor, clock, *[("join_time", 800)] * 100)
    clock.advance(hours=20)
    record(recording, actor, clock, *[("start_failures", 1)] * 5_000)
    view = figures.figure(actor, "join_time_p95")
    assert (view.value, view.state, view.as_of - (view.newest_at or view.as_of)) == (
        800,
        FigureState.MISSED,
        timedelta(hours=20),
    )


@pytest.mark.parametrize("failure", ["start_failures", "exits_before_start"])
@pytest.mark.parametrize(
    ("started", "failed", "state"),
    [(30, 31, FigureState.MISSED), (30, 30, FigureState.MET), (0, 20, FigureState.MISSED), (0, 19, FigureState.STALE)],
)
def test_more_failed_than_good_starts_within_an_hour_miss_the_target(
    figures: Figures,
    recording: Recording,
    actor: JobActor,
    clock: FixedClock,
    failure: str,
    started: int,
    failed: int,
    state: FigureState,
) -> None:
    record(recording, actor, clock, *[("join_time", 800)] * 200)
    clock.advance(hours=2)
    record(recording, actor, clock, *[("join_time", 800)] * started, *[(failure, 1)] * failed)
    assert figures.figure(actor, "join_time_p95").state == state


def test_without_a_single_start_there_is_no_value_whatever_failed(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    record(recording, actor, clock, *[("start_failures", 1)] * 500)
    view = figures.figure(actor, "join_time_p95")
    assert (view.value, view.state, view.newest_at) == (None, FigureState.NO_DATA, None)


def test_what_the_demo_made_is_counted_apart(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    record(recording, actor, clock, ("join_time", 900), ("join_time", 800))
    record(recording, actor, clock, ("join_time", 5_000), origin="demo")
    view = figures.figure(actor, "join_time_p95")
    assert (view.samples, view.demo_samples) == (3, 1)
    real = figures.figure(actor, "join_time_p95", where={"origin": "real"})
    assert (real.samples, real.demo_samples, real.value) == (2, 0, 900)


def test_the_sparkline_covers_a_day_by_the_hour_and_ends_with_the_running_one(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    clock.advance(minutes=34)
    record(recording, actor, clock, ("join_time", 900))
    series = figures.figure(actor, "join_time_p95").series
    assert len(series) == 24
    assert (series[-1].value, series[-1].samples) == (900, 1)
    assert series[-1].starts_at == clock.now() - timedelta(minutes=34)


@pytest.mark.parametrize("days", GRAINS)
def test_history_reaches_back_as_far_as_it_says(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock, days: int
) -> None:
    now = clock.now()
    for age in range(days):
        clock.set(now - timedelta(days=age))
        record(recording, actor, clock, ("join_time", 1_000 + age))
    clock.set(now)
    rows = figures.history(actor, "join_time_p95", days)
    assert list(rows.columns) == ["starts_at", "value", "samples", "numerator", "denominator"]
    assert rows["samples"].sum() == days
    assert rows["starts_at"].iloc[0] == now - timedelta(days=days)
    assert rows["starts_at"].iloc[1:].diff().dropna().dt.total_seconds().unique().tolist() == [GRAINS[days]]
    assert rows["value"].dropna().tolist() == [1_000 + age for age in reversed(range(days))]


def test_a_figure_over_another_span_counts_that_span(
    figures: Figures, recording: Recording, actor: JobActor, clock: FixedClock
) -> None:
    now = clock.now()
    for days_ago in (5, 0):
        clock.set(now - timedelta(days=days_ago))
        record(recording, actor, clock, ("join_time", 1_000 + days_ago))
    assert [figures.figure(actor, "join_time_p95", days=days).samples for days in (1, 7)] == [1, 2]
    assert figures.figure(actor, "join_time_p95", days=7).window_seconds == 7 * 86_400
    with pytest.raises(Invalid):
        figures.figure(actor, "join_time_p95", days=3)


def test_unknown_figures_and_spans_are_refused(figures: Figures, actor: JobActor) -> None:
    with pytest.raises(NotFound):
        figures.figure(actor, "happiness")
    with pytest.raises(Invalid):
        figures.history(actor, "join_time_p95", 3)


def test_a_visitor_without_the_permission_is_refused(figures: Figures) -> None:
    with pytest.raises(Unauthenticated):
        figures.figures(VisitorActor())

import itertools
import random
from collections.abc import Sequence
from datetime import timedelta

import pytest

from demo.history import day_observations, play_observations, tell_history
from demo.plays import simulate
from demo.rhythm import Conditions, Rhythm
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import Actor, JobActor
from services.kernel.errors import Unavailable
from services.metrics import METRICS, Observation, Recording, SqlMetricStore, Window

DAYS = 6
RHYTHM = Rhythm(plays_a_day=120)
READER = JobActor("test", frozenset({"metrics.read"}))
FORGETTER = JobActor("test", frozenset({"metrics.forget"}))


class DyingRecord:
    """Records some days and then is gone, as a killed process is."""

    def __init__(self, record: Recording, days: int) -> None:
        self._record, self._left = record, days

    def record_observations(self, actor: Actor, observations: Sequence[Observation]) -> None:
        if self._left == 0:
            raise Unavailable("killed", "The process was killed.")
        self._left -= 1
        self._record.record_observations(actor, observations)


@pytest.fixture
def recording(uow: UnitOfWork) -> Recording:
    return Recording(uow)


@pytest.fixture
def store(uow: UnitOfWork) -> SqlMetricStore:
    return SqlMetricStore(uow)


def told(store: SqlMetricStore, clock: FixedClock) -> dict[str, tuple[int, int]]:
    window = Window(clock.now() - timedelta(days=DAYS + 3), clock.now() + timedelta(minutes=5))
    sums = {name: store.summary(READER, name, window) for name in METRICS}
    return {name: (s.count, s.total) for name, s in sums.items()}


def nothing(_: str) -> None:
    """Keep quiet."""


def test_each_day_is_told_once_however_often_it_runs(
    recording: Recording, store: SqlMetricStore, clock: FixedClock
) -> None:
    plays = tell_history(recording, store, clock.now(), nothing, days=DAYS, rhythm=RHYTHM)
    first = told(store, clock)
    assert tell_history(recording, store, clock.now(), nothing, days=DAYS, rhythm=RHYTHM) == 0
    assert told(store, clock) == first
    assert DAYS * 60 < plays < (DAYS + 1) * 200
    started = sum(first[name][0] for name in ("join_time", "exits_before_start", "start_failures"))
    assert started == plays


@pytest.mark.parametrize("survived", [0, 1, 4, DAYS])
def test_a_run_that_was_killed_half_way_is_finished_by_the_next_without_doubles(
    recording: Recording, store: SqlMetricStore, clock: FixedClock, uow: UnitOfWork, survived: int
) -> None:
    with pytest.raises(Unavailable):
        tell_history(DyingRecord(recording, survived), store, clock.now(), nothing, days=DAYS, rhythm=RHYTHM)
    tell_history(recording, store, clock.now(), nothing, days=DAYS, rhythm=RHYTHM)
    resumed = told(store, clock)
    recording.forget_origin(FORGETTER, "demo")
    assert set(told(store, clock).values()) == {(0, 0)}
    tell_history(recording, store, clock.now(), nothing, days=DAYS, rhythm=RHYTHM)
    assert told(store, clock) == resumed


def test_others_are_let_in_between_two_days_and_whoever_is_stopped_goes_on_later(
    recording: Recording, store: SqlMetricStore, clock: FixedClock
) -> None:
    rests: list[float] = []

    def rest(seconds: float) -> bool:
        rests.append(seconds)
        return len(rests) == 2

    first = tell_history(recording, store, clock.now(), nothing, days=DAYS, rhythm=RHYTHM, rest=rest)
    assert len(rests) == 2
    assert min(rests) > 0
    later = tell_history(recording, store, clock.now(), nothing, days=DAYS, rhythm=RHYTHM)
    assert min(first, later) > 0
    assert sum(told(store, clock)[n][0] for n in ("join_time", "exits_before_start", "start_failures")) == first + later


def test_days_that_passed_meanwhile_are_told_by_the_next_run(
    recording: Recording, store: SqlMetricStore, clock: FixedClock
) -> None:
    tell_history(recording, store, clock.now(), nothing, days=DAYS, rhythm=RHYTHM)
    clock.advance(days=2)
    assert tell_history(recording, store, clock.now(), nothing, days=DAYS, rhythm=RHYTHM) > 60
    window = Window(clock.now().replace(hour=0) - timedelta(days=2), clock.now())
    rows = store.series(READER, ["join_time"], window, 86_400, where={"origin": "demo"})
    assert (rows["count"] > 0).all()


def test_nothing_is_told_of_the_future(clock: FixedClock) -> None:
    now = clock.now()
    midnight = now.replace(hour=0)
    observations, plays = day_observations(Rhythm(plays_a_day=2_000), midnight, now)
    assert plays > 300
    assert max(o.at_ms for o in observations) <= to_epoch_ms(now)
    assert min(o.at_ms for o in observations) >= to_epoch_ms(midnight)


def test_everything_is_told_as_the_demos(clock: FixedClock) -> None:
    observations, _ = day_observations(RHYTHM, clock.now().replace(hour=0), clock.now())
    assert {o.dimensions.origin for o in observations} == {"demo"}


def test_what_is_told_of_a_play_is_what_its_reports_say(clock: FixedClock) -> None:
    rhythm, at = Rhythm(plays_a_day=3_000), clock.now().replace(hour=0)
    observations, plays = day_observations(rhythm, at, at + timedelta(days=1))
    joined = [o for o in observations if o.metric == "join_time"]
    assert 0.9 * plays < len(joined) < plays
    assert sum(o.occurrences for o in observations if o.metric == "play_time") == len(joined)


def test_a_play_comes_to_its_join_time_its_playing_time_and_its_stalls(clock: FixedClock) -> None:
    for seed in range(300):
        play = simulate(
            random.Random(seed), clock.now(), Conditions(1, 40), titles=["a"], duration_ms=60_000, periodic=False
        )
        spans = [(a.state, b.offset_ms - a.offset_ms) for a, b in itertools.pairwise(play.events)]
        told_of = {o.metric: o.value for o in play_observations(play)}
        assert told_of.get("play_time", 0) == sum(ms for s, ms in spans if s == "p")
        assert told_of.get("stall_time", 0) == sum(ms for s, ms in spans if s == "r")
        if "join_time" in told_of:
            assert told_of["join_time"] == spans[0][1]

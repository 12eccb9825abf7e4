"""One playback session: join time, stalls, play time, exits, and everything that arrives as it should not."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.catalogue import Dimensions, Observation
from services.metrics.cmcd import PlayEvent
from services.metrics.sessions import (
    CLAIM_SLACK_MS,
    EVENTS_MAX,
    GAP_WAIT_MS,
    PENDING_MAX,
    RETENTION_MS,
    STALL_LIMIT_MS,
    START_LIMIT_MS,
    Folding,
    PlaySession,
    Tally,
)

T0 = 1_795_492_000_000


class Play:
    """Drives one session as the intake does: every report is a folding of its own, the state is stored in between."""

    def __init__(self, now_ms: int = T0) -> None:
        self.session = PlaySession(Dimensions("real", "hls.js"), now_ms, now_ms)
        self.tally = Tally()
        self.observed: list[Observation] = []

    def report(self, *events: PlayEvent, at_ms: int | None = None) -> "Play":
        now_ms = max(event.ts for event in events) if at_ms is None else at_ms
        folding = Folding(PlaySession.from_bytes(self.session.to_bytes()), now_ms, self.tally)
        for event in events:
            folding.take(event)
        self.observed += folding.finish()
        self.session = folding.session
        return self

    def wake(self, at_ms: int) -> bool:
        folding = Folding(self.session, at_ms, self.tally)
        over = folding.wake()
        self.observed += folding.finish()
        return over

    def total(self, metric: str) -> int:
        return sum(o.value for o in self.observed if o.metric == metric)

    def count(self, metric: str) -> int:
        return sum(o.occurrences for o in self.observed if o.metric == metric)

    def join_times(self) -> list[int]:
        return [o.value for o in self.observed if o.metric == "join_time"]


def event(sn: int, state: str, after_ms: int, kind: str = "ps", **more: int | str) -> PlayEvent:
    return PlayEvent("", sn, T0 + after_ms, kind, state, **more)  # type: ignore[arg-type] # keyword by keyword


def story(*steps: tuple[str, int]) -> list[PlayEvent]:
    return [event(sn, state, after_ms) for sn, (state, after_ms) in enumerate(steps)]


USUAL = story(
    ("d", 0), ("s", 100), ("p", 1_300), ("r", 5_300), ("p", 5_800), ("a", 9_800), ("p", 60_000), ("q", 61_000)
)


def test_join_time_is_from_starting_to_playing() -> None:
    play = Play().report(*USUAL)
    assert play.join_times() == [1_200]


def test_stalls_and_play_time_leave_out_start_and_pauses() -> None:
    play = Play().report(*USUAL)
    assert (play.total("stall_time"), play.count("stall_time")) == (500, 1)
    assert (play.total("play_time"), play.count("play_time")) == (4_000 + 4_000 + 1_000, 1)


def test_one_report_per_event_says_the_same_as_one_report_for_all() -> None:
    one, many = Play().report(*USUAL), Play()
    for each in USUAL:
        many.report(each)
    for metric in ("join_time", "stall_time", "play_time"):
        assert (one.total(metric), one.count(metric)) == (many.total(metric), many.count(metric))


def test_the_players_own_startup_delay_is_preferred() -> None:
    play = Play().report(event(0, "s", 0), event(1, "p", 1_500, msd=1_240))
    assert play.join_times() == [1_240]


def test_a_startup_delay_that_follows_playing_without_a_start_is_taken() -> None:
    play = Play().report(event(0, "p", 0), event(1, "p", 5_000, "t", msd=800))
    assert play.join_times() == [800]


def test_join_time_is_measured_once_per_session() -> None:
    play = Play().report(*story(("s", 0), ("p", 900), ("q", 2_000), ("s", 3_000), ("p", 8_000)))
    play.report(event(5, "p", 9_000, "t", msd=77))
    assert play.join_times() == [900]


def test_waiting_and_seeking_during_the_start_belong_to_the_start() -> None:
    play = Play().report(*story(("s", 0), ("k", 300), ("r", 500), ("p", 1_400)))
    assert play.join_times() == [1_400]
    assert play.count("stall_time") == 0


def test_a_pause_before_the_first_frame_starts_the_measurement_anew() -> None:
    play = Play().report(*story(("s", 0), ("a", 200), ("s", 60_000), ("p", 60_700)))
    assert play.join_times() == [700]


def test_playing_without_a_start_has_no_join_time_and_is_no_exit() -> None:
    play = Play().report(*story(("p", 0), ("q", 3_000)))
    assert (play.join_times(), play.count("exits_before_start"), play.total("play_time")) == ([], 0, 3_000)


def test_filling_the_buffer_before_a_first_frame_without_a_start_is_no_stall() -> None:
    # shaka-player says `r` first and never `s`.
    play = Play().report(*story(("r", 0), ("p", 317), ("a", 5_317)))
    assert (play.total("stall_time"), play.count("stall_time"), play.total("play_time")) == (0, 0, 5_000)


def test_rebuffering_after_a_seek_is_part_of_the_seek() -> None:
    play = Play().report(*story(("s", 0), ("p", 500), ("k", 2_000), ("r", 2_100), ("p", 4_000), ("q", 5_000)))
    assert (play.count("stall_time"), play.total("play_time")) == (0, 2_500)


def test_a_stall_that_the_viewer_leaves_counts_up_to_the_leaving() -> None:
    play = Play().report(*story(("s", 0), ("p", 500), ("r", 2_000), ("q", 6_000)))
    assert play.total("stall_time") == 4_000


def test_time_in_a_state_is_counted_while_it_lasts() -> None:
    play = Play().report(*story(("s", 0), ("p", 500)))
    play.report(event(2, "p", 30_500, "t"))
    assert play.total("play_time") == 30_000
    play.report(event(3, "r", 40_500)).report(event(4, "r", 42_500, "t")).report(event(5, "p", 43_500))
    assert (play.total("stall_time"), play.count("stall_time")) == (3_000, 1)


def test_a_stall_nobody_can_be_watching_is_cut_off() -> None:
    play = Play().report(*story(("s", 0), ("p", 500), ("r", 1_000)))
    play.report(event(3, "r", 4_000_000, "t"), event(4, "p", 8_000_000))
    assert play.total("stall_time") == STALL_LIMIT_MS


@pytest.mark.parametrize("last", ["q", "e"])
def test_leaving_before_the_first_frame_is_an_exit_before_start(last: str) -> None:
    play = Play().report(*story(("d", 0), ("s", 100), (last, 4_000)))
    assert (play.count("exits_before_start"), play.join_times()) == (1, [])


def test_failing_before_the_first_frame_is_a_start_failure() -> None:
    play = Play().report(*story(("s", 100), ("f", 4_000), ("q", 5_000)))
    assert (play.count("start_failures"), play.count("exits_before_start")) == (1, 0)


def test_leaving_a_preloaded_player_is_no_exit() -> None:
    assert Play().report(*story(("d", 0), ("q", 9_000))).observed == []


def test_a_start_that_falls_silent_becomes_an_exit_after_five_minutes_and_only_once() -> None:
    play = Play().report(*story(("s", 0)))
    assert play.session.wake_ms == T0 + START_LIMIT_MS
    play.wake(T0 + START_LIMIT_MS - 1)
    assert play.observed == []
    play.wake(T0 + START_LIMIT_MS)
    play.wake(T0 + START_LIMIT_MS + 60_000)
    play.report(event(1, "p", START_LIMIT_MS + 70_000))
    assert (play.count("exits_before_start"), play.join_times()) == (1, [])


def test_a_start_that_takes_longer_than_anybody_waits_is_an_exit() -> None:
    play = Play().report(event(0, "s", 0), at_ms=T0).report(event(1, "s", 200_000, "t"))
    play.report(event(2, "p", START_LIMIT_MS + 1))
    assert (play.count("exits_before_start"), play.join_times()) == (1, [])


def test_stalls_that_the_player_reports_itself_are_not_counted_twice() -> None:
    play = Play().report(event(0, "s", 0), event(1, "p", 500), event(2, "r", 2_000))
    play.report(event(3, "p", 3_000, bsd=1_000, bsd_count=1))
    play.report(event(4, "r", 5_000), event(5, "p", 6_000, bsd=990, bsd_count=1))
    assert (play.total("stall_time"), play.count("stall_time")) == (1_990, 2)


def test_cumulative_stall_time_adds_only_what_is_new() -> None:
    play = Play().report(event(0, "s", 0), event(1, "p", 500), event(2, "p", 10_000, "t", bsda=700))
    play.report(event(3, "p", 20_000, "t", bsda=700)).report(event(4, "p", 30_000, "t", bsda=900))
    assert play.total("stall_time") == 900


def test_reported_stalls_longer_than_the_session_are_not_believed() -> None:
    play = Play().report(event(0, "s", 0), event(1, "p", 500), event(2, "p", 10_000, "t", bsda=10**12))
    assert play.total("stall_time") <= STALL_LIMIT_MS


@pytest.mark.parametrize(
    "claims",
    [
        (event(0, "p", 0, msd=299_000),),
        (event(0, "s", -299_000), event(1, "p", 0)),
        (event(0, "p", 0, bsda=40_000),),
        (event(0, "p", 0, bsd=40_000, bsd_count=1),),
        (event(0, "p", 0, bsda=10**12),),
    ],
)
def test_a_session_that_we_first_hear_of_cannot_claim_a_long_start_or_long_stalls(
    claims: tuple[PlayEvent, ...],
) -> None:
    play = Play().report(*claims, at_ms=T0)
    assert (play.join_times(), play.total("stall_time"), play.tally["unbelieved"]) == ([], 0, 1)


def test_a_stall_told_in_a_first_report_counts_as_far_as_the_slack_goes() -> None:
    play = Play().report(event(0, "p", -400_000), event(1, "r", -299_000), event(2, "p", 0), at_ms=T0)
    assert play.total("stall_time") == CLAIM_SLACK_MS


def test_a_first_report_may_tell_of_a_start_that_took_seconds() -> None:
    assert Play().report(event(0, "p", 0, msd=CLAIM_SLACK_MS), at_ms=T0).join_times() == [CLAIM_SLACK_MS]


def test_a_long_start_is_believed_of_a_session_that_we_have_known_that_long() -> None:
    play = Play().report(event(0, "s", 0)).report(event(1, "p", 120_000, msd=119_000))
    assert (play.join_times(), play.tally["unbelieved"]) == ([119_000], 0)


def test_long_stalls_are_believed_of_a_session_that_we_have_known_that_long() -> None:
    play = Play().report(event(0, "p", 0)).report(event(1, "p", 120_000, "t", bsda=110_000))
    assert play.total("stall_time") == 110_000


@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_reordered_and_duplicated_reports_say_the_same(random_: random.Random, copies: int) -> None:
    expected = Play().report(*USUAL)
    shuffled = USUAL * copies
    random_.shuffle(shuffled)
    play = Play()
    for each in shuffled:
        play.report(each, at_ms=T0 + 61_000)
    for metric in ("join_time", "stall_time", "play_time", "exits_before_start"):
        assert (play.total(metric), play.count(metric)) == (expected.total(metric), expected.count(metric))
    assert play.tally["duplicate"] == len(USUAL) * (copies - 1)


def test_a_missing_report_is_waited_for_and_then_given_up() -> None:
    play = Play().report(*story(("s", 0)))
    play.report(event(2, "p", 900), at_ms=T0 + 900)
    assert play.join_times() == []
    assert play.session.wake_ms == T0 + 900 + GAP_WAIT_MS
    play.wake(T0 + 900 + GAP_WAIT_MS)
    assert (play.join_times(), play.tally["gap"]) == ([900], 1)


def test_a_report_that_comes_after_its_gap_was_given_up_is_a_duplicate() -> None:
    play = Play().report(*story(("s", 0))).report(event(2, "p", 900))
    play.wake(T0 + 900 + GAP_WAIT_MS)
    play.report(event(1, "q", 500), at_ms=T0 + 10_000)
    assert (play.count("exits_before_start"), play.tally["duplicate"]) == (0, 1)


def test_what_waits_for_a_gap_is_bounded() -> None:
    play = Play().report(*story(("s", 0)))
    for sn in range(2, 2 + 10 * PENDING_MAX, 2):
        play.report(event(sn, "p", 900 + sn), at_ms=T0 + 900)
        assert len(play.session.pending) <= PENDING_MAX
    assert len(play.session.to_bytes()) < 10_000


def test_events_without_sequence_numbers_are_taken_once_in_order_of_arrival() -> None:
    events = [each._replace(sn=-1) for each in USUAL]
    play = Play().report(*events)
    play.report(*events)
    assert (play.join_times(), play.total("stall_time"), play.tally["duplicate"]) == ([1_200], 500, len(USUAL))


@pytest.mark.parametrize("offset_ms", [7_200_000, -7_200_000, 86_400_000 * 400, -86_400_000 * 400])
def test_a_clock_that_is_wrong_by_a_constant_measures_as_well(offset_ms: int) -> None:
    play = Play()
    for each in USUAL:
        play.report(each._replace(ts=max(0, each.ts + offset_ms)), at_ms=each.ts)
    assert (play.join_times(), play.total("stall_time"), play.total("play_time")) == ([1_200], 500, 9_000)
    assert play.tally["skewed"] == 1


@pytest.mark.parametrize("ts", [0, T0 - 86_500_000, T0 + 400_000, T0 + 10**12])
def test_an_instant_that_cannot_be_true_is_left_out_and_tallied(ts: int) -> None:
    play = Play().report(*story(("s", 0)))
    play.report(PlayEvent("", 1, ts, "ps", "p"), at_ms=T0 + 1_000)
    assert (play.join_times(), play.tally["clock"]) == ([], 1)
    play.report(event(2, "p", 1_500))
    assert play.join_times() == [1_500]


def test_a_players_clock_that_goes_back_adds_nothing_and_breaks_nothing() -> None:
    play = Play().report(*story(("s", 0), ("p", 900)))
    play.report(event(2, "r", 800), at_ms=T0 + 5_000).report(event(3, "p", 1_300), at_ms=T0 + 6_000)
    assert (play.total("play_time"), play.total("stall_time"), play.tally["backwards"]) == (0, 500, 1)


def test_our_own_clock_going_back_breaks_nothing() -> None:
    play = Play().report(*story(("s", 0), ("p", 900)), at_ms=T0 + 1_000)
    play.report(event(2, "q", 2_000), at_ms=T0 - 500_000)
    assert play.total("play_time") == 1_100
    assert all(o.at_ms >= T0 for o in play.observed)


def test_a_change_of_content_separates_what_came_before() -> None:
    play = Play().report(event(0, "s", 0, content=1), event(1, "p", 500, content=1))
    play.report(event(2, "p", 90_000, "c", content=2), event(3, "p", 91_000, "t", content=2))
    assert (play.total("play_time"), play.join_times(), play.tally["content_changed"]) == (1_000, [500], 1)


def test_a_content_change_during_the_start_makes_no_join_time_across_it() -> None:
    play = Play().report(event(0, "s", 0, content=1), event(1, "p", 9_000, content=2))
    assert play.join_times() == []


def test_a_session_that_never_stops_reporting_is_closed() -> None:
    play = Play()
    play.session.events = EVENTS_MAX - 1
    play.report(event(0, "s", 0))
    assert play.session.over_cap
    play.report(event(1, "p", 900))
    assert (play.join_times(), play.tally["over_cap"]) == ([], 1)


def test_a_session_is_over_half_an_hour_after_its_last_report() -> None:
    play = Play().report(*USUAL)
    last_ms = USUAL[-1].ts
    assert play.session.wake_ms == last_ms + RETENTION_MS
    assert not play.wake(last_ms + RETENTION_MS - 1)
    assert play.wake(last_ms + RETENTION_MS)


def test_observations_carry_what_is_known_of_the_play() -> None:
    play = Play().report(event(0, "s", 0, stream="h", cdn="edge-1"), event(1, "p", 500, stream="h", cdn="edge-1"))
    assert {o.dimensions for o in play.observed} == {Dimensions("real", "hls.js", "edge-1", "hls")}


STATES = st.sampled_from(list("spkrawefqd"))


@given(st.lists(st.tuples(STATES, st.integers(-5_000, 400_000)), max_size=60))
def test_whatever_a_player_says_its_session_stays_within_bounds(steps: list[tuple[str, int]]) -> None:
    play = Play()
    now = itertools.accumulate((abs(step) for _, step in steps), initial=0)
    ts = itertools.accumulate((step for _, step in steps), initial=0)
    for sn, ((state, _), at, after) in enumerate(zip(steps, now, ts, strict=False)):
        play.report(event(sn, state, after), at_ms=T0 + at)
    lived_ms = sum(abs(step) for _, step in steps)
    assert play.total("play_time") + play.total("stall_time") <= lived_ms
    assert all(o.value >= 0 and o.occurrences >= 0 for o in play.observed)
    assert len(play.join_times()) + play.count("exits_before_start") + play.count("start_failures") <= 1
    assert play.count("play_time") <= 1
    assert PlaySession.from_bytes(play.session.to_bytes()) == play.session

"""The door: limits per client and over all, bounded memory whoever knocks, the demo's key."""

from collections.abc import Callable

import pytest

from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor
from services.kernel.errors import Gone, Invalid, RateLimited, TooLarge, Unauthenticated, Unavailable
from services.metrics import Door, DoorPolicy, Intake, IntakeRoom
from services.metrics.door import TokenBucket
from services.metrics.intake import SESSIONS_MAX
from tests.metrics.conftest import DEMO_KEY

Tell = Callable[..., bytes]
ONE = (("s", 0),)


def test_one_client_may_send_so_many_events_and_others_go_on(intake: Intake, clock: FixedClock, told: Tell) -> None:
    door = Door(intake, DoorPolicy(demo_key="", events_per_second=50), clock)
    for _ in range(5):
        door.accept(told("a", *ONE * 20), client="10.0.0.1")
    with pytest.raises(RateLimited) as refused:
        door.accept(told("a", *ONE * 20), client="10.0.0.1")
    assert (refused.value.code, refused.value.retry_after_seconds) == ("too_many_events", 1)
    door.accept(told("b", *ONE * 20), client="10.0.0.2")
    clock.advance(seconds=1)
    door.accept(told("a", *ONE * 20), client="10.0.0.1")


def test_one_client_may_start_so_many_sessions_a_minute(intake: Intake, clock: FixedClock, told: Tell) -> None:
    door = Door(intake, DoorPolicy(demo_key="", sessions_per_minute=30), clock)
    for i in range(30):
        door.accept(told(f"s{i}", *ONE), client="10.0.0.1")
    with pytest.raises(RateLimited) as refused:
        door.accept(told("one-more", *ONE), client="10.0.0.1")
    assert (refused.value.code, refused.value.retry_after_seconds) == ("too_many_sessions", 2)
    door.accept(told("s3", ("p", 0), first_sn=1), client="10.0.0.1")
    door.accept(told("other", *ONE), client="10.0.0.2")
    clock.advance(seconds=2)
    door.accept(told("one-more", *ONE), client="10.0.0.1")


def test_an_ipv6_subscriber_is_one_client_whatever_addresses_it_uses(
    intake: Intake, clock: FixedClock, told: Tell
) -> None:
    door = Door(intake, DoorPolicy(demo_key="", sessions_per_minute=5), clock)
    for i in range(5):
        door.accept(told(f"s{i}", *ONE), client=f"2001:db8:1:1::{i}")
    with pytest.raises(RateLimited):
        door.accept(told("one-more", *ONE), client="2001:db8:1:1:ffff::1")
    door.accept(told("one-more", *ONE), client="2001:db8:1:2::1")


def test_the_demo_generator_may_start_more_sessions_than_one_client(
    intake: Intake, clock: FixedClock, told: Tell
) -> None:
    door = Door(intake, DoorPolicy(demo_key=DEMO_KEY, sessions_per_minute=5), clock)
    for i in range(20):
        door.accept(told(f"s{i}", *ONE), client="127.0.0.1", demo_key=DEMO_KEY)
    for i in range(5):
        door.accept(told(f"real{i}", *ONE), client="127.0.0.1")
    with pytest.raises(RateLimited):
        door.accept(told("one-more", *ONE), client="127.0.0.1")


def test_new_sessions_of_all_processes_fit_into_what_is_remembered() -> None:
    processes = 2
    a_half_hour = DoorPolicy(demo_key="").all_sessions_per_minute * 30 * processes
    assert a_half_hour <= SESSIONS_MAX * 0.9


def test_new_sessions_are_refused_aloud_where_no_more_can_be_remembered_and_known_ones_go_on(
    uow: UnitOfWork, actor: JobActor, clock: FixedClock, told: Tell
) -> None:
    intake = Intake(uow, sessions_max=10)
    here, elsewhere = (Door(intake, DoorPolicy(demo_key=""), clock) for _ in range(2))
    for i in range(9):
        here.accept(told(f"s{i}", *ONE), client="c")
    intake.fold(actor)
    clock.advance(seconds=2)
    for door in (here, elsewhere):
        for _ in range(2):
            with pytest.raises(Unavailable) as refused:
                door.accept(told("one-more", *ONE), client="c")
            assert (refused.value.code, refused.value.retry_after_seconds) == ("sessions_full", 60)
        door.accept(told("s3", ("p", 0), first_sn=1), client="c")
    clock.advance(minutes=31)
    intake.fold(actor)
    clock.advance(minutes=31)
    intake.wake_sessions(actor)
    here.accept(told("one-more", *ONE), client="c")
    intake.fold(actor)
    assert "too_many_sessions" not in intake.tallies(actor)


def test_reports_are_refused_aloud_while_too_many_wait(
    uow: UnitOfWork, actor: JobActor, clock: FixedClock, told: Tell
) -> None:
    intake = Intake(uow, waiting_max=5)
    door = Door(intake, DoorPolicy(demo_key=""), clock)
    for i in range(5):
        door.accept(told(f"s{i}", *ONE), client="c")
    clock.advance(seconds=2)
    with pytest.raises(Unavailable) as refused:
        door.accept(told("s0", ("p", 0), first_sn=1), client="c")
    assert (refused.value.code, refused.value.retry_after_seconds) == ("inbox_full", 60)
    intake.fold(actor)
    clock.advance(seconds=2)
    door.accept(told("s0", ("p", 0), first_sn=1), client="c")


def test_a_million_sessions_from_many_clients_stay_within_bounds(clock: FixedClock, told: Tell) -> None:
    class Counting(Intake):
        appended = 0

        def __init__(self) -> None:
            pass

        def append(self, *_: object) -> None:
            self.appended += 1

        def room(self, *_: object) -> IntakeRoom:
            return IntakeRoom(frozenset(), sessions_full=False, inbox_full=False)

    counting = Counting()
    door = Door(counting, DoorPolicy(demo_key="", all_sessions_per_minute=600), clock)
    refused = 0
    for i in range(20_000):
        try:
            door.accept(told(f"s{i}", *ONE), client=f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}")
        except RateLimited:
            refused += 1
    assert counting.appended == 600
    assert refused == 19_400
    assert len(door._clients) <= 20_000
    assert len(door._known) == 600


def test_a_body_that_is_too_large_is_refused(intake: Intake, clock: FixedClock, told: Tell) -> None:
    door = Door(intake, DoorPolicy(demo_key="", body_bytes=1_024), clock)
    with pytest.raises(TooLarge):
        door.accept(told("a", *ONE * 50), client="c")


def test_a_closed_door_tells_players_to_stop(intake: Intake, clock: FixedClock, told: Tell) -> None:
    with pytest.raises(Gone) as closed:
        Door(intake, DoorPolicy(demo_key="", enabled=False), clock).accept(told("a", *ONE), client="c")
    assert closed.value.code == "ingest_off"


@pytest.mark.parametrize("key", ["", "wrong", DEMO_KEY + " "])
def test_a_wrong_demo_key_is_refused(door: Door, told: Tell, key: str) -> None:
    with pytest.raises(Unauthenticated):
        door.accept(told("a", *ONE), client="c", demo_key=key)


def test_an_installation_without_a_demo_key_takes_no_demo(intake: Intake, clock: FixedClock, told: Tell) -> None:
    with pytest.raises(Unauthenticated):
        Door(intake, DoorPolicy(demo_key=""), clock).accept(told("a", *ONE), client="c", demo_key="")


def test_a_malformed_report_stores_nothing(door: Door, intake: Intake, actor: JobActor, told: Tell) -> None:
    with pytest.raises(Invalid):
        door.accept(told("a", *ONE) + b"\nnonsense here", client="c")
    assert intake.fold(actor).events == 0


def test_an_amount_beyond_the_whole_burst_is_let_through_and_paid_for_afterwards() -> None:
    bucket = TokenBucket(per_second=10, burst_seconds=2, now_ms=0)
    assert bucket.missing_ms(50, 0) == 0
    assert bucket.missing_ms(1, 1_000) > 0
    assert bucket.missing_ms(1, 3_200) == 0


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    bucket = TokenBucket(per_second=10, burst_seconds=1, now_ms=10_000)
    assert bucket.missing_ms(10, 10_000) == 0
    assert bucket.missing_ms(1, 5_000) > 0

"""The intake on both databases: durable, in order, exactly once, bounded."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, VisitorActor
from services.kernel.errors import Forbidden, Gone, NotFound
from services.metrics import Door, DoorPolicy, Intake, SqlMetricStore, Window
from services.metrics.sessions import EVENTS_MAX, PlaySession
from services.metrics.tables import InboxRow, SessionRow, StoppedSessionRow
from tests.metrics.conftest import DEMO_KEY

Tell = Callable[..., bytes]
USUAL = (("s", 8_000), ("p", 6_800), ("r", 4_000), ("p", 3_500), ("q", 500))


def rows(uow: UnitOfWork, table: type) -> int:
    with uow.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def day(clock: FixedClock) -> Window:
    return Window(clock.now() - timedelta(days=1), clock.now() + timedelta(minutes=1))


def fold_all(intake: Intake, actor: JobActor) -> int:
    events = 0
    while (done := intake.fold(actor)).events:
        events += done.events
    return events


@pytest.mark.capability("STATUS-1")
def test_a_reported_play_becomes_its_join_time_stalls_and_play_time(
    door: Door, intake: Intake, store: SqlMetricStore, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    assert door.accept(told("a", *USUAL), client="10.0.0.1", player="hls.js") == 5
    assert fold_all(intake, actor) == 5
    joined = store.summary(actor, "join_time", day(clock), quantiles=(0.95,))
    assert (joined.count, joined.total, joined.good_count, joined.quantiles) == (1, 1_200, 1, {0.95: 1_200.0})
    assert joined.newest_at == clock.now()
    assert store.summary(actor, "stall_time", day(clock)).total == 500
    assert store.summary(actor, "play_time", day(clock)).total == 2_800 + 3_000


def test_an_acknowledged_report_is_durable_before_it_is_folded(door: Door, uow: UnitOfWork, told: Tell) -> None:
    door.accept(told("a", *USUAL), client="c")
    assert rows(uow, InboxRow) == 1


def test_a_report_sent_twice_counts_once(
    door: Door, intake: Intake, store: SqlMetricStore, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    for _ in range(3):
        door.accept(told("a", *USUAL), client="c")
        fold_all(intake, actor)
    assert store.summary(actor, "join_time", day(clock)).count == 1
    assert store.summary(actor, "play_time", day(clock)).total == 5_800
    assert intake.tallies(actor)["duplicate"] == 10


def test_reports_of_one_session_may_arrive_in_any_order(
    door: Door, intake: Intake, store: SqlMetricStore, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    for sn in (4, 2, 0, 3, 1):
        door.accept(told("a", USUAL[sn], first_sn=sn), client="c")
        fold_all(intake, actor)
    assert store.summary(actor, "join_time", day(clock)).total == 1_200
    assert store.summary(actor, "stall_time", day(clock)).total == 500


def test_folding_stops_at_its_limit_and_goes_on_where_it_stopped(
    door: Door, intake: Intake, store: SqlMetricStore, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    for i in range(10):
        door.accept(told(f"s{i}", *USUAL), client="c")
    first = intake.fold(actor, limit_events=12)
    assert (first.events, first.more) == (10, True)
    assert fold_all(intake, actor) == 40
    assert store.summary(actor, "join_time", day(clock)).count == 10


def test_a_folding_that_fails_changes_nothing_and_is_made_up_for(
    door: Door, intake: Intake, store: SqlMetricStore, uow: UnitOfWork, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    door.accept(told("a", *USUAL), client="c")

    class Interrupted(Intake):
        def _write(self, *args: object, **kwargs: object) -> None:
            super()._write(*args, **kwargs)  # type: ignore[arg-type] # handed on as it came
            raise RuntimeError("killed before the inbox was cleared")

    with pytest.raises(RuntimeError):
        Interrupted(uow).fold(actor)
    assert (rows(uow, InboxRow), rows(uow, SessionRow)) == (1, 0)
    fold_all(intake, actor)
    assert store.summary(actor, "join_time", day(clock)).count == 1


def test_a_start_that_falls_silent_is_counted_when_the_clock_looks(
    door: Door, intake: Intake, store: SqlMetricStore, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    door.accept(told("a", ("s", 0)), client="c")
    fold_all(intake, actor)
    clock.advance(minutes=4)
    assert intake.wake_sessions(actor) == 0
    clock.advance(minutes=2)
    assert intake.wake_sessions(actor) == 1
    assert intake.wake_sessions(actor) == 0
    assert store.summary(actor, "exits_before_start", day(clock)).count == 1


def test_sessions_are_forgotten_after_half_an_hour(
    door: Door, intake: Intake, uow: UnitOfWork, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    for i in range(25):
        door.accept(told(f"s{i}", *USUAL), client="c")
    fold_all(intake, actor)
    assert intake.tallies(actor)["live_sessions"] == 25
    clock.advance(minutes=31)
    assert intake.wake_sessions(actor) == 25
    assert rows(uow, SessionRow) == intake.tallies(actor)["live_sessions"] == 0


def test_the_number_of_remembered_sessions_is_bounded(
    uow: UnitOfWork, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    small = Intake(uow, sessions_max=10)
    door = Door(small, DoorPolicy(demo_key=""), clock)
    for i in range(30):
        door.accept(told(f"s{i}", *USUAL), client="c")
        small.fold(actor)
    assert rows(uow, SessionRow) == 10
    assert small.tallies(actor)["too_many_sessions"] == 20 * 5


def test_a_session_over_its_cap_is_told_to_stop(
    door: Door, intake: Intake, uow: UnitOfWork, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    door.accept(told("a", ("s", 100)), client="c")
    fold_all(intake, actor)
    with uow.writing() as session:
        row = session.scalars(sa.select(SessionRow)).one()
        state = PlaySession.from_bytes(row.state)
        row.state = dataclasses.replace(state, events=EVENTS_MAX - 1).to_bytes()
    door.accept(told("a", ("p", 50), first_sn=1), client="c")
    fold_all(intake, actor)
    clock.advance(seconds=2)
    with pytest.raises(Gone) as stopped:
        door.accept(told("a", ("q", 0), first_sn=2), client="c")
    assert stopped.value.code == "session_stopped"
    door.accept(told("b", *USUAL), client="c")
    clock.advance(minutes=31)
    intake.wake_sessions(actor)
    assert rows(uow, StoppedSessionRow) == 0


def test_a_player_can_read_its_own_session_by_its_id(
    door: Door, intake: Intake, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    with pytest.raises(NotFound):
        intake.play_session(actor, "a")
    door.accept(told("a", *USUAL[:-1]), client="c")
    fold_all(intake, actor)
    view = intake.play_session(actor, "a")
    assert (view.state, view.join_time_ms, view.stall_ms, view.stalls) == ("playing", 1_200, 500, 1)
    assert view.recorded_at == clock.now()


def test_nothing_stored_holds_a_session_id_a_content_id_or_an_address(
    door: Door, intake: Intake, uow: UnitOfWork, actor: JobActor, told: Tell
) -> None:
    door.accept(told("very-secret-session", *USUAL[:2]), client="203.0.113.77")

    def stored() -> bytes:
        with uow.reading() as session:
            parts = [row.events for row in session.scalars(sa.select(InboxRow))]
            for row in session.scalars(sa.select(SessionRow)):
                parts += [row.state, row.key.encode()]
        return b" ".join(parts)

    before = stored()
    fold_all(intake, actor)
    for text in (b"very-secret-session", b"film", b"203.0.113.77"):
        assert text not in before + stored()


def test_the_origin_comes_from_the_key_alone(
    door: Door, intake: Intake, store: SqlMetricStore, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    door.accept(told("a", *USUAL, more=',com.greenlight-origin="demo"'), client="c")
    door.accept(told("b", *USUAL), client="c", demo_key=DEMO_KEY)
    fold_all(intake, actor)
    split = store.split(actor, "join_time", day(clock), "origin")
    assert {origin: part.count for origin, part in split.items()} == {"demo": 1, "real": 1}


def test_a_session_of_one_origin_cannot_be_continued_by_the_other(
    door: Door, intake: Intake, store: SqlMetricStore, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    door.accept(told("a", USUAL[0]), client="c", demo_key=DEMO_KEY)
    door.accept(told("a", *USUAL[1:], first_sn=1), client="c")
    fold_all(intake, actor)
    assert store.summary(actor, "join_time", day(clock)).count == 0
    assert intake.tallies(actor)["other_origin"] == 4


def test_dimensions_have_only_declared_values(
    door: Door, intake: Intake, store: SqlMetricStore, actor: JobActor, told: Tell, clock: FixedClock
) -> None:
    for i in range(50):
        door.accept(told(f"x{i}", *USUAL, more=f',cdn="edge-{i}"'), client="c", player=f"player-{i}")
    fold_all(intake, actor)
    assert set(store.split(actor, "join_time", day(clock), "cdn")) == {"edge-1", "other"}
    assert set(store.split(actor, "join_time", day(clock), "player")) == {"other"}
    assert set(store.split(actor, "join_time", day(clock), "stream")) == {"hls"}


@pytest.mark.parametrize(
    ("said", "trusted", "key", "kept"),
    [
        ("Europe", True, None, "europe"),
        ("", True, None, "none"),
        ("atlantis", True, None, "other"),
        ("europe", False, None, "none"),
        ("europe", False, DEMO_KEY, "europe"),
        ("x" * 10_000, True, None, "other"),
    ],
)
def test_a_region_counts_only_from_a_proxy_that_is_trusted_or_from_the_demo(
    said: str,
    trusted: bool,  # noqa: FBT001 -- pytest names it
    key: str | None,
    kept: str,
    intake: Intake,
    store: SqlMetricStore,
    actor: JobActor,
    told: Tell,
    clock: FixedClock,
) -> None:
    policy = DoorPolicy(demo_key=DEMO_KEY, regions=frozenset({"europe", "asia"}), region_told=trusted)
    Door(intake, policy, clock).accept(told("a", *USUAL), client="c", region=said, demo_key=key)
    fold_all(intake, actor)
    assert set(store.split(actor, "join_time", day(clock), "region")) == {kept}


def test_every_verb_asks_for_its_permission(intake: Intake, told: Tell) -> None:
    nobody = JobActor("nobody", frozenset())
    for call in (intake.fold, intake.wake_sessions, intake.tallies, intake.stopped_sessions):
        with pytest.raises(Forbidden):
            call(nobody)
    with pytest.raises(Forbidden):
        intake.append(nobody, [])
    assert VisitorActor().permissions == frozenset()

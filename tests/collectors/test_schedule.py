"""The clock: each tick once, none lost while the database is away, and a clock that jumps does no harm."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from collectors.schedule import Schedule, Timetable, last_due, together, trigger_of
from services.infra.durable import Beat, Client, Job, migrate
from services.infra.durable.envelope import Envelope
from services.kernel.clock import FixedClock, SystemClock
from tests.servers.waiting import until

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


class Ticks:
    """A queue that can be away."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.away = False

    def enqueue_tick(self, envelope: Envelope) -> bool:
        if self.away:
            raise ConnectionError("the database is away")
        self.taken.append(envelope.work_id)
        return True


def job(**when: object) -> Job:
    return Job("metrics.roll_up", lambda _: None, **when)  # type: ignore[arg-type] # one of its two ways


@pytest.fixture
def client(database_url: str) -> Iterator[Client]:
    migrate(database_url)
    made = Client(database_url)
    yield made
    made.close()


def test_three_schedulers_run_each_tick_once(client: Client, engine: sa.Engine) -> None:
    stop = threading.Event()
    schedules = [Schedule([job(every_seconds=1)], client, SystemClock()) for _ in range(3)]
    threads = [threading.Thread(target=schedule.run, args=(stop,)) for schedule in schedules]
    table = "workflow_status" if engine.dialect.name == "sqlite" else "dbos.workflow_status"
    waiting = "deduplication_id = null where status = 'ENQUEUED'"
    run_waiting = sa.text(f"update {table} set status = 'SUCCESS', {waiting}")  # noqa: S608 -- constants
    runs = 0

    def ticks() -> list[str]:
        # Stands for a worker: runs what waits, and counts how often.
        nonlocal runs
        with engine.begin() as connection:
            runs += connection.execute(run_waiting).rowcount
        return [work.workflow_id for work in client.listed(["SUCCESS"], limit=50)]

    try:
        for schedule, thread in zip(schedules, threads, strict=True):
            schedule.start()
            thread.start()
        until(lambda: len(ticks()) >= 3, "three ticks", 30, poll_seconds=0.1)
    finally:
        stop.set()
        for schedule, thread in zip(schedules, threads, strict=True):
            schedule.stop()
            thread.join(30)
    found = ticks()
    assert len(found) == len(set(found)) == runs
    assert all(tick.startswith("metrics.roll_up@2") and tick.endswith("+00:00") for tick in found)


def test_a_tick_is_left_out_while_the_last_one_still_waits_or_runs(client: Client) -> None:
    clock = FixedClock(NOON)
    now = [NOON]
    schedule = Schedule([job(every_seconds=60)], client, clock, wall=lambda: now[0])
    schedule.start()
    schedule.pay()
    schedule.stop()
    again = Schedule([job(every_seconds=60)], client, clock, wall=lambda: NOON + timedelta(minutes=5))
    again.start()
    again.pay()
    again.stop()
    (waiting,) = client.listed(["ENQUEUED"], limit=5)
    assert waiting.workflow_id == f"metrics.roll_up@{NOON.isoformat()}"


def test_a_start_makes_up_for_the_last_missed_tick_only() -> None:
    ticks = Ticks()
    schedule = Schedule([job(cron="0 3 * * *")], ticks, FixedClock(NOON), wall=lambda: NOON)
    schedule.start()
    schedule.pay()
    schedule.stop()
    assert ticks.taken == ["metrics.roll_up@2026-11-24T03:00:00+00:00"]


def test_a_tick_stays_owed_while_the_database_is_away() -> None:
    ticks = Ticks()
    ticks.away = True
    schedule = Schedule([job(cron="0 3 * * *")], ticks, FixedClock(NOON), wall=lambda: NOON)
    schedule.start()
    schedule.pay()
    assert ticks.taken == []
    ticks.away = False
    schedule.pay()
    schedule.stop()
    assert len(ticks.taken) == 1


def test_a_clock_that_was_set_back_neither_silences_a_job_nor_runs_a_tick_again(client: Client) -> None:
    real = datetime.fromtimestamp(SystemClock().now().timestamp(), UTC)
    now = [real]
    schedule = Schedule([job(every_seconds=3600)], client, FixedClock(real), wall=lambda: now[0])
    schedule.start()
    before = dict(schedule.next_ticks())["metrics.roll_up"]
    schedule.pay()
    now[0] = real - timedelta(hours=5)
    schedule.follow_clock()
    after = dict(schedule.next_ticks())["metrics.roll_up"]
    assert now[0] <= after <= now[0] + timedelta(hours=1) < before
    first = [work.workflow_id for work in client.listed(["ENQUEUED"], limit=5)]
    now[0] = real
    schedule.stop()
    repeated = Schedule([job(every_seconds=3600)], client, FixedClock(real), wall=lambda: now[0])
    repeated.start()
    repeated.pay()
    repeated.stop()
    assert [work.workflow_id for work in client.listed(["ENQUEUED"], limit=5)] == first


@pytest.mark.parametrize(
    ("when", "now", "due"),
    [
        ({"every_seconds": 300}, NOON + timedelta(seconds=299), NOON),
        ({"every_seconds": 300}, NOON + timedelta(seconds=300), NOON + timedelta(seconds=300)),
        ({"cron": "0 3 * * *"}, NOON, NOON.replace(hour=3)),
        ({"cron": "0 3 * * 6"}, NOON, datetime(2026, 11, 21, 3, tzinfo=UTC) + timedelta(days=1)),
        ({"cron": "0 3 1 1 *"}, NOON, None),
    ],
)
def test_the_last_due_instant_is_counted_from_the_epoch(
    when: dict[str, object], now: datetime, due: datetime | None
) -> None:
    assert last_due(trigger_of(job(**when)), now) == due


def test_a_timetable_refuses_two_entries_of_one_name() -> None:
    once = Timetable(jobs=(job(every_seconds=60),))
    beat = Timetable(beats=(Beat("metrics.fold", lambda: None, 1.0),))
    assert together(once, beat) == Timetable(once.jobs, beat.beats)
    with pytest.raises(ValueError, match="share a name"):
        together(once, Timetable(beats=(Beat("metrics.roll_up", lambda: None, 1.0),)))


def test_a_job_has_one_time() -> None:
    with pytest.raises(ValueError, match="either every so many seconds or by a cron line"):
        job()
    with pytest.raises(ValueError, match="either every so many seconds or by a cron line"):
        job(every_seconds=1, cron="* * * * *")

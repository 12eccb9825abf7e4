"""Durable work with real processes, killed and paused for real, on SQLite and PostgreSQL."""

import functools
import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.infra.db import UtcDateTime
from services.infra.durable import ExecutorRow
from services.kernel.context import correlated, new_correlation
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.paging import PageRequest
from tests.infra.durable_house import EXIT_LOST, SHOPPER, House, Ordered
from tests.infra.durable_workers import DEADLINE, Worker, Workers, eventually, settled
from tests.servers.waiting import until

ALL = ["SUCCESS", "ERROR", "PENDING", "ENQUEUED", "DELAYED", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
OPEN_TRANSACTIONS = """
select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'
and pid <> pg_backend_pid() and query not like '%pg_try_advisory_xact_lock%'
"""
COUNTED = "select pid, count(*) from shop_rows where kind = 'count' group by pid"


def whole(house: House, order: str) -> bool:
    """Tell whether an order has had its every consequence, once."""
    return house.rows(order) == {"order": 1, "count": 1, "celebrate": 1}


def pause(worker: Worker, house: House) -> None:
    """Pause a worker outside its short transactions, whose locks hold up the others until the database ends them."""

    def paused() -> bool:
        worker.send(signal.SIGSTOP)
        # The signal takes effect a little later, and a transaction could begin in between.
        until(lambda: stands_still(worker.pid), "the worker's standstill", DEADLINE)
        if writes(house):
            worker.send(signal.SIGCONT)
            return False
        return True

    until(paused, "a moment without a write", DEADLINE, poll_seconds=0.05)


def stands_still(pid: int) -> bool:
    """Tell whether every thread of a process is stopped."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(stat.read_text().rpartition(") ")[2][0] == "T" for stat in threads)


def writes(house: House) -> bool:
    """Tell whether somebody else is in the middle of a transaction."""
    if house.engine.dialect.name == "postgresql":
        with house.engine.connect() as connection:
            return bool(connection.execute(sa.text(OPEN_TRANSACTIONS)).scalar_one())
    with closing(sqlite3.connect(house.engine.url.database or "", isolation_level=None, timeout=0.2)) as probe:
        try:
            probe.execute("begin immediate")
        except sqlite3.OperationalError:
            return True
    return False


def test_a_fact_reaches_each_subscriber_and_a_rollback_takes_it_along(house: House) -> None:
    with pytest.raises(Invalid):
        house.shop.order(SHOPPER, "failed", "count", then_fail=True)
    assert house.client.listed(ALL, limit=10) == []
    assert house.rows("failed") == {}
    house.shop.order(SHOPPER, "kept", "count")
    waiting = house.client.listed(["ENQUEUED"], limit=10)
    assert {work.name for work in waiting} == {"shop.count", "shop.check", "shop.ship"}
    assert all(work.envelope and work.envelope.payload["ref"] == "kept" for work in waiting)


def test_a_fact_that_is_published_twice_reaches_each_subscriber_once(house: House) -> None:
    fact = Ordered(occurred_at=house.uow.clock.now(), ref="twice", plan="count")
    for _ in range(2):
        with house.uow.writing() as session:
            house.outbox.publish(session, fact)
            house.outbox.publish(session, fact)
    assert len(house.client.listed(ALL, limit=10)) == 3


def test_reaction_audit_row_and_chained_fact_happen_once_wherever_the_process_dies(
    house: House, workers: Workers
) -> None:
    points = ("before_the_change", "in_the_transaction", "after_our_commit", "before_the_end")
    for point in points:
        (house.folder / f"die-{point}").touch()
        house.shop.order(SHOPPER, point, "count")
        worker = workers.start()
        assert worker.wait() == -signal.SIGKILL, f"the worker died {point}"
    workers.start()
    for point in points:
        eventually(functools.partial(whole, house, point), f"one of each, after death {point}")
    eventually(settled(house), "an end of all work")
    assert all(house.rows(point) == {"order": 1, "count": 1, "celebrate": 1} for point in points)
    verbs = [verb for verb, _ in house.audited()]
    assert {verb.rpartition(".")[2]: verbs.count(verb) for verb in verbs} == {"order": 4, "count": 4, "mark": 4}


@pytest.mark.capability("ERR-2")
def test_the_correlation_id_of_a_request_stands_in_the_audit_rows_of_all_that_it_brings_about(
    house: House, workers: Workers
) -> None:
    workers.start()
    with correlated(new_correlation("request-4711-of-ann")):
        house.shop.order(SHOPPER, "traced", "count ship")
    eventually(lambda: len(house.rows("traced")) == 4, "all that the order brings about")
    assert {correlation for _, correlation in house.audited()} == {"request-4711-of-ann"}
    assert len(house.audited()) == 4


def test_an_effect_whose_process_dies_after_sending_is_sent_again_with_the_same_key(
    house: House, workers: Workers
) -> None:
    (house.folder / "die-after_sending").touch()
    house.shop.order(SHOPPER, "parcel", "ship")
    assert workers.start().wait() == -signal.SIGKILL
    workers.start()
    eventually(lambda: "parcel of parcel" in house.rows("parcel"), "the vendor's answer")
    eventually(settled(house), "an end of all work")
    (first, *_), (second, *_) = house.calls()
    assert first == second
    assert first.startswith("shop.ship:fct_")
    assert house.rows("parcel") == {"order": 1, "parcel of parcel": 1}


def test_one_that_fails_stops_no_other_and_is_listed_with_its_cause_and_can_be_retried(
    house: House, workers: Workers
) -> None:
    workers.start()
    house.shop.order(SHOPPER, "odd", "count refuse")
    eventually(lambda: house.work.counts(SHOPPER).failed == 1, "the failure")
    eventually(lambda: "celebrate" in house.rows("odd"), "the others' work")
    (failed,) = house.work.failed(SHOPPER, PageRequest()).items
    assert (failed.name, failed.state, failed.code, failed.attempt) == ("shop.check", "failed", "no_address", 1)
    assert failed.message == "Write to [address] for the address."
    assert "durable_house.py:" in failed.place
    assert "half done" not in house.rows("odd"), "a failed reaction leaves nothing behind"
    with pytest.raises(NotFound):
        house.work.retry(SHOPPER, "shop.check:none")
    (house.folder / "mended").touch()
    house.work.retry(SHOPPER, failed.work_id)
    eventually(lambda: house.work.failure(SHOPPER, failed.work_id).state == "recovered", "the retry")
    assert house.work.failed(SHOPPER, PageRequest()).items == []
    with pytest.raises(Conflict):
        house.work.retry(SHOPPER, failed.work_id)


def test_an_effect_is_tried_until_it_succeeds_and_given_up_at_once_where_that_cannot_help(
    house: House, workers: Workers
) -> None:
    workers.start()
    house.shop.order(SHOPPER, "flaky", "ship flaky")
    eventually(lambda: "parcel of flaky" in house.rows("flaky"), "the third call")
    assert len({key for key, _ in house.calls()}) == 1
    assert len(house.calls()) == 3
    house.shop.order(SHOPPER, "far", "ship impossible")
    eventually(lambda: "given up: vendor_refuses" in house.rows("far"), "the end")
    assert len(house.calls()) == 4
    states = {view.state for view in house.work.failed(SHOPPER, PageRequest(), ["failed", "recovered"]).items}
    assert states == {"failed", "recovered"}


def test_the_work_of_a_killed_worker_is_finished_by_another(house: House, workers: Workers) -> None:
    (house.folder / "hold-ship").touch()
    dying = workers.start("a")
    house.shop.order(SHOPPER, "left", "ship")
    eventually(lambda: list(house.folder.glob(f"holding-ship-{dying.pid}")), "work in the first worker")
    living = workers.start("b")
    (house.folder / "free-ship").touch()
    dying.send(signal.SIGKILL)
    (house.folder / "hold-ship").unlink()
    eventually(lambda: "parcel of left" in house.rows("left"), "the other worker's work")
    assert [int(pid) for _, pid in house.calls()][-1] in {dying.pid, living.pid}
    eventually(settled(house), "an end of all work")
    assert house.rows("left") == {"order": 1, "parcel of left": 1}


def test_the_work_of_a_living_worker_is_never_taken(house: House, workers: Workers) -> None:
    (house.folder / "hold-ship").touch()
    busy = workers.start("a")
    house.shop.order(SHOPPER, "slow", "ship")
    eventually(lambda: list(house.folder.glob(f"holding-ship-{busy.pid}")), "work in the first worker")
    workers.start("b")

    def looks() -> int:
        return sum(v.silent_seconds < 5 for v in house.work.processes(SHOPPER)) and beats(house, "b")

    eventually(lambda: looks() >= 30, "thirty looks of the other worker, nearly four times its patience")
    assert len(house.calls()) == 1
    (house.folder / "free-ship").touch()
    eventually(lambda: "parcel of slow" in house.rows("slow"), "the end of the slow work")
    assert [int(pid) for _, pid in house.calls()] == [busy.pid]


def test_a_paused_worker_loses_its_work_and_does_no_harm_when_it_wakes(house: House, workers: Workers) -> None:
    (house.folder / "hold-ship").touch()
    paused = workers.start("a")
    house.shop.order(SHOPPER, "nap", "ship")
    eventually(lambda: list(house.folder.glob(f"holding-ship-{paused.pid}")), "work in the first worker")
    pause(paused, house)
    (house.folder / "hold-ship").unlink()
    other = workers.start("b")
    eventually(lambda: "parcel of nap" in house.rows("nap"), "the other worker's work")
    (house.folder / "free-ship").touch()
    paused.send(signal.SIGCONT)
    assert paused.wait() == EXIT_LOST
    eventually(settled(house), "an end of all work")
    assert [int(pid) for _, pid in house.calls()] == [paused.pid, other.pid]
    assert len({key for key, _ in house.calls()}) == 1
    assert house.rows("nap") == {"order": 1, "parcel of nap": 1}


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_reaction_that_is_paused_in_its_transaction_commits_nothing_once_another_did(
    house: House, workers: Workers
) -> None:
    (house.folder / "hold-count").touch()
    paused = workers.start("a")
    house.shop.order(SHOPPER, "nap", "count")
    eventually(lambda: list(house.folder.glob(f"holding-count-{paused.pid}")), "an open transaction")
    paused.send(signal.SIGSTOP)
    (house.folder / "hold-count").unlink()
    workers.start("b")
    eventually(lambda: house.rows("nap") == {"order": 1, "count": 1, "celebrate": 1}, "the other worker's work")
    (house.folder / "free-count").touch()
    paused.send(signal.SIGCONT)
    assert paused.wait() == EXIT_LOST
    eventually(settled(house), "an end of all work")
    assert house.rows("nap") == {"order": 1, "count": 1, "celebrate": 1}


def test_work_that_hangs_is_resumed_from_the_console(house: House, workers: Workers) -> None:
    (house.folder / "hold-ship").touch()
    hanging = workers.start("a")
    house.shop.order(SHOPPER, "stuck", "ship")
    eventually(lambda: list(house.folder.glob(f"holding-ship-{hanging.pid}")), "work that hangs")
    eventually(lambda: len(house.work.open(SHOPPER, PageRequest()).items) == 1, "only the hanging work")
    pause(hanging, house)
    (house.folder / "hold-ship").unlink()
    workers.start("b", missed_beats=100_000)
    (view,) = house.work.open(SHOPPER, PageRequest()).items
    assert (view.name, view.state, view.executor_id[:2]) == ("shop.ship", "running", "a.")
    house.work.resume(SHOPPER, view.workflow_id)
    eventually(lambda: "parcel of stuck" in house.rows("stuck"), "the resumed work")


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_two_workers_share_the_queue(house: House, workers: Workers) -> None:
    workers.start("a")
    workers.start("b")
    for number in range(60):
        house.shop.order(SHOPPER, f"order-{number}", "count")
    eventually(settled(house), "an end of all work")
    with house.engine.connect() as connection:
        counted = connection.execute(sa.text(COUNTED)).all()
    assert sum(count for _, count in counted) == 60
    assert {pid for pid, _ in counted} == {worker.pid for worker in workers.started}


def test_a_worker_that_is_asked_to_stop_ends_in_good_order(house: House, workers: Workers) -> None:
    worker = workers.start()
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    (view,) = house.work.processes(SHOPPER)
    assert view.ended_because == "stopped"
    assert house.work.counts(SHOPPER).processes_alive == 0


def test_work_that_kills_its_processes_is_set_aside_and_listed(house: House) -> None:
    house.shop.order(SHOPPER, "poison", "count")
    table = "workflow_status" if house.engine.dialect.name == "sqlite" else "dbos.workflow_status"
    with house.engine.begin() as connection:
        connection.execute(
            sa.text(f"update {table} set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' where name = 'shop.count'")  # noqa: S608 - the engine's own table, by its name
        )
    assert house.work.note_set_aside(SHOPPER) == 1
    assert house.work.note_set_aside(SHOPPER) == 0
    (failed,) = house.work.failed(SHOPPER, PageRequest()).items
    assert (failed.name, failed.code) == ("shop.count", "process_died")
    house.work.retry(SHOPPER, failed.work_id)
    assert f"{failed.work_id}~2" in {work.workflow_id for work in house.client.listed(["ENQUEUED"], limit=10)}


def beats(house: House, slot: str) -> int:
    with house.engine.connect() as connection:
        found = connection.execute(sa.text("select beats from durable_executors where slot = :slot"), {"slot": slot})
        return int(found.scalar_one())


def test_work_left_at_an_orderly_stop_is_finished_however_long_ago_that_was(house: House, workers: Workers) -> None:
    (house.folder / "hold-ship").touch()
    stopped = workers.start("a")
    house.shop.order(SHOPPER, "left", "ship")
    eventually(lambda: list(house.folder.glob(f"holding-ship-{stopped.pid}")), "work in the middle of a call")
    stopped.send(signal.SIGTERM)
    assert stopped.wait() == 0
    (house.folder / "hold-ship").unlink()
    (view,) = house.work.processes(SHOPPER)
    assert view.ended_at
    with house.engine.begin() as connection:
        long_ago = {"at": view.ended_at - timedelta(hours=1)}
        connection.execute(sa.update(ExecutorRow).values(ended_at=sa.bindparam("at", type_=UtcDateTime)), long_ago)
    workers.start("b")
    eventually(lambda: "parcel of left" in house.rows("left"), "the other worker's work")
    eventually(settled(house), "an end of all work")
    assert house.rows("left") == {"order": 1, "parcel of left": 1}
    assert len({key for key, _ in house.calls()}) == 1

"""Work that fails, in real processes: nothing runs twice at once, nothing is lost, and each failure is listed."""

import signal
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from services.infra.durable.envelope import envelope_of_tick
from services.infra.durable.failures import described
from services.kernel.errors import Conflict
from services.kernel.paging import PageRequest
from services.work import Work
from tests.infra.durable_house import SHOPPER, House
from tests.infra.durable_workers import Workers, eventually, settled


def tick(house: House, minute: int) -> bool:
    """Enqueue a tick of the shop's job; tell whether it was taken."""
    at = datetime(2026, 3, 1, 12, minute, tzinfo=UTC)
    return house.client.enqueue_tick(envelope_of_tick("shop.tally", at, house.uow.clock.now()))


def test_no_tick_comes_between_a_job_and_its_next_attempt(house: House, workers: Workers) -> None:
    (house.folder / "tally-later").touch()
    workers.start()
    assert tick(house, 0)
    eventually(lambda: house.client.listed(["DELAYED"], limit=5), "another attempt, an hour from now")
    eventually(lambda: not house.client.listed(["PENDING"], limit=5), "the end of the first attempt")
    assert not tick(house, 1)
    (waiting,) = house.client.listed(["DELAYED", "ENQUEUED", "PENDING"], limit=5)
    assert waiting.workflow_id == "shop.tally@2026-03-01T12:00:00+00:00~2"


def test_a_failed_job_is_not_tried_again_beside_its_next_tick(house: House, workers: Workers) -> None:
    (house.folder / "tally-never").touch()
    worker = workers.start()
    assert tick(house, 0)
    eventually(lambda: house.work.counts(SHOPPER).failed == 1, "the failure")
    eventually(settled(house), "an end of all work")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    (failed,) = house.work.failed(SHOPPER, PageRequest()).items
    assert tick(house, 1)
    with pytest.raises(Conflict):
        house.work.retry(SHOPPER, failed.work_id)
    assert house.work.failure(SHOPPER, failed.work_id).state == "failed"
    assert len(house.client.listed(["ENQUEUED"], limit=5)) == 1


def test_work_whose_failure_cannot_be_written_down_stays_unfinished_until_it_can(
    house: House, workers: Workers
) -> None:
    worker = workers.start("a")
    rename(house, "durable_failures", "hidden_failures")
    house.shop.order(SHOPPER, "odd", "refuse")
    log = house.folder / "worker-a.log"
    eventually(lambda: log.read_text().count("failure_not_recorded") >= 2, "the database's refusals")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert [work.name for work in house.client.listed(["PENDING", "ERROR"], limit=5)] == ["shop.check"]
    assert house.client.listed(["ERROR"], limit=5) == []
    rename(house, "hidden_failures", "durable_failures")
    workers.start("b")
    eventually(lambda: house.work.counts(SHOPPER).failed == 1, "the failure, written down")
    (failed,) = house.work.failed(SHOPPER, PageRequest()).items
    assert (failed.name, failed.code) == ("shop.check", "no_address")


def rename(house: House, old: str, new: str) -> None:
    """Give one of the house's tables another name."""
    with house.engine.begin() as connection:
        connection.execute(sa.text(f"alter table {old} rename to {new}"))


def test_giving_up_that_fails_is_listed_without_the_words_of_a_foreign_error(house: House, workers: Workers) -> None:
    workers.start()
    house.shop.order(SHOPPER, "far", "ship impossible stubborn")
    eventually(lambda: house.work.counts(SHOPPER).failed == 1, "the failure")
    (failed,) = house.work.failed(SHOPPER, PageRequest()).items
    assert (failed.name, failed.state, failed.code) == ("shop.ship", "failed", "give_up_failed")
    assert failed.message == "Giving up after vendor_refuses failed with KeyError."
    assert "durable_house.py:" in failed.place


def test_a_foreign_error_keeps_its_kind_and_place_and_not_its_words() -> None:
    with pytest.raises(ValueError, match="Ann") as raised:
        int("Ann Smith lives in 12 High Street.")
    cause = described(raised.value)
    assert (cause.code, cause.message) == ("ValueError", "ValueError")
    assert "test_durable_failures.py:" in cause.place


def test_all_that_the_engine_set_aside_is_listed_however_much_that_is(house: House) -> None:
    for number in range(5):
        house.shop.order(SHOPPER, f"poison-{number}", "count")
    table = "workflow_status" if house.engine.dialect.name == "sqlite" else "dbos.workflow_status"
    with house.engine.begin() as connection:
        connection.execute(
            sa.text(f"update {table} set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' where name = 'shop.count'")  # noqa: S608 - the engine's own table, by its name
        )
    work = Work(house.uow, house.client, engine_page=2)
    assert work.note_set_aside(SHOPPER) == 5
    assert work.note_set_aside(SHOPPER) == 0

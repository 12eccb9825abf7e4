"""Ending a subscription while one of its messages is being settled: neither waits for the other for ever."""

import threading

import pytest
import sqlalchemy as sa

from services.kernel.context import JobActor
from services.webhooks.tables import DeliveryRow, EndpointRow
from services.webhooks.views import Result
from tests.webhooks.carrying import Receiver

from .conftest import House

HANDS = JobActor("tests", frozenset({"webhooks.run"}))


@pytest.mark.capability("HOOK-1")
def test_a_result_waits_for_the_endpoint_before_it_touches_the_message(house: House, receiver: Receiver) -> None:
    if house.uow.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    house.subscribe("ops@example.com", "webhook", receiver.url)
    receiver.status = 500
    house.announce()
    with house.uow.reading() as session:
        message_id, attempts = session.execute(sa.select(DeliveryRow.id, DeliveryRow.attempts)).one()
    raised: list[BaseException] = []

    def record() -> None:
        try:
            house.sender.deliveries.record(
                HANDS, message_id=message_id, attempt=attempts + 1, result=Result(500, None, None, 0.1, None)
            )
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test shows it
            raised.append(error)

    with house.uow.writing() as session:
        session.scalars(sa.select(EndpointRow).with_for_update()).one()  # as closing it does first
        thread = threading.Thread(target=record)
        thread.start()
        _wait_for_a_waiter(house)
        session.execute(sa.update(DeliveryRow).values(due_at=None))  # and then its messages
    thread.join(60)
    assert raised == []
    with house.uow.reading() as session:
        assert session.scalars(sa.select(DeliveryRow.attempts)).one() == attempts + 1


def _wait_for_a_waiter(house: House) -> None:
    """Wait until another transaction waits for a lock."""
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(2_000):
        with house.uow.engine.connect() as connection:
            if connection.scalar(waiting):
                return
        threading.Event().wait(0.01)
    pytest.fail("nobody waits")

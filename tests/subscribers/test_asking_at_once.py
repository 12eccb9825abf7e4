"""Many requests at one moment, tagged addresses, wide networks, and what is asked for by hand."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from services.events.webhooks import WebhookDue
from services.kernel.context import UserActor
from services.kernel.errors import Gone, NotFound, RateLimited
from services.kernel.paging import PageRequest
from services.subscribers import Choices
from services.webhooks.tables import DeliveryRow
from tests.webhooks.carrying import Receiver

from .conftest import STAFF, VISITOR, House

OPERATOR = UserActor("usr_" + "c" * 32, frozenset({"webhooks.read", "webhooks.replay"}))


def at_once(count: int, ask: Callable[[int], None]) -> list[str]:
    """Ask from so many threads at one moment, and return what was raised."""
    raised: list[str] = []
    barrier = threading.Barrier(count)

    def one(n: int) -> None:
        barrier.wait()
        try:
            ask(n)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test shows it
            raised.append(type(error).__name__)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


@pytest.mark.capability("STATUS-6")
def test_many_requests_at_once_bring_one_letter_and_no_fault(house: House) -> None:
    hooks = [house.slack.hook(f"c{n}") for n in range(8)]

    def ask(n: int) -> None:
        house.subscribers.door.requests.ask(
            VISITOR, channel="slack" if n % 2 else "email", email="victim@example.com",
            target=hooks[n] if n % 2 else "", choices=Choices(), client_address=f"203.0.113.{n}",
        )  # fmt: skip

    assert at_once(8, ask) == []
    house.carry()
    assert len(house.mails) == 1


@pytest.mark.capability("STATUS-6")
def test_tags_lead_to_the_same_mailbox(house: House) -> None:
    for n in range(8):
        house.ask(f"victim+{n}@example.com", address=f"203.0.113.{n}")
        house.clock.advance(minutes=5)
    assert len(house.mails) == 3


@pytest.mark.capability("STATUS-6")
def test_a_wide_network_asks_thirty_times_an_hour(house: House) -> None:
    for n in range(30):
        house.ask("victim@example.com", address=f"2001:db8:7:{n:x}::1")
    with pytest.raises(RateLimited):
        house.ask("victim@example.com", address="2001:db8:7:ffff::1")
    house.ask("other@example.com", address="2001:db8:8::1")


def test_an_old_link_to_confirm_opens_nothing_once_it_is_over(house: House) -> None:
    house.ask()
    token = house.token("confirm")
    house.subscribers.door.requests.confirm(VISITOR, token=token)
    house.clock.advance(days=2, seconds=1)
    for look in (house.subscribers.door.requests.look_at, house.subscribers.door.requests.confirm):
        with pytest.raises(Gone):
            look(VISITOR, token=token)


def test_a_link_that_staff_send_again_ends_the_older_one(house: House) -> None:
    manage, _ = house.subscribe()
    (found,) = house.subscribers.staff.search(STAFF, text="ada@example.com", purpose="she lost her link")
    house.subscribers.staff.resend(STAFF, subscriber_id=found.id)
    house.carry()
    with pytest.raises(NotFound):
        house.subscribers.door.own.subscription(VISITOR, token=manage)
    assert house.subscribers.door.own.subscription(VISITOR, token=house.token("manage")).state == "active"


@pytest.mark.capability("STATUS-6")
def test_nobody_makes_us_flood_a_host_with_tests(house: House, receiver: Receiver) -> None:
    manage, _ = house.subscribe("ops@example.com", "webhook", receiver.url)
    own = house.subscribers.door.own
    for _ in range(5):
        own.test(VISITOR, token=manage)
    with pytest.raises(RateLimited):
        own.test(VISITOR, token=manage)
    house.carry()
    with pytest.raises(RateLimited):
        own.replay(VISITOR, token=manage, message_id=own.subscription(VISITOR, token=manage).told[0].message_id or "")
    assert len(receiver.heard) == 5
    house.clock.advance(minutes=1)
    own.test(VISITOR, token=manage)


@pytest.mark.capability("STATUS-6")
def test_a_webhook_that_staff_switch_on_is_told_again(house: House, receiver: Receiver) -> None:
    manage, _ = house.subscribe("ops@example.com", "webhook", receiver.url)
    receiver.status = 410
    house.announce()
    assert house.subscribers.door.own.subscription(VISITOR, token=manage).state == "broken"
    receiver.status = 204
    (endpoint,) = house.console.endpoints(OPERATOR, PageRequest()).items
    house.console.enable(OPERATOR, endpoint_id=endpoint.id)
    house.carry()
    assert house.subscribers.door.own.subscription(VISITOR, token=manage).state == "active"
    house.announce(incident_id="inc2")
    assert len(receiver.heard) == 2


@pytest.mark.capability("HOOK-1")
def test_what_a_receiver_answers_leaves_a_step_as_ciphertext(house: House, receiver: Receiver) -> None:
    house.subscribe("ops@example.com", "webhook", receiver.url)
    receiver.status, receiver.answer = 500, b"A SECRET OF THE RECEIVER"
    house.announce()
    with house.uow.writing() as session:
        session.execute(sa.update(DeliveryRow).values(due_at=None))
        message_id = session.scalars(sa.select(DeliveryRow.id)).one()
    result = house.sender.attempt(WebhookDue(occurred_at=house.clock.now(), delivery_id=message_id, attempt=2), "key")
    assert isinstance(result, dict)
    assert result["status"] == 500
    assert "SECRET" not in repr(result)
    assert house.console.attempts(OPERATOR, message_id)[0].excerpt == "A SECRET OF THE RECEIVER"

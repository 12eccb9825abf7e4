"""Deliveries over real HTTP: what receivers verify, what they survive, and when they are left alone."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from services.events.webhooks import WebhookDisabled, WebhookDue
from services.kernel.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from services.kernel.paging import PageRequest
from services.webhooks.rules import DeliveryState
from services.webhooks.tables import AttemptRow, DeliveryRow, EndpointRow, SecretRow
from services.webhooks.views import DeliveryView

from .carrying import Heard, Receiver, receiving
from .conftest import OWNER, STAFF, House


def verified(heard: Heard, secret: str) -> Any:
    """Verify a request by the reference library, whatever time the test's clock shows."""
    hook = Webhook(secret)
    setattr(hook, "_Webhook__verify_timestamp", _instant)  # noqa: B010 -- the library has no clock to inject
    return hook.verify(heard.body, heard.headers)


def _instant(text: str) -> object:
    return datetime.fromtimestamp(int(text), UTC)


def log(house: House) -> list[DeliveryView]:
    return list(house.console.deliveries(STAFF, PageRequest()).items)


@pytest.mark.capability("HOOK-1")
def test_a_message_arrives_signed_and_its_attempt_is_kept(house: House, receiver: Receiver) -> None:
    receiver.status, receiver.answer = 200, b"thank you\x00<b>"
    opened = house.owner.open(OWNER, receiver.url)
    message_id = house.owner.tell(OWNER, opened.id, "one", text="Grüße <script>")
    house.carry()
    (heard,) = receiver.heard
    assert verified(heard, opened.secret) == {"text": "Grüße <script>"}
    assert heard.headers["webhook-id"] == message_id
    assert heard.headers["content-type"] == "application/json"
    (view,) = log(house)
    assert (view.state, view.attempts, view.last_status) == (DeliveryState.DELIVERED, 1, 200)
    (attempt,) = house.console.attempts(STAFF, view.id)
    assert attempt.excerpt == "thank you�<b>"
    assert attempt.duration_seconds > 0


def test_a_cause_makes_one_message_however_often_it_is_told(house: House, receiver: Receiver) -> None:
    opened = house.owner.open(OWNER, receiver.url)
    first = house.owner.tell(OWNER, opened.id, "one")
    assert house.owner.tell(OWNER, opened.id, "one") == first
    house.carry()
    assert len(receiver.heard) == 1


def test_an_attempt_that_is_carried_twice_is_settled_once(house: House, receiver: Receiver) -> None:
    opened = house.owner.open(OWNER, receiver.url)
    house.owner.tell(OWNER, opened.id, "one")
    house.carry()
    due = next(f for f in house.carrier.seen if isinstance(f, WebhookDue))
    for _ in range(2):
        house.carrier.run(house.uow, house.sender.subscriptions()[0], due)
    assert len(receiver.heard) == 1
    assert log(house)[0].attempts == 1


def test_a_crash_between_sending_and_settling_sends_the_same_message_again(house: House, receiver: Receiver) -> None:
    opened = house.owner.open(OWNER, receiver.url)
    house.owner.tell(OWNER, opened.id, "one")
    fact, _ids = house.carrier.waiting.pop()
    assert isinstance(fact, WebhookDue)
    house.sender.attempt(fact, "key")  # and the process dies before it settles
    house.carrier.publish(None, fact)  # type: ignore[arg-type] # the carrier needs no session
    house.carry()
    assert len(receiver.heard) == 2
    assert len({h.headers["webhook-id"] for h in receiver.heard}) == 1
    assert log(house)[0].attempts == 1


@pytest.mark.capability("HOOK-1")
def test_a_receiver_that_is_dead_for_an_hour_loses_nothing(house: House) -> None:
    receiver = Receiver()
    with receiving(receiver):
        opened = house.owner.open(OWNER, receiver.url)
    told = [house.owner.tell(OWNER, opened.id, f"event {n}") for n in range(30)]
    house.carry()
    for _minute in range(60):
        house.wait(minutes=1)
    assert receiver.heard == []
    with receiving(receiver):
        for _minute in range(180):
            house.wait(minutes=1)
    assert sorted(h.headers["webhook-id"] for h in receiver.heard) == sorted(str(t) for t in told)
    assert {view.state for view in log(house)} == {DeliveryState.DELIVERED}
    assert house.console.endpoints(STAFF, PageRequest()).items[0].failures == 0


def test_a_dead_receiver_is_not_hammered(house: House) -> None:
    receiver = Receiver()
    with receiving(receiver):
        opened = house.owner.open(OWNER, receiver.url)
    for n in range(30):
        house.owner.tell(OWNER, opened.id, f"event {n}")
    house.carry()
    before = sum(view.attempts for view in log(house))
    for _minute in range(60):
        house.wait(minutes=1)
    assert sum(view.attempts for view in log(house)) - before <= 30


@pytest.mark.capability("HOOK-1")
def test_an_endpoint_that_fails_for_days_is_disabled_its_owner_told_and_its_messages_kept(
    house: House, receiver: Receiver
) -> None:
    receiver.status = 500
    opened = house.owner.open(OWNER, receiver.url)
    house.owner.tell(OWNER, opened.id, "one")
    house.carry()
    for _hour in range(120):
        house.wait(hours=1)
    assert len(receiver.heard) == 10
    (view,) = log(house)
    assert view.state is DeliveryState.FAILED
    (disabled,) = [f for f in house.carrier.seen if isinstance(f, WebhookDisabled)]
    assert (disabled.endpoint_id, disabled.owner, disabled.because) == (opened.id, "tests:sub_1", "failing")
    assert house.owner.tell(OWNER, opened.id, "two") is None
    with pytest.raises(Conflict):
        house.console.replay(STAFF, message_id=view.id)
    receiver.status = 204
    house.console.enable(STAFF, endpoint_id=opened.id)
    house.console.replay(STAFF, message_id=view.id)
    house.carry()
    assert log(house)[0].state is DeliveryState.DELIVERED
    assert next(a.number for a in house.console.attempts(STAFF, view.id)) == 11


def test_an_endpoint_that_takes_other_messages_meanwhile_is_not_disabled(house: House, receiver: Receiver) -> None:
    opened = house.owner.open(OWNER, receiver.url)

    def picky(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(500 if b"bad" in receiver.heard[-1].body else 204)
        handler.end_headers()

    receiver.behave = picky
    house.owner.tell(OWNER, opened.id, "bad")
    house.carry()
    for hour in range(120):
        if hour == 60:
            house.owner.tell(OWNER, opened.id, "good")
        house.wait(hours=1)
    states = {view.kind + str(view.attempts): view.state for view in log(house)}
    assert states == {"incident10": DeliveryState.FAILED, "incident1": DeliveryState.DELIVERED}
    assert house.console.endpoints(STAFF, PageRequest()).items[0].disabled_at is None


@pytest.mark.capability("HOOK-1")
def test_gone_ends_it_at_once(house: House, receiver: Receiver) -> None:
    receiver.status = 410
    opened = house.owner.open(OWNER, receiver.url)
    for n in range(3):
        house.owner.tell(OWNER, opened.id, f"event {n}")
    house.carry()
    house.wait(days=4)
    assert len(receiver.heard) == 1
    (endpoint,) = house.console.endpoints(STAFF, PageRequest()).items
    assert endpoint.disabled_because == "gone"
    assert len([f for f in house.carrier.seen if isinstance(f, WebhookDisabled)]) == 1


def test_a_redirect_is_a_failure_that_nobody_follows(house: House, receiver: Receiver) -> None:
    with receiving(Receiver()) as elsewhere:
        receiver.status, receiver.headers = 302, {"Location": elsewhere.url}
        opened = house.owner.open(OWNER, receiver.url)
        house.owner.tell(OWNER, opened.id, "one")
        house.carry()
        assert elsewhere.heard == []
    (view,) = log(house)
    assert (view.state, view.last_status) == (DeliveryState.PENDING, 302)


def test_an_answer_of_ten_gigabytes_counts_by_its_status_and_is_cut(house: House, receiver: Receiver) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "10737418240")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            return

    receiver.behave = endless
    opened = house.owner.open(OWNER, receiver.url)
    house.owner.tell(OWNER, opened.id, "one")
    house.carry()
    (view,) = log(house)
    assert view.state is DeliveryState.DELIVERED
    assert len(house.console.attempts(STAFF, view.id)[0].excerpt) <= 300


def test_a_receiver_that_never_answers_is_tried_again(house: House, receiver: Receiver) -> None:
    done = threading.Event()

    def silent(_: BaseHTTPRequestHandler) -> None:
        done.wait(10)

    receiver.behave = silent
    opened = house.owner.open(OWNER, receiver.url)
    house.owner.tell(OWNER, opened.id, "one")
    house.carry()
    done.set()
    (view,) = log(house)
    assert (view.state, view.last_code) == (DeliveryState.PENDING, "target_timeout")
    receiver.behave = None
    house.wait(minutes=2)
    assert log(house)[0].state is DeliveryState.DELIVERED


def test_while_a_secret_is_rotated_both_sign_and_a_day_later_one_does(house: House, receiver: Receiver) -> None:
    opened = house.owner.open(OWNER, receiver.url)
    fresh = house.owner.rotate(OWNER, opened.id)
    house.owner.tell(OWNER, opened.id, "one")
    house.carry()
    for secret in (opened.secret, fresh):
        verified(receiver.heard[0], secret)
    house.clock.advance(hours=25)
    house.owner.tell(OWNER, opened.id, "two")
    house.carry()
    verified(receiver.heard[1], fresh)
    assert len(receiver.heard[1].headers["webhook-signature"].split(" ")) == 1


@pytest.mark.capability("HOOK-1")
def test_a_span_of_time_is_replayed_oldest_first_under_the_same_ids(house: House, receiver: Receiver) -> None:
    opened = house.owner.open(OWNER, receiver.url)
    since = house.clock.now()
    told = []
    for n in range(5):
        told.append(house.owner.tell(OWNER, opened.id, f"event {n}"))
        house.carry()
        house.clock.advance(minutes=1)
    receiver.heard.clear()
    until = house.clock.now()
    assert house.console.replay_range(STAFF, endpoint_id=opened.id, since_at=since, until_at=until) == 0
    replayed = house.console.replay_range(
        STAFF, endpoint_id=opened.id, since_at=since, until_at=until, only_failed=False
    )
    house.carry()
    assert replayed == 5
    assert [h.headers["webhook-id"] for h in receiver.heard] == told
    with pytest.raises(Invalid):
        house.console.replay_range(STAFF, endpoint_id=opened.id, since_at=until, until_at=since)


def test_a_test_message_is_signed_and_tried_once(house: House, receiver: Receiver) -> None:
    receiver.status = 500
    opened = house.owner.open(OWNER, receiver.url)
    house.console.test(STAFF, endpoint_id=opened.id)
    house.carry()
    house.wait(days=2)
    assert len(receiver.heard) == 1
    assert json.loads(receiver.heard[0].body)["type"] == "test"
    verified(receiver.heard[0], opened.secret)
    assert log(house)[0].state is DeliveryState.FAILED


def test_a_closed_endpoint_drops_what_waits(house: House) -> None:
    receiver = Receiver()
    with receiving(receiver):
        opened = house.owner.open(OWNER, receiver.url)
    house.owner.tell(OWNER, opened.id, "one")
    house.carry()
    house.owner.close(OWNER, opened.id)
    with receiving(receiver):
        house.wait(days=1)
    assert receiver.heard == []
    (view,) = log(house)
    assert view.state is DeliveryState.DROPPED
    with pytest.raises((Gone, Conflict)):
        house.console.replay(STAFF, message_id=view.id)


def test_an_erased_owner_leaves_nothing_to_read_and_nothing_to_send(house: House, receiver: Receiver) -> None:
    opened = house.owner.open(OWNER, receiver.url)
    house.owner.tell(OWNER, opened.id, "one")
    assert house.owner.url(OWNER, opened.id) == receiver.url
    house.owner.erase(OWNER, "sub_1")
    house.carry()
    assert receiver.heard == []
    assert house.owner.url(OWNER, opened.id) == ""


def test_addresses_secrets_and_bodies_are_stored_as_ciphertext(house: House, receiver: Receiver) -> None:
    receiver.status, receiver.answer = 200, b"an answer"
    opened = house.owner.open(OWNER, receiver.url)
    house.owner.tell(OWNER, opened.id, "one", text="a body")
    house.carry()
    with house.uow.reading() as session:
        rows = [row for table in (EndpointRow, SecretRow, DeliveryRow, AttemptRow)
                for row in session.execute(sa.select(table.__table__)).all()]  # fmt: skip
    stored = repr(rows)
    for secret in (receiver.url, opened.secret, "a body", "an answer"):
        assert secret not in stored


def test_a_private_address_is_refused_when_it_is_given(house: House) -> None:
    for url in ("http://10.0.0.1/", "http://169.254.169.254/latest", "https://[::1]/", "ftp://x.example/"):
        with pytest.raises(Invalid):
            house.owner.open(OWNER, url)


def test_staff_without_the_permission_replay_nothing(house: House, receiver: Receiver) -> None:
    opened = house.owner.open(OWNER, receiver.url)
    with pytest.raises(Forbidden):
        house.console.test(OWNER, endpoint_id=opened.id)
    with pytest.raises(NotFound):
        house.console.replay(STAFF, message_id="msg_none")


def test_what_is_settled_for_90_days_is_forgotten(house: House, receiver: Receiver) -> None:
    opened = house.owner.open(OWNER, receiver.url)
    house.owner.tell(OWNER, opened.id, "one")
    house.carry()
    house.clock.advance(days=91)
    house.owner.tell(OWNER, opened.id, "two")
    house.carry()
    house.sender.forget(house.clock.now())
    assert len(log(house)) == 1

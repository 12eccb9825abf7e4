"""The door for the processor's notices: forged, old, huge, malformed, doubled, reordered, lost."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import stripe
from flask.testing import FlaskClient

from api.hooks import BODY_BYTES, STRIPE_PATH, blueprint
from payment_sandbox.webhooks import signature
from services.payments.rules import AttemptState, OrderState
from tests.payments.conftest import DECLINED, SECRET, SLOW, Shop
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports

EVENT = json.dumps({
    "id": "evt_1", "object": "event", "type": "payment_intent.succeeded",
    "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
}).encode()  # fmt: skip


@pytest.fixture
def door(shop: Shop, tmp_path: Path) -> FlaskClient:
    """The door, on a server of its own."""
    server = make_server(ShellConfig("a secret of the tests", "http://localhost", tmp_path / "bundles"), Ports())
    server.register_blueprint(blueprint(shop.payments))
    return server.test_client()


def send(door: FlaskClient, body: bytes, signed: str | None = None) -> tuple[int, str]:
    """Send a notice, signed as the processor signs it, and return the status and the problem's code."""
    signed = signature(body, SECRET, int(time.time())) if signed is None else signed
    answer = door.post(STRIPE_PATH, data=body, headers={"Stripe-Signature": signed, "Accept": "application/json"})
    return answer.status_code, answer.json["code"] if answer.json else ""


def test_the_sandbox_signs_as_stripes_own_library_verifies() -> None:
    header = signature(EVENT, SECRET, int(time.time()))
    assert stripe.Webhook.construct_event(EVENT, header, SECRET).id == "evt_1"


def test_a_notice_is_taken_once_however_often_it_comes(shop: Shop, door: FlaskClient) -> None:
    assert [send(door, EVENT) for _ in range(3)] == [(204, "")] * 3
    assert [type(fact).__name__ for fact, _ in shop.carrier.waiting] == ["ProcessorNotified"]


_FORGED: dict[str, Callable[[int], str]] = {
    "none": lambda _now: "",
    "no instant": lambda _now: "v1=abc",
    "nothing in it": lambda _now: "t=,v1=",
    "no number": lambda _now: "t=now,v1=abc",
    "another's key": lambda now: signature(EVENT, "whsec_of_somebody_else", now),
    "another body": lambda now: signature(EVENT + b" ", SECRET, now),
    "too old": lambda now: signature(EVENT, SECRET, now - 301),
    "another scheme": lambda now: signature(EVENT, SECRET, now).replace("v1=", "v0="),
    "a huge instant": lambda _now: "t=" + "9" * 5_000 + ",v1=abc",
}
"""Made as the test runs: a signature from the time of collecting would be refused for its age alone."""


@pytest.mark.parametrize("forged", _FORGED)
def test_a_forged_or_old_notice_is_refused_and_changes_nothing(shop: Shop, door: FlaskClient, forged: str) -> None:
    assert send(door, EVENT, _FORGED[forged](int(time.time()))) == (401, "notice_signature")
    assert shop.carrier.waiting == []


def test_a_signature_of_letters_that_no_signature_has_is_refused(shop: Shop, door: FlaskClient) -> None:
    status, _ = send(door, EVENT, f"t={int(time.time())},v1=\xe9\xe9")
    assert status in {400, 401}
    assert shop.carrier.waiting == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"evt_1"',
        b"{",
        b"\xff\xfe",
        b"{}",
        b'{"id": 1, "type": "x", "data": {"object": {"id": "pi", "object": "payment_intent"}}}',
        b'{"id": "e", "type": "x", "data": {"object": []}}',
        b'{"id": "e", "type": "x", "data": null}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_event_is_refused_with_words_though_it_is_signed(shop: Shop, door: FlaskClient, body: bytes) -> None:
    assert send(door, body) == (400, "notice_malformed")
    assert shop.carrier.waiting == []


def test_a_huge_notice_is_refused_unread(door: FlaskClient) -> None:
    assert send(door, b" " * (BODY_BYTES + 1)) == (413, "body_too_large")
    assert send(door, b" " * (BODY_BYTES + 2)) == (413, "body_too_large")


def test_what_we_do_not_follow_is_thanked_for_and_dropped(shop: Shop, door: FlaskClient) -> None:
    body = EVENT.replace(b'"object": "payment_intent"', b'"object": "customer"')
    assert send(door, body) == (204, "")
    assert shop.carrier.waiting == []


def test_only_a_post_passes_the_door(door: FlaskClient) -> None:
    assert door.get(STRIPE_PATH).status_code == 405


def test_an_id_with_markup_and_of_any_length_is_kept_as_text(shop: Shop, door: FlaskClient) -> None:
    body = EVENT.replace(b"evt_1", b"<script>" + b"x" * 5_000)
    assert send(door, body) == (204, "")
    shop.carry()
    assert shop.carrier.failures == []


def test_another_secrets_mac_over_nothing_does_not_open_the_door(door: FlaskClient) -> None:
    at = int(time.time())
    empty = hmac.new(b"", f"{at}.".encode() + EVENT, hashlib.sha256).hexdigest()
    assert send(door, EVENT, f"t={at},v1={empty}") == (401, "notice_signature")


@pytest.mark.capability("STATUS-1")
@pytest.mark.parametrize("order_of_arrival", ["as sent", "reversed", "doubled", "lost"])
def test_however_notices_arrive_a_slow_payment_ends_paid_once(shop: Shop, order_of_arrival: str) -> None:
    key = shop.place()
    shop.pay(key, SLOW)
    shop.clock.advance(seconds=5)
    shop.sandbox.messenger.turn()
    told = shop.notices("payment_intent.created", "payment_intent.processing", "payment_intent.succeeded")
    assert len(told) == 3
    arriving = {"as sent": told, "reversed": told[::-1], "doubled": [*told, *told], "lost": []}[order_of_arrival]
    shop.hear(*arriving)
    shop.tick(seconds=31)
    assert shop.order(key).state is OrderState.PAID
    assert (shop.taken(), shop.outcomes(), shop.counted("checkouts_paid")) == (1, ["paid"], 1)


def test_an_old_notice_of_a_failure_does_not_undo_what_was_paid_since(shop: Shop) -> None:
    key = shop.place()
    shop.pay(key, DECLINED)
    (failed,) = shop.notices("payment_intent.payment_failed")
    shop.pay(key, number=2)
    shop.hear(failed)
    order = shop.order(key)
    assert (order.state, order.attempts[0].state) == (OrderState.PAID, AttemptState.PAID)
    assert shop.outcomes() == ["failed", "paid"]


def test_a_notice_about_somebody_elses_payment_changes_nothing(shop: Shop) -> None:
    shop.hear(EVENT)
    assert shop.carrier.failures == []
    assert shop.outcomes() == []


def test_notices_past_their_keeping_are_dropped(shop: Shop, door: FlaskClient) -> None:
    assert send(door, EVENT)[0] == 204
    shop.clock.advance(days=31)
    shop.teller.tidy(shop.clock.now())
    shop.carrier.waiting.clear()
    assert send(door, EVENT)[0] == 204
    assert len(shop.carrier.waiting) == 1

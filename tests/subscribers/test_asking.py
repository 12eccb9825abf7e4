"""Double opt-in: nothing before it is confirmed, the same answer for everybody, and nobody's mailbox flooded."""

import pytest
import sqlalchemy as sa

from services.infra.audit import AuditEntryRow
from services.infra.crypto import SubjectKeyRow
from services.kernel.errors import Gone, Invalid, NotFound, RateLimited
from services.subscribers import Choices
from services.subscribers.rules import Channel, SubscriberState
from services.subscribers.tables import RequestRow, SubscriberRow
from tests.webhooks.carrying import Receiver

from .conftest import VISITOR, House, html_of, text_of


@pytest.mark.capability("STATUS-6")
def test_nothing_is_sent_before_the_link_in_the_letter_is_followed(house: House) -> None:
    house.ask()
    (letter,) = house.mails
    assert letter["To"] == "ada@example.com"
    house.announce()
    assert len(house.mails) == 1
    token = house.token("confirm", letter)
    seen = house.subscribers.door.requests.look_at(VISITOR, token=token)
    assert (seen.channel, seen.target, seen.confirmed) == (Channel.EMAIL, "ada@example.com", False)
    house.announce(occasion="updated", status="identified")
    assert len(house.mails) == 1  # looking confirms nothing: mail scanners look too
    house.subscribers.door.requests.confirm(VISITOR, token=token)
    house.announce(occasion="resolved", status="resolved")
    assert len(house.mails) == 2
    assert "Checkout fails" in house.mails[1]["Subject"]


def test_confirming_twice_is_as_good_as_once(house: House) -> None:
    house.ask()
    token = house.token("confirm")
    first = house.subscribers.door.requests.confirm(VISITOR, token=token)
    assert house.subscribers.door.requests.confirm(VISITOR, token=token).manage_token == first.manage_token
    house.announce()
    assert len(house.mails) == 2


def test_a_link_is_good_for_two_days(house: House) -> None:
    house.ask()
    token = house.token("confirm")
    house.clock.advance(days=2, seconds=1)
    for look in (house.subscribers.door.requests.look_at, house.subscribers.door.requests.confirm):
        with pytest.raises(Gone):
            look(VISITOR, token=token)


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + ("0" if t[-1] != "0" else "1"), lambda _: "sub_1.x", lambda _: ""]
)
def test_a_forged_link_opens_nothing(house: House, change) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 -- a lambda
    house.ask()
    with pytest.raises(NotFound):
        house.subscribers.door.requests.confirm(VISITOR, token=change(house.token("confirm")))


def test_a_link_for_one_thing_opens_no_other(house: House) -> None:
    house.ask()
    confirm = house.token("confirm")
    manage = house.subscribers.door.requests.confirm(VISITOR, token=confirm).manage_token
    house.announce()
    stop = house.token("stop")
    for token in (confirm, stop):
        with pytest.raises(NotFound):
            house.subscribers.door.own.subscription(VISITOR, token=token)
    with pytest.raises(NotFound):
        house.subscribers.door.requests.confirm(VISITOR, token=manage)


@pytest.mark.capability("STATUS-6")
def test_the_answer_is_the_same_whether_the_address_is_known_or_not(house: House) -> None:
    house.ask()
    confirm = house.token("confirm")
    house.clock.advance(minutes=10)
    house.ask()  # asked for, not confirmed
    house.subscribers.door.requests.confirm(VISITOR, token=confirm)
    house.clock.advance(minutes=10)
    house.ask()  # confirmed
    house.clock.advance(minutes=10)
    house.ask()  # and more often than a mailbox is written to
    assert len(house.mails) == 3
    assert house.mails[-1]["Subject"] == "Your subscription to Greenlight status"
    manage = house.token("manage")
    assert house.subscribers.door.own.subscription(VISITOR, token=manage).contact == "ada@example.com"


@pytest.mark.capability("STATUS-6")
def test_a_mailbox_gets_three_letters_a_day_however_often_and_from_wherever_it_is_asked_for(house: House) -> None:
    for n in range(60):
        house.ask("Victim@Example.com", address=f"203.0.113.{n}")
        house.clock.advance(minutes=5)
    assert len(house.mails) == 3
    house.clock.advance(days=1)
    house.ask("victim@example.com", address="203.0.113.250")
    assert len(house.mails) == 4


def test_asking_again_at_once_brings_no_second_letter(house: House) -> None:
    house.ask()
    house.ask()
    assert len(house.mails) == 1


@pytest.mark.capability("STATUS-6")
def test_one_network_asks_ten_times_an_hour_for_whomever(house: House) -> None:
    for n in range(10):
        house.ask(f"victim{n}@example.com", address=f"2001:db8:1:2::{n + 1:x}")
    with pytest.raises(RateLimited):
        house.ask("victim11@example.com", address="2001:db8:1:2:ffff::1")
    house.ask("other@example.com", address="2001:db8:9::1")
    house.clock.advance(hours=1, seconds=1)
    house.ask("victim11@example.com", address="2001:db8:1:2:ffff::1")
    assert len(house.mails) == 12


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@example.com", "a b@example.com", "ada@example.com\r\nBcc: x@y.zz"]
)
def test_what_is_no_address_is_refused(house: House, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        house.ask(email)
    assert "email" in refused.value.fields


@pytest.mark.parametrize(
    ("channel", "target"),
    [
        ("webhook", "http://10.0.0.1/hook"),
        ("webhook", "http://169.254.169.254/latest/meta-data/"),
        ("webhook", "not an address"),
        ("slack", "https://hooks.slack.com.evil.example/services/T/B/x"),
        ("slack", "http://169.254.169.254/services/T/B/x"),
        ("slack", ""),
        ("carrier pigeon", ""),
    ],
)
def test_where_we_do_not_go_nobody_subscribes(house: House, channel: str, target: str) -> None:
    with pytest.raises(Invalid):
        house.ask(channel=channel, target=target)
    assert house.mails == []


def test_a_new_request_before_confirming_replaces_what_was_chosen(house: House) -> None:
    house.ask(choices=Choices(frozenset({"cmp2"})))
    house.clock.advance(minutes=10)
    house.ask(choices=Choices(frozenset({"cmp1"})))
    manage = house.subscribers.door.requests.confirm(VISITOR, token=house.token("confirm")).manage_token
    assert house.subscribers.door.own.subscription(VISITOR, token=manage).choices.component_ids == {"cmp1"}


def test_addresses_stand_nowhere_in_clear(house: House) -> None:
    house.subscribe("ada@example.com")
    with house.uow.reading() as session:
        stored = repr([
            row
            for table in (SubscriberRow, RequestRow, AuditEntryRow)
            for row in session.execute(sa.select(table.__table__)).all()
        ])  # fmt: skip
    assert "ada@example.com" not in stored
    assert "198.51.100" not in stored


def test_what_was_never_confirmed_is_forgotten_with_its_key(house: House) -> None:
    house.ask()
    house.clock.advance(days=3)
    house.subscribers.hearing.tidy(house.clock.now())
    with house.uow.reading() as session:
        (row,) = session.scalars(sa.select(SubscriberRow)).all()
        key = session.get_one(SubjectKeyRow, row.id)
        assert session.scalar(sa.select(sa.func.count()).select_from(RequestRow)) == 0
    assert (row.state, row.contact_sealed, row.contact_digest) == (SubscriberState.ENDED, None, None)
    assert key.wrapped_keyset is None


def test_the_letter_to_confirm_carries_no_words_of_whoever_asked(house: House, receiver: Receiver) -> None:
    house.ask(channel="webhook", target=f"{receiver.url}/Your-account-is-locked?<script>alert(1)</script>")
    for said in (html_of(house.mails[0]), text_of(house.mails[0])):
        assert "a webhook at 127.0.0.1." in said
        assert "locked" not in said
        assert "alert" not in said

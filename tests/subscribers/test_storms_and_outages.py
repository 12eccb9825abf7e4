"""What must never silence anybody: a large update, planned work, an outage of mail, and more news than one digest."""

import dataclasses
import re
import threading

import pytest
import sqlalchemy as sa

from services.events.notifications import MessageQueued
from services.incidents.views import ComponentChangeView
from services.infra.durable import Failure
from services.kernel.context import JobActor
from services.kernel.errors import Invalid
from services.subscribers import Choices
from services.subscribers.payloads import SIZE_MAX
from services.subscribers.rules import NoticeState
from services.subscribers.tables import NoticeRow, SubscriberRow
from services.subscribers.telling import Event
from tests.webhooks.carrying import Receiver
from tests.webhooks.test_deliveries import verified

from .conftest import VISITOR, House, text_of

RUNNER = JobActor("tests", frozenset({"subscribers.run"}))


def counts(house: House) -> dict[str, int]:
    with house.uow.reading() as session:
        found = sa.select(NoticeRow.state, sa.func.count()).where(NoticeRow.kind != "digest")
        return {row[0]: row[1] for row in session.execute(found.group_by(NoticeRow.state))}


@pytest.mark.capability("STATUS-6")
def test_an_update_that_names_three_hundred_components_reaches_everybody(house: House, receiver: Receiver) -> None:
    house.subscribe("ada@example.com")
    _, secret = house.subscribe("ops@example.com", "webhook", receiver.url)
    changes = tuple(
        ComponentChangeView(f"comp{n:08d}", f"Component number {n}", "operational", "major_outage") for n in range(300)
    )
    house.page.answers = lambda view: dataclasses.replace(
        view, updates=(dataclasses.replace(view.updates[0], changes=changes),)
    )
    house.announce()
    assert [mail["To"] for mail in house.mails] == ["ada@example.com"]
    payload = verified(receiver.heard[0], secret or "")
    assert 20 <= len(payload["incident"]["incident_updates"][0]["affected_components"]) <= 50


@pytest.mark.capability("STATUS-6")
@pytest.mark.parametrize("letter", ["漢", "\N{FIRE}", '"', "\x01"])
def test_the_longest_words_reach_everybody_cut_with_a_link(house: House, receiver: Receiver, letter: str) -> None:
    house.subscribe("ada@example.com")
    _, secret = house.subscribe("ops@example.com", "webhook", receiver.url)
    house.page.answers = lambda view: dataclasses.replace(
        view, postmortem=letter * 4_000, postmortem_at=house.clock.now()
    )
    house.announce(body=letter * 4_000, occasion="postmortem", status="postmortem")
    assert len(house.mails) == 1
    assert len(receiver.heard[0].body) < 20_000
    said = verified(receiver.heard[0], secret or "")["incident"]["postmortem_body"]
    assert said.startswith(letter * 50)
    assert said == letter * 4_000 or said.endswith("… https://greenlight.example/status/incidents/inc1/")
    assert SIZE_MAX < 20_000


@pytest.mark.capability("STATUS-6")
def test_a_webhook_whose_message_is_refused_silences_nobody_else(house: House, receiver: Receiver) -> None:
    house.subscribe("ada@example.com")
    house.subscribe("ops@example.com", "webhook", receiver.url)
    house.subscribe("eve@example.com")
    house.announce("N" * 30_000)
    assert sorted(str(mail["To"]) for mail in house.mails) == ["ada@example.com", "eve@example.com"]
    assert receiver.heard == []
    assert counts(house) == {NoticeState.SENT: 2, NoticeState.FAILED: 1}


@pytest.mark.capability("STATUS-6")
@pytest.mark.parametrize("before", ["under_maintenance", "unknown", "operational"])
def test_an_outage_is_news_whatever_was_before(house: House, before: str) -> None:
    house.subscribe()
    house.change(before, "major_outage")
    assert len(house.mails) == 1
    house.change("major_outage", "operational")
    assert len(house.mails) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [("operational", "unknown"), ("major_outage", "under_maintenance"), ("unknown", "operational"),
     ("under_maintenance", "operational")],
)  # fmt: skip
def test_planned_work_and_not_knowing_are_no_news_of_their_own(house: House, old: str, new: str) -> None:
    house.subscribe()
    house.change(old, new)
    assert house.mails == []


@pytest.mark.capability("STATUS-6")
def test_an_outage_during_planned_work_is_told(house: House) -> None:
    house.subscribe(choices=Choices(maintenance=False))
    house.announce(kind="maintenance", impact="maintenance", status="in_progress", occasion="started")
    assert house.mails == []
    house.change("operational", "major_outage")
    assert len(house.mails) == 1


@pytest.mark.capability("STATUS-6")
def test_an_outage_of_the_mail_server_switches_nobody_off(house: House) -> None:
    manage, _ = house.subscribe()
    for n in range(4):
        house.announce(incident_id=f"inc{n}")
        house.mail_server.recipient_answer = "451 later"
    queued = [fact for fact in house.carrier.seen if isinstance(fact, MessageQueued)][-3:]
    for fact in queued:
        with house.uow.writing() as session, house.uow.lend(session):
            house.post.give_up(fact, Failure("smtp_unreachable", "No answer.", retryable=True, attempt=150))
    house.carry()
    view = house.subscribers.door.own.subscription(VISITOR, token=manage)
    assert view.state == "active"
    assert sorted(told.state for told in view.told) == ["failed", "failed", "failed", "sent"]


@pytest.mark.parametrize("code", ["smtp_message_554", "mail_malformed"])
def test_a_letter_that_is_refused_for_what_it_says_is_not_the_addresss_fault(house: House, code: str) -> None:
    manage, _ = house.subscribe()
    house.mail_server.recipient_answer = "451 later"
    for n in range(3):
        house.announce(incident_id=f"inc{n}")
    for fact in [fact for fact in house.carrier.seen if isinstance(fact, MessageQueued)][-3:]:
        with house.uow.writing() as session, house.uow.lend(session):
            house.post.give_up(fact, Failure(code, "Refused.", retryable=False, attempt=1))
    house.carry()
    assert house.subscribers.door.own.subscription(VISITOR, token=manage).state == "active"


@pytest.mark.capability("STATUS-6")
def test_the_owner_of_a_slack_channel_that_is_gone_gets_a_letter(house: House) -> None:
    manage, _ = house.subscribe("ops@example.com", "slack", house.slack.hook("ops"))
    house.slack.say = (404, "no_service", {})
    for n in range(3):
        house.announce(incident_id=f"inc{n}")
    (letter,) = house.mails
    assert letter["To"] == "ops@example.com"
    assert letter["Subject"] == "Your status Slack channel was switched off"
    assert house.token("manage", letter) == manage


@pytest.mark.capability("STATUS-6")
def test_a_digest_says_what_it_holds_and_the_rest_comes_with_the_next(house: House) -> None:
    house.subscribe()
    hook = house.slack.hook("ops")
    house.subscribe("ops@example.com", "slack", hook)
    for n in range(60):
        house.announce(f"Incident {n:02d}!", incident_id=f"inc{n}")
    house.mail_server.envelopes.clear()
    house.tick(minutes=11)
    assert house.mails[-1]["Subject"] == "40 updates of Greenlight status"
    assert counts(house)[NoticeState.HELD] == 15 + 35
    for _ in range(3):
        house.tick(minutes=11)
    told = [number for mail in house.mails for number in re.findall(r"Incident (\d\d)!", text_of(mail))]
    assert sorted(told) == [f"{n:02d}" for n in range(5, 60)]
    posted = repr(house.slack.channels[hook.removeprefix(house.slack.url)])
    assert all(f"Incident {n:02d}!" in posted for n in range(60))
    assert counts(house) == {NoticeState.SENT: 120}


@pytest.mark.capability("STATUS-6")
def test_what_is_held_while_a_digest_goes_out_comes_with_the_next(house: House) -> None:
    if house.uow.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    house.subscribe()
    for n in range(6):
        house.announce(f"I{n}", incident_id=f"inc{n}")
    house.clock.advance(minutes=9, seconds=59)
    with house.uow.writing() as session:
        session.execute(sa.update(NoticeRow).values(noticed_at=house.clock.now()))
    house.page.known["late"] = dataclasses.replace(house.page.known["inc0"], id="late")
    about = {"incident_id": "late", "update_id": "", "occasion": "opened", "status": "investigating"}
    event = Event("incident:late:opened:x", "incident", about, "major", ("cmp1",))
    read, go = threading.Event(), threading.Event()

    def told() -> None:
        telling = house.subscribers.hearing.telling
        with house.uow.writing() as session, house.uow.lend(session):
            session.scalars(sa.select(SubscriberRow)).all()  # the teller has read the row before the digest goes out
            read.set()
            go.wait(30)
            telling.tell(RUNNER, event=event)

    thread = threading.Thread(target=told)
    thread.start()
    assert read.wait(30)
    house.clock.advance(seconds=2)
    house.subscribers.hearing.tell_together(house.clock.now())
    go.set()
    thread.join(30)
    house.carry()
    assert counts(house)[NoticeState.HELD] == 1
    house.tick(minutes=11)
    assert NoticeState.HELD not in counts(house)


@pytest.mark.parametrize("component_id", ["x" * 65, "", "a\x00b", "é"])
def test_what_can_be_no_components_id_is_not_chosen(component_id: str) -> None:
    with pytest.raises(Invalid):
        Choices(frozenset({component_id}))

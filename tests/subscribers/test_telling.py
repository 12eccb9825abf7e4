"""Who hears what: by component, group and severity, once, together in a storm, and inert whatever was written."""

import json
import re

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.subscribers import Choices
from services.subscribers.rules import NoticeState
from services.subscribers.tables import NoticeRow
from tests.webhooks.carrying import Receiver
from tests.webhooks.test_deliveries import verified

from .conftest import VISITOR, House, html_of, text_of

EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)> & "quoted"'


def told(house: House) -> list[str]:
    return [str(mail["To"]) for mail in house.mails]


@pytest.mark.capability("STATUS-6")
def test_choices_of_component_group_and_severity_decide_who_hears(house: House) -> None:
    house.subscribe("all@example.com")
    house.subscribe("checkout@example.com", choices=Choices(frozenset({"cmp1"})))
    house.subscribe("group@example.com", choices=Choices(frozenset({"grp1"})))
    house.subscribe("playback@example.com", choices=Choices(frozenset({"cmp2"})))
    house.subscribe("worst@example.com", choices=Choices(min_impact="critical"))
    house.announce(impact="major", components=("cmp1",))
    assert told(house) == ["all@example.com", "checkout@example.com", "group@example.com"]
    house.mail_server.envelopes.clear()
    house.announce(impact="critical", components=("cmp2",), incident_id="inc2")
    assert told(house) == ["all@example.com", "playback@example.com", "worst@example.com"]


def test_maintenance_is_a_choice_of_its_own(house: House) -> None:
    house.subscribe("yes@example.com", choices=Choices(min_impact="critical"))
    house.subscribe("no@example.com", choices=Choices(maintenance=False))
    house.announce(kind="maintenance", impact="maintenance", status="scheduled", occasion="scheduled")
    assert told(house) == ["yes@example.com"]
    assert "Planned: 24 November 2026, 12:00" in text_of(house.mails[0])


def test_what_is_not_to_be_announced_is_not(house: House) -> None:
    house.subscribe()
    house.announce(notifies=False)
    house.announce(occasion="deleted")
    assert house.mails == []


@pytest.mark.capability("STATUS-6")
def test_an_event_that_is_delivered_twice_is_told_once(house: House, receiver: Receiver) -> None:
    house.subscribe()
    house.subscribe("b@example.com", "webhook", receiver.url)
    house.subscribe("c@example.com", "slack", hook := house.slack.hook("ops"))
    fact = house.announce()
    house.tell(fact)
    change = house.change("operational", "major_outage", "cmp2")
    house.tell(change)
    assert len(house.mails) == 2
    assert len(receiver.heard) == 2
    assert len(house.slack.channels[hook.removeprefix(house.slack.url)]) == 2


def test_a_crowd_is_told_in_batches_of_their_own_and_nobody_twice(house: House) -> None:
    for n in range(5):
        house.subscribe(f"a{n}@example.com")
    fact = house.announce()
    house.tell(fact)
    assert sorted(told(house)) == [f"a{n}@example.com" for n in range(5)]


@pytest.mark.capability("STATUS-6")
def test_a_storm_comes_as_one_digest(house: House) -> None:
    house.subscribe()
    for n in range(12):
        house.announce(f"Incident number {n}", incident_id=f"inc{n}")
        house.clock.advance(seconds=10)
    assert len(house.mails) == 5
    house.tick(minutes=8)
    assert len(house.mails) == 5
    house.tick(minutes=2)
    assert len(house.mails) == 6
    digest = house.mails[-1]
    assert digest["Subject"] == "7 updates of Greenlight status"
    assert all(f"Incident number {n}" in text_of(digest) for n in range(5, 12))
    with house.uow.reading() as session:
        assert _states(session) == {NoticeState.SENT}
    house.tick(minutes=20)
    house.announce("After the storm", incident_id="inc99")
    assert len(house.mails) == 7


def _states(session: Session) -> set[str]:
    return set(session.scalars(sa.select(NoticeRow.state)))


@pytest.mark.capability("STATUS-6")
def test_mail_is_inert_whatever_an_incident_says(house: House) -> None:
    house.page.add_component("cmp9", f"Comp {EVIL}")
    house.subscribe()
    house.announce(f"Name {EVIL}\r\nBcc: evil@example.com", f"Body {EVIL}\n[click](javascript:alert(1))",
                   components=("cmp9",))  # fmt: skip
    (mail,) = house.mails
    assert mail["Bcc"] is None
    assert house.mail_server.envelopes[0].rcpt_tos == ["ada@example.com"]
    rendered = html_of(mail)
    assert "<script" not in rendered
    assert "<img" not in rendered
    assert not re.search(r'href="javascript:', rendered)
    assert "&lt;script&gt;" in rendered
    assert "Body <script>" in text_of(mail)


@pytest.mark.capability("STATUS-6")
def test_a_mail_can_be_ended_with_one_click(house: House) -> None:
    house.subscribe()
    house.announce()
    (mail,) = house.mails
    link = re.fullmatch(r"<(https://\S+)>", mail["List-Unsubscribe"])
    assert link
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = house.token("stop", mail)
    assert link[1] == f"https://greenlight.example/status/subscribe/stop/{token}/"
    for _ in range(2):  # a second click is as good as one
        house.subscribers.door.own.stop(VISITOR, token=token)
    house.announce(occasion="updated", status="identified")
    assert len(house.mails) == 1


@pytest.mark.capability("STATUS-6")
@pytest.mark.capability("STATUS-3")
def test_a_breach_reaches_a_webhook_signed_and_in_the_shape_that_receivers_know(
    house: House, receiver: Receiver
) -> None:
    _, secret = house.subscribe("ops@example.com", "webhook", receiver.url)
    assert secret
    house.announce("Join time misses its target", automatic=True, impact="critical")
    (heard,) = receiver.heard
    payload = verified(heard, secret)
    assert payload == json.loads(heard.body)
    assert set(payload) == {"meta", "page", "incident"}
    assert set(payload["meta"]) == {"unsubscribe", "documentation", "generated_at"}
    assert payload["page"] == {
        "id": "page00000001",
        "status_indicator": "critical",
        "status_description": "Major Service Outage",
    }
    incident = payload["incident"]
    assert (incident["name"], incident["impact"], incident["status"]) == (
        "Join time misses its target",
        "critical",
        "investigating",
    )
    assert incident["incident_updates"][0]["body"] == "We are looking."
    assert incident["components"][0]["id"] == "cmp1"
    token = payload["meta"]["unsubscribe"].split("/")[-2]
    house.subscribers.door.own.stop(VISITOR, token=token)
    house.announce(occasion="updated", status="identified")
    assert len(receiver.heard) == 1


def test_a_components_change_reaches_a_webhook_in_the_known_shape(house: House, receiver: Receiver) -> None:
    _, secret = house.subscribe("ops@example.com", "webhook", receiver.url)
    house.change("operational", "partial_outage")
    payload = verified(receiver.heard[0], secret or "")
    assert set(payload) == {"meta", "page", "component", "component_update"}
    assert payload["component_update"]["old_status"] == "operational"
    assert payload["component_update"]["new_status"] == "partial_outage"
    assert payload["component_update"]["component_id"] == payload["component"]["id"] == "cmp1"
    house.change("partial_outage", "unknown")
    told_unknown = json.loads(receiver.heard[1].body)["component_update"]["new_status"]
    assert told_unknown == "degraded_performance"  # the format has no word for not knowing, and green would be a lie


def test_people_hear_of_a_change_only_where_no_incident_tells_of_it(house: House) -> None:
    house.subscribe()
    house.change("operational", "major_outage")
    assert house.mails[-1]["Subject"] == "[was operational] Checkout: major outage"
    house.announce(components=("cmp1",))
    house.change("major_outage", "partial_outage")
    assert len(house.mails) == 2
    house.change("operational", "unknown", "cmp2")
    house.change("unknown", "under_maintenance", "cmp2")
    assert len(house.mails) == 2


@pytest.mark.capability("STATUS-6")
@pytest.mark.parametrize("between", ["unknown", "under_maintenance"])
def test_who_was_told_of_a_trouble_is_told_of_its_end_once_whatever_lies_between(house: House, between: str) -> None:
    house.subscribe("all@example.com")
    house.subscribe("worst@example.com", choices=Choices(min_impact="critical"))
    house.change("operational", "major_outage")
    house.change("major_outage", between)
    house.change(between, "operational", ended="major_outage")
    house.change("operational", between)
    house.change(between, "operational")
    subjects = [str(mail["Subject"]) for mail in house.mails]
    assert sorted(map(str, (mail["To"] for mail in house.mails))) == ["all@example.com"] * 2 + ["worst@example.com"] * 2
    assert ["Checkout: major outage" in each for each in subjects] == [True, True, False, False]
    assert ["Checkout: operational" in each for each in subjects] == [False, False, True, True]
    assert f"was major outage, then {between.replace('_', ' ')}" in text_of(house.mails[-1])


def test_a_trouble_that_got_better_first_ends_for_who_hears_only_of_bad_ones(house: House) -> None:
    house.subscribe("worst@example.com", choices=Choices(min_impact="critical"))
    house.change("operational", "major_outage")
    house.change("major_outage", "degraded_performance")
    house.change("degraded_performance", "operational", ended="major_outage")
    assert len(house.mails) == 3
    assert "operational" in str(house.mails[-1]["Subject"])


def test_who_did_not_choose_changes_does_not_hear_of_them(house: House) -> None:
    house.subscribe(choices=Choices(component_changes=False))
    house.change("operational", "major_outage")
    assert house.mails == []


def test_a_very_long_history_still_fits_a_webhook(house: House, receiver: Receiver) -> None:
    house.subscribe("ops@example.com", "webhook", receiver.url)
    for n in range(30):
        house.announce("Long", "é" * 3_900, occasion="updated", status="identified", notifies=n == 29)
    (heard,) = receiver.heard
    assert len(heard.body) < 20_000
    assert len(json.loads(heard.body)["incident"]["incident_updates"]) >= 1


@pytest.mark.capability("STATUS-6")
def test_slack_gets_the_news_as_plain_words(house: House) -> None:
    hook = house.slack.hook("ops")
    house.subscribe("ops@example.com", "slack", hook)
    house.announce("<!channel> *Bold* <https://evil.example|click>", "Body <!here> " + "x" * 9_000)
    (message,) = house.slack.channels[hook.removeprefix(house.slack.url)]
    header, *sections, context = message["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "<!channel> *Bold* <https://evil.example|click>",
                              "emoji": False}  # fmt: skip
    assert {section["text"]["type"] for section in sections} == {"plain_text"}
    assert "<!channel>" not in message["text"]
    assert context["elements"][0]["text"] == (
        "<https://greenlight.example/status/incidents/inc1/|Read it on the status page>"
    )
    assert house.slack.refusals == []


def test_slack_that_is_busy_is_asked_again_and_one_that_is_gone_is_not(house: House) -> None:
    hook = house.slack.hook("ops")
    manage, _ = house.subscribe("ops@example.com", "slack", hook)
    house.slack.say = (429, "rate_limited", {"Retry-After": "30"})
    house.announce()
    assert house.carrier.failures == ["slack_busy"]
    house.slack.say = (404, "no_service", {})
    for n in range(3):
        house.announce(incident_id=f"inc{n + 2}")
    view = house.subscribers.door.own.subscription(VISITOR, token=manage)
    assert view.state == "broken"
    assert [t.state for t in view.told] == ["failed"] * 3 + ["queued"]


def test_a_mailbox_that_refuses_three_in_a_row_is_left_alone(house: House) -> None:
    manage, _ = house.subscribe()
    house.mail_server.recipient_answer = "550 no such user"
    for n in range(5):
        house.announce(incident_id=f"inc{n}")
    view = house.subscribers.door.own.subscription(VISITOR, token=manage)
    assert view.state == "broken"
    assert len(view.told) == 3


@pytest.mark.capability("STATUS-6")
def test_a_webhook_that_is_gone_is_switched_off_and_its_owner_gets_a_letter(house: House, receiver: Receiver) -> None:
    manage, _ = house.subscribe("ops@example.com", "webhook", receiver.url)
    receiver.status = 410
    house.announce()
    (letter,) = house.mails
    assert letter["To"] == "ops@example.com"
    assert "(410)" in text_of(letter)
    assert house.token("manage", letter) == manage
    receiver.status = 204
    own = house.subscribers.door.own
    own.resume(VISITOR, token=manage)
    message_id = own.subscription(VISITOR, token=manage).told[0].message_id
    assert message_id
    own.replay(VISITOR, token=manage, message_id=message_id)
    house.carry()
    assert own.subscription(VISITOR, token=manage).told[0].state == "delivered"


def test_what_vanished_before_it_was_told_is_dropped(house: House) -> None:
    manage, _ = house.subscribe()
    for n in range(6):
        house.announce(incident_id=f"inc{n}")
    house.page.known.clear()
    house.tick(minutes=11)
    assert len(house.mails) == 5
    assert house.subscribers.door.own.subscription(VISITOR, token=manage).told[0].state == "dropped"

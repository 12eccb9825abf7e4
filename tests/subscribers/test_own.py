"""One's own subscription by its link: choices, pause, secrets, deliveries, the end; and what staff may see and do."""

import pytest
import sqlalchemy as sa

from services.infra.audit import AuditEntryRow
from services.infra.crypto import SubjectKeyRow
from services.kernel.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from services.subscribers import Choices
from services.subscribers.tables import ChoiceRow, SubscriberRow
from tests.webhooks.carrying import Receiver
from tests.webhooks.test_deliveries import verified

from .conftest import STAFF, VISITOR, House


@pytest.mark.capability("STATUS-6")
def test_an_owner_changes_pauses_and_goes_on(house: House) -> None:
    own = house.subscribers.door.own
    manage, _ = house.subscribe()
    own.choose(VISITOR, token=manage, choices=Choices(frozenset({"cmp2"}), "major", maintenance=False))
    view = own.subscription(VISITOR, token=manage)
    assert view.choices == Choices(frozenset({"cmp2"}), "major", maintenance=False)
    house.announce(components=("cmp1",))
    assert house.mails == []
    own.pause(VISITOR, token=manage)
    house.announce(components=("cmp2",), incident_id="inc2")
    assert house.mails == []
    own.resume(VISITOR, token=manage)
    house.announce(components=("cmp2",), incident_id="inc3")
    assert len(house.mails) == 1
    (told,) = own.subscription(VISITOR, token=manage).told
    assert (told.title, told.state) == ("Checkout fails", "sent")
    with pytest.raises(Conflict):
        own.resume(VISITOR, token=manage)


@pytest.mark.capability("STATUS-6")
def test_the_end_erases_what_leads_to_the_owner(house: House, receiver: Receiver) -> None:
    manage, _ = house.subscribe("ada@example.com", "webhook", receiver.url, Choices(frozenset({"cmp1"})))
    house.subscribers.door.own.stop(VISITOR, token=manage)
    with pytest.raises(Gone):
        house.subscribers.door.own.subscription(VISITOR, token=manage)
    with house.uow.reading() as session:
        (row,) = session.scalars(sa.select(SubscriberRow)).all()
        assert session.get_one(SubjectKeyRow, row.id).wrapped_keyset is None
        assert session.scalars(sa.select(ChoiceRow)).all() == []
    assert {row.contact_sealed, row.contact_digest, row.target_sealed, row.target_digest} == {None}
    house.announce()
    assert receiver.heard == []
    house.clock.advance(minutes=5)
    again, _ = house.subscribe("ada@example.com", "webhook", receiver.url)  # and whoever left may come back
    assert again != manage


def test_a_secret_is_replaced_and_both_sign_meanwhile(house: House, receiver: Receiver) -> None:
    own = house.subscribers.door.own
    manage, old = house.subscribe("ops@example.com", "webhook", receiver.url)
    new = own.rotate(VISITOR, token=manage)
    assert own.subscription(VISITOR, token=manage).secrets == 2
    own.test(VISITOR, token=manage)
    house.carry()
    for secret in (old or "", new):
        verified(receiver.heard[0], secret)


def test_nobody_replays_a_message_of_another_subscription(house: House, receiver: Receiver) -> None:
    own = house.subscribers.door.own
    mine, _ = house.subscribe("a@example.com", "webhook", receiver.url)
    other, _ = house.subscribe("b@example.com", "webhook", f"{receiver.url}/b")
    house.announce()
    message_id = own.subscription(VISITOR, token=other).told[0].message_id
    with pytest.raises(NotFound):
        own.replay(VISITOR, token=mine, message_id=message_id or "")


def test_a_mail_subscription_has_no_secret(house: House) -> None:
    manage, _ = house.subscribe()
    with pytest.raises(NotFound):
        house.subscribers.door.own.rotate(VISITOR, token=manage)


def test_too_many_choices_are_refused() -> None:
    with pytest.raises(Invalid):
        Choices(frozenset(map(str, range(501))))
    with pytest.raises(Invalid):
        Choices(min_impact="enormous")


def test_staff_search_by_address_for_a_stated_purpose_that_is_recorded(house: House) -> None:
    staff = house.subscribers.staff
    house.subscribe("ada@example.com")
    house.subscribe("eve@example.com")
    with pytest.raises(Invalid):
        staff.search(STAFF, text="ada@example.com", purpose=" ")
    (found,) = staff.search(STAFF, text=" Ada@Example.com ", purpose="ticket 4711 asks to be removed")
    assert found.contact == "ada@example.com"
    assert len(staff.search(STAFF, text="", purpose="monthly review of the list")) == 2
    with house.uow.reading() as session:
        leaves = session.scalars(
            sa.select(AuditEntryRow.leaf).where(AuditEntryRow.verb == "subscribers.Staff.search")
        ).all()
    assert b"ticket 4711" in leaves[0]
    assert found.id.encode() in leaves[0]
    with pytest.raises(Forbidden):
        staff.search(
            type(STAFF)("usr_" + "b" * 32, frozenset({"webhooks.read"})), text="", purpose="just a look around"
        )


def test_staff_count_end_and_send_again(house: House) -> None:
    staff = house.subscribers.staff
    house.subscribe("ada@example.com")
    house.ask("eve@example.com")
    counts = staff.counts(STAFF)
    assert (counts.active, counts.pending) == (1, 1)
    assert dict(counts.by_channel) == {"email": 1, "webhook": 0, "slack": 0}
    pending = staff.search(STAFF, text="eve@example.com", purpose="she got no letter")[0]
    before = len(house.mails)
    staff.resend(STAFF, subscriber_id=pending.id)
    house.carry()
    assert len(house.mails) == before + 1
    staff.disable(STAFF, subscriber_id=pending.id)
    assert staff.counts(STAFF).ended == 1
    with pytest.raises(Conflict):
        staff.resend(STAFF, subscriber_id=pending.id)

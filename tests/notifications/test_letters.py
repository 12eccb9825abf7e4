from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.events.notifications import MessageQueued
from services.identity import Identity, Role
from services.identity.rules import current_code
from services.infra.audit import AuditEntryRow
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import correlated, new_correlation
from services.kernel.errors import Conflict, Forbidden
from services.kernel.paging import PageRequest
from services.notifications import Messages, Post
from services.notifications.reactions import ACTOR
from services.notifications.tables import MessageRow
from services.notifications.views import MessageState

from .conftest import ADMIN, CLIENT, PUBLIC_URL, VISITOR, Carrier, MailServer

PASSWORD = "violet harbour 93 kettle"


def join(identity: Identity, carrier: Carrier, uow: UnitOfWork, post: Post, email: str = "ada@example.com") -> str:
    issued = identity.invitations.invite(ADMIN, email=email, role=Role.FAN)
    carrier.carry(uow, post)
    identity.invitations.accept(VISITOR, token=issued.token, name="Ada <b>Byron", password=PASSWORD, client=CLIENT)
    return issued.token


def states(messages: Messages) -> list[MessageState]:
    return [view.state for view in messages.latest(ADMIN, PageRequest()).items]


@pytest.mark.capability("ERR-2")
def test_an_invited_person_receives_a_link_that_works_under_the_id_of_the_request(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, post: Post, mail_server: MailServer
) -> None:
    with correlated(new_correlation("request-4711-abc")):
        issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.CREATOR)
    carrier.carry(uow, post)
    (mail,) = mail_server.mails
    assert mail["To"] == "ada@example.com"
    assert mail["X-Correlation-Id"] == "request-4711-abc"
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"{PUBLIC_URL}/account/invitation/{issued.token}" in body.get_content()
    assert "a creator" in body.get_content()
    with uow.reading() as session:
        verbs = session.scalars(
            sa.select(AuditEntryRow.verb).where(AuditEntryRow.correlation_id == "request-4711-abc")
        ).all()
    assert {
        "identity.Invitations.invite",
        "notifications.Messages.compose_invitation",
        "notifications.Messages.settle_sent",
    } <= set(verbs)


def test_a_reset_letter_is_sent_to_an_account_and_to_nobody_else(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, post: Post, mail_server: MailServer
) -> None:
    join(identity, carrier, uow, post)
    mail_server.envelopes.clear()
    for email in ("ada@example.com", "eve@example.com"):
        identity.passwords.request_reset(VISITOR, email=email, client=CLIENT)
    carrier.carry(uow, post)
    (mail,) = mail_server.mails
    body = mail.get_body(("plain",))
    assert body is not None
    token = body.get_content().partition("/account/reset/")[2].split()[0]
    identity.passwords.reset(VISITOR, token=token, new="seven quiet tram stops")
    carrier.carry(uow, post)
    assert mail_server.mails[-1]["Subject"] == "Your account's security has changed"


def test_a_name_cannot_put_markup_into_a_letter(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, post: Post, mail_server: MailServer
) -> None:
    join(identity, carrier, uow, post)
    identity.passwords.request_reset(VISITOR, email="ada@example.com", client=CLIENT)
    carrier.carry(uow, post)
    rich = mail_server.mails[-1].get_body(("html",))
    assert rich is not None
    assert "Ada &lt;b&gt;Byron" in rich.get_content()


def test_a_withdrawn_invitation_sends_no_letter(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, post: Post, mail_server: MailServer
) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    identity.invitations.withdraw(ADMIN, invitation_id=issued.id)
    carrier.carry(uow, post)
    assert mail_server.envelopes == []


def test_neither_address_nor_link_is_stored_in_clear_and_the_content_goes_once_it_is_sent(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, messages: Messages, post: Post
) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    waiting = Post(messages, None)
    carrier.carry(uow, waiting)
    with uow.reading() as session:
        row = session.scalars(sa.select(MessageRow)).one()
        stored = " ".join(str(getattr(row, c.key)) for c in sa.inspect(MessageRow).columns)
        leaves = b"".join(session.scalars(sa.select(AuditEntryRow.leaf)))
    secret = issued.token.partition(".")[2]
    assert row.content_sealed
    for hidden in ("ada@", secret):
        assert hidden not in stored
        assert hidden.encode() not in leaves
    messages.queue_waiting(ACTOR)
    carrier.carry(uow, post)
    with uow.reading() as session:
        row = session.scalars(sa.select(MessageRow)).one()
    assert (row.content_sealed, row.sent_at is not None) == (None, True)


def test_without_a_mail_server_letters_wait_and_go_out_when_there_is_one(
    identity: Identity,
    carrier: Carrier,
    uow: UnitOfWork,
    messages: Messages,
    post: Post,
    mail_server: MailServer,
    clock: FixedClock,
) -> None:
    without = Post(messages, None)
    identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    carrier.carry(uow, without)
    assert states(messages) == [MessageState.WAITING]
    without.queue_waiting(clock.now())
    carrier.carry(uow, without)
    assert states(messages) == [MessageState.WAITING]
    post.queue_waiting(clock.now())
    carrier.carry(uow, post)
    assert states(messages) == [MessageState.SENT]
    assert len(mail_server.envelopes) == 1
    post.queue_waiting(clock.now())
    carrier.carry(uow, post)
    assert len(mail_server.envelopes) == 1


def test_a_refused_letter_fails_with_its_cause_and_can_be_sent_again(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, messages: Messages, post: Post, mail_server: MailServer
) -> None:
    mail_server.recipient_answer = "550 no such user"
    identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    carrier.carry(uow, post)
    (view,) = messages.latest(ADMIN, PageRequest(), only_failed=True).items
    assert (view.state, view.failed_because) == (MessageState.FAILED, "smtp_550")
    mail_server.recipient_answer = "250 fine"
    messages.send_again(ADMIN, message_id=view.id)
    carrier.carry(uow, post)
    assert states(messages) == [MessageState.SENT]
    with pytest.raises(Conflict):
        messages.send_again(ADMIN, message_id=view.id)


def test_a_refused_letter_whose_delivery_is_tried_again_goes_out_and_counts_as_failed_no_more(
    identity: Identity,
    carrier: Carrier,
    uow: UnitOfWork,
    messages: Messages,
    post: Post,
    mail_server: MailServer,
    clock: FixedClock,
) -> None:
    mail_server.recipient_answer = "550 no such user"
    identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    carrier.carry(uow, post)
    (view,) = messages.latest(ADMIN, PageRequest(), only_failed=True).items
    mail_server.recipient_answer = "250 fine"
    carrier.waiting.append(
        (MessageQueued(occurred_at=clock.now(), message_id=view.id, queueing_id="que"), new_correlation())
    )
    carrier.carry(uow, post)
    assert len(mail_server.envelopes) == 1
    assert states(messages) == [MessageState.SENT]
    assert messages.latest(ADMIN, PageRequest(), only_failed=True).items == []


def test_a_letter_that_was_carried_twice_is_composed_and_sent_once(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, messages: Messages, post: Post, mail_server: MailServer
) -> None:
    identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    carrier.waiting *= 2
    carrier.carry(uow, post)
    assert len(mail_server.envelopes) == 1
    assert states(messages) == [MessageState.SENT]


def test_the_content_of_a_letter_that_was_never_sent_is_dropped_after_a_week(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, messages: Messages, post: Post, clock: FixedClock
) -> None:
    identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    carrier.carry(uow, Post(messages, None))
    clock.advance(days=7)
    assert messages.drop_unsent(ACTOR) == 0
    clock.set(clock.now() + timedelta(seconds=1))
    post.queue_waiting(clock.now())
    assert states(messages) != [MessageState.SENT]
    assert messages.drop_unsent(ACTOR) == 0
    with uow.reading() as session:
        assert session.scalars(sa.select(MessageRow.content_sealed)).one() is None


def test_an_erased_person_receives_nothing(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, messages: Messages, post: Post, mail_server: MailServer
) -> None:
    identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    carrier.carry(uow, Post(messages, None))
    with uow.writing() as session:
        uow.vault.destroy(session, session.scalars(sa.select(MessageRow.subject_id)).one())
    messages.queue_waiting(ACTOR)
    carrier.carry(uow, post)
    assert mail_server.envelopes == []


def test_every_guarded_change_has_words(
    identity: Identity, carrier: Carrier, uow: UnitOfWork, post: Post, mail_server: MailServer, clock: FixedClock
) -> None:
    join(identity, carrier, uow, post)
    me = identity.sessions.authenticate(
        VISITOR,
        identity.sign_in.sign_in(VISITOR, email="ada@example.com", password=PASSWORD, client=CLIENT).token,
    )
    assert me is not None
    mail_server.envelopes.clear()
    begun = identity.second_factor.begin_enrolment(me.actor, session_id=me.session_id)
    code = current_code(begun.secret.replace(" ", ""), clock.now())
    assert identity.second_factor.confirm_enrolment(me.actor, session_id=me.session_id, code=code)
    identity.people.grant(ADMIN, user_id=me.actor.user_id, role=Role.OPERATOR)
    identity.second_factor.take_off(ADMIN, user_id=me.actor.user_id)
    carrier.carry(uow, post)
    assert [mail["Subject"] for mail in mail_server.mails] == ["Your account's security has changed"] * 3


def test_the_content_of_letters_is_for_the_post_only(messages: Messages) -> None:
    with pytest.raises(Forbidden):
        messages.outgoing(ADMIN, "msg_1")

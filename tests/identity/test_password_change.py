from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.events.identity import AccountSecured, PasswordResetRequested
from services.identity import Client, Identity, Role
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor
from services.kernel.errors import Gone, Invalid, NotFound, RateLimited, Unauthenticated

from .conftest import ADMIN, CLIENT, PASSWORD, VISITOR, People, Person, RememberingOutbox

NEW = "seven quiet tram stops"
WRONG = "wrong and long"
POST = JobActor("post", frozenset({"identity.correspond"}))

pytestmark = pytest.mark.capability("GO-4")


def link(identity: Identity, outbox: RememberingOutbox) -> str:
    fact = [f for f in outbox.facts if isinstance(f, PasswordResetRequested)][-1]
    return identity.passwords.links.token(fact.reset_id)


def changes(outbox: RememberingOutbox, person: Person) -> list[str]:
    return [f.change for f in outbox.facts if isinstance(f, AccountSecured) and f.user_id == person.user_id]


def test_a_changed_password_ends_the_other_sign_ins_and_renews_this_one(
    identity: Identity, people: People, outbox: RememberingOutbox
) -> None:
    fan = people.join(Role.FAN)
    here, there = fan.sign_in().token, fan.sign_in().token
    me = fan.recognised(here)
    opened = identity.passwords.change(me.actor, session_id=me.session_id, old=PASSWORD, new=NEW)
    assert [identity.sessions.authenticate(VISITOR, t) for t in (here, there)] == [None, None]
    assert fan.recognised(opened.token).session_id == me.session_id
    with pytest.raises(Unauthenticated):
        fan.sign_in()
    fan.password = NEW
    assert fan.sign_in()
    assert changes(outbox, fan) == ["password_changed"]


def test_a_wrong_old_password_changes_nothing_and_waits_in_the_end(identity: Identity, people: People) -> None:
    fan = people.join(Role.FAN)
    me = fan.recognised(fan.sign_in().token)
    for _ in range(6):
        with pytest.raises(Invalid) as refused:
            identity.passwords.change(me.actor, session_id=me.session_id, old="wrong and long", new=NEW)
        assert list(refused.value.fields) == ["old"]
    with pytest.raises(RateLimited):
        identity.passwords.change(me.actor, session_id=me.session_id, old=PASSWORD, new=NEW)
    assert fan.sign_in()


def test_an_unfit_new_password_is_refused(identity: Identity, people: People) -> None:
    fan = people.join(Role.FAN, "margaret@example.com")
    me = fan.recognised(fan.sign_in().token)
    for new in ("short", "margaret@example.com", "x" * 129):
        with pytest.raises(Invalid) as refused:
            identity.passwords.change(me.actor, session_id=me.session_id, old=PASSWORD, new=new)
        assert list(refused.value.fields) == ["password"]


def test_a_session_that_is_over_changes_no_password(identity: Identity, people: People) -> None:
    fan = people.join(Role.FAN)
    me = fan.recognised(fan.sign_in().token)
    identity.sessions.sign_out(me.actor, session_id=me.session_id)
    with pytest.raises(Unauthenticated):
        identity.passwords.change(me.actor, session_id=me.session_id, old=PASSWORD, new=NEW)
    assert fan.sign_in()


def test_a_reset_replaces_the_password_and_ends_every_sign_in(
    identity: Identity, people: People, outbox: RememberingOutbox
) -> None:
    fan = people.join(Role.FAN)
    token = fan.sign_in().token
    identity.passwords.request_reset(VISITOR, email=fan.email.upper(), client=CLIENT)
    identity.passwords.reset(VISITOR, token=link(identity, outbox), new=NEW)
    assert identity.sessions.authenticate(VISITOR, token) is None
    with pytest.raises(Unauthenticated):
        fan.sign_in()
    fan.password = NEW
    assert fan.sign_in()
    assert changes(outbox, fan) == ["password_reset"]


def test_asking_for_an_unknown_address_looks_the_same_and_leads_nowhere(
    identity: Identity, people: People, outbox: RememberingOutbox
) -> None:
    people.join(Role.FAN, "ada@example.com")
    for email in ("ada@example.com", "eve@example.com"):
        before = len(outbox.facts)
        identity.passwords.request_reset(VISITOR, email=email, client=CLIENT)
        assert [type(f) for f in outbox.facts[before:]] == [PasswordResetRequested]
    with pytest.raises(NotFound):
        identity.passwords.reset(VISITOR, token=link(identity, outbox), new=NEW)


def test_a_reset_link_works_once_even_at_the_same_moment(
    identity: Identity, people: People, outbox: RememberingOutbox
) -> None:
    fan = people.join(Role.FAN)
    identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
    token = link(identity, outbox)

    def attempt(n: int) -> bool:
        try:
            identity.passwords.reset(VISITOR, token=token, new=f"{NEW} {n}")
        except Gone:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    with pytest.raises(Gone):
        identity.passwords.look_at_reset(VISITOR, token=token)


def test_using_one_link_uses_up_the_others(identity: Identity, people: People, outbox: RememberingOutbox) -> None:
    fan = people.join(Role.FAN)
    tokens = []
    for _ in range(2):
        identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
        tokens.append(link(identity, outbox))
    identity.passwords.reset(VISITOR, token=tokens[1], new=NEW)
    with pytest.raises(Gone):
        identity.passwords.reset(VISITOR, token=tokens[0], new=NEW)


def test_a_reset_link_ends_after_an_hour(
    identity: Identity, people: People, outbox: RememberingOutbox, clock: FixedClock
) -> None:
    fan = people.join(Role.FAN)
    identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
    token = link(identity, outbox)
    clock.advance(minutes=59)
    assert identity.passwords.look_at_reset(VISITOR, token=token)
    clock.advance(minutes=1)
    with pytest.raises(Gone):
        identity.passwords.reset(VISITOR, token=token, new=NEW)


def test_a_forged_reset_link_is_unknown(identity: Identity, people: People, outbox: RememberingOutbox) -> None:
    fan = people.join(Role.FAN)
    identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
    token = link(identity, outbox)
    for forged in (token[:-1], token + "0", token.partition(".")[0], "", f"rst_{'1' * 32}.{token.partition('.')[2]}"):
        with pytest.raises(NotFound):
            identity.passwords.reset(VISITOR, token=forged, new=NEW)


def test_a_reset_opens_the_door_that_guessers_had_closed(
    identity: Identity, people: People, outbox: RememberingOutbox
) -> None:
    fan = people.join(Role.FAN)
    stranger = Client("198.51.100.9")
    for _ in range(6):
        with pytest.raises(Unauthenticated):
            identity.sign_in.sign_in(VISITOR, email=fan.email, password=WRONG, client=stranger)
    with pytest.raises(RateLimited):
        fan.sign_in()
    identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
    device = identity.passwords.reset(VISITOR, token=link(identity, outbox), new=NEW)
    fan.password = NEW
    assert fan.sign_in(device=device)


def test_a_mailbox_is_not_flooded(identity: Identity, people: People, outbox: RememberingOutbox) -> None:
    fan = people.join(Role.FAN)
    for n in range(6):
        identity.passwords.request_reset(VISITOR, email=fan.email, client=Client(f"198.51.100.{n}"))
    letters = [
        identity.letters.password_reset(POST, f.reset_id, purpose="count them")
        for f in outbox.facts
        if isinstance(f, PasswordResetRequested)
    ]
    assert sum(letter is not None for letter in letters) == 3


def test_one_client_cannot_ask_without_end(identity: Identity) -> None:
    for n in range(11):
        identity.passwords.request_reset(VISITOR, email=f"user{n}@example.com", client=CLIENT)
    with pytest.raises(RateLimited):
        identity.passwords.request_reset(VISITOR, email="user99@example.com", client=CLIENT)


@pytest.mark.parametrize("change", ["password", "suspended", "role"])
def test_a_reset_link_does_not_outlive_a_change_of_the_account(
    identity: Identity, people: People, outbox: RememberingOutbox, change: str
) -> None:
    fan = people.join(Role.FAN)
    me = fan.recognised(fan.sign_in().token)
    identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
    token = link(identity, outbox)
    if change == "password":
        identity.passwords.change(me.actor, session_id=me.session_id, old=PASSWORD, new=NEW)
    elif change == "suspended":
        identity.people.suspend(ADMIN, user_id=fan.user_id)
        identity.people.reinstate(ADMIN, user_id=fan.user_id)
    else:
        identity.people.grant(ADMIN, user_id=fan.user_id, role=Role.CREATOR)
    with pytest.raises(Gone):
        identity.passwords.reset(VISITOR, token=token, new=NEW)


def test_a_suspended_person_gets_no_link(identity: Identity, people: People, outbox: RememberingOutbox) -> None:
    fan = people.join(Role.FAN)
    identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
    token = link(identity, outbox)
    identity.people.suspend(ADMIN, user_id=fan.user_id)
    with pytest.raises(Gone):
        identity.passwords.reset(VISITOR, token=token, new=NEW)
    identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
    with pytest.raises(NotFound):
        identity.passwords.look_at_reset(VISITOR, token=link(identity, outbox))


def test_the_second_factor_is_still_needed_after_a_reset(
    identity: Identity, people: People, outbox: RememberingOutbox
) -> None:
    staff = people.join(Role.OPERATOR)
    identity.passwords.request_reset(VISITOR, email=staff.email, client=CLIENT)
    identity.passwords.reset(VISITOR, token=link(identity, outbox), new=NEW)
    staff.password = NEW
    assert not staff.recognised(staff.sign_in().token).complete
    assert staff.signed_in().complete


def test_a_link_lives_as_long_as_its_letter_says(
    identity: Identity, people: People, outbox: RememberingOutbox, clock: FixedClock
) -> None:
    fan = people.join(Role.FAN)
    identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
    fact = [f for f in outbox.facts if isinstance(f, PasswordResetRequested)][-1]
    letter = identity.letters.password_reset(POST, fact.reset_id, purpose="deliver")
    assert letter is not None
    assert letter.expires_at == clock.now() + timedelta(hours=1)

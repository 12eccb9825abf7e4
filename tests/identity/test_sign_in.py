import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Literal

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from services.identity import Client, Identity, Role, SecondFactorState, make_identity
from services.identity.devices import known_device
from services.identity.passwords import Passwords
from services.identity.tables import AttemptsRow, SessionRow, UserRow
from services.infra.audit import AuditEntryRow
from services.infra.crypto import Vault
from services.infra.settings import Settings
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import UserActor, VisitorActor
from services.kernel.errors import DomainError, RateLimited, Unauthenticated

from .conftest import ADMIN, CLIENT, PASSWORD, VISITOR, People

WRONG = "wrong and long"
ELSEWHERE = Client("198.51.100.9", "curl/8")

pytestmark = pytest.mark.capability("GO-4")


def guess(identity: Identity, email: str, client: Client = ELSEWHERE, device: str | None = None) -> DomainError:
    with pytest.raises(DomainError) as refused:
        identity.sign_in.sign_in(VISITOR, email=email, password=WRONG, client=client, device=device)
    return refused.value


def guess_until_it_waits(identity: Identity, email: str) -> RateLimited:
    for _ in range(50):
        error = guess(identity, email)
        if isinstance(error, RateLimited):
            return error
        assert isinstance(error, Unauthenticated)
    raise AssertionError("guessing never waits")


def test_the_right_password_opens_a_session_that_says_who_it_is(people: People) -> None:
    fan = people.join(Role.FAN)
    me = fan.recognised(fan.sign_in().token)
    assert (me.actor.user_id, me.name, me.roles) == (fan.user_id, "Ada Byron", ("fan",))
    assert me.second_factor == SecondFactorState.NOT_NEEDED
    assert me.complete


def test_an_address_is_the_same_however_it_is_typed(identity: Identity, people: People) -> None:
    fan = people.join(Role.FAN, "ada@example.com")
    opened = identity.sign_in.sign_in(VISITOR, email=" ADA@Example.com ", password=PASSWORD, client=CLIENT)
    assert fan.recognised(opened.token).actor.user_id == fan.user_id


def test_a_wrong_password_and_an_unknown_account_are_refused_in_the_same_words(
    identity: Identity, people: People
) -> None:
    people.join(Role.FAN, "ada@example.com")
    known, unknown, malformed = (guess(identity, e) for e in ("ada@example.com", "eve@example.com", "no address"))
    assert isinstance(known, Unauthenticated)
    assert (known.code, known.message, known.facts) == (unknown.code, unknown.message, unknown.facts)
    assert (known.code, known.message, known.facts) == (malformed.code, malformed.message, malformed.facts)


def test_an_unknown_account_costs_the_same_hash(identity: Identity) -> None:
    verified: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 -- argon2's own name
            verified.append(str(hash))
            return super().verify(hash, password)

    identity.sign_in.passwords = Passwords(Watched(time_cost=1, memory_cost=8, parallelism=1))
    guess(identity, "nobody@example.com")
    assert len(verified) == 1


def test_an_unknown_account_makes_guessers_wait_as_a_known_one_does(identity: Identity, people: People) -> None:
    people.join(Role.FAN, "ada@example.com")

    def tries(email: str, client: Client) -> int:
        count = 0
        while not isinstance(guess(identity, email, client), RateLimited):
            count += 1
        return count

    assert tries("ada@example.com", ELSEWHERE) == tries("eve@example.com", Client("192.0.2.1")) == 6


def test_waiting_doubles_with_each_failure_up_to_a_cap(identity: Identity, people: People, clock: FixedClock) -> None:
    people.join(Role.FAN, "ada@example.com")
    waits = []
    for _ in range(14):
        waits.append(guess_until_it_waits(identity, "ada@example.com").retry_after_seconds)
        clock.advance(seconds=waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


def test_even_the_right_password_waits_and_then_works(identity: Identity, people: People, clock: FixedClock) -> None:
    fan = people.join(Role.FAN)
    wait = guess_until_it_waits(identity, fan.email)
    with pytest.raises(RateLimited):
        fan.sign_in(client=ELSEWHERE)
    clock.advance(seconds=wait.retry_after_seconds)
    assert fan.sign_in(client=ELSEWHERE)


def test_tries_during_the_wait_do_not_prolong_it(identity: Identity, people: People, clock: FixedClock) -> None:
    people.join(Role.FAN, "ada@example.com")
    wait = guess_until_it_waits(identity, "ada@example.com").retry_after_seconds
    for _ in range(20):
        assert isinstance(guess(identity, "ada@example.com"), RateLimited)
    clock.advance(seconds=wait)
    assert isinstance(guess(identity, "ada@example.com"), Unauthenticated)


def test_success_forgets_the_account_s_failures(identity: Identity, people: People) -> None:
    fan = people.join(Role.FAN)
    for _ in range(3):
        for _ in range(4):
            guess(identity, fan.email)
        fan.sign_in()


def test_failures_are_forgiven_after_a_day(identity: Identity, people: People, clock: FixedClock) -> None:
    people.join(Role.FAN, "ada@example.com")
    for _ in range(8):
        clock.advance(seconds=guess_until_it_waits(identity, "ada@example.com").retry_after_seconds)
    clock.advance(hours=25)
    assert guess_until_it_waits(identity, "ada@example.com").retry_after_seconds == 1


def test_strangers_who_guess_cannot_keep_the_owner_out_of_a_known_device(
    identity: Identity, people: People, clock: FixedClock
) -> None:
    fan = people.join(Role.FAN)
    device = fan.sign_in().device_token
    for _ in range(15):
        clock.advance(seconds=guess_until_it_waits(identity, fan.email).retry_after_seconds)
    assert isinstance(guess_until_it_waits(identity, fan.email), RateLimited)
    assert fan.sign_in(client=CLIENT, device=device)


def test_a_device_token_is_worth_nothing_for_another_account_or_when_forged(
    identity: Identity, people: People, uow: UnitOfWork
) -> None:
    ada, eve = people.join(Role.FAN, "ada@example.com"), people.join(Role.FAN, "eve@example.com")
    device = eve.sign_in().device_token
    guess_until_it_waits(identity, ada.email)
    for token in (device, "0" * 24 + "." + "0" * 64, "", ".", "é.é", None):
        assert isinstance(guess(identity, ada.email, device=token), RateLimited)
    assert known_device(uow.vault, "another digest", device) is None


def test_a_known_device_waits_too_when_it_guesses(identity: Identity, people: People) -> None:
    fan = people.join(Role.FAN)
    device = fan.sign_in().device_token
    errors = [guess(identity, fan.email, CLIENT, device) for _ in range(12)]
    assert isinstance(errors[-1], RateLimited)


def test_one_client_that_tries_many_accounts_waits(identity: Identity) -> None:
    errors = [guess(identity, f"user{n}@example.com") for n in range(25)]
    assert sum(isinstance(e, Unauthenticated) for e in errors) == 21
    assert isinstance(errors[-1], RateLimited)
    assert isinstance(guess(identity, "user99@example.com", Client("192.0.2.55")), Unauthenticated)


def test_one_ipv6_subscriber_cannot_hide_behind_many_addresses(identity: Identity) -> None:
    errors = [guess(identity, f"user{n}@example.com", Client(f"2001:db8::{n:x}")) for n in range(25)]
    assert isinstance(errors[-1], RateLimited)


def test_an_own_account_does_not_buy_further_guesses(identity: Identity, people: People) -> None:
    eve, tried = people.join(Role.FAN, "eve@example.com"), 0
    for n in range(60):
        error = guess(identity, f"victim{n}@example.com")
        if isinstance(error, RateLimited):
            break
        tried += 1
        try:
            eve.sign_in(client=ELSEWHERE)
        except RateLimited:
            break
    assert tried <= 21


def test_many_guesses_at_once_gain_nothing(identity: Identity, people: People) -> None:
    people.join(Role.FAN, "ada@example.com")
    start = threading.Barrier(8)

    def attack(n: int) -> list[DomainError]:
        start.wait()
        return [guess(identity, "ada@example.com", Client(f"198.51.100.{n}")) for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        errors = [error for found in pool.map(attack, range(8)) for error in found]
    assert sum(isinstance(e, Unauthenticated) for e in errors) == 6


def test_no_guess_is_stored_with_an_address_in_clear(identity: Identity, people: People, uow: UnitOfWork) -> None:
    people.join(Role.FAN, "ada@example.com")
    guess(identity, "ada@example.com")
    with uow.reading() as session:
        lanes = session.scalars(sa.select(AttemptsRow.lane_digest)).all()
        leaves = b"".join(session.scalars(sa.select(AuditEntryRow.leaf)))
        user = session.scalars(sa.select(UserRow)).one()
    assert lanes
    assert all(len(lane) == 64 for lane in lanes)
    assert b"ada@" not in leaves
    assert b"Ada Byron" not in leaves
    assert "ada" not in user.email_sealed + user.name_sealed + user.email_digest
    assert user.password_hash.startswith("$argon2id$")


def test_a_refused_and_an_accepted_sign_in_are_in_the_audit_trail(
    identity: Identity, people: People, uow: UnitOfWork
) -> None:
    fan = people.join(Role.FAN)
    guess(identity, fan.email)
    fan.sign_in()
    with uow.reading() as session:
        rows = session.scalars(sa.select(AuditEntryRow).order_by(AuditEntryRow.id)).all()
    assert [row.verb for row in rows[-2:]] == ["identity.SignIn.note_refused", "identity.SignIn.admit"]
    assert all(fan.user_id.encode() in row.leaf for row in rows[-2:])


def test_a_hash_with_old_parameters_is_replaced_at_the_next_sign_in(
    identity: Identity, people: People, uow: UnitOfWork
) -> None:
    fan = people.join(Role.FAN)
    identity.sign_in.passwords = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    fan.sign_in()
    with uow.reading() as session:
        assert "m=16,t=2" in session.get_one(UserRow, fan.user_id).password_hash
    fan.sign_in()


def test_the_product_s_own_hashes_have_owasp_s_parameters() -> None:
    assert Passwords().hash(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_password_is_never_hashed_inside_a_transaction(uow: UnitOfWork) -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with uow.writing() as session, uow.lend(session):
        with pytest.raises(RuntimeError):
            passwords.hash(PASSWORD)
        with pytest.raises(RuntimeError):
            passwords.matches(None, PASSWORD)


def test_a_suspended_person_is_refused_in_the_same_words_and_their_session_ends_at_once(
    identity: Identity, people: People
) -> None:
    fan = people.join(Role.FAN)
    token = fan.sign_in().token
    identity.people.suspend(ADMIN, user_id=fan.user_id)
    assert identity.sessions.authenticate(VISITOR, token) is None
    with pytest.raises(Unauthenticated, match="do not fit together"):
        fan.sign_in()
    identity.people.reinstate(ADMIN, user_id=fan.user_id)
    assert identity.sessions.authenticate(VISITOR, token) is None
    assert fan.sign_in()


def test_each_sign_in_has_a_token_of_its_own_and_only_its_digest_is_stored(people: People, uow: UnitOfWork) -> None:
    fan = people.join(Role.FAN)
    first, second = fan.sign_in().token, fan.sign_in().token
    assert first != second
    with uow.reading() as session:
        stored = session.scalars(sa.select(SessionRow.token_digest)).all()
    assert not {first, second} & set(stored)


@pytest.mark.parametrize(
    "token", ["", "x", "a" * 43, "a" * 10_000, "ses_" + "0" * 32, "é" * 43, "../../etc", "a" * 42 + "\n"]
)
def test_a_token_that_was_never_given_out_is_nobody(identity: Identity, token: str) -> None:
    assert identity.sessions.authenticate(VISITOR, token) is None


def test_somebody_without_the_permission_cannot_use_the_door(identity: Identity, people: People) -> None:
    fan = people.join(Role.FAN)
    with pytest.raises(Unauthenticated):
        identity.sign_in.sign_in(VisitorActor(), email=fan.email, password=PASSWORD, client=CLIENT)


def test_a_session_ends_at_rest_and_at_the_latest(people: People, identity: Identity, clock: FixedClock) -> None:
    fan = people.join(Role.FAN)
    resting = fan.sign_in().token
    clock.advance(minutes=59, seconds=59)
    assert identity.sessions.authenticate(VISITOR, resting)
    clock.advance(minutes=59, seconds=59)
    assert identity.sessions.authenticate(VISITOR, resting)
    clock.advance(minutes=60)
    assert identity.sessions.authenticate(VISITOR, resting) is None

    busy = fan.sign_in()
    while clock.now() + timedelta(minutes=30) < busy.expires_at:
        clock.advance(minutes=30)
        assert identity.sessions.authenticate(VISITOR, busy.token)
    clock.set(busy.expires_at)
    assert identity.sessions.authenticate(VISITOR, busy.token) is None


def test_signing_out_ends_this_session_and_no_other(people: People, identity: Identity) -> None:
    fan = people.join(Role.FAN)
    here, there = fan.sign_in().token, fan.sign_in().token
    me = fan.recognised(here)
    identity.sessions.sign_out(me.actor, session_id=me.session_id)
    assert identity.sessions.authenticate(VISITOR, here) is None
    assert identity.sessions.authenticate(VISITOR, there)


def test_one_s_own_sign_ins_are_listed_and_ended_one_by_one_or_all(people: People, identity: Identity) -> None:
    fan = people.join(Role.FAN)
    here = fan.recognised(fan.sign_in().token)
    there = fan.sign_in(client=ELSEWHERE).token
    listed = identity.sessions.own(here.actor, current_id=here.session_id)
    assert {(v.device, v.current) for v in listed} == {
        ("Firefox on Linux", True),
        ("Firefox on Linux", False),
        ("Unknown browser", False),
    }
    other = next(v for v in listed if v.device == "Unknown browser")
    identity.sessions.end_own(here.actor, session_id=other.id)
    assert identity.sessions.authenticate(VISITOR, there) is None
    assert identity.sessions.end_own_others(here.actor, current_id=here.session_id) == 1
    assert [v.current for v in identity.sessions.own(here.actor, current_id=here.session_id)] == [True]


def test_another_person_s_session_cannot_be_ended(people: People, identity: Identity) -> None:
    ada, eve = people.join(Role.FAN, "ada@example.com"), people.join(Role.FAN, "eve@example.com")
    token = ada.sign_in().token
    mallory = eve.recognised(eve.sign_in().token)
    with pytest.raises(DomainError) as refused:
        identity.sessions.end_own(mallory.actor, session_id=ada.recognised(token).session_id)
    assert refused.value.code == "session_unknown"
    assert identity.sessions.authenticate(VISITOR, token)
    forged = UserActor(eve.user_id, mallory.actor.permissions)
    identity.sessions.sign_out(forged, session_id=ada.recognised(token).session_id)
    assert identity.sessions.authenticate(VISITOR, token)


def test_an_administrator_ends_every_sign_in_of_a_person(people: People, identity: Identity) -> None:
    fan = people.join(Role.FAN)
    tokens = [fan.sign_in().token for _ in range(3)]
    assert identity.sessions.end_all_of(ADMIN, user_id=fan.user_id) == 4
    assert [identity.sessions.authenticate(VISITOR, token) for token in tokens] == [None] * 3


class TickingClock:
    """A clock that goes on with every look, as a real one does."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        self._at += timedelta(microseconds=7)
        return self._at


def test_the_first_try_never_waits_however_the_clock_ticks(
    engine: sa.Engine, vault: Vault, settings: Settings, cheap_passwords: Passwords, clock: FixedClock
) -> None:
    ticking = UnitOfWork(engine, TickingClock(clock.now()), vault)
    identity = make_identity(ticking, settings, cheap_passwords)
    errors = [guess(identity, "nobody@example.com") for _ in range(6)]
    assert [error.code for error in errors] == ["credentials_wrong"] * 6

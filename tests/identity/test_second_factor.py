from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from services.events.identity import AccountSecured
from services.identity import ROLE_PERMISSIONS, Identity, Role, SecondFactorState
from services.identity.rules import current_code
from services.identity.tables import RecoveryCodeRow, TotpRow
from services.identity.views import OpenedSession
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.errors import Conflict, DomainError, Forbidden, Invalid, RateLimited, Unauthenticated

from .conftest import ADMIN, VISITOR, People, Person, RememberingOutbox

STAFF = [Role.OPERATOR, Role.COMPLIANCE, Role.ADMIN]
OTHERS = [Role.FAN, Role.CREATOR, Role.AFFILIATE, Role.AGENCY]

pytestmark = pytest.mark.capability("GO-4")


def give(person: Person, token: str, code: str) -> OpenedSession | None:
    me = person.recognised(token)
    return person.identity.second_factor.verify(me.actor, session_id=me.session_id, code=code)


@pytest.mark.parametrize("role", STAFF)
def test_staff_without_a_second_factor_get_no_permission_of_their_role(people: People, role: Role) -> None:
    person = people.join(role, enrolled=False)
    me = person.recognised(person.sign_in().token)
    assert me.second_factor == SecondFactorState.TO_ENROL
    assert not me.complete
    assert me.actor.permissions < ROLE_PERMISSIONS[role]
    assert not me.actor.permissions & {"audit.read", "identity.manage", "identity.own.secure", "work.resume"}


@pytest.mark.parametrize("role", STAFF)
def test_staff_who_have_not_given_their_code_get_no_permission_of_their_role(people: People, role: Role) -> None:
    person = people.join(role)
    me = person.recognised(person.sign_in().token)
    assert me.second_factor == SecondFactorState.DUE
    assert not me.actor.permissions & {"audit.read", "identity.manage", "identity.own.enrol", "identity.own.secure"}


@pytest.mark.parametrize("role", STAFF)
def test_the_right_code_gives_the_role_s_permissions(people: People, role: Role) -> None:
    me = people.join(role).signed_in()
    assert me.second_factor == SecondFactorState.DONE
    assert me.actor.permissions == ROLE_PERMISSIONS[role]


@pytest.mark.parametrize("role", OTHERS)
def test_others_need_no_second_factor_and_may_have_one(people: People, role: Role) -> None:
    person = people.join(role)
    me = person.recognised(person.sign_in().token)
    assert me.actor.permissions == ROLE_PERMISSIONS[role]
    person.enrol(person.sign_in().token)
    assert person.recognised(person.sign_in().token).second_factor == SecondFactorState.DUE
    assert person.signed_in().second_factor == SecondFactorState.DONE


def test_the_session_gets_a_new_token_with_the_second_factor(people: People, clock: FixedClock) -> None:
    staff = people.join(Role.OPERATOR)
    clock.advance(seconds=30)
    before = staff.sign_in().token
    session_id = staff.recognised(before).session_id
    opened = give(staff, before, staff.code())
    assert opened is not None
    assert staff.identity.sessions.authenticate(VISITOR, before) is None
    assert staff.recognised(opened.token).session_id == session_id


def test_a_code_is_good_once(people: People, clock: FixedClock) -> None:
    staff = people.join(Role.OPERATOR)
    clock.advance(seconds=30)
    code = staff.code()
    assert give(staff, staff.sign_in().token, code)
    assert give(staff, staff.sign_in().token, code) is None
    clock.advance(seconds=30)
    assert give(staff, staff.sign_in().token, code) is None
    assert give(staff, staff.sign_in().token, staff.code())


def test_the_code_that_confirmed_an_enrolment_does_not_sign_in_as_well(people: People) -> None:
    staff = people.join(Role.OPERATOR)
    assert give(staff, staff.sign_in().token, staff.code()) is None


def test_an_older_code_within_the_drift_is_refused_after_a_newer_one(people: People, clock: FixedClock) -> None:
    staff = people.join(Role.OPERATOR)
    clock.advance(seconds=60)
    older = staff.code()
    clock.advance(seconds=30)
    assert give(staff, staff.sign_in().token, staff.code())
    assert give(staff, staff.sign_in().token, older) is None


def test_the_same_code_at_the_same_moment_lets_one_in(people: People, clock: FixedClock) -> None:
    staff = people.join(Role.OPERATOR)
    clock.advance(seconds=30)
    tokens, code = [staff.sign_in().token for _ in range(4)], staff.code()
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda token: give(staff, token, code), tokens))
    assert sum(one is not None for one in opened) == 1


@pytest.mark.parametrize("code", ["", "000000 ", "abcdef", "1" * 1000, "٠١٢٣٤٥", "12345", "\x00"])
def test_nonsense_is_a_wrong_code(people: People, code: str) -> None:
    staff = people.join(Role.OPERATOR)
    assert give(staff, staff.sign_in().token, code) is None


def test_guessing_codes_waits_and_the_right_one_works_after_the_wait(people: People, clock: FixedClock) -> None:
    staff = people.join(Role.OPERATOR)
    token = staff.sign_in().token
    for _ in range(6):
        assert give(staff, token, "000000") is None
    with pytest.raises(RateLimited) as waits:
        give(staff, token, staff.code())
    clock.advance(seconds=max(30, waits.value.retry_after_seconds))
    assert give(staff, token, staff.code())


def test_a_recovery_code_stands_in_once(people: People, outbox: RememberingOutbox) -> None:
    staff = people.join(Role.OPERATOR, enrolled=False)
    _, codes = staff.enrol(staff.sign_in().token)
    assert len(set(codes)) == 10
    opened = give(staff, staff.sign_in().token, codes[3].upper().replace("-", " "))
    assert opened is not None
    assert give(staff, staff.sign_in().token, codes[3]) is None
    assert staff.identity.people.own(staff.recognised(opened.token).actor).recovery_codes_left == 9
    assert [f.change for f in outbox.facts if isinstance(f, AccountSecured)][-1] == "recovery_code_used"


def test_one_recovery_code_at_the_same_moment_lets_one_in(people: People) -> None:
    staff = people.join(Role.OPERATOR, enrolled=False)
    _, codes = staff.enrol(staff.sign_in().token)
    tokens = [staff.sign_in().token for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda token: give(staff, token, codes[0]), tokens))
    assert sum(one is not None for one in opened) == 1


def test_another_person_s_recovery_code_is_wrong(people: People) -> None:
    ada, eve = (people.join(Role.OPERATOR, f"{n}@example.com", enrolled=False) for n in ("ada", "eve"))
    _, codes = ada.enrol(ada.sign_in().token)
    eve.enrol(eve.sign_in().token)
    assert give(eve, eve.sign_in().token, codes[0]) is None


def test_new_recovery_codes_replace_the_old(people: People) -> None:
    staff = people.join(Role.OPERATOR, enrolled=False)
    _, old = staff.enrol(staff.sign_in().token)
    me = staff.signed_in()
    new = staff.identity.second_factor.renew_recovery_codes(me.actor, session_id=me.session_id, proof=staff.proof(me))
    assert give(staff, staff.sign_in().token, old[0]) is None
    assert give(staff, staff.sign_in().token, new[0])


def test_secrets_and_recovery_codes_are_not_stored_in_clear(people: People, uow: UnitOfWork) -> None:
    staff = people.join(Role.OPERATOR, enrolled=False)
    _, codes = staff.enrol(staff.sign_in().token)
    with uow.reading() as session:
        totp = session.get_one(TotpRow, staff.user_id)
        digests = session.scalars(sa.select(RecoveryCodeRow.code_digest)).all()
    assert staff.secret is not None
    assert staff.secret not in str(totp.secret_sealed)
    assert not {code.replace("-", "") for code in codes} & set(digests)


def test_enrolling_ends_the_other_sign_ins_and_gives_this_one_a_new_token(people: People, identity: Identity) -> None:
    staff = people.join(Role.OPERATOR, enrolled=False)
    here, there = staff.sign_in().token, staff.sign_in().token
    token, _ = staff.enrol(here)
    assert [identity.sessions.authenticate(VISITOR, t) for t in (here, there)] == [None, None]
    assert staff.recognised(token).second_factor == SecondFactorState.DONE


def test_a_wrong_first_code_leaves_the_old_factor_in_use(people: People, identity: Identity) -> None:
    staff = people.join(Role.OPERATOR)
    me = staff.signed_in()
    pending = identity.second_factor.begin_enrolment(me.actor, session_id=me.session_id, proof=staff.proof(me))
    assert identity.second_factor.confirm_enrolment(me.actor, session_id=me.session_id, code="000000") is None
    assert identity.second_factor.pending_enrolment(me.actor) == pending
    assert staff.signed_in().complete


def test_a_replaced_factor_is_worth_nothing(people: People, clock: FixedClock) -> None:
    staff = people.join(Role.OPERATOR)
    old = staff.secret
    staff.enrol(staff.token())
    clock.advance(seconds=60)
    assert old is not None
    assert give(staff, staff.sign_in().token, current_code(old, clock.now())) is None
    assert staff.signed_in().complete


def test_a_password_alone_cannot_replace_the_second_factor(people: People, identity: Identity) -> None:
    staff = people.join(Role.OPERATOR)
    me = staff.recognised(staff.sign_in().token)
    for verb in (identity.second_factor.begin_enrolment, identity.second_factor.renew_recovery_codes):
        with pytest.raises(Forbidden):
            verb(me.actor, session_id=me.session_id, proof="")
    fan = people.join(Role.FAN)
    open_before = fan.recognised(fan.sign_in().token)
    first = fan.sign_in().token
    fan.enrol(first)
    with pytest.raises(Unauthenticated):
        identity.second_factor.begin_enrolment(open_before.actor, session_id=open_before.session_id)


def test_an_open_browser_alone_changes_nothing_of_the_second_factor(people: People, identity: Identity) -> None:
    fan = people.join(Role.FAN)
    fan.enrol(fan.sign_in().token)
    me, factor = fan.signed_in(), identity.second_factor
    for change in (factor.begin_enrolment, factor.renew_recovery_codes, factor.remove):
        for proof in ("", "$argon2id$v=19$m=1,t=1,p=1$a$b"):
            with pytest.raises(Invalid) as refused:
                change(me.actor, session_id=me.session_id, proof=proof)
            assert set(refused.value.fields) == {"password"}
    with pytest.raises(Invalid):
        identity.passwords.prove(me.actor, password="not the password at all")
    assert fan.signed_in().second_factor == SecondFactorState.DONE


def test_confirming_without_beginning_is_refused(people: People, identity: Identity) -> None:
    fan = people.join(Role.FAN)
    me = fan.recognised(fan.sign_in().token)
    with pytest.raises(Conflict):
        identity.second_factor.confirm_enrolment(me.actor, session_id=me.session_id, code="123456")
    with pytest.raises(Conflict):
        identity.second_factor.renew_recovery_codes(me.actor, session_id=me.session_id, proof=fan.proof(me))


def test_staff_cannot_take_their_factor_off_and_others_can(people: People, identity: Identity) -> None:
    staff, fan = people.join(Role.OPERATOR), people.join(Role.FAN)
    me = staff.signed_in()
    with pytest.raises(Forbidden):
        identity.second_factor.remove(me.actor, session_id=me.session_id, proof=staff.proof(me))
    fan.enrol(fan.sign_in().token)
    me = fan.signed_in()
    identity.second_factor.remove(me.actor, session_id=me.session_id, proof=fan.proof(me))
    assert fan.recognised(fan.sign_in().token).second_factor == SecondFactorState.NOT_NEEDED


def test_an_administrator_takes_a_lost_factor_off_and_staff_must_set_up_a_new_one(
    people: People, identity: Identity
) -> None:
    staff = people.join(Role.OPERATOR)
    token = staff.token()
    identity.second_factor.take_off(ADMIN, user_id=staff.user_id)
    assert identity.sessions.authenticate(VISITOR, token) is None
    assert staff.recognised(staff.sign_in().token).second_factor == SecondFactorState.TO_ENROL


def test_another_person_s_session_cannot_be_raised(people: People, identity: Identity) -> None:
    ada, eve = people.join(Role.OPERATOR, "ada@example.com"), people.join(Role.OPERATOR, "eve@example.com")
    target = ada.recognised(ada.sign_in().token)
    mallory = eve.recognised(eve.sign_in().token)
    eve.clock.advance(seconds=30)
    with pytest.raises(DomainError) as refused:
        identity.second_factor.verify(mallory.actor, session_id=target.session_id, code=eve.code())
    assert refused.value.code == "session_over"

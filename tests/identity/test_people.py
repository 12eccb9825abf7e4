import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from services.events.identity import AccountSecured
from services.identity import ROLE_PERMISSIONS, Identity, Role, SecondFactorState, make_identity
from services.identity.roles import PERMISSIONS
from services.identity.rules import current_code
from services.identity.tables import SessionRow, UserRow
from services.infra.audit import AuditEntryRow
from services.infra.crypto import SubjectKeyRow
from services.infra.settings import Settings
from services.infra.uow import UnitOfWork
from services.infra.verbs import REGISTRY
from services.kernel.clock import FixedClock
from services.kernel.context import UserActor
from services.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from services.kernel.paging import PageRequest

from .conftest import ADMIN, CLIENT, OPERATOR_LINE, VISITOR, People, RememberingOutbox

pytestmark = pytest.mark.capability("GO-4")


def test_granting_a_role_ends_the_sign_ins_and_counts_from_the_next_one(
    identity: Identity, people: People, outbox: RememberingOutbox
) -> None:
    fan = people.join(Role.FAN)
    token = fan.sign_in().token
    identity.people.grant(ADMIN, user_id=fan.user_id, role=Role.OPERATOR)
    assert identity.sessions.authenticate(VISITOR, token) is None
    me = fan.recognised(fan.sign_in().token)
    assert me.roles == ("fan", "operator")
    assert not me.complete
    fact = outbox.facts[-1]
    assert isinstance(fact, AccountSecured)
    assert fact.change == "roles_changed"


def test_a_withdrawn_role_is_gone_at_the_next_request(identity: Identity, people: People) -> None:
    staff = people.join(Role.OPERATOR)
    token = staff.token()
    identity.people.withdraw(ADMIN, user_id=staff.user_id, role=Role.OPERATOR)
    assert identity.sessions.authenticate(VISITOR, token) is None
    me = staff.signed_in()
    assert me.roles == ()
    assert me.actor.permissions == ROLE_PERMISSIONS[Role.FAN]


def test_a_role_is_not_granted_or_withdrawn_twice(identity: Identity, people: People) -> None:
    fan = people.join(Role.FAN)
    with pytest.raises(Conflict):
        identity.people.grant(ADMIN, user_id=fan.user_id, role=Role.FAN)
    identity.people.withdraw(ADMIN, user_id=fan.user_id, role=Role.FAN)
    with pytest.raises(Conflict):
        identity.people.withdraw(ADMIN, user_id=fan.user_id, role=Role.FAN)
    with pytest.raises(NotFound):
        identity.people.grant(ADMIN, user_id="usr_" + "9" * 32, role=Role.FAN)


def test_the_last_administrator_stays(identity: Identity, people: People) -> None:
    admin = people.join(Role.ADMIN)
    with pytest.raises(Conflict):
        identity.people.withdraw(ADMIN, user_id=admin.user_id, role=Role.ADMIN)
    with pytest.raises(Conflict):
        identity.people.suspend(ADMIN, user_id=admin.user_id)


@pytest.mark.parametrize("way", ["suspend", "withdraw"])
def test_two_administrators_cannot_remove_each_other_at_the_same_moment(
    identity: Identity, people: People, way: str
) -> None:
    pair = [people.join(Role.ADMIN, f"{n}@example.com").user_id for n in ("ada", "eve")]

    def remove(user_id: str) -> bool:
        together.wait()
        try:
            if way == "suspend":
                identity.people.suspend(ADMIN, user_id=user_id)
            else:
                identity.people.withdraw(ADMIN, user_id=user_id, role=Role.ADMIN)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):  # what depends on who comes first shows itself among twenty
            together = Barrier(2)
            gone = list(pool.map(remove, pair))
            assert sum(gone) == 1
            removed = pair[gone.index(True)]
            if way == "suspend":
                identity.people.reinstate(ADMIN, user_id=removed)
            else:
                identity.people.grant(ADMIN, user_id=removed, role=Role.ADMIN)


def test_reading_people_is_recorded_with_its_purpose_and_whom_it_showed(
    identity: Identity, people: People, uow: UnitOfWork
) -> None:
    fan = people.join(Role.FAN, "ada@example.com")
    page = identity.people.disclose(ADMIN, PageRequest(), purpose="answer a request of support")
    assert [(p.email, p.name, p.roles) for p in page.items] == [("ada@example.com", "Ada Byron", ("fan",))]
    with uow.reading() as session:
        row = session.scalars(sa.select(AuditEntryRow).order_by(AuditEntryRow.id.desc())).first()
    assert row is not None
    assert row.verb == "identity.People.disclose"
    assert b"answer a request of support" not in row.leaf  # sealed under the key of who wrote it
    assert set(json.loads(row.leaf)["sealed"][ADMIN.id]) == {"purpose"}
    assert fan.user_id.encode() in row.leaf
    assert b"ada@" not in row.leaf


@pytest.mark.parametrize("purpose", ["", "  ", "x"])
def test_people_are_not_shown_without_a_purpose(identity: Identity, purpose: str) -> None:
    with pytest.raises(Invalid):
        identity.people.disclose(ADMIN, PageRequest(), purpose=purpose)


def test_people_come_in_pages_without_gaps(identity: Identity, people: People) -> None:
    ids = {people.join(Role.FAN, f"user{n}@example.com").user_id for n in range(5)}
    seen: list[str] = []
    after = None
    while True:
        page = identity.people.disclose(ADMIN, PageRequest(after, 2), purpose="walk the list")
        seen += [p.id for p in page.items]
        after = page.next_cursor
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert set(seen) == ids


def test_a_person_is_found_by_id_by_its_end_and_by_address(identity: Identity, people: People) -> None:
    ada, eve = (people.join(Role.FAN, f"{name}@example.com") for name in ("ada", "eve"))

    def found(search: str) -> list[str]:
        shown = identity.people.disclose(ADMIN, PageRequest(), purpose="find one", search=search)
        return [each.id for each in shown.items]

    assert found(ada.user_id) == found(f" usr_…{ada.user_id[-8:]} ") == found("ADA@example.com ") == [ada.user_id]
    assert found(eve.user_id[-8:].upper()) == [eve.user_id]
    assert found("usr_" + "0" * 32) == found("nobody@example.com") == []
    assert set(found("")) == {ada.user_id, eve.user_id}
    for nonsense in ("ada", "%", "_" * 8, "usr_", "<b>", "9" * 500, "x@", "aud_0123456789"):
        with pytest.raises(Invalid):
            found(nonsense)


def test_a_person_is_shown_with_their_companies_and_a_factor_that_outlasts_a_suspension(
    identity: Identity, people: People
) -> None:
    staff = people.join(Role.OPERATOR)
    company = identity.people.found_organisation(ADMIN, name="Rivera Reviews")
    identity.people.grant(ADMIN, user_id=staff.user_id, role=Role.AFFILIATE, organisation_id=company.id)
    identity.people.suspend(ADMIN, user_id=staff.user_id)
    (shown,) = identity.people.disclose(ADMIN, PageRequest(), purpose="look at one", search=staff.user_id).items
    assert [(m.role, m.organisation) for m in shown.memberships] == [("operator", None), ("affiliate", company.name)]
    assert shown.roles == ("affiliate", "operator")
    assert shown.suspended_at is not None
    assert shown.second_factor


def test_a_company_is_entered_once(identity: Identity) -> None:
    identity.people.found_organisation(ADMIN, name="Rivera Reviews")
    with pytest.raises(Conflict):
        identity.people.found_organisation(ADMIN, name=" rivera  reviews ")
    with pytest.raises(Invalid):
        identity.people.found_organisation(ADMIN, name=" ")
    assert [each.name for each in identity.people.organisations(ADMIN)] == ["Rivera Reviews"]


def test_a_lost_second_factor_is_taken_off_others_only_and_only_where_there_is_one(
    identity: Identity, people: People
) -> None:
    admin, fan = people.join(Role.ADMIN), people.join(Role.FAN)
    me = admin.signed_in().actor
    with pytest.raises(Conflict):
        identity.second_factor.take_off(me, user_id=me.id)
    with pytest.raises(Conflict):
        identity.second_factor.take_off(me, user_id=fan.user_id)
    with pytest.raises(NotFound):
        identity.second_factor.take_off(me, user_id="usr_" + "9" * 32)
    token = admin.token()
    identity.second_factor.take_off_by_address(OPERATOR_LINE, email=admin.email)
    assert identity.sessions.authenticate(VISITOR, token) is None
    assert admin.sign_in().second_factor is SecondFactorState.TO_ENROL


def test_a_person_renames_themselves(identity: Identity, people: People) -> None:
    fan = people.join(Role.FAN)
    me = fan.recognised(fan.sign_in().token)
    identity.people.rename_self(me.actor, name="  Ada   Lovelace ")
    assert identity.people.own(me.actor).name == "Ada Lovelace"


def assert_forbidden(attempt: Callable[[], object]) -> None:
    with pytest.raises(Forbidden):
        attempt()


@pytest.mark.parametrize("role", [r for r in Role if r != Role.ADMIN])
def test_only_administrators_manage_people(identity: Identity, people: People, role: Role) -> None:
    fan = people.join(Role.FAN)
    actor = UserActor("usr_" + "e" * 32, ROLE_PERMISSIONS[role])
    attempts = [
        lambda: identity.people.grant(actor, user_id=fan.user_id, role=Role.ADMIN),
        lambda: identity.people.withdraw(actor, user_id=fan.user_id, role=Role.FAN),
        lambda: identity.people.suspend(actor, user_id=fan.user_id),
        lambda: identity.people.reinstate(actor, user_id=fan.user_id),
        lambda: identity.sessions.end_all_of(actor, user_id=fan.user_id),
        lambda: identity.second_factor.take_off(actor, user_id=fan.user_id),
        lambda: identity.invitations.invite(actor, email="eve@example.com", role=Role.ADMIN),
    ]
    for attempt in attempts:
        assert_forbidden(attempt)


def test_every_permission_of_a_role_and_of_a_verb_is_in_the_catalogue() -> None:
    given = frozenset().union(*ROLE_PERMISSIONS.values())
    asked = {info.permission for name, info in REGISTRY.items() if name.startswith(("identity.", "notifications."))}
    assert given <= set(PERMISSIONS)
    assert asked <= set(PERMISSIONS)


def test_the_first_administrator_is_invited_once(identity: Identity, people: People) -> None:
    issued = identity.founding.invite_first_admin(OPERATOR_LINE, email="ada@example.com")
    assert identity.invitations.look_at(VISITOR, token=issued.token).role == "admin"
    people.join(Role.ADMIN, "eve@example.com")
    with pytest.raises(Conflict):
        identity.founding.invite_first_admin(OPERATOR_LINE, email="mallory@example.com")


def test_each_role_of_the_demo_can_sign_in(identity: Identity, clock: FixedClock) -> None:
    shown = identity.founding.seed_demo(OPERATOR_LINE)
    assert {p.role for p in shown} == {r.value for r in Role if r != Role.VISITOR}
    for person in shown:
        opened = identity.sign_in.sign_in(VISITOR, email=person.email, password=person.password, client=CLIENT)
        me = identity.sessions.authenticate(VISITOR, opened.token)
        assert me is not None
        assert me.name == person.name
        if person.totp_secret:
            code = current_code(person.totp_secret, clock.now())
            verified = identity.second_factor.verify(me.actor, session_id=me.session_id, code=code)
            assert verified is not None
            me = identity.sessions.authenticate(VISITOR, verified.token)
            assert me is not None
        assert me.actor.permissions == ROLE_PERMISSIONS[Role(person.role)]


def test_seeding_again_changes_nothing_and_shows_the_same(identity: Identity, uow: UnitOfWork) -> None:
    first = identity.founding.seed_demo(OPERATOR_LINE)
    assert identity.founding.seed_demo(OPERATOR_LINE) == first
    with uow.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(UserRow)) == len(first)


def test_the_demo_s_people_are_removed_with_their_keys_and_nobody_else(
    identity: Identity, people: People, uow: UnitOfWork
) -> None:
    fan = people.join(Role.FAN)
    count = len(identity.founding.seed_demo(OPERATOR_LINE))
    assert identity.founding.remove_demo(OPERATOR_LINE) == count
    assert fan.sign_in()
    with uow.reading() as session:
        assert list(session.scalars(sa.select(UserRow.id))) == [fan.user_id]
        keys = session.scalars(sa.select(SubjectKeyRow).where(SubjectKeyRow.subject_id != fan.user_id)).all()
        assert len(keys) >= count
        assert all(key.wrapped_keyset is None for key in keys)


def test_there_are_no_demo_people_outside_a_demo(uow: UnitOfWork, settings: Settings) -> None:
    real = make_identity(uow, settings.model_copy(update={"demo": False}))
    with pytest.raises(Forbidden):
        real.founding.seed_demo(OPERATOR_LINE)


def test_what_is_long_over_is_dropped_and_what_is_not_stays(
    identity: Identity, people: People, clock: FixedClock, uow: UnitOfWork
) -> None:
    fan = people.join(Role.FAN)
    fan.sign_in()
    assert identity.upkeep.tidy(OPERATOR_LINE) == 0
    clock.advance(days=40)
    fresh = fan.sign_in().token
    assert identity.upkeep.tidy(OPERATOR_LINE) > 0
    with uow.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SessionRow)) == 1
    assert identity.sessions.authenticate(VISITOR, fresh)

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.events.identity import InvitationIssued
from services.identity import Identity, Role
from services.identity.tables import InvitationRow, MembershipRow, UserRow
from services.identity.views import OpenedSession
from services.infra.audit import AuditEntryRow
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.errors import Conflict, DomainError, Gone, Invalid, NotFound

from .conftest import ADMIN, CLIENT, PASSWORD, VISITOR, People, RememberingOutbox

pytestmark = pytest.mark.capability("GO-4")


def accept(identity: Identity, token: str, password: str = PASSWORD, name: str = "Ada Byron") -> OpenedSession:
    return identity.invitations.accept(VISITOR, token=token, name=name, password=password, client=CLIENT)


def test_an_invitation_makes_an_account_with_its_role(identity: Identity, outbox: RememberingOutbox) -> None:
    issued = identity.invitations.invite(ADMIN, email="Ada@example.com", role=Role.CREATOR)
    seen = identity.invitations.look_at(VISITOR, token=issued.token)
    assert (seen.email, seen.role, seen.organisation) == ("ada@example.com", "creator", None)
    me = identity.sessions.authenticate(VISITOR, accept(identity, issued.token).token)
    assert me is not None
    assert (me.roles, me.name) == (("creator",), "Ada Byron")
    fact = outbox.facts[0]
    assert isinstance(fact, InvitationIssued)
    assert (fact.invitation_id, fact.subject_id) == (issued.id, me.actor.user_id)
    assert issued.token.partition(".")[2] not in str(fact.payload())


def test_neither_address_nor_token_is_stored_in_clear(identity: Identity, uow: UnitOfWork) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    with uow.reading() as session:
        row = session.get_one(InvitationRow, issued.id)
        stored = " ".join(str(getattr(row, c.key)) for c in sa.inspect(InvitationRow).columns)
        leaves = b"".join(session.scalars(sa.select(AuditEntryRow.leaf)))
    secret = issued.token.partition(".")[2]
    assert "ada@" not in stored
    assert secret not in stored
    assert b"ada@" not in leaves
    assert secret.encode() not in leaves


def test_an_invitation_works_once(identity: Identity) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    accept(identity, issued.token)
    with pytest.raises(Gone):
        accept(identity, issued.token)
    with pytest.raises(Gone):
        identity.invitations.look_at(VISITOR, token=issued.token)


def test_of_many_who_accept_at_the_same_moment_exactly_one_wins(identity: Identity, uow: UnitOfWork) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)

    def attempt(n: int) -> OpenedSession | DomainError:
        try:
            return accept(identity, issued.token, name=f"Ada {n}")
        except (Gone, Conflict) as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert sum(isinstance(outcome, OpenedSession) for outcome in outcomes) == 1
    with uow.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(UserRow)) == 1


def test_an_invitation_ends_after_a_week(identity: Identity, clock: FixedClock) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    assert issued.expires_at - clock.now() == timedelta(days=7)
    clock.set(issued.expires_at - timedelta(microseconds=1))
    assert identity.invitations.look_at(VISITOR, token=issued.token)
    clock.set(issued.expires_at)
    with pytest.raises(Gone):
        accept(identity, issued.token)


def test_a_forged_or_damaged_token_is_unknown(identity: Identity) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    row_id, _, mac = issued.token.partition(".")
    flipped = mac[:-1] + ("0" if mac[-1] != "0" else "1")
    forged = [
        f"{row_id}.{flipped}",
        row_id,
        f"{row_id}.",
        mac,
        "",
        issued.token + "x",
        issued.token.upper(),
        f"inv_{'0' * 32}.{mac}",
        f"rst_{row_id[4:]}.{mac}",
        "é.é",
        "a" * 100_000,
    ]
    for token in forged:
        with pytest.raises(NotFound):
            identity.invitations.look_at(VISITOR, token=token)


def test_a_reset_link_is_no_invitation(identity: Identity, people: People, outbox: RememberingOutbox) -> None:
    fan = people.join(Role.FAN)
    identity.passwords.request_reset(VISITOR, email=fan.email, client=CLIENT)
    token = identity.passwords.links.token(outbox.facts[-1].payload()["reset_id"])  # type: ignore[arg-type] # a payload's values are JSON; this one is text
    with pytest.raises(NotFound):
        identity.invitations.look_at(VISITOR, token=token)


def test_a_withdrawn_invitation_is_over(identity: Identity) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    identity.invitations.withdraw(ADMIN, invitation_id=issued.id)
    with pytest.raises(Gone):
        accept(identity, issued.token)
    with pytest.raises(Conflict):
        identity.invitations.withdraw(ADMIN, invitation_id=issued.id)


@pytest.mark.parametrize("loss", ["suspended", "role withdrawn", "lost past the verbs"])
def test_invitations_end_with_the_power_of_who_sent_them(
    identity: Identity, people: People, uow: UnitOfWork, loss: str
) -> None:
    admin = people.join(Role.ADMIN, "first@example.com")
    people.join(Role.ADMIN, "second@example.com")
    issued = identity.invitations.invite(admin.signed_in().actor, email="ada@example.com", role=Role.ADMIN)
    others = identity.invitations.invite(ADMIN, email="eve@example.com", role=Role.FAN)
    if loss == "suspended":
        identity.people.suspend(ADMIN, user_id=admin.user_id)
        identity.people.reinstate(ADMIN, user_id=admin.user_id)
    elif loss == "role withdrawn":
        identity.people.withdraw(ADMIN, user_id=admin.user_id, role=Role.ADMIN)
    else:
        with uow.writing() as session:
            session.execute(sa.delete(MembershipRow).where(MembershipRow.user_id == admin.user_id))
    with pytest.raises(Gone):
        accept(identity, issued.token)
    assert accept(identity, others.token)


def test_a_second_invitation_replaces_the_first(identity: Identity) -> None:
    first = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.ADMIN)
    second = identity.invitations.invite(ADMIN, email="ADA@example.com", role=Role.FAN)
    with pytest.raises(Gone):
        accept(identity, first.token)
    listed = identity.invitations.open_ones(ADMIN, purpose="see who has not answered")
    assert [view.id for view in listed] == [second.id]
    accept(identity, second.token)


def test_an_address_with_an_account_is_not_invited_again(identity: Identity, people: People) -> None:
    people.join(Role.FAN, "ada@example.com")
    with pytest.raises(Conflict):
        identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.ADMIN)


@pytest.mark.parametrize("role", [Role.AFFILIATE, Role.AGENCY])
def test_a_company_role_needs_a_company(identity: Identity, role: Role) -> None:
    for organisation_id in (None, "org_" + "0" * 32, "org_" + "f" * 32):
        with pytest.raises(Invalid):
            identity.invitations.invite(ADMIN, email="a@example.com", role=role, organisation_id=organisation_id)
    company = identity.people.found_organisation(ADMIN, name="Nordlicht")
    issued = identity.invitations.invite(ADMIN, email="a@example.com", role=role, organisation_id=company.id)
    me = identity.sessions.authenticate(VISITOR, accept(identity, issued.token).token)
    assert me is not None
    assert me.actor.organisation_id == company.id


def test_a_platform_role_is_not_given_in_a_company_and_nobody_is_made_a_visitor(identity: Identity) -> None:
    company = identity.people.found_organisation(ADMIN, name="Nordlicht")
    with pytest.raises(Invalid):
        identity.invitations.invite(ADMIN, email="a@example.com", role=Role.ADMIN, organisation_id=company.id)
    with pytest.raises(Invalid):
        identity.invitations.invite(ADMIN, email="a@example.com", role=Role.VISITOR)


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("", PASSWORD, "name"),
        ("x" * 81, PASSWORD, "name"),
        ("Ada", "short", "password"),
        ("Ada", "password1234", "password"),
    ],
)
def test_a_wrong_field_leaves_the_invitation_open(identity: Identity, name: str, password: str, field: str) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    with pytest.raises(Invalid) as refused:
        accept(identity, issued.token, password, name)
    assert list(refused.value.fields) == [field]
    accept(identity, issued.token)


def test_reading_invitations_is_recorded_with_its_purpose(identity: Identity, uow: UnitOfWork) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    identity.invitations.open_ones(ADMIN, purpose="see who has not answered")
    with uow.reading() as session:
        row = session.scalars(sa.select(AuditEntryRow).order_by(AuditEntryRow.id.desc())).first()
        invitation = session.get_one(InvitationRow, issued.id)
    assert row is not None
    assert b"see who has not answered" not in row.leaf  # sealed under the key of who wrote it
    assert set(json.loads(row.leaf)["sealed"][ADMIN.id]) == {"purpose"}
    with pytest.raises(Invalid):
        identity.invitations.open_ones(ADMIN, purpose=" ")
    assert invitation.subject_id.encode() in row.leaf

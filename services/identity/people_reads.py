"""What several verbs read about a person: roles, name, address."""

import re

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.identity.roles import Role, is_staff
from services.identity.tables import MembershipRow, OrganisationRow, RecoveryCodeRow, TotpRow, UserRow
from services.identity.views import MembershipView, SecurityView
from services.infra.uow import Scope, UnitOfWork
from services.kernel.addresses import normalise_email
from services.kernel.errors import Invalid

EMAIL_PLACE = "identity_users.email"
NAME_PLACE = "identity_users.name"
ID_END_MIN = 6
PLATFORM_ID = "org_" + "0" * 32
"""The organisation that stands for the platform itself."""


def email_digest(uow: UnitOfWork, email: str) -> str:
    """Return the keyed digest under which an address is found.

    Raises: Invalid for what is no address.
    """
    return uow.vault.digest("identity.email", normalise_email(email))


def by_email(scope: Scope, email: str) -> UserRow | None:
    """Return the person with this address."""
    return scope.session.scalar(sa.select(UserRow).where(UserRow.email_digest == email_digest(scope.uow, email)))


def roles_of(session: Session, user_id: str) -> tuple[frozenset[Role], str | None]:
    """Return a person's roles, and the company that they act for where there is one."""
    rows = session.execute(
        sa.select(MembershipRow.role, MembershipRow.organisation_id)
        .where(MembershipRow.user_id == user_id)
        .order_by(MembershipRow.granted_at, MembershipRow.organisation_id)
    ).all()
    companies = [organisation_id for _, organisation_id in rows if organisation_id != PLATFORM_ID]
    return frozenset(Role(role) for role, _ in rows), companies[0] if companies else None


def memberships_of(session: Session, user_id: str) -> tuple[MembershipView, ...]:
    """Return a person's roles with the companies that they have them in, the platform's own first."""
    rows = session.execute(
        sa.select(MembershipRow.role, OrganisationRow.id, OrganisationRow.name)
        .join(OrganisationRow, OrganisationRow.id == MembershipRow.organisation_id)
        .where(MembershipRow.user_id == user_id)
        .order_by(OrganisationRow.id != PLATFORM_ID, OrganisationRow.name, MembershipRow.role)
    ).all()
    return tuple(
        MembershipView(role, None, None) if company_id == PLATFORM_ID else MembershipView(role, company_id, name)
        for role, company_id, name in rows
    )


def matching(uow: UnitOfWork, search: str) -> sa.ColumnElement[bool]:
    """Return what finds a person by their id, by its last characters as other pages show it, or by their address.

    Names and addresses are sealed, so that nothing finds a part of them.

    Raises: Invalid for what is neither an id nor an address.
    """
    text = search.strip()
    if "@" in text:
        return UserRow.email_digest == email_digest(uow, text)
    wanted = re.fullmatch(rf"(?:usr_)?(?:…|\.\.\.)?([0-9a-f]{{{ID_END_MIN},32}})", text.lower())
    if wanted is None:
        message = "Write a whole e-mail address, or an id such as usr_… or its last 8 characters."
        raise Invalid("search_invalid", message, fields={"search": message})
    return UserRow.id.endswith(wanted[1], autoescape=True)


def name_of(scope: Scope, user: UserRow) -> str:
    """Return a person's name in clear."""
    return scope.uow.vault.open(scope.session, user.id, user.name_sealed, NAME_PLACE)


def email_of(scope: Scope, user: UserRow) -> str:
    """Return a person's address in clear."""
    return scope.uow.vault.open(scope.session, user.id, user.email_sealed, EMAIL_PLACE)


def organisation_name(session: Session, organisation_id: str) -> str | None:
    """Return a company's name; nothing for the platform itself."""
    if organisation_id == PLATFORM_ID:
        return None
    return session.get_one(OrganisationRow, organisation_id).name


def security_of(scope: Scope, user: UserRow) -> SecurityView:
    """Return how an account is guarded."""
    roles, _ = roles_of(scope.session, user.id)
    totp = scope.session.get(TotpRow, user.id)
    unused = sa.select(sa.func.count()).where(RecoveryCodeRow.user_id == user.id, RecoveryCodeRow.used_at.is_(None))
    return SecurityView(
        email=email_of(scope, user),
        name=name_of(scope, user),
        roles=tuple(sorted(roles)),
        password_changed_at=user.password_changed_at,
        second_factor_since=totp.confirmed_at if totp else None,
        second_factor_required=is_staff(roles),
        recovery_codes_left=int(scope.session.scalar(unused) or 0),
    )


def note_purpose(scope: Scope, purpose: str) -> None:
    """Record why somebody looks; what a person writes may name anybody, so that it is sealed under the writer's key.

    Raises: Invalid without a purpose.
    """
    stated = purpose.strip()[:200]
    if len(stated) < 3:  # noqa: PLR2004 - shorter than any word that says why
        message = "Say in a few words why you need this."
        raise Invalid("purpose_missing", message, fields={"purpose": message})
    if scope.actor.kind == "user":
        scope.note_personal(scope.actor.id, {"purpose": stated})
    else:
        scope.note(purpose=stated)

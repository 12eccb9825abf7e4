"""The first administrator of an installation, and the people of the demo."""

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from services.identity import people_reads, second_factor
from services.identity.invitations import added_user, checked_organisation, ensure_platform, granted, issued
from services.identity.links import Links
from services.identity.passwords import Passwords
from services.identity.roles import IN_ORGANISATION, STAFF, Role
from services.identity.tables import (
    InvitationRow,
    MembershipRow,
    OrganisationRow,
    RecoveryCodeRow,
    ResetRow,
    SessionRow,
    TotpRow,
    UserRow,
)
from services.identity.views import DemoPerson, IssuedInvitation
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Forbidden
from services.kernel.ids import new_id

_NAMES = {
    Role.FAN: "Noor Haddad",
    Role.CREATOR: "Mina Okafor",
    Role.AFFILIATE: "Tomás Rivera",
    Role.AGENCY: "Greta Lindqvist",
    Role.OPERATOR: "Jonas Lind",
    Role.COMPLIANCE: "Aiko Mori",
    Role.ADMIN: "Ines Duarte",
}
_COMPANIES = {Role.AFFILIATE: "Rivera Reviews (demo)", Role.AGENCY: "Nordlicht Talent (demo)"}


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A person of the demo with the hash of their password, ready to be stored."""

    person: DemoPerson
    password_hash: str


class Founding:
    """Brings the first people into an installation."""

    def __init__(self, uow: UnitOfWork, passwords: Passwords, demo_key: str | None) -> None:
        self.uow, self.passwords, self._demo_key = uow, passwords, demo_key
        self.links = Links(uow.vault)

    @command(permission="identity.found")
    def invite_first_admin(self, actor: Actor, *, email: str) -> IssuedInvitation:
        """Invite the first administrator; the link's token is returned, since mail may not work yet.

        Raises: Conflict where there is an administrator already, Invalid for a wrong address.
        """
        scope = current()
        admins = sa.select(sa.func.count()).select_from(MembershipRow).where(MembershipRow.role == Role.ADMIN.value)
        if scope.session.scalar(admins):
            raise Conflict("admin_exists", "There is an administrator already: ask them for an invitation.")
        return issued(scope, self.links, email=email, role=Role.ADMIN, organisation_id=None)

    def seed_demo(self, actor: Actor) -> tuple[DemoPerson, ...]:
        """Make one person for each role, where they are not there yet, and return how each signs in.

        Passwords and secrets come from this installation's key: they stay over restarts and are nobody else's.

        Raises: Forbidden outside a demo.
        """
        people = self.demo_people()
        missing = self.missing_demo(actor, [person.email for person in people])
        accounts = [DemoAccount(p, self.passwords.hash(p.password)) for p in people if p.email in missing]
        if accounts:
            self.store_demo(actor, accounts)
        return people

    def demo_people(self) -> tuple[DemoPerson, ...]:
        """Return how each person of the demo signs in.

        Raises: Forbidden outside a demo.
        """
        if self._demo_key is None:
            raise Forbidden("demo_only", "This installation is no demo: set GREENLIGHT_DEMO to make it one.")
        return tuple(
            DemoPerson(
                role=role.value,
                name=name,
                email=f"{role}@greenlight.example",
                password=_grouped(self._derived(f"password:{role}"))[:24],
                totp_secret=self._derived(f"totp:{role}")[:32] if role in STAFF else None,
            )
            for role, name in _NAMES.items()
        )

    @query(permission="identity.demo")
    def missing_demo(self, actor: Actor, emails: Sequence[str]) -> frozenset[str]:
        """Return which of these addresses have no account."""
        return frozenset(email for email in emails if people_reads.by_email(current(), email) is None)

    @command(permission="identity.demo")
    def store_demo(self, actor: Actor, accounts: Sequence[DemoAccount]) -> None:
        """Store people of the demo with their roles, companies and second factors."""
        scope = current()
        ensure_platform(scope)
        for account in accounts:
            role, user_id = Role(account.person.role), new_id("usr")
            organisation_id = _demo_company(scope, role) if role in IN_ORGANISATION else None
            person = account.person
            added_user(
                scope,
                user_id,
                email=person.email,
                name=person.name,
                password_hash=account.password_hash,
                demo=True,
            )
            granted(scope, user_id, role, checked_organisation(scope, role, organisation_id), by=actor.id)
            if person.totp_secret:
                second_factor.install(scope, user_id, person.totp_secret)
            scope.about(user_id)

    @command(permission="identity.demo")
    def remove_demo(self, actor: Actor) -> int:
        """Remove the people and companies of the demo, destroy their keys, and return how many people there were."""
        scope = current()
        ids = list(scope.session.scalars(sa.select(UserRow.id).where(UserRow.demo.is_(True))))
        scope.about(*ids)
        for table in (SessionRow, TotpRow, RecoveryCodeRow, ResetRow, MembershipRow):
            scope.session.execute(sa.delete(table).where(table.user_id.in_(ids)))
        scope.session.execute(sa.delete(UserRow).where(UserRow.id.in_(ids)))
        scope.session.execute(sa.delete(InvitationRow).where(InvitationRow.invited_by.in_(ids)))
        companies = sa.select(OrganisationRow.id).where(OrganisationRow.demo.is_(True))
        scope.session.execute(sa.delete(InvitationRow).where(InvitationRow.organisation_id.in_(companies)))
        scope.session.execute(sa.delete(MembershipRow).where(MembershipRow.organisation_id.in_(companies)))
        scope.session.execute(sa.delete(OrganisationRow).where(OrganisationRow.demo.is_(True)))
        for user_id in ids:
            self.uow.vault.destroy(scope.session, user_id)
        return len(ids)

    def _derived(self, purpose: str) -> str:
        digest = hmac.digest(str(self._demo_key).encode(), purpose.encode(), "sha256")
        return base64.b32encode(digest).decode().rstrip("=")


def _grouped(text: str) -> str:
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4)).lower()


def _demo_company(scope: Scope, role: Role) -> str:
    row = OrganisationRow(id=new_id("org"), name=_COMPANIES[role], founded_at=scope.uow.clock.now(), demo=True)
    scope.session.add(row)
    scope.session.flush()
    return row.id

"""Who has an account and which roles: kept by administrators, every look at personal data with its purpose."""

import sqlalchemy as sa

from services.events.identity import AccountSecured
from services.identity import people_reads, sessions
from services.identity.invitations import checked_organisation, close_unbacked, granted
from services.identity.links import close_resets
from services.identity.roles import Role
from services.identity.rules import normalise_name
from services.identity.tables import MembershipRow, OrganisationRow, TotpRow, UserRow
from services.identity.views import OrganisationView, PersonView, SecurityView
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, NotFound
from services.kernel.ids import new_id
from services.kernel.paging import Page, PageRequest


class People:
    """Shows and changes who may do what."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="identity.people.read")
    def disclose(self, actor: Actor, page: PageRequest, *, purpose: str, search: str = "") -> Page[PersonView]:
        """Return people with names and addresses, the latest first; who read whom and why is recorded.

        `search` is an id, the end of one, or a whole address.

        Raises: Invalid without a purpose, or for what is neither id nor address.
        """
        scope = current()
        people_reads.note_purpose(scope, purpose)
        chosen = sa.select(UserRow).order_by(UserRow.id.desc()).limit(page.size + 1)
        if page.after:
            chosen = chosen.where(UserRow.id < page.after)
        if search.strip():
            chosen = chosen.where(people_reads.matching(self.uow, search))
        rows = scope.session.scalars(chosen).all()
        shown = rows[: page.size]
        scope.about(*(row.id for row in shown))
        return Page([_person(scope, row) for row in shown], shown[-1].id if len(rows) > page.size else None)

    @query(permission="identity.own.secure")
    def own(self, actor: Actor) -> SecurityView:
        """Return how one's own account is guarded."""
        return people_reads.security_of(current(), current().session.get_one(UserRow, actor.id))

    @command(permission="identity.own.secure")
    def rename_self(self, actor: Actor, *, name: str) -> None:
        """Change the name that others see.

        Raises: Invalid for an empty or overlong name.
        """
        scope, display_name = current(), normalise_name(name)
        user = scope.session.get_one(UserRow, actor.id)
        user.name_sealed = self.uow.vault.seal(scope.session, user.id, display_name, people_reads.NAME_PLACE)
        scope.note_personal(user.id, {"name": display_name})

    @command(permission="identity.manage")
    def grant(self, actor: Actor, *, user_id: str, role: Role, organisation_id: str | None = None) -> None:
        """Give a person a further role; their sign-ins end, so that the new rights begin with a fresh one.

        Raises: NotFound, Invalid for role or organisation, Conflict where they have it.
        """
        scope = current()
        user = _found(scope, user_id)
        organisation = checked_organisation(scope, role, organisation_id)
        if not granted(scope, user.id, role, organisation, by=actor.id):
            raise Conflict("role_held", "This person has this role already.")
        _changed(scope, user.id, role, organisation, granted=True)

    @command(permission="identity.manage")
    def withdraw(self, actor: Actor, *, user_id: str, role: Role, organisation_id: str | None = None) -> None:
        """Take a role from a person; their sign-ins end at once.

        Raises: NotFound, Conflict where they do not have it or are the last administrator.
        """
        scope = current()
        admins = _locked_admins(scope) if role == Role.ADMIN else []
        user = _found(scope, user_id)
        organisation = organisation_id or people_reads.PLATFORM_ID
        row = scope.session.get(MembershipRow, (user.id, organisation, role.value))
        if row is None:
            raise Conflict("role_not_held", "This person does not have this role.")
        _refuse_last_admin(admins, user.id)
        scope.session.delete(row)
        scope.session.flush()
        _changed(scope, user.id, role, organisation, granted=False)

    @command(permission="identity.manage")
    def suspend(self, actor: Actor, *, user_id: str) -> None:
        """Keep a person out until they are reinstated; their sign-ins end at once.

        Raises: NotFound, Conflict for the last administrator.
        """
        scope = current()
        scope.about(user_id)
        admins = _locked_admins(scope)
        user = _found(scope, user_id)
        _refuse_last_admin(admins, user.id)
        user.suspended_at = user.suspended_at or self.uow.clock.now()
        sessions.end(scope, user.id, "suspended")
        close_resets(scope, user.id)
        scope.note(invitations_withdrawn=close_unbacked(scope, user.id))

    @command(permission="identity.manage")
    def reinstate(self, actor: Actor, *, user_id: str) -> None:
        """Let a suspended person in again.

        Raises: NotFound.
        """
        current().about(user_id)
        _found(current(), user_id).suspended_at = None

    @command(permission="identity.manage")
    def found_organisation(self, actor: Actor, *, name: str) -> OrganisationView:
        """Enter a company that people can act for.

        Raises: Invalid for an empty or overlong name, Conflict where there is one of this name.
        """
        scope, called = current(), normalise_name(name)
        if scope.session.scalar(sa.select(sa.exists().where(sa.func.lower(OrganisationRow.name) == called.lower()))):
            raise Conflict("organisation_exists", "There is a company of this name already.")
        row = OrganisationRow(id=new_id("org"), name=called, founded_at=self.uow.clock.now(), demo=False)
        scope.session.add(row)
        scope.note(organisation_id=row.id)
        return OrganisationView(row.id, row.name, row.founded_at)

    @query(permission="identity.invite")
    def organisations(self, actor: Actor) -> list[OrganisationView]:
        """Return the companies that people act for, by name."""
        chosen = sa.select(OrganisationRow).where(OrganisationRow.id != people_reads.PLATFORM_ID)
        rows = current().session.scalars(chosen.order_by(OrganisationRow.name, OrganisationRow.id))
        return [OrganisationView(row.id, row.name, row.founded_at) for row in rows]


def _found(scope: Scope, user_id: str) -> UserRow:
    user = scope.session.get(UserRow, user_id, with_for_update=True)
    if user is None:
        raise NotFound("person_unknown", "There is no such person.", user_id=user_id)
    return user


def _changed(scope: Scope, user_id: str, role: Role, organisation_id: str, *, granted: bool) -> None:
    scope.about(user_id)
    ended = sessions.end(scope, user_id, "roles_changed")
    close_resets(scope, user_id)
    scope.note(invitations_withdrawn=close_unbacked(scope, user_id))
    scope.note(role=role.value, organisation_id=organisation_id, granted=granted, sessions_ended=ended)
    scope.publish(
        AccountSecured(
            occurred_at=scope.uow.clock.now(), user_id=user_id, change="roles_changed", change_id=new_id("chg")
        )
    )


def _locked_admins(scope: Scope) -> list[str]:
    """Return the administrators who may sign in, locked in the order of their ids before any single person is.

    Two of them can so neither remove each other at the same moment nor wait for each other.
    """
    chosen = (
        sa.select(UserRow.id)
        .join(MembershipRow, MembershipRow.user_id == UserRow.id)
        .where(MembershipRow.role == Role.ADMIN.value, UserRow.suspended_at.is_(None))
        .order_by(UserRow.id)
        .with_for_update()
    )
    return list(scope.session.scalars(chosen))


def _refuse_last_admin(admins: list[str], user_id: str) -> None:
    if admins == [user_id]:
        raise Conflict("last_admin", "This is the last administrator: make somebody else one first.")


def _person(scope: Scope, row: UserRow) -> PersonView:
    totp = scope.session.get(TotpRow, row.id)
    return PersonView(
        id=row.id,
        name=people_reads.name_of(scope, row),
        email=people_reads.email_of(scope, row),
        memberships=people_reads.memberships_of(scope.session, row.id),
        joined_at=row.joined_at,
        suspended_at=row.suspended_at,
        second_factor_since=totp.confirmed_at if totp else None,
    )

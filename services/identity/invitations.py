"""Invitations by mail: the only way to an account."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services.events.identity import InvitationIssued
from services.identity import people_reads, sessions
from services.identity.devices import device_token
from services.identity.links import Links
from services.identity.passwords import Passwords
from services.identity.people_reads import EMAIL_PLACE, NAME_PLACE
from services.identity.roles import IN_ORGANISATION, Role, is_staff, permissions_of
from services.identity.rules import check_new_password, normalise_name
from services.identity.sessions import SessionLife
from services.identity.tables import InvitationRow, MembershipRow, OrganisationRow, UserRow
from services.identity.upsert import insert_if_absent
from services.identity.views import Client, InvitationView, IssuedInvitation, OpenedSession
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.addresses import normalise_email
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Gone, Invalid, NotFound
from services.kernel.ids import new_id

INVITATION_LASTS = timedelta(days=7)
PREFIX = "inv"


class Invitations:
    """Issues, shows, withdraws and accepts invitations."""

    def __init__(self, uow: UnitOfWork, passwords: Passwords, life: SessionLife) -> None:
        self.uow, self.passwords, self.life = uow, passwords, life
        self.links = Links(uow.vault)

    @command(permission="identity.invite")
    def invite(self, actor: Actor, *, email: str, role: Role, organisation_id: str | None = None) -> IssuedInvitation:
        """Invite a person by mail to have a role; an older open invitation to the same address is withdrawn.

        Raises: Invalid for a wrong address, role or organisation; Conflict where the address has an account.
        """
        return issued(current(), self.links, email=email, role=role, organisation_id=organisation_id)

    @command(permission="identity.invite")
    def withdraw(self, actor: Actor, *, invitation_id: str) -> None:
        """Withdraw an invitation that nobody has accepted.

        Raises: Conflict where it is accepted or withdrawn already.
        """
        scope = current()
        scope.note(invitation_id=invitation_id)
        if not _close(scope, InvitationRow.id == invitation_id):
            raise Conflict("invitation_closed", "This invitation is not open any more.")

    @command(permission="identity.invite")
    def open_ones(self, actor: Actor, *, purpose: str) -> list[InvitationView]:
        """Return the invitations that wait for an answer, the latest first; who read them and why is recorded.

        Raises: Invalid without a purpose.
        """
        scope = current()
        people_reads.note_purpose(scope, purpose)
        rows = scope.session.scalars(
            sa.select(InvitationRow)
            .where(
                InvitationRow.accepted_at.is_(None),
                InvitationRow.withdrawn_at.is_(None),
                InvitationRow.expires_at > self.uow.clock.now(),
            )
            .order_by(InvitationRow.id.desc())
            .limit(200)
        ).all()
        scope.about(*(row.subject_id for row in rows))
        return [_view(scope, row) for row in rows]

    @query(permission="identity.sign_in")
    def look_at(self, actor: Actor, *, token: str) -> InvitationView:
        """Return the invitation that a link opens.

        Raises: NotFound for a forged link; Gone for a used, withdrawn or expired one.
        """
        return _view(current(), self._open_row(current(), token))

    def accept(self, actor: Actor, *, token: str, name: str, password: str, client: Client) -> OpenedSession:
        """Make the account that a link invites to, and sign its owner in.

        Raises: NotFound for a forged link; Gone for a used, withdrawn or expired one; Invalid for name or password.
        """
        invitation = self.look_at(actor, token=token)
        display_name = normalise_name(name)
        check_new_password(password, about=[invitation.email, display_name])
        return self.join(
            actor, token=token, name=display_name, password_hash=self.passwords.hash(password), client=client
        )

    @command(permission="identity.sign_in")
    def join(self, actor: Actor, *, token: str, name: str, password_hash: str, client: Client) -> OpenedSession:
        """Use up an invitation and make its account.

        Raises: NotFound, Gone, as `accept`; Conflict where the address has an account by now.
        """
        scope, now = current(), self.uow.clock.now()
        row = self._open_row(scope, token)
        # Locked before the invitation, as those do who take the inviter's power away.
        scope.session.get(UserRow, row.invited_by, with_for_update=True)
        if not _may_invite(scope, row.invited_by):
            raise _gone()
        used = scope.session.execute(
            sa.update(InvitationRow)
            .where(
                InvitationRow.id == row.id,
                InvitationRow.accepted_at.is_(None),
                InvitationRow.withdrawn_at.is_(None),
            )
            .values(accepted_at=now)
        )
        if not used.rowcount:  # type: ignore[attr-defined] # an UPDATE's result has it
            raise _gone()
        vault = self.uow.vault
        email = vault.open(scope.session, row.subject_id, row.email_sealed, _place(row))
        user = added_user(scope, row.subject_id, email=email, name=name, password_hash=password_hash)
        granted(scope, user.id, Role(row.role), row.organisation_id, by=row.invited_by)
        scope.note(invitation_id=row.id, role=row.role, organisation_id=row.organisation_id)
        scope.note_personal(user.id, {"email": email, "name": name})
        session, session_token = sessions.opened(scope, self.life, user.id, client)
        state = sessions.second_factor_state(scope.session, session, staff=is_staff(frozenset({Role(row.role)})))
        return sessions.shown(session, session_token, state, device_token(vault, user.email_digest))

    def _open_row(self, scope: Scope, token: str) -> InvitationRow:
        row = scope.session.get(InvitationRow, self.links.row_id(token, PREFIX))
        if row is None:
            raise NotFound("link_unknown", "This link is not valid. Ask for a new invitation.")
        if row.accepted_at or row.withdrawn_at or row.expires_at <= self.uow.clock.now():
            raise _gone()
        return row


def issued(scope: Scope, links: Links, *, email: str, role: Role, organisation_id: str | None) -> IssuedInvitation:
    """Write an invitation and publish that it was issued.

    Raises: Invalid for a wrong address, role or organisation; Conflict where the address has an account.
    """
    address, now = normalise_email(email), scope.uow.clock.now()
    organisation_id = checked_organisation(scope, role, organisation_id)
    refuse_taken(scope, address)
    digest = people_reads.email_digest(scope.uow, address)
    _close(scope, InvitationRow.email_digest == digest)
    row = InvitationRow(
        id=new_id(PREFIX),
        subject_id=new_id("usr"),
        email_digest=digest,
        role=role.value,
        organisation_id=organisation_id,
        invited_by=scope.actor.id,
        issued_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    row.email_sealed = scope.uow.vault.seal(scope.session, row.subject_id, address, _place(row))
    scope.session.add(row)
    scope.session.flush()
    scope.note(invitation_id=row.id, role=row.role, organisation_id=organisation_id)
    scope.note_personal(row.subject_id, {"email": address})
    scope.publish(InvitationIssued(occurred_at=now, invitation_id=row.id, subject_id=row.subject_id))
    return IssuedInvitation(row.id, links.token(row.id), row.expires_at)


def checked_organisation(scope: Scope, role: Role, organisation_id: str | None) -> str:
    """Return the organisation in which a role is granted: a company, or the platform itself.

    Raises: Invalid where role and organisation do not fit together.
    """
    if role == Role.VISITOR:
        raise Invalid("role_invalid", "Everybody is a visitor.", fields={"role": "Choose another role."})
    if role not in IN_ORGANISATION:
        if organisation_id is not None:
            message = f"The role {role} belongs to no company."
            raise Invalid("organisation_invalid", message, fields={"organisation": message})
        ensure_platform(scope)
        return people_reads.PLATFORM_ID
    if organisation_id in {None, people_reads.PLATFORM_ID} or not scope.session.get(OrganisationRow, organisation_id):
        message = f"Choose the company of this {role}."
        raise Invalid("organisation_invalid", message, fields={"organisation": message})
    return str(organisation_id)


def ensure_platform(scope: Scope) -> None:
    """Make the organisation that stands for the platform, where it is not there yet."""
    platform = {"id": people_reads.PLATFORM_ID, "name": "Platform", "founded_at": scope.uow.clock.now(), "demo": False}
    insert_if_absent(scope.session, OrganisationRow, platform)


def refuse_taken(scope: Scope, email: str) -> None:
    """Refuse an address that has an account.

    Raises: Conflict.
    """
    if people_reads.by_email(scope, email) is not None:
        raise _taken()


def added_user(scope: Scope, user_id: str, *, email: str, name: str, password_hash: str, demo: bool = False) -> UserRow:
    """Store a person, with address and name sealed under their own key.

    Raises: Conflict where the address has an account.
    """
    vault, now = scope.uow.vault, scope.uow.clock.now()
    row = UserRow(
        id=user_id,
        email_sealed=vault.seal(scope.session, user_id, email, EMAIL_PLACE),
        email_digest=people_reads.email_digest(scope.uow, email),
        name_sealed=vault.seal(scope.session, user_id, name, NAME_PLACE),
        password_hash=password_hash,
        password_changed_at=now,
        joined_at=now,
        demo=demo,
    )
    refuse_taken(scope, email)
    try:
        with scope.session.begin_nested():
            scope.session.add(row)
    except IntegrityError as error:
        raise _taken() from error
    return row


def granted(scope: Scope, user_id: str, role: Role, organisation_id: str, *, by: str) -> bool:
    """Give a person a role; tell whether they did not have it."""
    if scope.session.get(MembershipRow, (user_id, organisation_id, role.value)) is not None:
        return False
    scope.session.add(
        MembershipRow(
            user_id=user_id,
            organisation_id=organisation_id,
            role=role.value,
            granted_at=scope.uow.clock.now(),
            granted_by=by,
        )
    )
    scope.session.flush()
    return True


def close_unbacked(scope: Scope, inviter_id: str) -> int:
    """Withdraw the open invitations of somebody who may not invite any more, and return how many there were."""
    return 0 if _may_invite(scope, inviter_id) else _close(scope, InvitationRow.invited_by == inviter_id)


def _may_invite(scope: Scope, inviter_id: str) -> bool:
    inviter = scope.session.get(UserRow, inviter_id)
    if inviter is None:  # a job, such as the operator's command line
        return True
    roles, _ = people_reads.roles_of(scope.session, inviter_id)
    return inviter.suspended_at is None and "identity.invite" in permissions_of(roles)


def _close(scope: Scope, which: sa.ColumnElement[bool]) -> int:
    still_open = sa.update(InvitationRow).where(
        which, InvitationRow.accepted_at.is_(None), InvitationRow.withdrawn_at.is_(None)
    )
    closed = scope.session.execute(still_open.values(withdrawn_at=_now(scope)))
    return int(closed.rowcount)  # type: ignore[attr-defined] # an UPDATE's result has it


def _now(scope: Scope) -> datetime:
    return scope.uow.clock.now()


def _view(scope: Scope, row: InvitationRow) -> InvitationView:
    return InvitationView(
        id=row.id,
        email=scope.uow.vault.open(scope.session, row.subject_id, row.email_sealed, _place(row)),
        role=row.role,
        organisation=people_reads.organisation_name(scope.session, row.organisation_id),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
    )


def _place(row: InvitationRow) -> str:
    return f"identity_invitations.email:{row.id}"


def _taken() -> Conflict:
    return Conflict("account_exists", "This address has an account already: sign in, or grant it the role instead.")


def _gone() -> Gone:
    return Gone("invitation_over", "This invitation was used, withdrawn or is too old. Ask for a new one.")

"""A new password: by its owner who knows the old one, or by a link sent to their address."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from services.events.identity import AccountSecured, PasswordResetRequested
from services.identity import people_reads, sessions
from services.identity.attempts import Attempts, Lane, count_try, forgive
from services.identity.devices import device_token
from services.identity.links import Links, close_resets
from services.identity.passwords import Passwords
from services.identity.roles import is_staff
from services.identity.rules import check_new_password
from services.identity.sessions import SessionLife
from services.identity.sign_in import FREE_BY_ACCOUNT
from services.identity.tables import ResetRow, UserRow
from services.identity.views import Client, OpenedSession
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Gone, Invalid, NotFound
from services.kernel.ids import new_id
from services.kernel.network import client_network

RESET_LASTS = timedelta(hours=1)
FREE_RESETS_BY_CLIENT = 10
LETTERS_AN_HOUR = 3
PREFIX = "rst"


@dataclass(frozen=True, slots=True)
class Known:
    """What a new password is checked against."""

    user_id: str
    password_hash: str
    about: tuple[str, ...]


class PasswordChange:
    """Changes and resets passwords."""

    def __init__(self, uow: UnitOfWork, passwords: Passwords, attempts: Attempts, life: SessionLife) -> None:
        self.uow, self.passwords, self.attempts, self.life = uow, passwords, attempts, life
        self.links = Links(uow.vault)

    def change(self, actor: Actor, *, session_id: str, old: str, new: str) -> OpenedSession:
        """Replace one's own password; this session gets a new token, and all others end.

        Raises: Invalid for a wrong old or an unfit new password, RateLimited after too many tries, Unauthenticated.
        """
        known = self._proved(actor, old, "old")
        check_new_password(new, about=known.about)
        return self.replace(
            actor, session_id=session_id, known_hash=known.password_hash, new_hash=self.passwords.hash(new)
        )

    def prove(self, actor: Actor, *, password: str) -> str:
        """Return the proof that whoever acts knows the present password: what changes the second factor asks for it.

        Raises: Invalid for a wrong password, RateLimited after too many tries.
        """
        return self._proved(actor, password, "password").password_hash

    def _proved(self, actor: Actor, password: str, field: str) -> Known:
        known = self.own(actor)
        self.attempts.reserve(actor, [password_lane(known.user_id)])
        if not self.passwords.matches(known.password_hash, password):
            message = "This is not your present password."
            raise Invalid("password_wrong", message, fields={field: message})
        return known

    @query(permission="identity.own.secure")
    def own(self, actor: Actor) -> Known:
        """Return what one's own new password is checked against."""
        return _known(current(), current().session.get_one(UserRow, actor.id))

    @command(permission="identity.own.secure")
    def replace(self, actor: Actor, *, session_id: str, known_hash: str, new_hash: str) -> OpenedSession:
        """Store a new password whose predecessor was proved.

        Raises: Invalid where the password was changed meanwhile, Unauthenticated where the session is over.
        """
        scope = current()
        scope.about(actor.id)
        row = sessions.live_own(scope, self.life, session_id)
        user = scope.session.get_one(UserRow, actor.id, with_for_update=True, populate_existing=True)
        if user.password_hash != known_hash:
            message = "Your password was changed meanwhile."
            raise Invalid("password_wrong", message, fields={"old": message})
        forgive(scope, [password_lane(actor.id)])
        self._store(scope, user, new_hash, "password_changed", except_id=row.id)
        roles, _ = people_reads.roles_of(scope.session, user.id)
        state = sessions.second_factor_state(scope.session, row, staff=is_staff(roles))
        device = device_token(self.uow.vault, user.email_digest)
        return sessions.shown(row, sessions.rotated(scope, row), state, device)

    @command(permission="identity.sign_in")
    def request_reset(self, actor: Actor, *, email: str, client: Client) -> None:
        """Send a link for a new password to an address; the answer is the same whether it has an account or not.

        Raises: Invalid for what is no address, RateLimited for a client that asks too often.
        """
        scope, now = current(), self.uow.clock.now()
        count_try(scope, [Lane("reset_client", client_network(client.address), FREE_RESETS_BY_CLIENT)])
        user = people_reads.by_email(scope, email)
        row = ResetRow(id=new_id(PREFIX), requested_at=now, expires_at=now + RESET_LASTS)
        if user is not None and user.suspended_at is None and self._letters(scope, user.id) < LETTERS_AN_HOUR:
            row.user_id = user.id
            scope.about(user.id)
        scope.session.add(row)
        scope.note(reset_id=row.id)
        scope.publish(PasswordResetRequested(occurred_at=now, reset_id=row.id))

    @query(permission="identity.sign_in")
    def look_at_reset(self, actor: Actor, *, token: str) -> Known:
        """Return what a reset link leads to.

        Raises: NotFound for a forged link; Gone for a used or expired one.
        """
        return _known(current(), self._open_user(current(), token))

    def reset(self, actor: Actor, *, token: str, new: str) -> str:
        """Store the password that the owner of a reset link chose, end all sign-ins, and return a device token.

        Raises: NotFound for a forged link; Gone for a used or expired one; Invalid for an unfit password.
        """
        known = self.look_at_reset(actor, token=token)
        check_new_password(new, about=known.about)
        return self.settle_reset(actor, token=token, new_hash=self.passwords.hash(new))

    @command(permission="identity.sign_in")
    def settle_reset(self, actor: Actor, *, token: str, new_hash: str) -> str:
        """Use up a reset link and store the new password; other open links of the account are used up too.

        Raises: NotFound, Gone, as `reset`.
        """
        scope = current()
        user = self._open_user(scope, token)
        scope.about(user.id)
        scope.session.get_one(UserRow, user.id, with_for_update=True, populate_existing=True)
        reset_id = self.links.row_id(token, PREFIX)
        unused = sa.update(ResetRow).where(ResetRow.user_id == user.id, ResetRow.used_at.is_(None))
        used = scope.session.scalars(unused.values(used_at=self.uow.clock.now()).returning(ResetRow.id)).all()
        if reset_id not in used:
            raise _gone()
        scope.note(reset_id=reset_id)
        forgive(scope, [password_lane(user.id), Lane("account", user.email_digest, FREE_BY_ACCOUNT)])
        self._store(scope, user, new_hash, "password_reset")
        return device_token(self.uow.vault, user.email_digest)

    def _store(self, scope: Scope, user: UserRow, new_hash: str, change: str, *, except_id: str | None = None) -> None:
        now = self.uow.clock.now()
        user.password_hash, user.password_changed_at = new_hash, now
        close_resets(scope, user.id)
        scope.note(sessions_ended=sessions.end(scope, user.id, change, except_id=except_id))
        scope.publish(AccountSecured(occurred_at=now, user_id=user.id, change=change, change_id=new_id("chg")))

    def _letters(self, scope: Scope, user_id: str) -> int:
        since = self.uow.clock.now() - timedelta(hours=1)
        recent = sa.select(sa.func.count()).where(ResetRow.user_id == user_id, ResetRow.requested_at > since)
        return int(scope.session.scalar(recent) or 0)

    def _open_user(self, scope: Scope, token: str) -> UserRow:
        row = scope.session.get(ResetRow, self.links.row_id(token, PREFIX))
        if row is None or row.user_id is None:
            raise NotFound("link_unknown", "This link is not valid. Ask for a new one.")
        user = scope.session.get_one(UserRow, row.user_id)
        if row.used_at or row.expires_at <= self.uow.clock.now() or user.suspended_at is not None:
            raise _gone()
        return user


def _known(scope: Scope, user: UserRow) -> Known:
    about = (people_reads.email_of(scope, user), people_reads.name_of(scope, user))
    return Known(user.id, user.password_hash, about)


def password_lane(user_id: str) -> Lane:
    """Return where wrong passwords are counted that somebody signed in gives for their own account."""
    return Lane("password_change", user_id, FREE_BY_ACCOUNT)


def _gone() -> Gone:
    return Gone("reset_over", "This link was used or is older than an hour. Ask for a new one.")

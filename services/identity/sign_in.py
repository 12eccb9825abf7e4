"""Signing in with address and password; a wrong one looks and costs the same whether the account exists or not."""

from dataclasses import dataclass

import sqlalchemy as sa

from services.identity import people_reads, sessions
from services.identity.attempts import Attempts, Lane, forgive, take_back
from services.identity.devices import device_token, known_device
from services.identity.passwords import Passwords
from services.identity.roles import is_staff
from services.identity.sessions import SessionLife
from services.identity.tables import UserRow
from services.identity.views import Client, OpenedSession
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Invalid, Unauthenticated
from services.kernel.network import client_network

FREE_BY_ACCOUNT, FREE_BY_CLIENT, FREE_BY_DEVICE = 5, 20, 10


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known of an account before its password is checked."""

    user_id: str
    password_hash: str
    suspended: bool


def password_lanes(uow: UnitOfWork, email_digest: str, client: Client, device: str | None) -> list[Lane]:
    """Return where a guess at a password counts: the trusted device's own lane, or the account's and the client's."""
    known = known_device(uow.vault, email_digest, device)
    if known is not None:
        return [Lane("device", f"{known}:{email_digest}", FREE_BY_DEVICE)]
    return [
        Lane("account", email_digest, FREE_BY_ACCOUNT),
        Lane("client", client_network(client.address), FREE_BY_CLIENT),
    ]


class SignIn:
    """Lets people in."""

    def __init__(self, uow: UnitOfWork, passwords: Passwords, attempts: Attempts, life: SessionLife) -> None:
        self.uow, self.passwords, self.attempts, self.life = uow, passwords, attempts, life

    def sign_in(
        self, actor: Actor, *, email: str, password: str, client: Client, device: str | None = None
    ) -> OpenedSession:
        """Open a session for the person whose address and password these are.

        `device` is the token of a browser that the account has signed in on before.

        Raises: Unauthenticated where they do not fit together, RateLimited after too many tries.
        """
        try:
            digest = people_reads.email_digest(self.uow, email)
        except Invalid:
            digest = self.uow.vault.digest("identity.email.malformed", email)
        lanes = password_lanes(self.uow, digest, client, device)
        self.attempts.reserve(actor, lanes)
        known = self.credentials(actor, digest)
        right = self.passwords.matches(known.password_hash if known else None, password)
        if known is None or not right or known.suspended:
            reason = "unknown_account" if known is None else "suspended" if right else "wrong_password"
            self.note_refused(actor, user_id=known.user_id if known else None, reason=reason)
            raise Unauthenticated("credentials_wrong", "E-mail address and password do not fit together.")
        fresh = self.passwords.hash(password) if self.passwords.outdated(known.password_hash) else None
        return self.admit(actor, known=known, lanes=lanes, client=client, fresh_hash=fresh)

    @query(permission="identity.sign_in")
    def credentials(self, actor: Actor, email_digest: str) -> Credentials | None:
        """Return what is known of the account with this address."""
        user = current().session.scalar(sa.select(UserRow).where(UserRow.email_digest == email_digest))
        return Credentials(user.id, user.password_hash, user.suspended_at is not None) if user else None

    @command(permission="identity.sign_in")
    def admit(
        self, actor: Actor, *, known: Credentials, lanes: list[Lane], client: Client, fresh_hash: str | None
    ) -> OpenedSession:
        """Open the session of a person whose password was right.

        Raises: Unauthenticated where the account was suspended or its password changed meanwhile.
        """
        scope = current()
        scope.about(known.user_id)
        user = scope.session.get_one(UserRow, known.user_id, with_for_update=True)
        if user.suspended_at is not None or user.password_hash != known.password_hash:
            raise Unauthenticated("credentials_wrong", "E-mail address and password do not fit together.")
        user.password_hash = fresh_hash or user.password_hash
        forgive(scope, [lane for lane in lanes if lane.kind != "client"])
        for lane in lanes:
            if lane.kind == "client":
                take_back(scope, lane)
        row, token = sessions.opened(scope, self.life, user.id, client)
        roles, _ = people_reads.roles_of(scope.session, user.id)
        state = sessions.second_factor_state(scope.session, row, staff=is_staff(roles))
        scope.note(session_id=row.id, second_factor=state, rehashed=fresh_hash is not None)
        return sessions.shown(row, token, state, device_token(self.uow.vault, user.email_digest))

    @command(permission="identity.sign_in")
    def note_refused(self, actor: Actor, *, user_id: str | None, reason: str) -> None:
        """Record a refused sign-in in the audit trail."""
        if user_id is not None:
            current().about(user_id)
        current().note(reason=reason)

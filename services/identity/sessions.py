"""Sign-ins: kept on the server, found by a keyed digest of the cookie's token, ended at once everywhere."""

import contextlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.identity import people_reads
from services.identity.roles import (
    ENROLLING_PERMISSIONS,
    OWN_PERMISSIONS,
    VERIFYING_PERMISSIONS,
    is_staff,
    permissions_of,
)
from services.identity.rules import device_label
from services.identity.tables import SessionRow, TotpRow, UserRow
from services.identity.views import Client, OpenedSession, SecondFactorState, SessionView, SignedIn
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, intake, query
from services.kernel.context import Actor, UserActor
from services.kernel.errors import NotFound, Unauthenticated, Unavailable
from services.kernel.ids import new_id, secret_token

SEEN_EVERY = timedelta(seconds=60)
"""How exactly `seen_at` is kept: a busy session writes once in this time."""
DEVICE_PLACE = "identity_sessions.device"


@dataclass(frozen=True, slots=True)
class SessionLife:
    """How long a sign-in lasts, at most and at rest."""

    longest: timedelta
    at_rest: timedelta


class Sessions:
    """Recognises, lists and ends sign-ins."""

    def __init__(self, uow: UnitOfWork, life: SessionLife) -> None:
        self.uow, self.life = uow, life

    def authenticate(self, actor: Actor, token: str) -> SignedIn | None:
        """Return who a cookie's token belongs to, noting that they were here; nothing where it is no longer good."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", token):
            return None
        found = self.recognise(actor, token)
        if found is None:
            return None
        signed_in, seen_at = found
        if self.uow.clock.now() - seen_at >= SEEN_EVERY:
            # A database that takes no writes now must not sign anybody out.
            with contextlib.suppress(Unavailable):
                self.note_seen(actor, signed_in.session_id)
        return signed_in

    @query(permission="identity.sign_in")
    def recognise(self, actor: Actor, token: str) -> tuple[SignedIn, datetime] | None:
        """Return who a token belongs to and when they were last noted; nothing where it is no longer good."""
        session, now = current().session, self.uow.clock.now()
        row = find(current(), token)
        if row is None or not alive(row, now, self.life):
            return None
        user = session.get_one(UserRow, row.user_id)
        if user.suspended_at is not None:
            return None
        roles, organisation_id = people_reads.roles_of(session, user.id)
        state = second_factor_state(session, row, staff=is_staff(roles))
        granted = {
            SecondFactorState.DUE: VERIFYING_PERMISSIONS,
            SecondFactorState.TO_ENROL: ENROLLING_PERMISSIONS,
        }.get(state, permissions_of(roles) | OWN_PERMISSIONS)
        signed_in = SignedIn(
            session_id=row.id,
            actor=UserActor(user.id, granted, organisation_id),
            name=people_reads.name_of(current(), user),
            roles=tuple(sorted(roles)),
            second_factor=state,
            expires_at=row.expires_at,
        )
        return signed_in, row.seen_at

    @intake(permission="identity.sign_in", unaudited_because="that somebody is still here changes nothing of theirs")
    def note_seen(self, actor: Actor, session_id: str) -> None:
        """Note that a session is in use, which keeps it from ending at rest."""
        now = self.uow.clock.now()
        stale = sa.update(SessionRow).where(SessionRow.id == session_id, SessionRow.seen_at < now)
        current().session.execute(stale.values(seen_at=now))

    @query(permission="identity.own.secure")
    def own(self, actor: Actor, *, current_id: str) -> list[SessionView]:
        """Return one's own sign-ins that are still good, the latest first."""
        scope, now = current(), self.uow.clock.now()
        chosen = sa.select(SessionRow).where(SessionRow.user_id == actor.id, SessionRow.ended_at.is_(None))
        rows = scope.session.scalars(chosen.order_by(SessionRow.seen_at.desc()))
        return [
            SessionView(
                id=row.id,
                device=self.uow.vault.open(scope.session, row.user_id, row.device_sealed, DEVICE_PLACE),
                opened_at=row.opened_at,
                seen_at=row.seen_at,
                expires_at=min(row.expires_at, row.seen_at + self.life.at_rest),
                current=row.id == current_id,
            )
            for row in rows
            if alive(row, now, self.life)
        ]

    @command(permission="identity.own.leave")
    def sign_out(self, actor: Actor, *, session_id: str) -> None:
        """End the session that one is in."""
        current().about(actor.id)
        end(current(), actor.id, "signed_out", only_id=session_id)

    @command(permission="identity.own.secure")
    def end_own(self, actor: Actor, *, session_id: str) -> None:
        """End one of one's own sign-ins on another device.

        Raises: NotFound for a session that is somebody else's or over.
        """
        current().about(actor.id)
        current().note(session_id=session_id)
        if not end(current(), actor.id, "ended_by_owner", only_id=session_id):
            raise NotFound("session_unknown", "This sign-in is over already.")

    @command(permission="identity.own.secure")
    def end_own_others(self, actor: Actor, *, current_id: str) -> int:
        """End all of one's own sign-ins but this one, and return how many there were."""
        current().about(actor.id)
        count = end(current(), actor.id, "ended_by_owner", except_id=current_id)
        current().note(ended=count)
        return count

    @command(permission="identity.manage")
    def end_all_of(self, actor: Actor, *, user_id: str) -> int:
        """End every sign-in of a person, and return how many there were."""
        current().about(user_id)
        count = end(current(), user_id, "ended_by_admin")
        current().note(ended=count)
        return count


def alive(row: SessionRow, now: datetime, life: SessionLife) -> bool:
    """Tell whether a session is still good at an instant."""
    return row.ended_at is None and now < row.expires_at and now < row.seen_at + life.at_rest


def find(scope: Scope, token: str) -> SessionRow | None:
    """Return the session of a token, good or not."""
    digest = _digest(scope, token)
    return scope.session.scalar(sa.select(SessionRow).where(SessionRow.token_digest == digest))


def live_own(scope: Scope, life: SessionLife, session_id: str) -> SessionRow:
    """Return the actor's own session, locked.

    Raises: Unauthenticated where it is over or somebody else's.
    """
    row = scope.session.get(SessionRow, session_id, with_for_update=True, populate_existing=True)
    if row is None or row.user_id != scope.actor.id or not alive(row, scope.uow.clock.now(), life):
        raise Unauthenticated("session_over", "Your session is over; sign in again.")
    return row


def opened(scope: Scope, life: SessionLife, user_id: str, client: Client) -> tuple[SessionRow, str]:
    """Open a session for a person who proved themselves, and return it with its token."""
    token, now = secret_token(), scope.uow.clock.now()
    label = device_label(client.user_agent)
    row = SessionRow(
        id=new_id("ses"),
        user_id=user_id,
        token_digest=_digest(scope, token),
        opened_at=now,
        seen_at=now,
        expires_at=now + life.longest,
        device_sealed=scope.uow.vault.seal(scope.session, user_id, label, DEVICE_PLACE),
    )
    scope.session.add(row)
    scope.session.flush()
    return row, token


def rotated(scope: Scope, row: SessionRow) -> str:
    """Give a session a new token; the old one is worth nothing from now on."""
    token = secret_token()
    row.token_digest = _digest(scope, token)
    return token


def end(scope: Scope, user_id: str, because: str, *, only_id: str | None = None, except_id: str | None = None) -> int:
    """End the sessions of a person that are not over yet, and return how many there were."""
    chosen = sa.update(SessionRow).where(SessionRow.user_id == user_id, SessionRow.ended_at.is_(None))
    if only_id is not None:
        chosen = chosen.where(SessionRow.id == only_id)
    if except_id is not None:
        chosen = chosen.where(SessionRow.id != except_id)
    ended = scope.session.execute(chosen.values(ended_at=scope.uow.clock.now(), ended_because=because))
    return int(ended.rowcount)  # type: ignore[attr-defined] # an UPDATE's result has it


def second_factor_state(session: Session, row: SessionRow, *, staff: bool) -> SecondFactorState:
    """Return how a session stands with the second factor."""
    totp = session.get(TotpRow, row.user_id)
    if totp is None or totp.confirmed_at is None:
        return SecondFactorState.TO_ENROL if staff else SecondFactorState.NOT_NEEDED
    return SecondFactorState.DUE if row.second_factor_at is None else SecondFactorState.DONE


def shown(row: SessionRow, token: str, state: SecondFactorState, device_token: str) -> OpenedSession:
    """Return what the surface puts into cookies."""
    return OpenedSession(token, row.expires_at, state, device_token)


def _digest(scope: Scope, token: str) -> str:
    return scope.uow.vault.digest("identity.session", token)

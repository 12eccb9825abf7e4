"""The second factor: time-based one-time codes, and recovery codes for the day when the phone is gone.

Source: RFC 6238 (TOTP); a code's time step is accepted once.
"""

import base64
import secrets

import pyotp
import sqlalchemy as sa

from services.events.identity import AccountSecured
from services.identity import people_reads, sessions
from services.identity.attempts import Lane, count_try, forgive
from services.identity.devices import device_token
from services.identity.password_change import password_lane
from services.identity.roles import is_staff
from services.identity.rules import matching_step, normalise_recovery_code
from services.identity.sessions import SessionLife
from services.identity.tables import RecoveryCodeRow, SessionRow, TotpRow, UserRow
from services.identity.views import EnrolmentView, OpenedSession, SecondFactorState
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from services.kernel.ids import new_id

ISSUER = "Greenlight"
RECOVERY_CODES = 10
FREE_BY_CODE = 5
_SECRET_PLACE, _PENDING_PLACE = "identity_totp.secret", "identity_totp.pending"
_RECOVERY_BYTES = 10


class SecondFactor:
    """Sets up, asks for and takes back the second factor."""

    def __init__(self, uow: UnitOfWork, life: SessionLife) -> None:
        self.uow, self.life = uow, life

    @command(permission="identity.verify")
    def verify(self, actor: Actor, *, session_id: str, code: str) -> OpenedSession | None:
        """Complete a sign-in by a one-time code or a recovery code; nothing for a wrong one, which is counted.

        Raises: RateLimited after too many tries, Unauthenticated where the session is over.
        """
        scope, lane = current(), Lane("second_factor", actor.id, FREE_BY_CODE)
        scope.about(actor.id)
        row = sessions.live_own(scope, self.life, session_id)
        count_try(scope, [lane])
        method = self._matched(scope, code)
        scope.note(session_id=row.id, method=method)
        if method is None:
            return None
        forgive(scope, [lane])
        if method == "recovery_code":
            scope.publish(_secured(scope, "recovery_code_used"))
        return self._raised(scope, row)

    @command(permission="identity.own.enrol")
    def begin_enrolment(self, actor: Actor, *, session_id: str, proof: str | None = None) -> EnrolmentView:
        """Make a new secret, which counts only once a code of it was given; an older one stays in use until then.

        Whoever replaces one gives the `proof` of `PasswordChange.prove`: an open browser alone takes over no account.

        Raises: Unauthenticated where the session is over or the present factor was not given; Invalid without proof.
        """
        scope = current()
        scope.about(actor.id)
        row = sessions.live_own(scope, self.life, session_id)
        totp = _locked(scope, actor.id)
        _refuse_unverified(row, totp)
        if totp.confirmed_at is not None:
            _refuse_unproved(scope, proof)
        secret = pyotp.random_base32()
        totp.pending_sealed = self.uow.vault.seal(scope.session, actor.id, secret, _PENDING_PLACE)
        totp.pending_at = self.uow.clock.now()
        return self._enrolment(scope, secret)

    @query(permission="identity.own.enrol")
    def pending_enrolment(self, actor: Actor) -> EnrolmentView | None:
        """Return the secret that waits for its first code, so that a mistyped code can be tried again."""
        scope = current()
        totp = scope.session.get(TotpRow, actor.id)
        if totp is None or totp.pending_sealed is None:
            return None
        secret = self.uow.vault.open(scope.session, actor.id, totp.pending_sealed, _PENDING_PLACE)
        return self._enrolment(scope, secret)

    @command(permission="identity.own.enrol")
    def confirm_enrolment(
        self, actor: Actor, *, session_id: str, code: str
    ) -> tuple[OpenedSession, tuple[str, ...]] | None:
        """Put the new secret into use by its first code, and return recovery codes, shown this once.

        The session gets a new token, and all others end. Nothing for a wrong code, which is counted.

        Raises: Conflict where none was begun, RateLimited after too many tries, Unauthenticated, Forbidden.
        """
        scope, lane = current(), Lane("enrolment", actor.id, FREE_BY_CODE)
        scope.about(actor.id)
        row = sessions.live_own(scope, self.life, session_id)
        totp = _locked(scope, actor.id)
        _refuse_unverified(row, totp)
        if totp.pending_sealed is None:
            raise Conflict("enrolment_not_begun", "Start again: open the page that shows the QR code.")
        count_try(scope, [lane])
        secret = self.uow.vault.open(scope.session, actor.id, totp.pending_sealed, _PENDING_PLACE)
        step = matching_step(secret, code, self.uow.clock.now())
        scope.note(session_id=row.id, confirmed=step is not None)
        if step is None:
            return None
        forgive(scope, [lane])
        totp.secret_sealed = self.uow.vault.seal(scope.session, actor.id, secret, _SECRET_PLACE)
        totp.confirmed_at, totp.last_step = self.uow.clock.now(), step
        totp.pending_sealed = totp.pending_at = None
        sessions.end(scope, actor.id, "second_factor_changed", except_id=row.id)
        scope.publish(_secured(scope, "second_factor_enrolled"))
        return self._raised(scope, row), self._new_codes(scope, actor.id)

    @command(permission="identity.own.secure")
    def renew_recovery_codes(self, actor: Actor, *, session_id: str, proof: str) -> tuple[str, ...]:
        """Return new recovery codes, shown this once; the old ones are worth nothing from now on.

        Raises: Conflict without a second factor; Unauthenticated; Invalid without proof of the password.
        """
        scope = current()
        scope.about(actor.id)
        row, totp = sessions.live_own(scope, self.life, session_id), _locked(scope, actor.id)
        if totp.confirmed_at is None:
            raise Conflict("second_factor_missing", "Set up a second factor first.")
        _refuse_unverified(row, totp)
        _refuse_unproved(scope, proof)
        scope.publish(_secured(scope, "recovery_codes_renewed"))
        return self._new_codes(scope, actor.id)

    @command(permission="identity.own.secure")
    def remove(self, actor: Actor, *, session_id: str, proof: str) -> None:
        """Take the second factor off one's own account.

        Raises: Forbidden for staff, who need one; Unauthenticated; Invalid without proof of the password.
        """
        scope = current()
        scope.about(actor.id)
        row, totp = sessions.live_own(scope, self.life, session_id), _locked(scope, actor.id)
        _refuse_unverified(row, totp)
        _refuse_unproved(scope, proof)
        roles, _ = people_reads.roles_of(scope.session, actor.id)
        if is_staff(roles):
            raise Forbidden("second_factor_required", "Staff need a second factor; you can replace it.")
        taken_off(scope, actor.id)
        scope.publish(_secured(scope, "second_factor_removed"))

    @command(permission="identity.manage")
    def take_off(self, actor: Actor, *, user_id: str) -> None:
        """Take a lost second factor off a person's account and end all their sign-ins; staff must set up a new one.

        Raises: NotFound; Conflict for one's own, or where there is none.
        """
        if user_id == actor.id:
            raise Conflict("second_factor_own", "Replace your own second factor on the page of your account.")
        _lost(current(), current().session.get(UserRow, user_id, with_for_update=True))

    @command(permission="identity.found")
    def take_off_by_address(self, actor: Actor, *, email: str) -> None:
        """Take a lost second factor off from the operator's command line: the way out for the only administrator.

        Raises: Invalid for a wrong address; NotFound; Conflict where there is none.
        """
        _lost(current(), people_reads.by_email(current(), email))

    def _matched(self, scope: Scope, code: str) -> str | None:
        """Use up the code, and return what kind it was; nothing for a wrong or used one."""
        now, user_id = self.uow.clock.now(), scope.actor.id
        totp = _locked(scope, user_id)
        if totp.secret_sealed is not None:
            secret = self.uow.vault.open(scope.session, user_id, totp.secret_sealed, _SECRET_PLACE)
            step = matching_step(secret, code, now)
            if step is not None and step > totp.last_step:
                totp.last_step = step
                return "totp"
        digest = _recovery_digest(self.uow, user_id, code)
        unused = sa.update(RecoveryCodeRow).where(
            RecoveryCodeRow.user_id == user_id,
            RecoveryCodeRow.code_digest == digest,
            RecoveryCodeRow.used_at.is_(None),
        )
        used = scope.session.execute(unused.values(used_at=now))
        return "recovery_code" if used.rowcount else None  # type: ignore[attr-defined] # an UPDATE's result has it

    def _raised(self, scope: Scope, row: SessionRow) -> OpenedSession:
        row.second_factor_at = self.uow.clock.now()
        user = scope.session.get_one(UserRow, row.user_id)
        device = device_token(self.uow.vault, user.email_digest)
        return sessions.shown(row, sessions.rotated(scope, row), SecondFactorState.DONE, device)

    def _enrolment(self, scope: Scope, secret: str) -> EnrolmentView:
        user = scope.session.get_one(UserRow, scope.actor.id)
        uri = pyotp.TOTP(secret, name=people_reads.email_of(scope, user), issuer=ISSUER).provisioning_uri()
        return EnrolmentView(" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)), uri)

    def _new_codes(self, scope: Scope, user_id: str) -> tuple[str, ...]:
        scope.session.execute(sa.delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        now = self.uow.clock.now()
        scope.session.add_all(
            RecoveryCodeRow(
                id=new_id("rec"), user_id=user_id, code_digest=_recovery_digest(self.uow, user_id, code), issued_at=now
            )
            for code in codes
        )
        return codes


def install(scope: Scope, user_id: str, secret: str) -> None:
    """Put a secret into use without a first code: for the demo, whose secrets are printed."""
    totp = _locked(scope, user_id)
    totp.secret_sealed = scope.uow.vault.seal(scope.session, user_id, secret, _SECRET_PLACE)
    totp.confirmed_at, totp.last_step = scope.uow.clock.now(), 0


def taken_off(scope: Scope, user_id: str) -> None:
    """Remove a person's second factor and recovery codes."""
    scope.session.execute(sa.delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
    scope.session.execute(sa.delete(TotpRow).where(TotpRow.user_id == user_id))


def _lost(scope: Scope, user: UserRow | None) -> None:
    if user is None:
        raise NotFound("person_unknown", "There is no such person.")
    scope.about(user.id)
    totp = _locked(scope, user.id)
    if totp.confirmed_at is None:
        raise Conflict("second_factor_missing", "This person has no second factor.")
    taken_off(scope, user.id)
    scope.note(sessions_ended=sessions.end(scope, user.id, "second_factor_changed"))
    scope.publish(_secured(scope, "second_factor_removed", user.id))


def _locked(scope: Scope, user_id: str) -> TotpRow:
    # The person's row is the lock: a second factor may not exist yet.
    scope.session.get_one(UserRow, user_id, with_for_update=True, populate_existing=True)
    row = scope.session.get(TotpRow, user_id, populate_existing=True)
    if row is None:
        row = TotpRow(user_id=user_id, last_step=0)
        scope.session.add(row)
        scope.session.flush()
    return row


def _refuse_unverified(row: SessionRow, totp: TotpRow) -> None:
    if totp.confirmed_at is not None and row.second_factor_at is None:
        raise Unauthenticated("second_factor_due", "Give the code of your present second factor first.")


def _refuse_unproved(scope: Scope, proof: str | None) -> None:
    if proof is None or scope.session.get_one(UserRow, scope.actor.id).password_hash != proof:
        message = "Give your present password."
        raise Invalid("password_wrong", message, fields={"password": message})
    forgive(scope, [password_lane(scope.actor.id)])


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def _recovery_digest(uow: UnitOfWork, user_id: str, code: str) -> str:
    return uow.vault.digest("identity.recovery", f"{user_id}:{normalise_recovery_code(code)}")


def _secured(scope: Scope, change: str, user_id: str | None = None) -> AccountSecured:
    return AccountSecured(
        occurred_at=scope.uow.clock.now(), user_id=user_id or scope.actor.id, change=change, change_id=new_id("chg")
    )

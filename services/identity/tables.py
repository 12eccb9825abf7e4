"""What identity stores: names and addresses only as ciphertext, credentials only as digests."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class UserRow(Base):
    """A person with an account."""

    __tablename__ = "identity_users"

    id: Mapped[str] = column(PersonalData.SUBJECT_ID, primary_key=True)
    email_sealed: Mapped[str] = column(PersonalData.SEALED)
    email_digest: Mapped[str] = column(PersonalData.PSEUDONYM, unique=True)
    name_sealed: Mapped[str] = column(PersonalData.SEALED)
    password_hash: Mapped[str] = column(PersonalData.CREDENTIAL)
    password_changed_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    joined_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    suspended_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    demo: Mapped[bool] = column(PersonalData.NONE, default=False)


class OrganisationRow(Base):
    """A company that people act for, or the platform itself."""

    __tablename__ = "identity_organisations"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    name: Mapped[str] = column(PersonalData.NONE)
    founded_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    demo: Mapped[bool] = column(PersonalData.NONE, default=False)


class MembershipRow(Base):
    """A role that a person has now; what they had is in the audit trail."""

    __tablename__ = "identity_memberships"

    user_id: Mapped[str] = column(PersonalData.SUBJECT_ID, sa.ForeignKey("identity_users.id"), primary_key=True)
    organisation_id: Mapped[str] = column(
        PersonalData.NONE, sa.ForeignKey("identity_organisations.id"), primary_key=True, index=True
    )
    role: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    granted_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    granted_by: Mapped[str] = column(PersonalData.SUBJECT_ID)


class SessionRow(Base):
    """One sign-in on one device; the token in the cookie is kept as a keyed digest only."""

    __tablename__ = "identity_sessions"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    user_id: Mapped[str] = column(PersonalData.SUBJECT_ID, sa.ForeignKey("identity_users.id"), index=True)
    token_digest: Mapped[str] = column(PersonalData.CREDENTIAL, unique=True)
    opened_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    seen_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    expires_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    second_factor_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    device_sealed: Mapped[str] = column(PersonalData.SEALED)
    ended_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    ended_because: Mapped[str | None] = column(PersonalData.NONE)


class TotpRow(Base):
    """A person's second factor: the secret in use, and one that waits for its first code."""

    __tablename__ = "identity_totp"

    user_id: Mapped[str] = column(PersonalData.SUBJECT_ID, sa.ForeignKey("identity_users.id"), primary_key=True)
    secret_sealed: Mapped[str | None] = column(PersonalData.CREDENTIAL)
    confirmed_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    last_step: Mapped[int] = column(PersonalData.NONE, sa.BigInteger, default=0)
    pending_sealed: Mapped[str | None] = column(PersonalData.CREDENTIAL)
    pending_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


class RecoveryCodeRow(Base):
    """A code that stands in for the second factor once."""

    __tablename__ = "identity_recovery_codes"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    user_id: Mapped[str] = column(PersonalData.SUBJECT_ID, sa.ForeignKey("identity_users.id"), index=True)
    code_digest: Mapped[str] = column(PersonalData.CREDENTIAL)
    issued_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    used_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


class AttemptsRow(Base):
    """How often somebody guessed in one lane (account, client, trusted device), and until when they wait."""

    __tablename__ = "identity_attempts"

    lane_digest: Mapped[str] = column(PersonalData.PSEUDONYM, primary_key=True)
    failures: Mapped[int] = column(PersonalData.NONE)
    last_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    blocked_until: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)


class InvitationRow(Base):
    """An invitation by mail; its token is derived from the id by a server key, so that none is stored."""

    __tablename__ = "identity_invitations"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    subject_id: Mapped[str] = column(PersonalData.SUBJECT_ID, index=True)
    email_sealed: Mapped[str] = column(PersonalData.SEALED)
    email_digest: Mapped[str] = column(PersonalData.PSEUDONYM, index=True)
    role: Mapped[str] = column(PersonalData.NONE)
    organisation_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("identity_organisations.id"), index=True)
    invited_by: Mapped[str] = column(PersonalData.SUBJECT_ID)
    issued_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    expires_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    accepted_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


class ResetRow(Base):
    """A password reset by mail; its token is derived from the id by a server key, so that none is stored.

    A request for an address without an account has a row without a user, so that both cost the same time.
    """

    __tablename__ = "identity_resets"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    user_id: Mapped[str | None] = column(PersonalData.SUBJECT_ID, sa.ForeignKey("identity_users.id"), index=True)
    requested_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    expires_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    used_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)

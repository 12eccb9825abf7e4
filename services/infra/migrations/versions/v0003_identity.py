"""The tables of identity."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_identity_attempts()
    _create_identity_organisations()
    _create_identity_users()
    _create_identity_invitations()
    _create_identity_memberships()
    _create_identity_recovery_codes()
    _create_identity_resets()
    _create_identity_sessions()
    _create_identity_totp()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("identity_totp")
    op.drop_table("identity_sessions")
    op.drop_table("identity_resets")
    op.drop_table("identity_recovery_codes")
    op.drop_table("identity_memberships")
    op.drop_table("identity_invitations")
    op.drop_table("identity_users")
    op.drop_table("identity_organisations")
    op.drop_table("identity_attempts")


def _create_identity_attempts() -> None:
    op.create_table(
        "identity_attempts",
        sa.Column("lane_digest", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("lane_digest", name=op.f("pk_identity_attempts")),
    )
    op.create_index(op.f("ix_identity_attempts_last_at"), "identity_attempts", ["last_at"], unique=False)


def _create_identity_organisations() -> None:
    op.create_table(
        "identity_organisations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("founded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_organisations")),
    )


def _create_identity_users() -> None:
    op.create_table(
        "identity_users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email_sealed", sa.String(), nullable=False),
        sa.Column("email_digest", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_users")),
        sa.UniqueConstraint("email_digest", name=op.f("uq_identity_users_email_digest")),
    )


def _create_identity_invitations() -> None:
    op.create_table(
        "identity_invitations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("email_sealed", sa.String(), nullable=False),
        sa.Column("email_digest", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("invited_by", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["identity_organisations.id"], name=op.f("fk_identity_invitations_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_invitations")),
    )
    op.create_index(
        op.f("ix_identity_invitations_email_digest"), "identity_invitations", ["email_digest"], unique=False
    )
    op.create_index(
        op.f("ix_identity_invitations_organisation_id"), "identity_invitations", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_identity_invitations_subject_id"), "identity_invitations", ["subject_id"], unique=False)


def _create_identity_memberships() -> None:
    op.create_table(
        "identity_memberships",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["identity_organisations.id"], name=op.f("fk_identity_memberships_organisation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["identity_users.id"], name=op.f("fk_identity_memberships_user_id")),
        sa.PrimaryKeyConstraint("user_id", "organisation_id", "role", name=op.f("pk_identity_memberships")),
    )
    op.create_index(
        op.f("ix_identity_memberships_organisation_id"), "identity_memberships", ["organisation_id"], unique=False
    )


def _create_identity_recovery_codes() -> None:
    op.create_table(
        "identity_recovery_codes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("code_digest", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["identity_users.id"], name=op.f("fk_identity_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_recovery_codes")),
    )
    op.create_index(op.f("ix_identity_recovery_codes_user_id"), "identity_recovery_codes", ["user_id"], unique=False)


def _create_identity_resets() -> None:
    op.create_table(
        "identity_resets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["identity_users.id"], name=op.f("fk_identity_resets_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_resets")),
    )
    op.create_index(op.f("ix_identity_resets_user_id"), "identity_resets", ["user_id"], unique=False)


def _create_identity_sessions() -> None:
    op.create_table(
        "identity_sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_sealed", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["identity_users.id"], name=op.f("fk_identity_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_sessions")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_identity_sessions_token_digest")),
    )
    op.create_index(op.f("ix_identity_sessions_user_id"), "identity_sessions", ["user_id"], unique=False)


def _create_identity_totp() -> None:
    op.create_table(
        "identity_totp",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("secret_sealed", sa.String(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("pending_sealed", sa.String(), nullable=True),
        sa.Column("pending_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["identity_users.id"], name=op.f("fk_identity_totp_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_identity_totp")),
    )

"""Audit trail, keys per subject, durable work."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_audit_entries()
    _create_crypto_subject_keys()
    _create_durable_executors()
    _create_durable_failures()
    _create_durable_leases()
    _create_audit_subjects()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("audit_subjects")
    op.drop_table("durable_leases")
    op.drop_table("durable_failures")
    op.drop_table("durable_executors")
    op.drop_table("crypto_subject_keys")
    op.drop_table("audit_entries")


def _create_audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column("trace_id", sa.String(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_actor_id"), "audit_entries", ["actor_id"], unique=False)
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"], unique=False)
    op.create_index(op.f("ix_audit_entries_correlation_id"), "audit_entries", ["correlation_id"], unique=False)
    op.create_index(op.f("ix_audit_entries_trace_id"), "audit_entries", ["trace_id"], unique=False)
    op.create_index(op.f("ix_audit_entries_verb"), "audit_entries", ["verb"], unique=False)


def _create_crypto_subject_keys() -> None:
    op.create_table(
        "crypto_subject_keys",
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("wrapped_keyset", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_crypto_subject_keys")),
    )


def _create_durable_executors() -> None:
    op.create_table(
        "durable_executors",
        sa.Column("executor_id", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("executor_id", name=op.f("pk_durable_executors")),
    )
    op.create_index(op.f("ix_durable_executors_beat_at"), "durable_executors", ["beat_at"], unique=False)
    op.create_index(op.f("ix_durable_executors_slot"), "durable_executors", ["slot"], unique=False)


def _create_durable_failures() -> None:
    op.create_table(
        "durable_failures",
        sa.Column("work_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("retryable", sa.Boolean(), nullable=False),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("work_id", name=op.f("pk_durable_failures")),
    )
    op.create_index(op.f("ix_durable_failures_correlation_id"), "durable_failures", ["correlation_id"], unique=False)
    op.create_index(op.f("ix_durable_failures_failed_at"), "durable_failures", ["failed_at"], unique=False)
    op.create_index(op.f("ix_durable_failures_name"), "durable_failures", ["name"], unique=False)
    op.create_index(op.f("ix_durable_failures_state"), "durable_failures", ["state"], unique=False)


def _create_durable_leases() -> None:
    op.create_table(
        "durable_leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_durable_leases")),
    )


def _create_audit_subjects() -> None:
    op.create_table(
        "audit_subjects",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_subjects_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "subject_id", name=op.f("pk_audit_subjects")),
    )
    op.create_index(op.f("ix_audit_subjects_subject_id"), "audit_subjects", ["subject_id"], unique=False)

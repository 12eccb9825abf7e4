"""The tables of service level agreements."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_slas_agreements()
    _create_slas_breaches()
    _create_slas_exclusions()
    _create_slas_revisions()
    _create_slas_states()
    _create_slas_left_out()


def downgrade() -> None:
    """Drop the tables."""
    for name in (
        "slas_left_out",
        "slas_states",
        "slas_revisions",
        "slas_exclusions",
        "slas_breaches",
        "slas_agreements",
    ):
        op.drop_table(name)


def _create_slas_agreements() -> None:
    op.create_table(
        "slas_agreements",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("component_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_slas_agreements")),
    )
    op.create_index(op.f("ix_slas_agreements_component_id"), "slas_agreements", ["component_id"], unique=False)


def _create_slas_breaches() -> None:
    op.create_table(
        "slas_breaches",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("sla", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("impact", sa.String(length=16), nullable=False),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slas_breaches")),
    )
    op.create_index(op.f("ix_slas_breaches_ended_at"), "slas_breaches", ["ended_at"], unique=False)
    op.create_index(op.f("ix_slas_breaches_sla"), "slas_breaches", ["sla", "id"], unique=False)
    op.create_index(op.f("ix_slas_breaches_started_at"), "slas_breaches", ["started_at"], unique=False)
    op.create_index(
        op.f("uq_slas_breaches_open"),
        "slas_breaches",
        ["sla"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_slas_exclusions() -> None:
    op.create_table(
        "slas_exclusions",
        sa.Column("incident_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("component_ids", sa.JSON(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("retroactive", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_slas_exclusions")),
    )
    op.create_index(op.f("ix_slas_exclusions_ends_at"), "slas_exclusions", ["ends_at"], unique=False)
    op.create_index(op.f("ix_slas_exclusions_starts_at"), "slas_exclusions", ["starts_at"], unique=False)


def _create_slas_revisions() -> None:
    op.create_table(
        "slas_revisions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("sla", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("target_ratio", sa.Float(), nullable=False),
        sa.Column("window_seconds", sa.BigInteger(), nullable=False),
        sa.Column("component_ids", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slas_revisions")),
    )
    op.create_index(op.f("ix_slas_revisions_sla"), "slas_revisions", ["sla", "id"], unique=False)


def _create_slas_states() -> None:
    op.create_table(
        "slas_states",
        sa.Column("sla", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("memory", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sla", name=op.f("pk_slas_states")),
    )


def _create_slas_left_out() -> None:
    op.create_table(
        "slas_left_out",
        sa.Column("incident_id", sa.String(length=64), nullable=False),
        sa.Column("sla", sa.String(length=64), nullable=False),
        sa.Column("hour_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("good", sa.Float(), nullable=False),
        sa.Column("bad", sa.Float(), nullable=False),
        sa.Column("samples", sa.Float(), nullable=False),
        sa.Column("bad_samples", sa.Float(), nullable=False),
        sa.Column("left", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["slas_exclusions.incident_id"],
            name=op.f("fk_slas_left_out_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incident_id", "sla", "hour_at", name=op.f("pk_slas_left_out")),
    )

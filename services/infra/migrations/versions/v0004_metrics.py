"""The tables of metrics."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_metrics_dimension_sets()
    _create_metrics_inbox()
    _create_metrics_sessions()
    _create_metrics_stopped_sessions()
    _create_metrics_tallies()
    _create_metrics_cells()
    _create_metrics_totals()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("metrics_totals")
    op.drop_table("metrics_cells")
    op.drop_table("metrics_tallies")
    op.drop_table("metrics_stopped_sessions")
    op.drop_table("metrics_sessions")
    op.drop_table("metrics_inbox")
    op.drop_table("metrics_dimension_sets")


def _create_metrics_dimension_sets() -> None:
    op.create_table(
        "metrics_dimension_sets",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("player", sa.String(length=32), nullable=False),
        sa.Column("cdn", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics_dimension_sets")),
        sa.UniqueConstraint(
            "origin", "player", "cdn", "stream", name=op.f("uq_metrics_dimension_sets_origin_player_cdn_stream")
        ),
    )


def _create_metrics_inbox() -> None:
    op.create_table(
        "metrics_inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("player", sa.String(length=32), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("events", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics_inbox")),
    )


def _create_metrics_sessions() -> None:
    op.create_table(
        "metrics_sessions",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("wake_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_metrics_sessions")),
    )
    op.create_index(op.f("ix_metrics_sessions_wake_at"), "metrics_sessions", ["wake_at"], unique=False)


def _create_metrics_stopped_sessions() -> None:
    op.create_table(
        "metrics_stopped_sessions",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_metrics_stopped_sessions")),
    )
    op.create_index(
        op.f("ix_metrics_stopped_sessions_until_at"), "metrics_stopped_sessions", ["until_at"], unique=False
    )


def _create_metrics_tallies() -> None:
    op.create_table(
        "metrics_tallies",
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reason", name=op.f("pk_metrics_tallies")),
    )


def _create_metrics_cells() -> None:
    op.create_table(
        "metrics_cells",
        sa.Column("metric", sa.String(length=40), nullable=False),
        sa.Column("resolution_seconds", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dimension_set_id", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("good_count", sa.BigInteger(), nullable=False),
        sa.Column("newest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dimension_set_id"], ["metrics_dimension_sets.id"], name=op.f("fk_metrics_cells_dimension_set_id")
        ),
        sa.PrimaryKeyConstraint(
            "metric", "resolution_seconds", "starts_at", "dimension_set_id", name=op.f("pk_metrics_cells")
        ),
    )


def _create_metrics_totals() -> None:
    op.create_table(
        "metrics_totals",
        sa.Column("metric", sa.String(length=40), nullable=False),
        sa.Column("dimension_set_id", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("good_count", sa.BigInteger(), nullable=False),
        sa.Column("newest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dimension_set_id"], ["metrics_dimension_sets.id"], name=op.f("fk_metrics_totals_dimension_set_id")
        ),
        sa.PrimaryKeyConstraint("metric", "dimension_set_id", name=op.f("pk_metrics_totals")),
    )

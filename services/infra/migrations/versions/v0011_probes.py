"""probes."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    _probes()
    _results()
    _vantages()


def _probes() -> None:
    op.create_table(
        "probes_hours",
        sa.Column("probe_id", sa.String(), nullable=False),
        sa.Column("vantage", sa.String(), nullable=False),
        sa.Column("hour_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ups", sa.Integer(), nullable=False),
        sa.Column("downs", sa.Integer(), nullable=False),
        sa.Column("unknowns", sa.Integer(), nullable=False),
        sa.Column("latency_count", sa.Integer(), nullable=False),
        sa.Column("latency_total_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("latency_max_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("probe_id", "vantage", "hour_ms", name=op.f("pk_probes_hours")),
    )
    op.create_table(
        "probes_probes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secret_sealed", sa.String(), nullable=True),
        sa.Column("component_id", sa.String(), nullable=True),
        sa.Column("vantages", sa.JSON(), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("timeout_seconds", sa.Double(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("confirm_down", sa.Integer(), nullable=False),
        sa.Column("confirm_up", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts_from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("verdict_since_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probes_probes")),
    )
    with op.batch_alter_table("probes_probes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_probes_probes_component_id"), ["component_id"], unique=False)


def _results() -> None:
    op.create_table(
        "probes_results",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("probe_id", sa.String(), nullable=False),
        sa.Column("vantage", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probes_results")),
    )
    with op.batch_alter_table("probes_results", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_probes_results_at_ms"), ["at_ms"], unique=False)
        batch_op.create_index("ix_probes_results_seen", ["probe_id", "vantage", "at_ms"], unique=False)


def _vantages() -> None:
    op.create_table(
        "probes_vantages",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_probes_vantages")),
        sa.UniqueConstraint("key_id", name=op.f("uq_probes_vantages_key_id")),
    )
    op.create_table(
        "probes_standings",
        sa.Column("probe_id", sa.String(), nullable=False),
        sa.Column("vantage", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("run_count", sa.Integer(), nullable=False),
        sa.Column("run_since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("word", sa.String(), nullable=True),
        sa.Column("word_since_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("word_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["probe_id"], ["probes_probes.id"], name=op.f("fk_probes_standings_probe_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["vantage"], ["probes_vantages.name"], name=op.f("fk_probes_standings_vantage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("probe_id", "vantage", name=op.f("pk_probes_standings")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("probes_standings")
    op.drop_table("probes_vantages")
    with op.batch_alter_table("probes_results", schema=None) as batch_op:
        batch_op.drop_index("ix_probes_results_seen")
        batch_op.drop_index(batch_op.f("ix_probes_results_at_ms"))

    op.drop_table("probes_results")
    with op.batch_alter_table("probes_probes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_probes_probes_component_id"))

    op.drop_table("probes_probes")
    op.drop_table("probes_hours")

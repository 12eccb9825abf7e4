"""The tables of shares; the sums of a group of components become one value, which thousands of days need."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "shares_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("secret_digest", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares_links")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_shares_links_secret_digest")),
    )
    op.create_table(
        "shares_sights",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("share_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["share_id"], ["shares_links.id"], name=op.f("fk_shares_sights_share_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares_sights")),
    )
    with op.batch_alter_table("shares_sights", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shares_sights_share_id"), ["share_id"], unique=False)

    op.drop_table("components_group_days")
    with op.batch_alter_table("components_components", schema=None) as batch_op:
        batch_op.add_column(sa.Column("excused", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("opened_ms", sa.BigInteger(), server_default="0", nullable=False))

    with op.batch_alter_table("components_groups", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rolled", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("components_groups", schema=None) as batch_op:
        batch_op.drop_column("rolled")

    with op.batch_alter_table("components_components", schema=None) as batch_op:
        batch_op.drop_column("opened_ms")
        batch_op.drop_column("excused")

    op.create_table(
        "components_group_days",
        sa.Column("group_id", sa.VARCHAR(length=64), nullable=False),
        sa.Column("day_on", sa.DATE(), nullable=False),
        sa.Column("operational_ms", sa.BIGINT(), nullable=False),
        sa.Column("degraded_ms", sa.BIGINT(), nullable=False),
        sa.Column("partial_ms", sa.BIGINT(), nullable=False),
        sa.Column("major_ms", sa.BIGINT(), nullable=False),
        sa.Column("maintenance_ms", sa.BIGINT(), nullable=False),
        sa.Column("unknown_ms", sa.BIGINT(), nullable=False),
        sa.Column("worst_rank", sa.INTEGER(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["components_groups.id"], name=op.f("fk_components_group_days_group_id")),
        sa.PrimaryKeyConstraint("group_id", "day_on", name=op.f("pk_components_group_days")),
    )
    with op.batch_alter_table("shares_sights", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shares_sights_share_id"))

    op.drop_table("shares_sights")
    op.drop_table("shares_links")

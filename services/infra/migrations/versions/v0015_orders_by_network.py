"""Orders are counted by the network that they come from."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table("payments_orders") as table:
        table.add_column(sa.Column("network_digest", sa.String(length=64), nullable=True))
        table.create_index("ix_payments_orders_network_digest_placed_at", ["network_digest", "placed_at"])
        table.create_index("ix_payments_orders_placed_at", ["placed_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("payments_orders") as table:
        table.drop_index("ix_payments_orders_placed_at")
        table.drop_index("ix_payments_orders_network_digest_placed_at")
        table.drop_column("network_digest")

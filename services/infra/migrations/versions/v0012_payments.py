"""The tables of payments: prices, orders and attempts, payouts, notices."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    _notices()
    _orders()
    _payouts()
    _prices()
    _attempts()


def _notices() -> None:
    op.create_table(
        "payments_notices",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("processor_id", sa.String(length=80), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments_notices")),
    )
    with op.batch_alter_table("payments_notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payments_notices_processor_id"), ["processor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payments_notices_received_at"), ["received_at"], unique=False)


def _orders() -> None:
    op.create_table(
        "payments_orders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("title_slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quiet_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processor_id", sa.String(length=80), nullable=True),
        sa.Column("look_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments_orders")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_payments_orders_key_digest")),
        sa.UniqueConstraint("processor_id", name=op.f("uq_payments_orders_processor_id")),
    )
    with op.batch_alter_table("payments_orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payments_orders_look_up_at"), ["look_up_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_payments_orders_origin"), ["origin"], unique=False)
        batch_op.create_index("ix_payments_orders_state_quiet_since", ["state", "quiet_since"], unique=False)


def _payouts() -> None:
    op.create_table(
        "payments_payouts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("creator_name", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("processor_id", sa.String(length=80), nullable=True),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("look_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments_payouts")),
        sa.UniqueConstraint("processor_id", name=op.f("uq_payments_payouts_processor_id")),
    )
    with op.batch_alter_table("payments_payouts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payments_payouts_look_up_at"), ["look_up_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_payments_payouts_origin"), ["origin"], unique=False)
        batch_op.create_index(batch_op.f("ix_payments_payouts_state"), ["state"], unique=False)


def _prices() -> None:
    op.create_table(
        "payments_prices",
        sa.Column("title_slug", sa.String(length=80), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("priced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("title_slug", name=op.f("pk_payments_prices")),
    )


def _attempts() -> None:
    op.create_table(
        "payments_attempts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("card", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("failure_code", sa.String(length=64), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["payments_orders.id"], name=op.f("fk_payments_attempts_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments_attempts")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_payments_attempts_order_id_number")),
    )
    with op.batch_alter_table("payments_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payments_attempts_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index("ix_payments_attempts_state_requested_at", ["state", "requested_at"], unique=False)


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("payments_attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_payments_attempts_state_requested_at")
        batch_op.drop_index(batch_op.f("ix_payments_attempts_ended_at"))

    op.drop_table("payments_attempts")
    op.drop_table("payments_prices")
    with op.batch_alter_table("payments_payouts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payments_payouts_state"))
        batch_op.drop_index(batch_op.f("ix_payments_payouts_origin"))
        batch_op.drop_index(batch_op.f("ix_payments_payouts_look_up_at"))

    op.drop_table("payments_payouts")
    with op.batch_alter_table("payments_orders", schema=None) as batch_op:
        batch_op.drop_index("ix_payments_orders_state_quiet_since")
        batch_op.drop_index(batch_op.f("ix_payments_orders_origin"))
        batch_op.drop_index(batch_op.f("ix_payments_orders_look_up_at"))

    op.drop_table("payments_orders")
    with op.batch_alter_table("payments_notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payments_notices_received_at"))
        batch_op.drop_index(batch_op.f("ix_payments_notices_processor_id"))

    op.drop_table("payments_notices")

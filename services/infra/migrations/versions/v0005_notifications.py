"""The tables of notifications."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_notifications_messages()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("notifications_messages")


def _create_notifications_messages() -> None:
    op.create_table(
        "notifications_messages",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("recipient_sealed", sa.String(), nullable=False),
        sa.Column("content_sealed", sa.String(), nullable=True),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_because", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications_messages")),
        sa.UniqueConstraint("cause", name=op.f("uq_notifications_messages_cause")),
    )
    op.create_index(
        op.f("ix_notifications_messages_correlation_id"), "notifications_messages", ["correlation_id"], unique=False
    )
    op.create_index(op.f("ix_notifications_messages_failed_at"), "notifications_messages", ["failed_at"], unique=False)
    op.create_index(
        op.f("ix_notifications_messages_subject_id"), "notifications_messages", ["subject_id"], unique=False
    )
    op.create_index(
        op.f("ix_notifications_messages_waiting_since"), "notifications_messages", ["waiting_since"], unique=False
    )

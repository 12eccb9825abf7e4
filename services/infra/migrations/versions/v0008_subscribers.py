"""The tables of webhooks and of subscribers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_subscribers_requests()
    _create_subscribers_subscribers()
    _create_webhooks_endpoints()
    _create_subscribers_choices()
    _create_subscribers_notices()
    _create_webhooks_deliveries()
    _create_webhooks_secrets()
    _create_webhooks_attempts()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("webhooks_attempts")
    op.drop_table("webhooks_secrets")
    op.drop_table("webhooks_deliveries")
    op.drop_table("subscribers_notices")
    op.drop_table("subscribers_choices")
    op.drop_table("webhooks_endpoints")
    op.drop_table("subscribers_subscribers")
    op.drop_table("subscribers_requests")


def _create_subscribers_requests() -> None:
    op.create_table(
        "subscribers_requests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("contact_digest", sa.String(), nullable=False),
        sa.Column("network_digest", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers_requests")),
    )
    op.create_index(op.f("ix_subscribers_requests_asked_at"), "subscribers_requests", ["asked_at"], unique=False)
    op.create_index(
        op.f("ix_subscribers_requests_contact_digest"), "subscribers_requests", ["contact_digest"], unique=False
    )
    op.create_index(
        op.f("ix_subscribers_requests_network_digest"), "subscribers_requests", ["network_digest"], unique=False
    )


def _create_subscribers_subscribers() -> None:
    op.create_table(
        "subscribers_subscribers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("contact_sealed", sa.String(), nullable=True),
        sa.Column("contact_digest", sa.String(), nullable=True),
        sa.Column("target_sealed", sa.String(), nullable=True),
        sa.Column("target_digest", sa.String(), nullable=True),
        sa.Column("endpoint_id", sa.String(), nullable=True),
        sa.Column("min_impact", sa.String(), nullable=False),
        sa.Column("everything", sa.Boolean(), nullable=False),
        sa.Column("maintenance", sa.Boolean(), nullable=False),
        sa.Column("component_changes", sa.Boolean(), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(length=64), nullable=True),
        sa.Column("digest_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers_subscribers")),
        sa.UniqueConstraint("endpoint_id", name=op.f("uq_subscribers_subscribers_endpoint_id")),
        sa.UniqueConstraint("target_digest", name=op.f("uq_subscribers_subscribers_target_digest")),
    )
    op.create_index(op.f("ix_subscribers_subscribers_asked_at"), "subscribers_subscribers", ["asked_at"], unique=False)
    op.create_index(
        op.f("ix_subscribers_subscribers_contact_digest"), "subscribers_subscribers", ["contact_digest"], unique=False
    )
    op.create_index(
        op.f("ix_subscribers_subscribers_digest_due_at"), "subscribers_subscribers", ["digest_due_at"], unique=False
    )
    op.create_index(op.f("ix_subscribers_subscribers_state"), "subscribers_subscribers", ["state"], unique=False)


def _create_webhooks_endpoints() -> None:
    op.create_table(
        "webhooks_endpoints",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("url_sealed", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_because", sa.String(length=64), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_endpoints")),
    )
    op.create_index(op.f("ix_webhooks_endpoints_owner"), "webhooks_endpoints", ["owner"], unique=False)
    op.create_index(op.f("ix_webhooks_endpoints_subject_id"), "webhooks_endpoints", ["subject_id"], unique=False)


def _create_subscribers_choices() -> None:
    op.create_table(
        "subscribers_choices",
        sa.Column("subscriber_id", sa.String(), nullable=False),
        sa.Column("component_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers_subscribers.id"], name=op.f("fk_subscribers_choices_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "component_id", name=op.f("pk_subscribers_choices")),
    )
    op.create_index(op.f("ix_subscribers_choices_component_id"), "subscribers_choices", ["component_id"], unique=False)


def _create_subscribers_notices() -> None:
    op.create_table(
        "subscribers_notices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subscriber_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("digest_id", sa.String(), nullable=True),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_because", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers_subscribers.id"], name=op.f("fk_subscribers_notices_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers_notices")),
        sa.UniqueConstraint("subscriber_id", "event", name=op.f("uq_subscribers_notices_subscriber_id_event")),
    )
    op.create_index(op.f("ix_subscribers_notices_digest_id"), "subscribers_notices", ["digest_id"], unique=False)
    op.create_index(op.f("ix_subscribers_notices_noticed_at"), "subscribers_notices", ["noticed_at"], unique=False)
    op.create_index(op.f("ix_subscribers_notices_state"), "subscribers_notices", ["state"], unique=False)
    op.create_index(
        op.f("ix_subscribers_notices_subscriber_id"), "subscribers_notices", ["subscriber_id"], unique=False
    )


def _create_webhooks_deliveries() -> None:
    op.create_table(
        "webhooks_deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("endpoint_id", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body_sealed", sa.String(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("round_attempts", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhooks_endpoints.id"], name=op.f("fk_webhooks_deliveries_endpoint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_deliveries")),
        sa.UniqueConstraint("endpoint_id", "cause", name=op.f("uq_webhooks_deliveries_endpoint_id_cause")),
    )
    op.create_index(
        op.f("ix_webhooks_deliveries_correlation_id"), "webhooks_deliveries", ["correlation_id"], unique=False
    )
    op.create_index(op.f("ix_webhooks_deliveries_due_at"), "webhooks_deliveries", ["due_at"], unique=False)
    op.create_index(op.f("ix_webhooks_deliveries_endpoint_id"), "webhooks_deliveries", ["endpoint_id"], unique=False)
    op.create_index(op.f("ix_webhooks_deliveries_queued_at"), "webhooks_deliveries", ["queued_at"], unique=False)
    op.create_index(op.f("ix_webhooks_deliveries_state"), "webhooks_deliveries", ["state"], unique=False)


def _create_webhooks_secrets() -> None:
    op.create_table(
        "webhooks_secrets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("endpoint_id", sa.String(), nullable=False),
        sa.Column("secret_sealed", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhooks_endpoints.id"], name=op.f("fk_webhooks_secrets_endpoint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_secrets")),
    )
    op.create_index(op.f("ix_webhooks_secrets_endpoint_id"), "webhooks_secrets", ["endpoint_id"], unique=False)


def _create_webhooks_attempts() -> None:
    op.create_table(
        "webhooks_attempts",
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_seconds", sa.Double(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("excerpt_sealed", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["webhooks_deliveries.id"], name=op.f("fk_webhooks_attempts_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_webhooks_attempts")),
    )
    op.create_index(op.f("ix_webhooks_attempts_tried_at"), "webhooks_attempts", ["tried_at"], unique=False)

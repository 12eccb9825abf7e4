"""The tables of incidents and maintenance."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_incidents_incidents()
    _create_incidents_requests()
    _create_incidents_series()
    _create_incidents_templates()
    _create_incidents_affected()
    _create_incidents_breaches()
    _create_incidents_journal()
    _create_incidents_reminders()
    _create_incidents_updates()
    _create_incidents_changes()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("incidents_changes")
    op.drop_table("incidents_updates")
    op.drop_table("incidents_reminders")
    op.drop_table("incidents_journal")
    op.drop_table("incidents_breaches")
    op.drop_table("incidents_affected")
    op.drop_table("incidents_templates")
    op.drop_table("incidents_series")
    op.drop_table("incidents_requests")
    op.drop_table("incidents_incidents")


def _create_incidents_incidents() -> None:
    op.create_table(
        "incidents_incidents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("base_impact", sa.String(), nullable=False),
        sa.Column("impact", sa.String(), nullable=False),
        sa.Column("impact_override", sa.String(), nullable=True),
        sa.Column("impact_reason", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("monitoring_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scheduled_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accounted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_itself", sa.Boolean(), nullable=False),
        sa.Column("ends_itself", sa.Boolean(), nullable=False),
        sa.Column("notifies", sa.Boolean(), nullable=False),
        sa.Column("postmortem_draft", sa.String(), nullable=False),
        sa.Column("postmortem", sa.String(), nullable=False),
        sa.Column("postmortem_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("sla", sa.String(), nullable=True),
        sa.Column("taken_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("series_id", sa.String(), nullable=True),
        sa.Column("occurrence", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("backfilled", sa.Boolean(), nullable=False),
        sa.Column("retroactive", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents_incidents")),
        sa.UniqueConstraint("series_id", "occurrence", name="uq_incidents_incidents_occurrence"),
    )
    op.create_index("ix_incidents_incidents_kind_status", "incidents_incidents", ["kind", "status"], unique=False)
    op.create_index("ix_incidents_incidents_page", "incidents_incidents", ["kind", "started_at", "id"], unique=False)
    op.create_index("ix_incidents_incidents_sla", "incidents_incidents", ["sla"], unique=False)
    op.create_index(op.f("ix_incidents_incidents_updated_at"), "incidents_incidents", ["updated_at"], unique=False)


def _create_incidents_requests() -> None:
    op.create_table(
        "incidents_requests",
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("key_digest", sa.String(), nullable=False),
        sa.Column("body_digest", sa.String(), nullable=False),
        sa.Column("made_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor_id", "key_digest", name=op.f("pk_incidents_requests")),
    )
    op.create_index(op.f("ix_incidents_requests_created_at"), "incidents_requests", ["created_at"], unique=False)


def _create_incidents_series() -> None:
    op.create_table(
        "incidents_series",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("first_local", sa.String(), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("component_ids", sa.String(), nullable=False),
        sa.Column("reminders", sa.String(), nullable=False),
        sa.Column("made_to", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents_series")),
    )


def _create_incidents_templates() -> None:
    op.create_table(
        "incidents_templates",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("component_status", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents_templates")),
        sa.UniqueConstraint("label", name=op.f("uq_incidents_templates_label")),
    )


def _create_incidents_affected() -> None:
    op.create_table(
        "incidents_affected",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("component_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents_incidents.id"], name=op.f("fk_incidents_affected_incident_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", "component_id", name=op.f("pk_incidents_affected")),
    )
    op.create_index(op.f("ix_incidents_affected_component_id"), "incidents_affected", ["component_id"], unique=False)


def _create_incidents_breaches() -> None:
    op.create_table(
        "incidents_breaches",
        sa.Column("breach_id", sa.String(), nullable=False),
        sa.Column("sla", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recovered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recovery", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents_incidents.id"], name=op.f("fk_incidents_breaches_incident_id")
        ),
        sa.PrimaryKeyConstraint("breach_id", name=op.f("pk_incidents_breaches")),
    )
    op.create_index(op.f("ix_incidents_breaches_incident_id"), "incidents_breaches", ["incident_id"], unique=False)


def _create_incidents_journal() -> None:
    op.create_table(
        "incidents_journal",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents_incidents.id"], name=op.f("fk_incidents_journal_incident_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", "version", name=op.f("pk_incidents_journal")),
    )


def _create_incidents_reminders() -> None:
    op.create_table(
        "incidents_reminders",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("before_seconds", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents_incidents.id"], name=op.f("fk_incidents_reminders_incident_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", "before_seconds", name=op.f("pk_incidents_reminders")),
    )
    op.create_index(op.f("ix_incidents_reminders_due_at"), "incidents_reminders", ["due_at"], unique=False)


def _create_incidents_updates() -> None:
    op.create_table(
        "incidents_updates",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("display_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notifies", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents_incidents.id"], name=op.f("fk_incidents_updates_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents_updates")),
        sa.UniqueConstraint("incident_id", "number", name="uq_incidents_updates_number"),
    )


def _create_incidents_changes() -> None:
    op.create_table(
        "incidents_changes",
        sa.Column("update_id", sa.String(), nullable=False),
        sa.Column("component_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("old_status", sa.String(), nullable=False),
        sa.Column("new_status", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["update_id"], ["incidents_updates.id"], name=op.f("fk_incidents_changes_update_id")),
        sa.PrimaryKeyConstraint("update_id", "component_id", name=op.f("pk_incidents_changes")),
    )

"""What incidents store: what the public is told, and who changed which word of it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class IncidentRow(Base):
    """An incident or a maintenance as it stands.

    `base_impact` is what was said without looking at components, `impact` what it comes to. `version` counts changes.
    `taken_over_at` is when a person took an automatic incident out of the machine's hands. `accounted_at` is the end
    beyond which an overrunning maintenance counts as maintenance no more.
    """

    __tablename__ = "incidents_incidents"
    __table_args__ = (
        sa.Index("ix_incidents_incidents_page", "kind", "started_at", "id"),
        sa.Index("ix_incidents_incidents_kind_status", "kind", "status"),
        sa.Index("ix_incidents_incidents_sla", "sla"),
        sa.Index("ix_incidents_incidents_resolved_at", "resolved_at", "started_at"),
        sa.UniqueConstraint("series_id", "occurrence", name="uq_incidents_incidents_occurrence"),
    )

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    kind: Mapped[str] = column(PersonalData.NONE)
    name: Mapped[str] = column(PersonalData.NONE)
    status: Mapped[str] = column(PersonalData.NONE)
    base_impact: Mapped[str] = column(PersonalData.NONE)
    impact: Mapped[str] = column(PersonalData.NONE)
    impact_override: Mapped[str | None] = column(PersonalData.NONE)
    impact_reason: Mapped[str] = column(PersonalData.NONE, default="")
    started_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    created_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    updated_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    monitoring_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    resolved_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    scheduled_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    scheduled_until: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    accounted_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    starts_itself: Mapped[bool] = column(PersonalData.NONE, default=False)
    ends_itself: Mapped[bool] = column(PersonalData.NONE, default=False)
    notifies: Mapped[bool] = column(PersonalData.NONE, default=True)
    postmortem_draft: Mapped[str] = column(PersonalData.NONE, default="")
    postmortem: Mapped[str] = column(PersonalData.NONE, default="")
    postmortem_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    automatic: Mapped[bool] = column(PersonalData.NONE, default=False)
    sla: Mapped[str | None] = column(PersonalData.NONE)
    taken_over_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    series_id: Mapped[str | None] = column(PersonalData.NONE)
    occurrence: Mapped[str | None] = column(PersonalData.NONE)
    note: Mapped[str] = column(PersonalData.NONE, default="")
    backfilled: Mapped[bool] = column(PersonalData.NONE, default=False)
    retroactive: Mapped[bool] = column(PersonalData.NONE, default=False)
    origin: Mapped[str] = column(PersonalData.NONE, default="real")
    deleted_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    version: Mapped[int] = column(PersonalData.NONE, default=0)


class UpdateRow(Base):
    """One public word on an incident; `number` counts within it, `edited_at` tells that it was corrected."""

    __tablename__ = "incidents_updates"
    __table_args__ = (sa.UniqueConstraint("incident_id", "number", name="uq_incidents_updates_number"),)

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    incident_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("incidents_incidents.id"))
    number: Mapped[int] = column(PersonalData.NONE)
    status: Mapped[str] = column(PersonalData.NONE)
    body: Mapped[str] = column(PersonalData.NONE)
    display_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    created_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    updated_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    edited_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    notifies: Mapped[bool] = column(PersonalData.NONE)


class ChangeRow(Base):
    """What an update says of one component; the name is the one at that time."""

    __tablename__ = "incidents_changes"

    update_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("incidents_updates.id"), primary_key=True)
    component_id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    place: Mapped[int] = column(PersonalData.NONE)
    name: Mapped[str] = column(PersonalData.NONE)
    old_status: Mapped[str] = column(PersonalData.NONE)
    new_status: Mapped[str] = column(PersonalData.NONE)


class AffectedRow(Base):
    """A component that an incident or a maintenance concerns, with the status that it gives to it now."""

    __tablename__ = "incidents_affected"

    incident_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("incidents_incidents.id"), primary_key=True)
    component_id: Mapped[str] = column(PersonalData.NONE, primary_key=True, index=True)
    place: Mapped[int] = column(PersonalData.NONE)
    name: Mapped[str] = column(PersonalData.NONE)
    status: Mapped[str] = column(PersonalData.NONE)


class JournalRow(Base):
    """One change of an incident: who made it, and what was there before; it tells a second editor what changed."""

    __tablename__ = "incidents_journal"

    incident_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("incidents_incidents.id"), primary_key=True)
    version: Mapped[int] = column(PersonalData.NONE, primary_key=True)
    at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    actor_kind: Mapped[str] = column(PersonalData.NONE)
    actor_id: Mapped[str] = column(PersonalData.SUBJECT_ID)
    action: Mapped[str] = column(PersonalData.NONE)
    detail: Mapped[str] = column(PersonalData.NONE)


class TemplateRow(Base):
    """Words prepared in calm for a night that is none."""

    __tablename__ = "incidents_templates"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    label: Mapped[str] = column(PersonalData.NONE, unique=True)
    kind: Mapped[str] = column(PersonalData.NONE)
    name: Mapped[str] = column(PersonalData.NONE)
    body: Mapped[str] = column(PersonalData.NONE)
    status: Mapped[str] = column(PersonalData.NONE)
    component_status: Mapped[str] = column(PersonalData.NONE)
    position: Mapped[int] = column(PersonalData.NONE)
    updated_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    version: Mapped[int] = column(PersonalData.NONE, default=1)
    origin: Mapped[str] = column(PersonalData.NONE, default="real")


class SeriesRow(Base):
    """A maintenance that recurs: its rule in wall time of a time zone, and how far its occurrences are made."""

    __tablename__ = "incidents_series"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    name: Mapped[str] = column(PersonalData.NONE)
    body: Mapped[str] = column(PersonalData.NONE)
    rule: Mapped[str] = column(PersonalData.NONE)
    time_zone: Mapped[str] = column(PersonalData.NONE)
    first_local: Mapped[str] = column(PersonalData.NONE)
    duration_seconds: Mapped[int] = column(PersonalData.NONE)
    component_ids: Mapped[str] = column(PersonalData.NONE)
    look_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    """Before this, nothing is missing ahead: its next occurrence lies further away than any is made."""
    reminders: Mapped[str] = column(PersonalData.NONE)
    made_to: Mapped[str] = column(PersonalData.NONE, default="")
    created_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    ended_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    version: Mapped[int] = column(PersonalData.NONE, default=1)
    origin: Mapped[str] = column(PersonalData.NONE, default="real")


class ReminderRow(Base):
    """A reminder that a maintenance is to send before it starts, and when it did."""

    __tablename__ = "incidents_reminders"

    incident_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("incidents_incidents.id"), primary_key=True)
    before_seconds: Mapped[int] = column(PersonalData.NONE, primary_key=True)
    due_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    closed_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


class BreachRow(Base):
    """A breach that was heard of, and the automatic incident that tells of it; each of its two facts comes once."""

    __tablename__ = "incidents_breaches"

    breach_id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    sla: Mapped[str] = column(PersonalData.NONE)
    incident_id: Mapped[str | None] = column(PersonalData.NONE, sa.ForeignKey("incidents_incidents.id"), index=True)
    opened_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    recovered_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    recovery: Mapped[str] = column(PersonalData.NONE, default="")


class RequestRow(Base):
    """A program's request that was done under an idempotency key, and what it made."""

    __tablename__ = "incidents_requests"

    actor_id: Mapped[str] = column(PersonalData.SUBJECT_ID, primary_key=True)
    key_digest: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    body_digest: Mapped[str] = column(PersonalData.NONE)
    made_id: Mapped[str] = column(PersonalData.NONE)
    created_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)

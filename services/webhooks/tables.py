"""What webhooks store: where they go, what they are signed with, what is to be delivered, and each attempt."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class EndpointRow(Base):
    """An address that takes our messages; `owner` says in its domain's words for whom.

    `by_hand_count` counts the tests and replays since `by_hand_since`, by which they are limited.
    """

    __tablename__ = "webhooks_endpoints"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    owner: Mapped[str] = column(PersonalData.SUBJECT_ID, index=True)
    subject_id: Mapped[str] = column(PersonalData.SUBJECT_ID, index=True)
    url_sealed: Mapped[str] = column(PersonalData.SEALED)
    opened_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    closed_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    disabled_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    disabled_because: Mapped[str | None] = column(PersonalData.NONE, sa.String(64))
    failures: Mapped[int] = column(PersonalData.NONE, default=0)
    waits_until: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    succeeded_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    by_hand_since: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    by_hand_count: Mapped[int | None] = column(PersonalData.NONE)


class SecretRow(Base):
    """What an endpoint's messages are signed with; a replaced one signs too until it retires."""

    __tablename__ = "webhooks_secrets"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    endpoint_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("webhooks_endpoints.id"), index=True)
    secret_sealed: Mapped[str] = column(PersonalData.CREDENTIAL)
    made_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    retires_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


class DeliveryRow(Base):
    """One message to one endpoint; its id is the message's, the same at every attempt.

    `round_attempts` counts since it was queued or replayed, `attempts` all of them.
    """

    __tablename__ = "webhooks_deliveries"
    __table_args__ = (sa.UniqueConstraint("endpoint_id", "cause"),)

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    endpoint_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("webhooks_endpoints.id"), index=True)
    cause: Mapped[str] = column(PersonalData.NONE)
    kind: Mapped[str] = column(PersonalData.NONE)
    origin: Mapped[str] = column(PersonalData.NONE)
    state: Mapped[str] = column(PersonalData.NONE, index=True)
    body_sealed: Mapped[str | None] = column(PersonalData.SEALED)
    queued_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    due_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)
    attempts: Mapped[int] = column(PersonalData.NONE, default=0)
    round_attempts: Mapped[int] = column(PersonalData.NONE, default=0)
    settled_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)
    correlation_id: Mapped[str] = column(PersonalData.NONE, index=True)


class AttemptRow(Base):
    """One attempt to deliver a message, and what came back."""

    __tablename__ = "webhooks_attempts"

    delivery_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("webhooks_deliveries.id"), primary_key=True)
    number: Mapped[int] = column(PersonalData.NONE, primary_key=True)
    tried_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    duration_seconds: Mapped[float] = column(PersonalData.NONE)
    status: Mapped[int | None] = column(PersonalData.NONE)
    code: Mapped[str | None] = column(PersonalData.NONE, sa.String(64))
    excerpt_sealed: Mapped[str | None] = column(PersonalData.SEALED)

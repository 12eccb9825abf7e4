"""What notifications store: each message, its content sealed and dropped once it is sent."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class MessageRow(Base):
    """One message to one person."""

    __tablename__ = "notifications_messages"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    subject_id: Mapped[str] = column(PersonalData.SUBJECT_ID, index=True)
    template: Mapped[str] = column(PersonalData.NONE)
    cause: Mapped[str] = column(PersonalData.NONE, unique=True)
    recipient_sealed: Mapped[str] = column(PersonalData.SEALED)
    content_sealed: Mapped[str | None] = column(PersonalData.SEALED)
    correlation_id: Mapped[str] = column(PersonalData.NONE, index=True)
    queued_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    waiting_since: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)
    sent_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    failed_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)
    failed_because: Mapped[str | None] = column(PersonalData.NONE, sa.String(64))

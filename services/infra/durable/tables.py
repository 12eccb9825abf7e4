"""The tables beside the engine's own: who works, who holds which loop, and why work failed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column


class ExecutorRow(Base):
    """One life of one background process; `beats` counts up while it lives."""

    __tablename__ = "durable_executors"

    executor_id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    slot: Mapped[str] = column(PersonalData.NONE, index=True)
    host: Mapped[str] = column(PersonalData.NONE)
    pid: Mapped[int] = column(PersonalData.NONE)
    beats: Mapped[int] = column(PersonalData.NONE)
    started_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    beat_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    ended_because: Mapped[str | None] = column(PersonalData.NONE)


class LeaseRow(Base):
    """Which process runs a loop; `beats` counts its turns."""

    __tablename__ = "durable_leases"

    name: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    holder: Mapped[str] = column(PersonalData.NONE)
    beats: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    taken_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    beat_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)


class FailureRow(Base):
    """The last failure of one piece of work, and what became of it."""

    __tablename__ = "durable_failures"

    work_id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    name: Mapped[str] = column(PersonalData.NONE, index=True)
    state: Mapped[str] = column(PersonalData.NONE, index=True)
    attempt: Mapped[int] = column(PersonalData.NONE)
    budget: Mapped[int] = column(PersonalData.NONE)
    code: Mapped[str] = column(PersonalData.NONE)
    message: Mapped[str] = column(PersonalData.NONE)
    place: Mapped[str] = column(PersonalData.NONE)
    retryable: Mapped[bool] = column(PersonalData.NONE)
    correlation_id: Mapped[str] = column(PersonalData.NONE, index=True)
    first_failed_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    failed_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    next_attempt_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    envelope: Mapped[str] = column(PersonalData.NONE, sa.Text)

"""What agreements store: what staff set, how each stands, its breaches, and what is left out of its arithmetic."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column

_NAME = sa.String(64)


class AgreementRow(Base):
    """An agreement that staff made for a component; those that the code declares have no row."""

    __tablename__ = "slas_agreements"

    name: Mapped[str] = column(PersonalData.NONE, _NAME, primary_key=True)
    component_id: Mapped[str] = column(PersonalData.NONE, _NAME, index=True)
    title: Mapped[str] = column(PersonalData.NONE)
    origin: Mapped[str] = column(PersonalData.NONE, sa.String(8))
    created_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    retired_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


class RevisionRow(Base):
    """What somebody set of an agreement, and why; the latest one holds, and a month is judged by the one at its end."""

    __tablename__ = "slas_revisions"
    __table_args__ = (sa.Index("ix_slas_revisions_sla", "sla", "id"),)

    id: Mapped[str] = column(PersonalData.NONE, _NAME, primary_key=True)
    sla: Mapped[str] = column(PersonalData.NONE, _NAME)
    at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    actor_id: Mapped[str] = column(PersonalData.SUBJECT_ID)
    reason: Mapped[str] = column(PersonalData.NONE)
    target_ratio: Mapped[float] = column(PersonalData.NONE, sa.Float)
    window_seconds: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    component_ids: Mapped[list[str]] = column(PersonalData.NONE, sa.JSON)


class StateRow(Base):
    """How an agreement stood at the last look, as pages show it, and what the next look has to remember."""

    __tablename__ = "slas_states"

    sla: Mapped[str] = column(PersonalData.NONE, _NAME, primary_key=True)
    version: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    looked_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    shown: Mapped[dict[str, Any]] = column(PersonalData.NONE, sa.JSON)
    memory: Mapped[dict[str, Any]] = column(PersonalData.NONE, sa.JSON)


class BreachRow(Base):
    """One breach; an agreement has at most one that is not over."""

    __tablename__ = "slas_breaches"
    __table_args__ = (
        sa.Index("ix_slas_breaches_sla", "sla", "id"),
        sa.Index(
            "uq_slas_breaches_open",
            "sla",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = column(PersonalData.NONE, _NAME, primary_key=True)
    sla: Mapped[str] = column(PersonalData.NONE, _NAME)
    rule: Mapped[str] = column(PersonalData.NONE, sa.String(32))
    impact: Mapped[str] = column(PersonalData.NONE, sa.String(16))
    explanation: Mapped[str] = column(PersonalData.NONE)
    started_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    detected_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    ended_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)
    ended_because: Mapped[str] = column(PersonalData.NONE)


class ExclusionRow(Base):
    """A span of maintenance, as the incidents domain last accounted it; open while it is under way."""

    __tablename__ = "slas_exclusions"

    incident_id: Mapped[str] = column(PersonalData.NONE, _NAME, primary_key=True)
    version: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    component_ids: Mapped[list[str]] = column(PersonalData.NONE, sa.JSON)
    starts_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    ends_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime, index=True)
    reason: Mapped[str] = column(PersonalData.NONE)
    retroactive: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)
    counted: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)
    """Whether what it leaves out has been written to `LeftOutRow` for good."""


class LeftOutRow(Base):
    """What an exclusion leaves out of an agreement in one hour: kept, since minutes are forgotten after two days."""

    __tablename__ = "slas_left_out"

    incident_id: Mapped[str] = column(
        PersonalData.NONE, _NAME, sa.ForeignKey("slas_exclusions.incident_id", ondelete="CASCADE"), primary_key=True
    )
    sla: Mapped[str] = column(PersonalData.NONE, _NAME, primary_key=True)
    hour_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, primary_key=True)
    good: Mapped[float] = column(PersonalData.NONE, sa.Float)
    bad: Mapped[float] = column(PersonalData.NONE, sa.Float)
    samples: Mapped[float] = column(PersonalData.NONE, sa.Float)
    bad_samples: Mapped[float] = column(PersonalData.NONE, sa.Float)
    left: Mapped[float] = column(PersonalData.NONE, sa.Float)

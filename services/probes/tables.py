"""What probes store: what is watched, from where, what was found, and what it came to."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column

_BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class ProbeRow(Base):
    """What is watched and how. `verdict` and its explanation are what the vantages last came to.

    Results from before `counts_from_at` count no more: they were measured of another target.
    """

    __tablename__ = "probes_probes"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    name: Mapped[str] = column(PersonalData.NONE)
    kind: Mapped[str] = column(PersonalData.NONE)
    target: Mapped[str] = column(PersonalData.NONE)
    settings: Mapped[dict[str, Any]] = column(PersonalData.NONE, sa.JSON)
    secret_sealed: Mapped[str | None] = column(PersonalData.CREDENTIAL)
    component_id: Mapped[str | None] = column(PersonalData.NONE, index=True)
    vantages: Mapped[list[str]] = column(PersonalData.NONE, sa.JSON)
    interval_seconds: Mapped[int] = column(PersonalData.NONE)
    timeout_seconds: Mapped[float] = column(PersonalData.NONE)
    retries: Mapped[int] = column(PersonalData.NONE)
    quorum: Mapped[int] = column(PersonalData.NONE)
    confirm_down: Mapped[int] = column(PersonalData.NONE)
    confirm_up: Mapped[int] = column(PersonalData.NONE)
    enabled: Mapped[bool] = column(PersonalData.NONE)
    demo: Mapped[bool] = column(PersonalData.NONE)
    created_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    changed_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    counts_from_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    asked_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    verdict: Mapped[str | None] = column(PersonalData.NONE)
    verdict_since_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    explanation: Mapped[str] = column(PersonalData.NONE)
    judged_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


class VantageRow(Base):
    """A place from where probes look; `key_id` is its API key, and the built-in one has none."""

    __tablename__ = "probes_vantages"

    name: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    key_id: Mapped[str | None] = column(PersonalData.NONE, unique=True)
    added_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    seen_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    release: Mapped[str] = column(PersonalData.NONE)
    waiting: Mapped[int] = column(PersonalData.NONE)


class StandingRow(Base):
    """How one vantage sees a probe: its last result, the row of equal ones that it ends, and its confirmed word."""

    __tablename__ = "probes_standings"

    probe_id: Mapped[str] = column(
        PersonalData.NONE, sa.ForeignKey("probes_probes.id", ondelete="CASCADE"), primary_key=True
    )
    vantage: Mapped[str] = column(
        PersonalData.NONE, sa.ForeignKey("probes_vantages.name", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    outcome: Mapped[str] = column(PersonalData.NONE)
    reason: Mapped[str] = column(PersonalData.NONE)
    detail: Mapped[str] = column(PersonalData.NONE)
    latency_ms: Mapped[int | None] = column(PersonalData.NONE)
    run_count: Mapped[int] = column(PersonalData.NONE)
    run_since_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    word: Mapped[str | None] = column(PersonalData.NONE)
    word_since_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    word_reason: Mapped[str] = column(PersonalData.NONE)


class ResultRow(Base):
    """One raw result, small: instants are milliseconds, and a good one has no words.

    `outcome` is 1 up, 0 down, 2 unknown.
    """

    __tablename__ = "probes_results"
    __table_args__ = (sa.Index("ix_probes_results_seen", "probe_id", "vantage", "at_ms"),)

    id: Mapped[bytes] = column(PersonalData.NONE, sa.LargeBinary(16), primary_key=True)
    probe_id: Mapped[str] = column(PersonalData.NONE)
    vantage: Mapped[str] = column(PersonalData.NONE)
    at_ms: Mapped[int] = column(PersonalData.NONE, _BigId, index=True)
    outcome: Mapped[int] = column(PersonalData.NONE, sa.SmallInteger)
    latency_ms: Mapped[int | None] = column(PersonalData.NONE)
    reason: Mapped[str | None] = column(PersonalData.NONE)


class HourRow(Base):
    """An hour of raw results, added up before they go."""

    __tablename__ = "probes_hours"

    probe_id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    vantage: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    hour_ms: Mapped[int] = column(PersonalData.NONE, _BigId, primary_key=True)
    ups: Mapped[int] = column(PersonalData.NONE)
    downs: Mapped[int] = column(PersonalData.NONE)
    unknowns: Mapped[int] = column(PersonalData.NONE)
    latency_count: Mapped[int] = column(PersonalData.NONE)
    latency_total_ms: Mapped[int] = column(PersonalData.NONE, _BigId)
    latency_max_ms: Mapped[int] = column(PersonalData.NONE)


class FirstRow(Base):
    """A probe that an installation began with: under which name, and what it looked at then.

    It stays when the probe is removed, so that a restart does not bring back what somebody took away.
    """

    __tablename__ = "probes_first"

    key: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    probe_id: Mapped[str] = column(PersonalData.NONE)
    target: Mapped[str] = column(PersonalData.NONE)

"""Tables of the metric store and of the beacon intake."""

from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite counts rows up by itself only in a column of its own integer type."""


class InboxRow(Base):
    """A report that was acknowledged and waits to be folded; its events are compact JSON, without content ids."""

    __tablename__ = "metrics_inbox"

    id: Mapped[int] = column(PersonalData.NONE, _BIG, primary_key=True, autoincrement=True)
    received_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    origin: Mapped[str] = column(PersonalData.NONE, sa.String(8))
    player: Mapped[str] = column(PersonalData.NONE, sa.String(32))
    region: Mapped[str] = column(PersonalData.NONE, sa.String(32), server_default="none")
    event_count: Mapped[int] = column(PersonalData.NONE, sa.Integer)
    events: Mapped[bytes] = column(PersonalData.PSEUDONYM, sa.LargeBinary)


class SessionRow(Base):
    """The memory of one playback session, by the digest of its id; forgotten half an hour after its last report."""

    __tablename__ = "metrics_sessions"

    key: Mapped[str] = column(PersonalData.PSEUDONYM, sa.String(32), primary_key=True)
    origin: Mapped[str] = column(PersonalData.NONE, sa.String(8))
    wake_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    state: Mapped[bytes] = column(PersonalData.NONE, sa.LargeBinary)


class StoppedSessionRow(Base):
    """A session whose player is told to stop reporting."""

    __tablename__ = "metrics_stopped_sessions"

    key: Mapped[str] = column(PersonalData.PSEUDONYM, sa.String(32), primary_key=True)
    until_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)


class DimensionSetRow(Base):
    """A combination of dimensions that occurred; few, since every dimension has few values."""

    __tablename__ = "metrics_dimension_sets"
    __table_args__ = (sa.UniqueConstraint("origin", "player", "cdn", "stream", "region"),)

    id: Mapped[int] = column(PersonalData.NONE, sa.Integer, primary_key=True, autoincrement=True)
    origin: Mapped[str] = column(PersonalData.NONE, sa.String(8))
    player: Mapped[str] = column(PersonalData.NONE, sa.String(32))
    cdn: Mapped[str] = column(PersonalData.NONE, sa.String(32))
    stream: Mapped[str] = column(PersonalData.NONE, sa.String(8))
    region: Mapped[str] = column(PersonalData.NONE, sa.String(32), server_default="none")


class CellRow(Base):
    """What a metric came to within one minute, hour or day; a longer time is the merge of its cells."""

    __tablename__ = "metrics_cells"

    metric: Mapped[str] = column(PersonalData.NONE, sa.String(40), primary_key=True)
    resolution_seconds: Mapped[int] = column(PersonalData.NONE, sa.Integer, primary_key=True)
    starts_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, primary_key=True)
    dimension_set_id: Mapped[int] = column(
        PersonalData.NONE, sa.ForeignKey("metrics_dimension_sets.id"), primary_key=True
    )
    count: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    total: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    good_count: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    newest_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    sketch: Mapped[bytes | None] = column(PersonalData.NONE, sa.LargeBinary, nullable=True)


class TotalRow(Base):
    """What a metric came to since the beginning: it only grows, as Prometheus wants its counters."""

    __tablename__ = "metrics_totals"

    metric: Mapped[str] = column(PersonalData.NONE, sa.String(40), primary_key=True)
    dimension_set_id: Mapped[int] = column(
        PersonalData.NONE, sa.ForeignKey("metrics_dimension_sets.id"), primary_key=True
    )
    count: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    total: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    good_count: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    newest_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    sketch: Mapped[bytes | None] = column(PersonalData.NONE, sa.LargeBinary, nullable=True)


class TallyRow(Base):
    """How many events the intake folded, and how many were not as they should be, by reason."""

    __tablename__ = "metrics_tallies"

    reason: Mapped[str] = column(PersonalData.NONE, sa.String(24), primary_key=True)
    count: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)


LIVE_SESSIONS = "live_sessions"
"""The one tally that also falls: how many sessions are remembered now."""
INBOX = cast("sa.Table", InboxRow.__table__)
SESSIONS = cast("sa.Table", SessionRow.__table__)
CELLS = cast("sa.Table", CellRow.__table__)
TOTALS = cast("sa.Table", TotalRow.__table__)

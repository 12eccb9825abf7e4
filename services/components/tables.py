"""What components store: who they are, what each source said of them, and the spans that follow from it.

Instants of the arithmetic are whole milliseconds since the epoch (`…_ms`): spans then add up without a rest.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from services.infra.db import Base, PersonalData, UtcDateTime, column

_STATUS = sa.String(24)


class GroupRow(Base):
    """A group of components; groups that are archived keep their id and are not shown."""

    __tablename__ = "components_groups"

    id: Mapped[str] = column(PersonalData.NONE, sa.String(64), primary_key=True)
    name: Mapped[str] = column(PersonalData.NONE)
    description: Mapped[str] = column(PersonalData.NONE)
    position: Mapped[int] = column(PersonalData.NONE, sa.Integer)
    origin: Mapped[str] = column(PersonalData.NONE, sa.String(8), index=True)
    created_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    updated_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    archived_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    rolled_on: Mapped[date | None] = column(PersonalData.NONE, sa.Date)
    """The last day whose sums over all members are stored; the days before it are stored as well."""
    rolled: Mapped[bytes | None] = column(PersonalData.NONE, sa.LargeBinary)
    """Those sums, day after day, as 64-bit integers: the parts of each day, and its worst rank."""


class ComponentRow(Base):
    """A component, with how it stands now as the result of its spans."""

    __tablename__ = "components_components"

    id: Mapped[str] = column(PersonalData.NONE, sa.String(64), primary_key=True)
    group_id: Mapped[str | None] = column(PersonalData.NONE, sa.ForeignKey("components_groups.id"), index=True)
    name: Mapped[str] = column(PersonalData.NONE)
    description: Mapped[str] = column(PersonalData.NONE)
    position: Mapped[int] = column(PersonalData.NONE, sa.Integer)
    manual: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)
    showcase: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)
    only_show_if_degraded: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)
    start_on: Mapped[date | None] = column(PersonalData.NONE, sa.Date)
    origin: Mapped[str] = column(PersonalData.NONE, sa.String(8), index=True)
    created_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime)
    updated_at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    archived_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)
    status: Mapped[str] = column(PersonalData.NONE, _STATUS)
    status_since_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    status_reason: Mapped[str] = column(PersonalData.NONE)
    overridden: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)
    excused: Mapped[bool] = column(PersonalData.NONE, sa.Boolean, server_default=sa.false())
    opened_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger, server_default="0")
    """When the span that lasts now began: a component whose span began before today tells all of today by itself."""
    next_change_ms: Mapped[int | None] = column(PersonalData.NONE, sa.BigInteger, index=True)
    """When the status changes by itself, such as at the end of an override."""


class DependencyRow(Base):
    """A component needs another one."""

    __tablename__ = "components_dependencies"

    component_id: Mapped[str] = column(
        PersonalData.NONE, sa.String(64), sa.ForeignKey("components_components.id"), primary_key=True
    )
    depends_on_id: Mapped[str] = column(
        PersonalData.NONE, sa.String(64), sa.ForeignKey("components_components.id"), primary_key=True, index=True
    )


class StatementRow(Base):
    """What one source said once, from an instant on: kept as it came, so that spans can be computed again.

    `said` orders the statements of one source; `ends_ms` is empty where the statement holds until the next.
    """

    __tablename__ = "components_statements"
    __table_args__ = (sa.Index("ix_components_statements_source", "kind", "source_id", "said"),)

    id: Mapped[str] = column(PersonalData.NONE, sa.String(64), primary_key=True)
    kind: Mapped[str] = column(PersonalData.NONE, sa.String(12))
    source_id: Mapped[str] = column(PersonalData.NONE, sa.String(64))
    said: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    starts_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    ends_ms: Mapped[int | None] = column(PersonalData.NONE, sa.BigInteger)
    reason: Mapped[str] = column(PersonalData.NONE)
    retroactive: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)


class PartRow(Base):
    """What a statement says of one component; of those that it does not name, it says nothing."""

    __tablename__ = "components_parts"

    statement_id: Mapped[str] = column(
        PersonalData.NONE, sa.String(64), sa.ForeignKey("components_statements.id"), primary_key=True
    )
    component_id: Mapped[str] = column(
        PersonalData.NONE, sa.String(64), sa.ForeignKey("components_components.id"), primary_key=True, index=True
    )
    status: Mapped[str] = column(PersonalData.NONE, _STATUS)


class SourceRow(Base):
    """A source that has ever spoken of a component."""

    __tablename__ = "components_sources"

    component_id: Mapped[str] = column(
        PersonalData.NONE, sa.String(64), sa.ForeignKey("components_components.id"), primary_key=True
    )
    kind: Mapped[str] = column(PersonalData.NONE, sa.String(12), primary_key=True)
    source_id: Mapped[str] = column(PersonalData.NONE, sa.String(64), primary_key=True)


class SpanRow(Base):
    """A span in which a component stood in one way; `ends_ms` is empty while it lasts.

    `excused` marks maintenance that accounting leaves out. A `long` span covers a whole day (UTC) or still lasts: its
    days are computed when read. The days of the others are added up in `DayRow`.
    """

    __tablename__ = "components_spans"
    __table_args__ = (
        sa.Index("ix_components_spans_long", "component_id", "long", "ends_ms"),
        sa.Index("ix_components_spans_status", "status", "starts_ms"),
    )

    component_id: Mapped[str] = column(
        PersonalData.NONE, sa.String(64), sa.ForeignKey("components_components.id"), primary_key=True
    )
    starts_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger, primary_key=True, autoincrement=False)
    ends_ms: Mapped[int | None] = column(PersonalData.NONE, sa.BigInteger)
    status: Mapped[str] = column(PersonalData.NONE, _STATUS)
    excused: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)
    overridden: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)
    long: Mapped[bool] = column(PersonalData.NONE, sa.Boolean)
    reason: Mapped[str] = column(PersonalData.NONE)


class DayRow(Base):
    """The sums of a component's short spans in one day (UTC), in milliseconds; days without any have no row."""

    __tablename__ = "components_days"

    component_id: Mapped[str] = column(
        PersonalData.NONE, sa.String(64), sa.ForeignKey("components_components.id"), primary_key=True
    )
    day_on: Mapped[date] = column(PersonalData.NONE, sa.Date, primary_key=True)
    operational_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    degraded_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    partial_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    major_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    maintenance_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    unknown_ms: Mapped[int] = column(PersonalData.NONE, sa.BigInteger)
    worst_rank: Mapped[int] = column(PersonalData.NONE, sa.Integer)

"""Engines and tables: SQLite in WAL mode for the embedded default, PostgreSQL for scale-out."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

READ_ONLY = "greenlight_read_only"
"""Execution option that makes a connection refuse writes."""


class PersonalData(StrEnum):
    """What a column holds of a person; every column declares one."""

    NONE = "none"
    """Nothing about a person."""
    SUBJECT_ID = "subject_id"
    """Our own id of a person: a pseudonym that leads to them through us only."""
    PSEUDONYM = "pseudonym"
    """An id from outside, or a keyed hash, that may lead to a person."""
    CONTACT = "contact"
    """A way to reach a person, in clear."""
    PROFILE = "profile"
    """What a person told about themselves, in clear."""
    CREDENTIAL = "credential"
    """A hash or ciphertext that guards a person's account."""
    SEALED = "sealed"
    """Personal values as ciphertext under the subject's own key."""
    NETWORK = "network"
    """An address or device trait, in clear."""


class Base(DeclarativeBase):
    """The parent of every table; constraint names are stable, so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant in aware UTC with microseconds; a naive datetime is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A naive datetime has no instant: give it a time zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return aware UTC, whatever the driver returned."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def column(personal: PersonalData, *args: Any, **kwargs: Any) -> MappedColumn[Any]:  # noqa: ANN401 -- hands on mapped_column's arguments
    """Declare a column together with the category of personal data that it holds."""
    return mapped_column(*args, info={"personal": personal}, **kwargs)


def make_engine(url: str, *, immediate: bool = True, pool_size: int = 10) -> sa.Engine:
    """Return an engine; nothing connects until it is used, so it may be made before a fork.

    On SQLite, writers take their lock at the start (`BEGIN IMMEDIATE`), so that read-then-write never fails half-way.
    """
    if sa.make_url(url).get_backend_name() == "sqlite":
        engine = sa.create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_timeout=10)
        event.listen(engine, "connect", _sqlite_pragmas)
        event.listen(engine, "begin", _sqlite_begin(immediate=immediate))
        return engine
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5},
    )
    event.listen(engine, "begin", _postgresql_begin)
    return engine


def _sqlite_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # BEGIN is ours to send
    cursor = connection.cursor()
    # FULL in WAL mode: a commit that was acknowledged survives power loss as well as a kill.
    for pragma in (
        "journal_mode=wal",
        "busy_timeout=10000",
        "synchronous=full",
        "foreign_keys=on",
        "cache_size=-16000",
    ):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _sqlite_begin(*, immediate: bool) -> Callable[[sa.Connection], None]:
    def begin(connection: sa.Connection) -> None:
        read_only = bool(connection.get_execution_options().get(READ_ONLY))
        connection.exec_driver_sql(f"pragma query_only={'on' if read_only else 'off'}")
        connection.exec_driver_sql("begin immediate" if immediate and not read_only else "begin")

    return begin


def _postgresql_begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY):
        connection.exec_driver_sql("set transaction read only")

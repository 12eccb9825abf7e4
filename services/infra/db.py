"""Engines and tables: SQLite in WAL mode for the embedded default, PostgreSQL for scale-out."""

import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

READ_ONLY = "greenlight_read_only"
"""Execution option that makes a connection refuse writes."""


LOCK_WAIT_SECONDS = 10
"""How long a transaction waits for another one's lock, or for a free connection, before it gives up."""

_LOG_BYTES_MAX = 64 * 1024 * 1024
_SCRUB_WAIT_MS = 1_000
_log = logging.getLogger(__name__)

_POSTGRESQL_CONNECT = {
    "connect_timeout": 5,
    "options": f"-c lock_timeout={LOCK_WAIT_SECONDS}s -c idle_in_transaction_session_timeout=60s -c timezone=UTC",
}


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
    Errors never show the values of a statement.
    """
    sqlite = sa.make_url(url).get_backend_name() == "sqlite"
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=LOCK_WAIT_SECONDS,
        pool_pre_ping=not sqlite,
        hide_parameters=True,
        connect_args={} if sqlite else _POSTGRESQL_CONNECT,
    )
    if sqlite:
        event.listen(engine, "connect", _sqlite_pragmas)
        event.listen(engine, "begin", _sqlite_begin(immediate=immediate))
        _refuse_lost_file(engine)
    else:
        event.listen(engine, "begin", _postgresql_begin)
    return engine


def _sqlite_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # BEGIN is ours to send
    cursor = connection.cursor()
    # FULL in WAL mode: a commit that was acknowledged survives power loss as well as a kill.
    for pragma in (
        f"busy_timeout={LOCK_WAIT_SECONDS * 1_000}",
        "journal_mode=wal",
        "synchronous=full",
        "foreign_keys=on",
        "secure_delete=on",
        f"journal_size_limit={_LOG_BYTES_MAX}",
        "cache_size=-16000",
    ):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def empty_write_ahead_log(engine: sa.Engine) -> bool:
    """Move SQLite's log into the database and empty it, so that no replaced page is left; tell whether that was done.

    A reader or writer can be in the way: then this gives up after a second, and whoever calls again does it.
    PostgreSQL recycles its own log.
    """
    if engine.dialect.name != "sqlite":
        return True
    try:
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"pragma busy_timeout={_SCRUB_WAIT_MS}")
            cursor.execute("pragma wal_checkpoint(truncate)")
            busy = bool((cursor.fetchone() or (1,))[0])
            cursor.execute(f"pragma busy_timeout={LOCK_WAIT_SECONDS * 1_000}")
            cursor.close()
        finally:
            connection.close()
    except (exc.SQLAlchemyError, sqlite3.Error):
        busy = True
    if busy:
        _log.warning("write_ahead_log_kept", extra={"code": "database_locked"})
    return not busy


def _sqlite_begin(*, immediate: bool) -> Callable[[sa.Connection], None]:
    def begin(connection: sa.Connection) -> None:
        read_only = bool(connection.get_execution_options().get(READ_ONLY))
        connection.exec_driver_sql(f"pragma query_only={'on' if read_only else 'off'}")
        connection.exec_driver_sql("begin immediate" if immediate and not read_only else "begin")

    return begin


def _refuse_lost_file(engine: sa.Engine) -> None:
    """Fail where the database file was removed or replaced under us.

    SQLite itself would go on writing into the removed file, or make an empty one: acknowledged work would vanish.
    """
    path = Path(engine.url.database or "")
    if not engine.url.database or engine.url.database.startswith((":", "file:")):
        return
    known = False

    def before_connect(*_: object) -> None:
        if known and not path.exists():
            raise sqlite3.OperationalError("unable to open database file: it was removed")

    def after_connect(_: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        nonlocal known
        known = True
        record.info["file"] = _identity(path)

    def on_checkout(_: DBAPIConnection, record: ConnectionPoolEntry, __: object) -> None:
        if record.info["file"] != _identity(path):
            raise exc.DisconnectionError("The database file was removed or replaced.")

    def before_commit(connection: sa.Connection) -> None:
        if connection.info["file"] != _identity(path):
            reason = sqlite3.OperationalError("unable to commit: the database file was removed or replaced")
            raise exc.OperationalError("commit", None, reason)

    event.listen(engine, "do_connect", before_connect)
    event.listen(engine, "connect", after_connect)
    event.listen(engine, "checkout", on_checkout)
    event.listen(engine, "commit", before_commit)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _postgresql_begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY):
        connection.exec_driver_sql("set transaction read only")

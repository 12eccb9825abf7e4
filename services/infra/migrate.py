"""Brings a database to this release's schema: ours by Alembic, the durable engine's by its own means.

One process migrates at a time, all of our revisions commit together, and whoever is killed half-way leaves the old
schema whole, so that the next run succeeds.
"""

import fcntl
import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from services.infra import durable
from services.infra.db import READ_ONLY, Base, make_engine
from services.infra.uow import database_errors_translated
from services.kernel.errors import Conflict, Unavailable

FOLDER = Path(__file__).parent / "migrations"
WAIT_SECONDS = 300.0
_POLL_SECONDS = 0.05
_ADVISORY_LOCK = 0x67_72_65_65_6E_6C_69  # "greenli": any number that nobody else locks
_MARK = "audit_entries"  # a table of every release


def migrate(url: str, *, wait_seconds: float = WAIT_SECONDS) -> None:
    """Bring a database to this release's schema; safe to run again, and from two processes at once.

    Raises: Unavailable where the database does not answer, or another process migrates for too long; Conflict where
        the database is of a newer release, or was not made by migrations.
    """
    engine = make_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _without_foreign_keys)
    try:
        with database_errors_translated(), _alone(engine, wait_seconds):
            with engine.begin() as connection:
                upgrade(connection)
            durable.migrate(url)
    finally:
        engine.dispose()


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Run our revisions up to one of them, in the caller's transaction.

    Raises: Conflict where the database is of a newer release, or was not made by migrations.
    """
    _refuse_foreign(connection)
    command.upgrade(_config(connection), revision)
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("pragma foreign_key_check").all()):
        raise RuntimeError(f"The revision leaves rows without the rows they refer to: {broken[:5]}")


def downgrade(connection: sa.Connection, revision: str) -> None:
    """Take our revisions back to one of them, or to `base`, in the caller's transaction."""
    command.downgrade(_config(connection), revision)


def pending(engine: sa.Engine) -> str | None:
    """Return why the database is not ready for this release, or nothing where it is."""
    try:
        with database_errors_translated(), engine.execution_options(**{READ_ONLY: True}).connect() as connection:
            _refuse_foreign(connection)
            found = MigrationContext.configure(connection).get_current_heads()
    except (Unavailable, Conflict) as error:
        return f"{error.message} ({error.code})"
    if found == _heads():
        return None
    return f"The database is at revision {', '.join(found) or 'none'}, not {', '.join(_heads())}: run the migration."


def differences(connection: sa.Connection) -> list[Any]:
    """Return what differs between our tables in the database and in the code; the code's tables must be imported."""
    context = MigrationContext.configure(connection, opts=comparison_options())
    return list(compare_metadata(context, Base.metadata))


def draft(connection: sa.Connection, message: str, folder: Path = FOLDER) -> Path:
    """Write a revision from the differences, to be read and corrected by a person, and return its file."""
    number = f"{len(list(_scripts().walk_revisions())) + 1:04}"
    script = command.revision(_config(connection, folder), message, autogenerate=True, rev_id=number)
    return Path(str(getattr(script, "path", "")))


def comparison_options() -> dict[str, Any]:
    """Return how tables of the code and of the database are compared: ours only, by their stored types."""
    return {
        "target_metadata": Base.metadata,
        "include_name": _is_ours,
        "render_item": _rendered,
        "render_as_batch": True,
        "compare_type": True,
    }


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    """Tell whether the comparison may look at something; the durable engine's tables stand beside ours on SQLite."""
    if kind != "table" or name is None:
        return True
    owners = {table.partition("_")[0] for table in Base.metadata.tables}
    return name in Base.metadata.tables or ("_" in name and name.partition("_")[0] in owners)


def _rendered(kind: str, item: object, _: object) -> str | Literal[False]:
    """Write our own column types as what they store, so that a revision stays true when the code moves on."""
    if kind == "type" and isinstance(item, sa.types.TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def _config(connection: sa.Connection | None = None, folder: Path = FOLDER) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


@functools.cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


@functools.cache
def _heads() -> tuple[str, ...]:
    return tuple(_scripts().get_heads())


def _refuse_foreign(connection: sa.Connection) -> None:
    found = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in _scripts().walk_revisions()}
    if unknown := sorted(set(found) - known):
        message = (
            f"The database is at revision {', '.join(unknown)}, which this release does not know (it knows up to "
            f"{', '.join(_heads())}). Start the newer release, or restore the backup made before it."
        )
        raise Conflict("database_newer", message, revision=unknown[0])
    if not found and sa.inspect(connection).has_table(_MARK):
        message = f"The database has tables but no revision: it was not made by migrations ({_MARK} exists)."
        raise Conflict("database_unversioned", f"{message} Name an empty one by GREENLIGHT_DATABASE_URL.")


def _without_foreign_keys(connection: Any, _: object) -> None:  # noqa: ANN401 -- the driver's own connection
    """Let a revision rebuild a table without its children being deleted; they are checked at the end instead.

    Source: sqlite.org/lang_altertable.html, section 7.
    """
    connection.execute("pragma foreign_keys=off")


@contextmanager
def _alone(engine: sa.Engine, wait_seconds: float) -> Iterator[None]:
    """Run while no other process migrates; the lock ends with its process, however that dies.

    Raises: Unavailable where another process migrates for too long.
    """
    lock = _postgresql_lock if engine.dialect.name == "postgresql" else _file_lock
    with lock(engine) as taken:
        deadline = time.monotonic() + wait_seconds
        while not taken():
            if time.monotonic() >= deadline:
                raise Unavailable("migration_running", "Another process migrates the database; try again later.")
            time.sleep(_POLL_SECONDS)  # noqa: TID251 -- infra may wait
        yield


@contextmanager
def _postgresql_lock(engine: sa.Engine) -> Iterator[Callable[[], bool]]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        statement = sa.select(sa.func.pg_try_advisory_lock(_ADVISORY_LOCK))
        yield lambda: bool(connection.scalar(statement))
        connection.execute(sa.select(sa.func.pg_advisory_unlock_all()))


@contextmanager
def _file_lock(engine: sa.Engine) -> Iterator[Callable[[], bool]]:
    path = Path(f"{engine.url.database}.migrating")
    try:
        file = path.open("w")
    except OSError as error:
        raise Unavailable(
            "database_unavailable", f"Cannot write beside the database: {path}: {error.strerror}."
        ) from error

    def taken() -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    with file:
        yield taken

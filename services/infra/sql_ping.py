"""A look at whether a database answers: `select 1` on PostgreSQL, the file's header on SQLite."""

import math
import sqlite3
from pathlib import Path

import psycopg
import sqlalchemy as sa

from services.infra.http import refuse_in_transaction

_REFUSED_LOGIN = ("28000", "28P01")


class SqlPingError(Exception):
    """The database does not answer; `reason` names no place and no person."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def ping_own(url: str, *, timeout_seconds: float) -> None:
    """Ask the database of a SQLAlchemy URL.

    Raises: SqlPingError.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        _ping_file(Path(parsed.database or ""), timeout_seconds)
        return
    ping_postgresql(
        host=parsed.host or "",
        address="",
        port=parsed.port or 5432,
        user=parsed.username or "",
        password=str(parsed.password or ""),
        name=parsed.database or "",
        timeout_seconds=timeout_seconds,
    )


def ping_postgresql(
    *, host: str, address: str, port: int, user: str, password: str, name: str, timeout_seconds: float
) -> None:
    """Connect to a PostgreSQL, at one address where one is given, and ask it.

    Raises: SqlPingError.
    """
    refuse_in_transaction(f"SQL {host}")
    given = {"host": host, "hostaddr": address, "user": user, "password": password}
    try:
        with psycopg.connect(
            **{key: value for key, value in given.items() if value},  # type: ignore[arg-type] # libpq's keywords
            port=port,
            dbname=name,
            connect_timeout=max(1, math.floor(timeout_seconds)),
            options=f"-c statement_timeout={max(1, round(timeout_seconds * 1_000))}",
            application_name="greenlight-probe",
        ) as connection:
            connection.execute("select 1").fetchone()
    except psycopg.errors.ConnectionTimeout as error:
        raise SqlPingError("timeout") from error
    except psycopg.errors.QueryCanceled as error:
        raise SqlPingError("answers too late") from error
    except psycopg.Error as error:
        login = error.sqlstate in _REFUSED_LOGIN or "password authentication failed" in str(error)
        reason = "the database refuses the login" if login else "the database does not answer"
        raise SqlPingError(reason, str(error).splitlines()[0] if str(error) else "") from error


def _ping_file(path: Path, timeout_seconds: float) -> None:
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=timeout_seconds)
        try:
            # `select 1` would not even open the file.
            connection.execute("pragma schema_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise SqlPingError("the database does not answer", str(error)) from error

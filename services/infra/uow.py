"""The unit of work: one session for one verb, and what goes with its commit."""

import json
import logging
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

import psycopg
import rfc8785
import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.orm import Session, sessionmaker

from services.infra.crypto import Vault
from services.infra.db import READ_ONLY
from services.infra.sensitive_text import mask_emails
from services.kernel.clock import Clock
from services.kernel.context import Actor
from services.kernel.errors import Invalid, Unavailable
from services.kernel.facts import Fact
from services.kernel.ids import new_id

_log = logging.getLogger(__name__)

_SQLITE_CODES = {
    sqlite3.SQLITE_READONLY: "database_read_only",
    sqlite3.SQLITE_FULL: "database_full",
    sqlite3.SQLITE_BUSY: "database_locked",
    sqlite3.SQLITE_LOCKED: "database_locked",
    sqlite3.SQLITE_CORRUPT: "database_broken",
    sqlite3.SQLITE_NOTADB: "database_broken",
}
_POSTGRESQL_CODES = {
    "25006": "database_read_only",
    "53100": "database_full",
    "55P03": "database_locked",
    "40P01": "database_locked",
    "40001": "database_locked",
    "XX001": "database_broken",
    "XX002": "database_broken",
}
_NOT_A_COMMAND = "A query cannot write: make it a command."
_READS = re.compile(
    r"\s*(select|values|explain|show|pragma|savepoint|release|rollback"
    r"|with(?!.*\b(insert\s+into|update\s+\S+\s+set|delete\s+from)\b))\b",
    re.IGNORECASE | re.DOTALL,
)
"""What a statement may begin with that changes nothing."""


class WriteInQueryError(RuntimeError):
    """A query tried to write."""


class Outbox(Protocol):
    """Takes facts along in the transaction that made them true."""

    def publish(self, session: Session, fact: Fact) -> None:
        """Enqueue one durable workflow per subscriber on the caller's session."""
        ...


class NoOutbox:
    """An outbox without subscribers, for parts that publish nothing."""

    def publish(self, session: Session, fact: Fact) -> None:
        """Do nothing: nobody listens."""


@dataclass
class Scope:
    """What a running verb holds: its session, and what its audit row, whose id is `entry_id`, will say."""

    session: Session
    actor: Actor
    verb: str
    uow: "UnitOfWork"
    entry_id: str = field(default_factory=lambda: new_id("aud"))
    subjects: set[str] = field(default_factory=set)
    facts: dict[str, object] = field(default_factory=dict)
    sealed: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, **facts: object) -> None:
        """Add values to the audit row; never personal ones: those go through `note_personal`, and addresses are masked.

        Raises: TypeError for a value that canonical JSON cannot carry, such as an integer beyond 2^53;
            UnicodeEncodeError for half a surrogate pair.
        """
        try:
            canonical = rfc8785.dumps(facts)  # type: ignore[arg-type] # it checks
        except rfc8785.CanonicalizationError as error:
            if isinstance(error.__cause__, UnicodeEncodeError):  # what somebody sent us, and no mistake of the verb
                raise error.__cause__ from error
            raise TypeError(f"{self.verb} notes a value that canonical JSON cannot carry: {error}") from error
        self.facts.update(json.loads(mask_emails(canonical.decode())))  # a copy, which nobody changes afterwards

    def about(self, *subject_ids: str) -> None:
        """Say whom the audit row is about."""
        self.subjects.update(subject_ids)

    def note_personal(self, subject_id: str, values: Mapping[str, str]) -> None:
        """Add personal values to the audit row, sealed under their subject's key."""
        self.about(subject_id)
        place = self.sealed.setdefault(subject_id, {})
        for name, value in values.items():
            place[name] = self.uow.vault.seal(self.session, subject_id, value, f"audit:{self.entry_id}:{name}")

    def publish(self, fact: Fact) -> None:
        """Publish a fact that becomes true with this transaction."""
        self.uow.outbox.publish(self.session, fact)


_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)
_lent: ContextVar[Session | None] = ContextVar("lent", default=None)


def current() -> Scope:
    """Return what the running verb holds.

    Raises: RuntimeError outside of any verb.
    """
    scope = _scope.get()
    if scope is None:
        raise RuntimeError("No verb is running.")
    return scope


def running() -> Scope | None:
    """Return what the running verb holds, or nothing outside of any."""
    return _scope.get()


def in_transaction() -> bool:
    """Tell whether a transaction is open here, so that the network is refused."""
    return _scope.get() is not None or _lent.get() is not None


class UnitOfWork:
    """Opens the session of each verb; a durable reaction lends its own instead."""

    def __init__(self, engine: sa.Engine, clock: Clock, vault: Vault, outbox: Outbox | None = None) -> None:
        self.engine, self.clock, self.vault = engine, clock, vault
        self.outbox: Outbox = outbox or NoOutbox()
        self._write = sessionmaker(engine, expire_on_commit=False)
        self._read = sessionmaker(engine.execution_options(**{READ_ONLY: True}), expire_on_commit=False)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session whose work commits at the end, or the lent one, whose lender commits.

        In a lent session a verb that fails takes its own changes back, even where its caller carries on.

        Raises: Unavailable where the database is gone, locked, full or read-only; Invalid for a value it cannot hold.
        """
        lent = _lent.get()
        if lent is not None:
            with lent.begin_nested():
                yield lent
            return
        with database_errors_translated(), self._write.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that cannot write, or the one that is open here, in which nothing may be changed meanwhile.

        Raises: Unavailable where the database is gone or locked; WriteInQueryError where something writes.
        """
        scope, lent = _scope.get(), _lent.get()
        shared = scope.session if scope is not None else lent
        if shared is not None:
            with _unchanged(shared):
                yield shared
            return
        with database_errors_translated(), self._read() as session, _writes_refused():
            yield session

    @contextmanager
    def lend(self, session: Session) -> Iterator[None]:
        """Let the verbs that run inside work in this session, whose owner commits."""
        token = _lent.set(session)
        try:
            yield
        finally:
            _lent.reset(token)


@contextmanager
def entered(scope: Scope) -> Iterator[Scope]:
    """Make this the scope of the running verb."""
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


@contextmanager
def database_errors_translated() -> Iterator[None]:
    """Turn the database's refusals into errors that say what to do; mistakes in our own SQL stay what they are.

    Raises: Unavailable where the database is gone, locked, full, read-only or broken; Invalid for a refused value.
    """
    try:
        yield
    except (exc.DataError, UnicodeEncodeError, OverflowError) as error:
        message = "A value holds something that cannot be stored, such as a NUL character or too large a number."
        raise Invalid("value_not_storable", message) from error
    except exc.TimeoutError as error:
        _log.warning("database_busy", extra={"code": "database_busy"})
        raise Unavailable("database_busy", "Every database connection is in use; try again shortly.") from error
    except exc.DBAPIError as error:
        code = _code(error)
        if code is None:
            raise
        _log.warning("database_unavailable", extra={"code": code, "reason": str(error.orig)})
        raise Unavailable(code, "The database does not take this now; try again shortly.") from error


@contextmanager
def _unchanged(session: Session) -> Iterator[None]:
    """Refuse every change to a session that others write in; what they have changed so far goes down first."""
    session.flush()
    connection = session.connection()
    if event.contains(connection, "before_cursor_execute", _refuse_write):
        yield  # a question inside a question: the outer one holds the guard
        return
    event.listen(connection, "before_cursor_execute", _refuse_write)
    try:
        yield
        if session.new or session.deleted or any(session.is_modified(row) for row in session.dirty):
            raise WriteInQueryError(_NOT_A_COMMAND)
    finally:
        event.remove(connection, "before_cursor_execute", _refuse_write)


def _refuse_write(
    _connection: sa.Connection,
    _cursor: DBAPICursor,
    statement: str,
    _parameters: object,
    context: DefaultExecutionContext | None,
    _executemany: bool,  # noqa: FBT001 -- the event's signature
) -> None:
    changes = context is not None and (context.isinsert or context.isupdate or context.isdelete)
    if changes or not _READS.match(statement):
        raise WriteInQueryError(_NOT_A_COMMAND)


@contextmanager
def _writes_refused() -> Iterator[None]:
    try:
        yield
    except exc.DBAPIError as error:
        if _code(error) == "database_read_only":
            raise WriteInQueryError(_NOT_A_COMMAND) from error
        raise


def _code(error: exc.DBAPIError) -> str | None:
    """Return what keeps the database from answering, or nothing where the statement itself is wrong."""
    cause = error.orig
    if isinstance(cause, sqlite3.DatabaseError):
        primary = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_CANTOPEN) & 0xFF
        unavailable = isinstance(cause, sqlite3.OperationalError) and primary != sqlite3.SQLITE_ERROR
        return _SQLITE_CODES.get(primary, "database_unavailable" if unavailable else None)
    if isinstance(cause, psycopg.Error):
        unavailable = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        return _POSTGRESQL_CODES.get(cause.sqlstate or "", "database_unavailable" if unavailable else None)
    return "database_unavailable" if error.connection_invalidated else None

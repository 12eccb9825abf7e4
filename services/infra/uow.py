"""The unit of work: one session for one verb, and what goes with its commit."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session, sessionmaker

from services.infra.crypto import Vault
from services.infra.db import READ_ONLY
from services.kernel.clock import Clock
from services.kernel.context import Actor
from services.kernel.errors import Unavailable
from services.kernel.facts import Fact

_log = logging.getLogger(__name__)


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
    """What a running verb holds: its session, and what its audit row will say."""

    session: Session
    actor: Actor
    verb: str
    uow: "UnitOfWork"
    subjects: set[str] = field(default_factory=set)
    facts: dict[str, object] = field(default_factory=dict)
    sealed: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, **facts: object) -> None:
        """Add values to the audit row; never personal ones: those go through `note_personal`.

        Raises: TypeError for a value that JSON cannot carry.
        """
        json.dumps(facts)
        self.facts.update(facts)

    def about(self, *subject_ids: str) -> None:
        """Say whom the audit row is about."""
        self.subjects.update(subject_ids)

    def note_personal(self, subject_id: str, values: Mapping[str, str]) -> None:
        """Add personal values to the audit row, sealed under their subject's key."""
        self.about(subject_id)
        place = self.sealed.setdefault(subject_id, {})
        for name, value in values.items():
            place[name] = self.uow.vault.seal(self.session, subject_id, value, f"audit:{self.verb}:{name}")

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

        Raises: Unavailable where the database is gone, locked, full or read-only.
        """
        lent = _lent.get()
        if lent is not None:
            yield lent
            return
        with database_errors_translated(), self._write.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that cannot write, or the lent one.

        Raises: Unavailable where the database is gone or locked.
        """
        lent = _lent.get()
        if lent is not None:
            yield lent
            return
        with database_errors_translated(), self._read() as session:
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
    """Turn the database's refusals into errors that say what to do.

    Raises: Unavailable where the database is gone, locked, full or read-only.
    """
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        reason = str(getattr(error, "orig", None) or error)
        _log.warning("database_unavailable", extra={"reason": reason})
        raise Unavailable(_code(reason), "The database does not take this now; try again shortly.") from error


def _code(reason: str) -> str:
    words = {
        "readonly": "database_read_only",
        "read-only": "database_read_only",
        "full": "database_full",
        "locked": "database_locked",
    }
    return next((code for word, code in words.items() if word in reason), "database_unavailable")

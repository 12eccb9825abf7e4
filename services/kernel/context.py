"""Who is acting, and which request or work the acting belongs to."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from services.kernel.ids import new_id

_CORRELATION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


@dataclass(frozen=True, slots=True)
class UserActor:
    """A signed-in person, with the permissions of their roles."""

    user_id: str
    permissions: frozenset[str]
    organisation_id: str | None = None
    kind: Literal["user"] = "user"

    @property
    def id(self) -> str:
        """The id that audit rows and logs show."""
        return self.user_id


@dataclass(frozen=True, slots=True)
class ApiKeyActor:
    """A partner's program."""

    key_id: str
    permissions: frozenset[str]
    organisation_id: str | None = None
    kind: Literal["api_key"] = "api_key"

    @property
    def id(self) -> str:
        """The id that audit rows and logs show."""
        return self.key_id


@dataclass(frozen=True, slots=True)
class JobActor:
    """A tick of the clock, a reaction, or an operator's command line."""

    name: str
    permissions: frozenset[str]
    kind: Literal["job"] = "job"

    @property
    def id(self) -> str:
        """The id that audit rows and logs show."""
        return self.name


@dataclass(frozen=True, slots=True)
class VendorActor:
    """An outside system whose signature was verified."""

    vendor: str
    permissions: frozenset[str]
    kind: Literal["vendor"] = "vendor"

    @property
    def id(self) -> str:
        """The id that audit rows and logs show."""
        return self.vendor


@dataclass(frozen=True, slots=True)
class VisitorActor:
    """Anybody who is not signed in."""

    permissions: frozenset[str] = field(default_factory=frozenset)
    kind: Literal["visitor"] = "visitor"
    id: Literal["visitor"] = "visitor"


Actor: TypeAlias = UserActor | ApiKeyActor | JobActor | VendorActor | VisitorActor


@dataclass(frozen=True, slots=True)
class Correlation:
    """The ids that tie one request or one piece of work together across every store and log.

    `correlation_id` is ours and may be given by the caller; `trace_id` and `parent_span_id` are W3C Trace Context's.
    """

    correlation_id: str
    trace_id: str
    parent_span_id: str | None = None


_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)
_correlation: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


def new_correlation(given_id: str | None = None) -> Correlation:
    """Return fresh ids, keeping the caller's correlation id where it is well-formed."""
    valid = given_id is not None and _CORRELATION_ID.fullmatch(given_id)
    return Correlation(given_id if given_id and valid else new_id("cor"), secrets.token_hex(16))


def correlation() -> Correlation:
    """Return the ids of the running request or work; outside of any, fresh ones."""
    return _correlation.get() or new_correlation()


def current_correlation() -> Correlation | None:
    """Return the ids of the running request or work, or nothing outside of any."""
    return _correlation.get()


@contextmanager
def correlated(ids: Correlation) -> Iterator[Correlation]:
    """Make these ids the ones of everything that runs inside."""
    token = _correlation.set(ids)
    try:
        yield ids
    finally:
        _correlation.reset(token)


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Name the actor on whose behalf everything inside runs, for logs; verbs still receive theirs as an argument."""
    token = _acting.set(actor)
    try:
        yield actor
    finally:
        _acting.reset(token)


def current_actor() -> Actor | None:
    """Return the actor that `acting_as` named, or nothing outside of any."""
    return _acting.get()

"""What every kind of probe has: its task, its tools, its deadline, and the two ways to fail."""

import ssl
import time
from dataclasses import dataclass, field
from typing import Final

from services.infra.outbound import Outbound
from services.probes.kinds import SECRET_MARK, Check

UNANSWERED: Final = frozenset(
    {"timeout", "no connection", "the name has no address", "the database does not answer", "the name server fails"}
)
"""Reasons that may be the fault of the way there; any other one came as an answer."""


class SeenDownError(Exception):
    """It is not as it must be. `reason` is a few words for anybody, `detail` is for operators."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class CannotTellError(Exception):
    """Nothing can be said, neither up nor down."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class Deadline:
    """The one limit over everything that an attempt does."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left.

        Raises: SeenDownError where none are.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise SeenDownError("timeout")
        return left


@dataclass(frozen=True, slots=True)
class Tools:
    """What probes go out with: the checked way out, whom certificates are trusted by, and our own database."""

    outbound: Outbound
    tls: ssl.SSLContext | None = None
    own_database_url: str = field(default="", repr=False)

    def trust(self) -> ssl.SSLContext:
        """Return the context that checks certificates."""
        return self.tls or ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt: what to look at, with the secret in its place, and what must be found."""

    target: str
    check: Check
    secret: str = field(repr=False)
    deadline: Deadline

    def filled(self, text: str) -> str:
        """Return a text with the secret where its mark stands."""
        return text.replace(SECRET_MARK, self.secret)

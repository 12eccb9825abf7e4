"""Instants in aware UTC, read from an injected clock."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the current instant; injected wherever time matters."""

    def now(self) -> datetime:
        """Return the current instant in aware UTC."""
        ...


class SystemClock:
    """The machine's wall clock, held so that it never runs backwards within one process.

    A stepped-back wall clock (NTP, a resumed machine) repeats the last instant until time catches up,
    so that an order read from instants stays true.
    """

    def __init__(self, epoch_ns: Callable[[], int] = time.time_ns) -> None:
        self._epoch_ns = epoch_ns
        self._lock = threading.Lock()
        self._last_ns = 0

    def now(self) -> datetime:
        """Return the current instant in aware UTC, never before one returned earlier."""
        with self._lock:
            self._last_ns = now_ns = max(self._last_ns, self._epoch_ns())
        return from_epoch_ms(0) + timedelta(microseconds=now_ns // 1_000)


class FixedClock:
    """A clock that moves only when it is told to: for tests and for back-filled history."""

    def __init__(self, at: datetime) -> None:
        self._at = require_utc(at)

    def now(self) -> datetime:
        """Return the instant that was set last."""
        return self._at

    def set(self, at: datetime) -> None:
        """Move to an instant, forwards or backwards."""
        self._at = require_utc(at)

    def advance(self, **delta: float) -> datetime:
        """Move forward by the parts of a `timedelta` and return the new instant."""
        self._at += timedelta(**delta)
        return self._at


def require_utc(at: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises: ValueError for a naive datetime.
    """
    if at.tzinfo is None:
        raise ValueError("A naive datetime has no instant: give it a time zone.")
    return at.astimezone(UTC)


def from_epoch_ms(milliseconds: int) -> datetime:
    """Return the instant that lies so many milliseconds after the Unix epoch."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def to_epoch_ms(at: datetime) -> int:
    """Return an instant's whole milliseconds since the Unix epoch."""
    return (require_utc(at) - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)

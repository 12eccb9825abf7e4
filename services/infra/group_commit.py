"""Group commit: concurrent callers share one transaction, and each returns only after it has committed.

The first caller that waits leads: it takes what everybody has brought and writes it in one go, so that a commit's cost
is shared. There is no thread of its own; the callers' threads do the work.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from services.kernel.errors import DomainError, Unavailable

T = TypeVar("T")


class _Ticket(Generic[T]):
    __slots__ = ("done", "error", "item", "weight")

    def __init__(self, item: T, weight: int) -> None:
        self.item, self.weight = item, weight
        self.done = False
        self.error: BaseException | None = None


class GroupCommit(Generic[T]):
    """Writes items of concurrent callers together.

    `write` stores a group in one transaction or raises. Callers hold at most `max_weight` together. While a write takes
    longer than `slow_seconds`, at most `max_waiting` callers go on waiting, for at most `patience_seconds`; all others
    are refused, so that a database that hangs cannot take every thread and all memory with it.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], None],
        *,
        max_waiting: int,
        max_weight: int,
        slow_seconds: float = 1.0,
        patience_seconds: float = 8.0,
    ) -> None:
        self._write = write
        self._max_waiting, self._max_weight = max_waiting, max_weight
        self._slow_seconds, self._patience_seconds = slow_seconds, patience_seconds
        self._changed = threading.Condition()
        self._queue: deque[_Ticket[T]] = deque()
        self._waiting = self._weight = 0
        self._led = False
        self._led_since = 0.0

    def submit(self, item: T, *, weight: int = 1) -> None:
        """Return once the item is committed.

        Raises: Unavailable where too many wait already, or where writing failed or took too long; in the last case the
        item may still be written, so a caller that tries again must be recognised.
        """
        with self._changed:
            patience_seconds = self._patience_seconds
            if self._waiting >= self._max_waiting:
                since = self._led_since if self._led else time.monotonic()
                patience_seconds = since + self._slow_seconds - time.monotonic()
            if patience_seconds <= 0 or self._weight + weight > self._max_weight:
                raise Unavailable("queue_full", "Too much is waiting to be written; try again shortly.")
            ticket = _Ticket(item, weight)
            self._queue.append(ticket)
            self._waiting += 1
            self._weight += weight
        try:
            self._until_done(ticket, patience_seconds)
        finally:
            with self._changed:
                self._waiting -= 1
                self._weight -= weight
                if ticket in self._queue:
                    self._queue.remove(ticket)
        if isinstance(ticket.error, DomainError):
            raise ticket.error
        if ticket.error is not None:
            raise Unavailable("write_failed", "Writing failed; try again shortly.") from ticket.error

    def _until_done(self, ticket: _Ticket[T], patience_seconds: float) -> None:
        deadline = time.monotonic() + patience_seconds
        while True:
            with self._changed:
                while not ticket.done and self._led:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise Unavailable("write_slow", "Writing takes too long; try again shortly.")
                    self._changed.wait(left)
                if ticket.done:
                    return
                self._led, self._led_since = True, time.monotonic()
                group = list(self._queue)
                self._queue.clear()
            self._lead(group)

    def _lead(self, group: list[_Ticket[T]]) -> None:
        failed: BaseException | None = None
        try:
            self._write([t.item for t in group])
        except BaseException as error:
            failed = error
            raise
        finally:
            with self._changed:
                for ticket in group:
                    ticket.error, ticket.done = failed, True
                self._led = False
                self._changed.notify_all()

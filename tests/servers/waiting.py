"""Waits on a condition with a deadline; nothing in the tests sleeps for a fixed time."""

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.02


def until(
    condition: Callable[[], T], what: str, deadline_seconds: float = 30.0, poll_seconds: float = POLL_SECONDS
) -> T:
    """Return the first true value of `condition`.

    Raises: TimeoutError, naming what did not come, after the deadline.
    """
    pause = Event()
    ends = time.monotonic() + deadline_seconds
    while not (value := condition()):
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {deadline_seconds:g} s")
        pause.wait(poll_seconds)
    return value

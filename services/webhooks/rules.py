"""When a message is tried again, and when an endpoint is given up: pure rules.

Source: Standard Webhooks 1.0.0, "Deliverability and reliability" (schedule, 410, throttling, 3xx as failure).
"""

import zlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

WAITS_SECONDS: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Between one attempt and the next: ten attempts over 75 hours, spread by a fifth to either side."""

ATTEMPTS_MAX: Final = len(WAITS_SECONDS) + 1
TIMEOUT_SECONDS: Final = 20.0
BODY_BYTES_MAX: Final = 20_000
BY_HAND_MAX: Final = 5
"""Tests and replays that an endpoint's owner can ask for within the window."""
BY_HAND_WINDOW: Final = timedelta(minutes=1)
SECRET_OVERLAP: Final = timedelta(hours=24)
KEPT: Final = timedelta(days=90)
_SPREAD_RATIO = 0.2
_THROTTLED = frozenset({429, 502, 503, 504})
_THROTTLED_SECONDS = 60
_BREAKER_FROM = 3
_BREAKER_SECONDS = 30
_BREAKER_SECONDS_MAX = 600
_GONE = 410


class DeliveryState(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """No attempt is left; it can be replayed."""
    DROPPED = "dropped"
    """Its endpoint was closed before it was delivered."""


class Origin(StrEnum):
    """Why a message exists."""

    LIVE = "live"
    TEST = "test"


def succeeded(status: int | None) -> bool:
    """Tell whether an answer takes the message; a redirect does not."""
    return status is not None and 200 <= status < 300  # noqa: PLR2004 -- the successes of HTTP


def is_gone(status: int | None) -> bool:
    """Tell whether an endpoint asks never to be called again."""
    return status == _GONE


def is_overloaded(status: int | None, code: str | None) -> bool:
    """Tell whether a receiver is too busy, so that it is left in peace for a while."""
    return status in _THROTTLED or code == "target_timeout"


def wait_seconds(
    round_attempts: int, message_id: str, *, overloaded: bool = False, retry_after: int | None = None
) -> float | None:
    """Return the wait after so many attempts, or nothing where none is left.

    `Retry-After` is honoured between the wait that is due and twice that; an overloaded receiver has a minute at least.
    """
    if round_attempts >= ATTEMPTS_MAX:
        return None
    base = float(WAITS_SECONDS[round_attempts - 1])
    if overloaded:
        base = max(base, _THROTTLED_SECONDS)
    if retry_after is not None:
        base = min(max(base, retry_after), 2 * max(base, _THROTTLED_SECONDS))
    return base * _spread(f"{message_id}:{round_attempts}")


def breaker_seconds(failures: int) -> float:
    """Return how long an endpoint rests from all messages after so many failures in a row."""
    if failures < _BREAKER_FROM:
        return 0.0
    return float(min(_BREAKER_SECONDS * 2 ** (failures - _BREAKER_FROM), _BREAKER_SECONDS_MAX))


def is_lost(queued_at: datetime, succeeded_at: datetime | None) -> bool:
    """Tell whether an endpoint that has used up a message's attempts took nothing else since that was queued."""
    return succeeded_at is None or succeeded_at < queued_at


def _spread(text: str) -> float:
    share = (zlib.crc32(text.encode()) % 10_000) / 10_000
    return 1 - _SPREAD_RATIO + 2 * _SPREAD_RATIO * share

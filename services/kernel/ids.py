"""Identifiers: time-ordered ids shown with a prefix, and unguessable tokens for links.

Source: RFC 9562 §5.7 (UUID version 7).
"""

import hashlib
import re
import secrets
import threading
import time

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_PUBLIC_LENGTH = 12
_PREFIXED = re.compile(r"[a-z]{2,5}_[0-9a-f]{32}")
_lock = threading.Lock()
_last = 0


def uuid7() -> int:
    """Return a version 7 UUID as a 128-bit integer, strictly increasing within the process."""
    global _last  # noqa: PLW0603 -- the order within a process needs one memory of the last value
    with _lock:
        milliseconds = time.time_ns() // 1_000_000
        # The highest bit of the tail starts at 0, so that counting on never carries into the variant (§6.2, method 2).
        value = (milliseconds << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(61)
        if value <= _last:
            # Same millisecond, or a clock that went back: count on from the last value, inside its random tail.
            value = _last + 1 + secrets.randbits(24)
        _last = value
        return value


def new_id(prefix: str) -> str:
    """Return a new id such as `usr_0192f0c1…`; ids sort by the time they were made."""
    return f"{prefix}_{uuid7():032x}"


def is_id(text: str, prefix: str) -> bool:
    """Tell whether a text has the form of an id with this prefix."""
    return text.startswith(f"{prefix}_") and _PREFIXED.fullmatch(text) is not None


def secret_token() -> str:
    """Return 256 unguessable bits for a link, a cookie or a key, safe in URLs."""
    return secrets.token_urlsafe(32)


def derived_public_id(text: str) -> str:
    """Return the 12-character id that always belongs to a text."""
    number, found = int.from_bytes(hashlib.sha256(text.encode()).digest()[:12], "big"), ""
    while len(found) < _PUBLIC_LENGTH:
        number, rest = divmod(number, len(_BASE36))
        found += _BASE36[rest]
    return found


def public_id() -> str:
    """Return a new 12-character id in the form that readers of status pages expect: lower case and digits."""
    return "".join(secrets.choice(_BASE36) for _ in range(_PUBLIC_LENGTH))

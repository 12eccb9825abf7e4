"""Doors for programs: an API key in the Authorization header, and nothing of a browser.

Source: RFC 6750 (bearer tokens); RFC 9110 §11.6.1.
"""

import math
import threading
import time
from collections import OrderedDict
from typing import Final

from flask import current_app, g, request

from services.kernel.context import ApiKeyActor
from services.kernel.errors import Forbidden, RateLimited, Unauthenticated
from services.kernel.network import client_network
from web.shell.routes import Access
from web.shell.state import current_shell

FAILURES_PER_KEY: Final = 10
FAILURES_PER_CLIENT: Final = 60
WINDOW_SECONDS: Final = 60.0
_TOKEN_LENGTH_MAX: Final = 256
_ID_LENGTH: Final = 36
_LANES_MAX: Final = 10_000
_EXTENSION: Final = "greenlight_key_failures"


class Failures:
    """Counts failed attempts of a window in this process, each client's and each client's with one key.

    The lane of a key keeps a program with a wrong key from shutting out another one behind the same address.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def check(self, client: str, key: str) -> None:
        """Refuse a client that has failed too often.

        Raises: RateLimited.
        """
        now = time.monotonic()
        with self._lock:
            for lane, most in _lanes_of(client, key):
                started, count = self._lanes.get(lane, (now, 0))
                left = started + WINDOW_SECONDS - now
                if count >= most and left > 0:
                    message = "Too many attempts with keys that are not good; wait, and check the key."
                    raise RateLimited("key_attempts", message, retry_after_seconds=math.ceil(left))

    def add(self, client: str, key: str) -> None:
        """Count a failed attempt."""
        now = time.monotonic()
        with self._lock:
            for lane, _ in _lanes_of(client, key):
                started, count = self._lanes.pop(lane, (now, 0))
                fresh = now - started >= WINDOW_SECONDS
                self._lanes[lane] = (now, 1) if fresh else (started, count + 1)
            while len(self._lanes) > _LANES_MAX:
                self._lanes.popitem(last=False)


def enter(access: Access) -> ApiKeyActor:
    """Recognise the key of the running request, and let it act.

    Raises: Unauthenticated without a good key, Forbidden where it may not do this, RateLimited after many failures.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("key_required", "Send an API key: Authorization: Bearer <key>.")
    client, named = client_network(request.remote_addr or ""), token[:_ID_LENGTH]
    failures: Failures = current_app.extensions.setdefault(_EXTENSION, Failures())
    failures.check(client, named)
    found = current_shell().ports.recognise_key(token) if len(token) <= _TOKEN_LENGTH_MAX else None
    if found is None:
        failures.add(client, named)
        raise Unauthenticated("key_invalid", "This API key is unknown, expired or revoked; make a new one.")
    if access.permission not in found.permissions:
        message = f"This API key may not do this: it lacks {access.permission}."
        raise Forbidden("key_lacks_permission", message, permission=access.permission)
    g.key_actor = found
    return found


def _lanes_of(client: str, key: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return ((client, ""), FAILURES_PER_CLIENT), ((client, key), FAILURES_PER_KEY)

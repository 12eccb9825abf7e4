"""Keeps callers that send slowly from holding every thread: only some threads may wait for bodies at one time.

A server's thread waits for as long as a caller takes to send its body, and a handful of stalled callers would
otherwise stop everything. A caller that dawdles costs its own slots; pages and everybody else go on.
Source: CWE-400; OWASP slow request bodies.
"""

import io
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from services.kernel.network import client_network
from web.shell.problem_kinds import BY_STATUS
from web.shell.problems import Problem, Problems

WAIT_SECONDS: Final = 0.25
_RETRY_SECONDS: Final = 1


class BodyGate:
    """Wraps a WSGI application that runs on so many threads.

    A body of at most `whole_bytes` is taken whole before the application runs; the slot of a larger one, which the
    application reads or refuses itself, is held until it has answered.
    """

    def __init__(self, app: WSGIApplication, problems: Problems, *, threads: int, whole_bytes: int) -> None:
        self._app, self._problems, self._whole_bytes = app, problems, whole_bytes
        self._slots = max(1, threads * 3 // 4)
        self._slots_each = max(1, self._slots // 2)
        self._taken: Counter[str] = Counter()
        self._changed = threading.Condition()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        length = _length(environ)
        if length == 0:
            return self._app(environ, start_response)
        with self._slot(client_network(environ.get("REMOTE_ADDR", ""))) as admitted:
            if not admitted:
                return self._problems.answer(environ, start_response, _BUSY)
            if length is None or length > self._whole_bytes:
                return self._app(environ, start_response)
            body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        return self._app(environ, start_response)

    @contextmanager
    def _slot(self, client: str) -> Iterator[bool]:
        with self._changed:
            admitted = self._changed.wait_for(lambda: self._free(client), timeout=WAIT_SECONDS)
            if admitted:
                self._taken[client] += 1
        try:
            yield admitted
        finally:
            if admitted:
                with self._changed:
                    self._taken[client] -= 1
                    # Addresses that wait for nothing are forgotten, so that memory stays bounded.
                    self._taken += Counter()
                    self._changed.notify_all()

    def _free(self, client: str) -> bool:
        return self._taken.total() < self._slots and self._taken[client] < self._slots_each


_BUSY: Final = Problem(
    BY_STATUS[503],
    "bodies_waiting",
    "Too many requests are still being sent; send this one again in a moment.",
    retryable=True,
    retry_after_seconds=_RETRY_SECONDS,
)


def _length(environ: WSGIEnvironment) -> int | None:
    """Return how long the body is; nothing where only its end will tell."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return None
    try:
        return max(0, int(environ.get("CONTENT_LENGTH") or 0))
    except ValueError:
        return 0

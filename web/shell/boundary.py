"""The outermost layer of every request that reaches Flask: its ids, its limits, its log line, its last resort.

Source: W3C Trace Context; RFC 6585 §5 (431).
"""

import contextvars
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from services.infra.telemetry import describe_span, received
from services.kernel.context import Correlation
from web.shell.config import ShellConfig
from web.shell.guard import ROUTE_KEY
from web.shell.headers import SECURE_HEADERS, policy
from web.shell.problem_kinds import BY_STATUS
from web.shell.problems import Problem, Problems, log_problem, problem_of

CORRELATION_HEADER: Final = "X-Correlation-Id"
TRACE_HEADER: Final = "X-Trace-Id"
_QUIET_PATHS: Final = ("/health/", "/metrics", "/static/")
_LOGGED_SEGMENTS: Final = 2
"""How much is logged of a path that no route was found for."""
_log = logging.getLogger("greenlight.web.access")


class Observe(Protocol):
    """Counts one answered request."""

    def __call__(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Take in one request's figures.

        Units: seconds until the headers of the answer stood.
        """
        ...


class Boundary:
    """Wraps a WSGI application."""

    def __init__(self, app: WSGIApplication, config: ShellConfig, problems: Problems, observe: Observe) -> None:
        self._app, self._config, self._problems, self._observe = app, config, problems, observe

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        started = time.perf_counter()
        method = environ.get("REQUEST_METHOD", "GET")
        trace = {"traceparent": environ.get("HTTP_TRACEPARENT", ""), "tracestate": environ.get("HTTP_TRACESTATE", "")}
        with received(f"HTTP {method}", trace, environ.get("HTTP_X_CORRELATION_ID")) as ids:
            answer = _Answer(start_response, ids)
            body = self._answered(environ, answer)
            status = answer.status
            seconds = time.perf_counter() - started
            describe_span(_span_name(environ), **{"http.response.status_code": status})
            self._observe(method=method, route=environ.get(ROUTE_KEY, "none"), status=status, seconds=seconds)
            _log_line(environ, ids, status, seconds)
            if isinstance(body, list | tuple):
                return body
            return _InContext(body, contextvars.copy_context())

    def _answered(self, environ: WSGIEnvironment, answer: "_Answer") -> Iterable[bytes]:
        refused = self._too_large(environ)
        if refused is not None:
            return self._problem(environ, answer, refused)
        try:
            return self._app(environ, answer)
        except Exception as error:  # noqa: BLE001 -- the last resort: whatever failed, the caller gets a problem
            problem = problem_of(error)
            log_problem(problem, error)
            return self._problem(environ, answer, problem)

    def _problem(self, environ: WSGIEnvironment, answer: "_Answer", problem: Problem) -> list[bytes]:
        response = self._problems.respond(environ, problem)
        response.headers.extend(SECURE_HEADERS)
        response.headers["Content-Security-Policy"] = policy()
        return list(response(environ, answer))

    def _too_large(self, environ: WSGIEnvironment) -> Problem | None:
        target = len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", ""))
        if target > self._config.target_bytes:
            kind = BY_STATUS[414]
            return Problem(kind, "address_too_long", kind.advice, retryable=False)
        size = sum(len(key) + len(value) for key, value in environ.items() if key.startswith("HTTP_"))
        if size > self._config.header_bytes:
            kind = BY_STATUS[431]
            return Problem(kind, "headers_too_large", kind.advice, retryable=False)
        return None


class _Answer:
    """A `start_response` that adds the ids and remembers the status."""

    def __init__(self, start_response: StartResponse, ids: Correlation) -> None:
        self._start_response, self._ids = start_response, ids
        self.status = 500

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        self.status = int(status.split(" ", 1)[0])
        marked = [
            *headers,
            (CORRELATION_HEADER, self._ids.correlation_id),
            (TRACE_HEADER, self._ids.trace_id),
        ]
        if exc_info is None:
            return self._start_response(status, marked)
        return self._start_response(status, marked, exc_info)  # type: ignore[arg-type] # handed on as it came


class _InContext:
    """A streamed body whose every piece is made in the request's context, so that its work keeps the ids."""

    def __init__(self, body: Iterable[bytes], context: contextvars.Context) -> None:
        self._body, self._pieces, self._context = body, iter(body), context

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._context.run(next, self._pieces)

    def close(self) -> None:
        """Close the body that was streamed."""
        close = getattr(self._body, "close", None)
        if close is not None:
            self._context.run(close)


def _span_name(environ: WSGIEnvironment) -> str:
    return f"{environ.get('REQUEST_METHOD', 'GET')} {environ.get(ROUTE_KEY, '(no route)')}"


def _logged_path(path: str, route: str | None) -> str:
    """Return a path without what only its caller knows, such as the id of a playback session."""
    if route is not None:
        return route if "<" in route else path
    first, *rest = path.lstrip("/").split("/", _LOGGED_SEGMENTS)
    return "/" + "/".join((first, *rest[: _LOGGED_SEGMENTS - 1], *(("…",) if len(rest) == _LOGGED_SEGMENTS else ())))


def _log_line(environ: WSGIEnvironment, ids: Correlation, status: int, seconds: float) -> None:
    path = environ.get("PATH_INFO", "")
    quiet = status < 400 and path.startswith(_QUIET_PATHS)  # noqa: PLR2004 - the first status of an error
    _log.log(
        logging.DEBUG if quiet else logging.INFO,
        "request",
        extra={
            "method": environ.get("REQUEST_METHOD", "GET"),
            "path": _logged_path(path, environ.get(ROUTE_KEY)),
            "route": environ.get(ROUTE_KEY),
            "status": status,
            "duration_ms": round(seconds * 1000, 2),
            "correlation_id": ids.correlation_id,
            "trace_id": ids.trace_id,
        },
    )

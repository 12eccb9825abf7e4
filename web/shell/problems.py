"""One way to say no: RFC 9457 problem details for programs, and the same words on a page for people.

HTTP status codes of errors are decided here and nowhere else.
Source: RFC 9457; RFC 9110 §15.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
from flask import Flask, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES, parse_accept_header
from werkzeug.wrappers import Response

from services.kernel import errors
from services.kernel.context import correlation
from web.shell.problem_kinds import BY_STATUS, UNEXPECTED, Kind
from web.shell.problem_pages import problem_page

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("greenlight.web.problems")

_STATUS_BY_ERROR: tuple[tuple[type[errors.DomainError], int], ...] = (
    (errors.Invalid, 400),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Gone, 410),
    (errors.TooLarge, 413),
    (errors.UnsupportedMedia, 415),
    (errors.RateLimited, 429),
    (errors.Unavailable, 503),
)
_FIELDS_STATUS = 422
_SERVER_ERROR = 500
_PROGRAM_PATHS = ("/_dash-", "/api/", "/ingest/")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, before it is written down for a program or a person."""

    kind: Kind
    code: str
    detail: str
    retryable: bool
    errors: tuple[FieldError, ...] = ()
    retry_after_seconds: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status code."""
        return self.kind.status


def problem_of(error: Exception) -> Problem:
    """Return what an exception says to the outside; of an unexpected one, nothing but that it happened."""
    if isinstance(error, errors.DomainError):
        return _of_domain_error(error)
    if isinstance(error, HTTPException):
        return _of_http_exception(error)
    return Problem(UNEXPECTED, "unexpected", UNEXPECTED.advice, UNEXPECTED.retryable)


def _of_domain_error(error: errors.DomainError) -> Problem:
    status = next((s for kind, s in _STATUS_BY_ERROR if isinstance(error, kind)), 400)
    fields: tuple[FieldError, ...] = ()
    if isinstance(error, errors.Invalid) and error.fields:
        fields = tuple(FieldError(name, message) for name, message in error.fields.items())
        status = _FIELDS_STATUS
    wait = error.retry_after_seconds if isinstance(error, errors.RateLimited | errors.Unavailable) else None
    kind = BY_STATUS[status]
    return Problem(kind, error.code, error.message, error.retryable, fields, wait, kind.headers)


def _of_http_exception(error: HTTPException) -> Problem:
    status = error.code or _SERVER_ERROR
    kind = BY_STATUS.get(status)
    if kind is None:
        title = HTTP_STATUS_CODES.get(status, "Error")
        kind = Kind(status, title.lower().replace(" ", "-"), title, str(error.description or title), retryable=False)
    headers = dict(kind.headers)
    headers.update({k: v for k, v in error.get_headers() if k in {"Allow", "Retry-After", "Content-Range"}})
    # Werkzeug's descriptions are for developers; ours say what to do, and never echo input.
    return Problem(kind, kind.slug.replace("-", "_"), kind.advice, kind.retryable, headers=headers)


class Problems:
    """Writes problems down; `public_url` is where their types are documented."""

    def __init__(self, public_url: str, sign_in_path: str = "/account/sign-in") -> None:
        self._public_url = public_url
        self._sign_in_path = sign_in_path

    def document(self, problem: Problem, instance: str) -> dict[str, Any]:
        """Return the problem details object."""
        ids = correlation()
        return {
            "type": f"{self._public_url}/docs/errors#{problem.kind.slug}",
            "title": problem.kind.title,
            "status": problem.status,
            "detail": problem.detail,
            "instance": instance,
            "code": problem.code,
            "correlation_id": ids.correlation_id,
            "trace_id": ids.trace_id,
            "retryable": problem.retryable,
            "errors": [{"field": e.field, "message": e.message} for e in problem.errors],
            **problem.extensions,
        }

    def respond(self, environ: WSGIEnvironment, problem: Problem) -> Response:
        """Return the problem as the caller of this request wants it: as JSON, or as a page."""
        document = self.document(problem, environ.get("PATH_INFO", "/"))
        if wants_html(environ):
            response = Response(problem_page(document, self._sign_in_path), problem.status, content_type="text/html")
            response.content_type = "text/html; charset=utf-8"
        else:
            response = Response(orjson.dumps(document), problem.status, content_type=MEDIA_TYPE)
        response.headers.update(problem.headers)
        if problem.retry_after_seconds is not None:
            response.headers["Retry-After"] = str(problem.retry_after_seconds)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Accept"
        return response

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse, problem: Problem) -> list[bytes]:
        """Answer a request that never reached Flask."""
        return list(self.respond(environ, problem)(environ, start_response))

    def install(self, server: Flask) -> None:
        """Turn every error of a server's views into a problem."""
        server.register_error_handler(Exception, self._on_error)

    def _on_error(self, error: Exception) -> Response:
        # Redirects are exceptions to werkzeug, and no problem.
        if isinstance(error, HTTPException) and error.code is not None and error.code < 400:  # noqa: PLR2004 - the first status of an error
            return Response.force_type(error.get_response(request.environ), request.environ)
        problem = problem_of(error)
        log_problem(problem, error)
        return self.respond(request.environ, problem)


def log_problem(problem: Problem, error: BaseException) -> None:
    """Log what a caller is told only by reference: an unexpected error with its cause, an outage as a warning."""
    ids = correlation()
    facts = {"code": problem.code, "correlation_id": ids.correlation_id, "trace_id": ids.trace_id}
    if problem.kind is UNEXPECTED:
        _log.error("request_failed", exc_info=error, extra=facts)
    elif problem.status >= _SERVER_ERROR:
        _log.warning("request_refused", extra={**facts, "reason": problem.detail})


def wants_html(environ: WSGIEnvironment) -> bool:
    """Tell whether a person looks at the answer: a browser that asks for a page, not a program or a script."""
    path = environ.get("PATH_INFO", "")
    if any(part in path for part in _PROGRAM_PATHS):
        return False
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT", ""), MIMEAccept)
    return accepted.best_match(["application/json", MEDIA_TYPE, "text/html"]) == "text/html"

"""What every answer to a program carries: from any origin, with a tag, and with the age of what it tells."""

from typing import Any, Final

import orjson
from flask import Blueprint, Response, request

from status_page.programs.told import Told
from status_page.programs.v2 import instant
from web.shell.routes import CachedDocument

CACHE: Final = CachedDocument(ttl_seconds=1.0)
"""A second in our cache and at most another in a reader's: a change is seen in less than two."""

AS_OF: Final = "Status-As-Of"
AGE: Final = "Status-Age-Seconds"
_ANYWHERE: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
    "Access-Control-Expose-Headers": f"ETag, {AS_OF}, {AGE}, X-Correlation-Id",
    "Access-Control-Max-Age": "86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def open_to_all(documents: Blueprint) -> None:
    """Let every answer of a blueprint, refusals and preflights included, be read from any origin."""

    def allow(response: Response) -> Response:
        response.headers.update(_ANYWHERE)
        return response

    documents.after_request(allow)


def answer(told: Told, body: bytes | str, content_type: str) -> Response:
    """Return a document with its tag, and with when what it tells was true."""
    response = Response(body, content_type=content_type)
    response.headers[AS_OF] = instant(told.state.as_of) or ""
    response.headers[AGE] = str(told.age_seconds)
    response.add_etag(weak=True)
    # The micro-cache asks without conditions and puts its own tag; this is for who comes past it, with a cookie.
    response.make_conditional(request)
    return response


def json_answer(told: Told, body: dict[str, Any], content_type: str = "application/json") -> Response:
    """Return a document as JSON that stays data even where somebody pastes it into a page."""
    return answer(told, inert_json(body), content_type)


def inert_json(body: object) -> bytes:
    """Return JSON without the characters that mean something in HTML."""
    encoded = orjson.dumps(body)
    return encoded.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")

"""The small public files that every site has, the front-end's files, and the door for policy reports."""

import json
import logging
from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as WerkzeugResponse

from services.kernel.clock import Clock
from services.kernel.errors import NotFound, UnsupportedMedia
from web.shell.config import ShellConfig
from web.shell.headers import REPORT_PATH
from web.shell.problem_pages import kinds_page
from web.shell.routes import PUBLIC, CachedDocument, route
from web.ui.compression import Served
from web.ui.static import StaticManifest

_REPORT_BYTES: Final = 16_384
_REPORT_TYPES: Final = frozenset({"application/csp-report", "application/reports+json", "application/json"})
_SECURITY_TXT_DAYS: Final = 180
_DAY: Final = "public, max-age=86400"
_KEPT = CachedDocument(ttl_seconds=60)
_log = logging.getLogger("greenlight.web.csp")

ROBOTS: Final = """\
User-agent: *
Disallow: /account/
Disallow: /admin/
Disallow: /api/
Disallow: /dashboards/
Disallow: /ingest/
"""

FAVICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#16181d"/>'
    '<circle cx="16" cy="16" r="7" fill="#2fbf71"/></svg>'
)


def served_response(served: Served) -> WerkzeugResponse:
    """Return a file as a response to the running request, or that it has not changed."""
    response = WerkzeugResponse(served.body, headers=served.headers)
    return response.make_conditional(request.environ)


def blueprint(config: ShellConfig, clock: Clock, static: StaticManifest | None) -> Blueprint:
    """Return the routes of this module."""
    views = Blueprint("public_files", __name__)
    _add_site_files(views, config, clock)

    @route(views, "/docs/errors", access=PUBLIC, cache=_KEPT)
    def errors() -> Response:
        """Explain every kind of error: where problem types link to."""
        return Response(kinds_page(), mimetype="text/html")

    @route(views, REPORT_PATH, access=PUBLIC, methods=("POST",), csrf=False, anonymous=True, body_bytes=_REPORT_BYTES)
    def csp_report() -> tuple[str, int]:
        """Log what a browser was kept from doing by the content security policy."""
        if request.mimetype not in _REPORT_TYPES:
            raise UnsupportedMedia("csp_report_type", "Send application/csp-report or application/reports+json.")
        for report in _reports(request.get_data(as_text=True)):
            _log.warning("csp_violation", extra={"report": report})
        return "", 204

    @route(views, "/static/<file_hash>/<name>", access=PUBLIC, anonymous=True)
    def static_file(file_hash: str, name: str) -> WerkzeugResponse:
        """Serve a file of the built front-end."""
        served = static.lookup(file_hash, name, request.headers.get("Accept-Encoding")) if static else None
        if served is None:
            raise NotFound("file_unknown", "There is no such file, or it is of another release; reload the page.")
        return served_response(served)

    return views


def _add_site_files(views: Blueprint, config: ShellConfig, clock: Clock) -> None:
    @route(views, "/robots.txt", access=PUBLIC, cache=_KEPT)
    def robots() -> Response:
        """Tell crawlers which areas are of no use to them."""
        return Response(ROBOTS, mimetype="text/plain", headers={"Cache-Control": _DAY})

    @route(views, "/favicon.ico", access=PUBLIC, cache=_KEPT)
    def favicon() -> Response:
        """Serve the mark that browsers show beside the title."""
        return Response(FAVICON, mimetype="image/svg+xml", headers={"Cache-Control": _DAY})

    @route(views, "/.well-known/security.txt", access=PUBLIC, cache=_KEPT)
    def security_txt() -> Response:
        """Tell whom to tell about a vulnerability.

        Source: RFC 9116.
        """
        if not config.security_contact:
            raise NotFound("security_contact_unset", "No contact is set here: GREENLIGHT_SECURITY_CONTACT names one.")
        expires = (clock.now() + timedelta(days=_SECURITY_TXT_DAYS)).strftime("%Y-%m-%dT00:00:00Z")
        text = (
            f"Contact: {config.security_contact}\nExpires: {expires}\nPreferred-Languages: en\n"
            f"Canonical: {config.public_url}/.well-known/security.txt\n"
        )
        return Response(text, mimetype="text/plain", headers={"Cache-Control": _DAY})


def _reports(text: str) -> list[dict[str, object]]:
    """Return the reports of either form, without the parts that name a person's page or script sample."""
    try:
        given = json.loads(text)
    except ValueError:
        return []
    entries = given if isinstance(given, list) else [given]
    bodies = [e.get("csp-report") or e.get("body") or {} for e in entries if isinstance(e, dict)]
    wanted = {
        "effective-directive", "violated-directive", "blocked-uri", "disposition", "line-number", "source-file",
        "effectiveDirective", "blockedURL", "lineNumber", "sourceFile",
    }  # fmt: skip
    return [{k: str(v)[:200] for k, v in b.items() if k in wanted} for b in bodies[:20] if isinstance(b, dict)]

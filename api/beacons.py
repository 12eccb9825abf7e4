"""The door for player beacons: CMCD version 2 event reports from any player, on any site.

A player looks at the status only: 204 taken and durable, 400 malformed (nothing was stored), 410 stop, 413 too large,
429 and 503 later. Reports carry no authority: no cookie, no CSRF token; the demo generator alone shows a key.

Source: CTA-5004-B (event mode); WHATWG Fetch (CORS).
"""

import dataclasses
from typing import Final

import orjson
from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from services.kernel.errors import Invalid, NotFound, UnsupportedMedia
from services.metrics.door import REPORTER, Door
from services.metrics.intake import Intake
from web.shell.routes import PUBLIC, route

PATH: Final = "/ingest/cmcd"
MEDIA_TYPES: Final = frozenset({"application/cmcd", "text/cmcd", "text/plain"})
"""`text/plain` is what `sendBeacon` says of a string."""
REGION_HEADER: Final = "X-Viewer-Region"
"""In it the proxy in front names where the viewer is; see the setting `GREENLIGHT_INGEST_REGIONS`."""
_SID_MAX = 64
_CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, X-Correlation-Id",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, X-Correlation-Id, traceparent, tracestate",
    "Access-Control-Max-Age": "86400",
}


def blueprint(door: Door, intake: Intake) -> Blueprint:
    """Return the routes of this module."""
    views = Blueprint("beacons", __name__)
    # One byte more: where no length is named, Werkzeug stops reading at the limit and does not say that there was more.
    limit = door.policy.body_bytes + 1

    @route(views, PATH, access=PUBLIC, methods=("POST", "OPTIONS"), csrf=False, anonymous=True, body_bytes=limit)
    def take_report() -> Response:
        """Take one report, or tell a browser that asks first that pages of other sites may report."""
        if request.method == "OPTIONS":
            return Response(status=204, headers=_PREFLIGHT)
        if request.mimetype not in MEDIA_TYPES or request.headers.get("Content-Encoding", "identity") != "identity":
            raise UnsupportedMedia("report_media_type", "Send application/cmcd, uncompressed.")
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge as error:
            raise door.too_large() from error
        except ClientDisconnected as error:
            raise _cut_off() from error
        if len(body) < (request.content_length or 0):  # Granian hands on what came before the player hung up
            raise _cut_off()
        door.accept(
            body,
            client=request.remote_addr or "",
            player=request.args.get("player", ""),
            region=request.headers.get(REGION_HEADER, ""),
            demo_key=_demo_key(),
        )
        return Response(status=204)

    @route(views, f"{PATH}/sessions/<sid>", access=PUBLIC, csrf=False, anonymous=True)
    def show_session(sid: str) -> Response:
        """Show what was recorded of a session to the player that knows its id."""
        if len(sid) > _SID_MAX:
            raise NotFound("session_unknown", "Nothing of this session has been recorded yet.")
        view = intake.play_session(REPORTER, sid)
        body = orjson.dumps(dataclasses.asdict(view))
        return Response(body, content_type="application/json", headers={"Cache-Control": "no-store"})

    views.after_request(_open_to_other_sites)
    return views


def _open_to_other_sites(response: Response) -> Response:
    response.headers.update(_CORS)
    return response


def _cut_off() -> Invalid:
    return Invalid("report_cut_off", "The report ended before the length that it named; send it whole.")


def _demo_key() -> str | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else None

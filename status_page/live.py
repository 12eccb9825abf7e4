"""How open pages learn of changes: a tiny document that nearly every asking finds unchanged."""

import json

from flask import Blueprint, Response

from status_page.snapshot import Snapshot
from web.shell.routes import PUBLIC, CachedDocument, route

PATH = "/status/live.json"


def blueprint(snapshot: Snapshot) -> Blueprint:
    """Return the document's route."""
    live = Blueprint("status_live", __name__)

    @route(live, PATH, access=PUBLIC, cache=CachedDocument())
    def live_json() -> Response:
        return Response(json.dumps({"tag": snapshot.tag()}), mimetype="application/json")

    return live

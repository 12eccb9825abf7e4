"""The doors for probers: what a vantage is to do, and where it hands in what it found."""

from typing import Final

import orjson
from flask import Blueprint, Response, request

from services.kernel.errors import Invalid
from services.probes import Probes
from services.probes.wire import assignments_json, batch_of, receipt_json
from web.shell.routes import route
from web.shell.sessions import current_actor

ASSIGNMENTS_PATH: Final = "/api/probes/assignments"
RESULTS_PATH: Final = "/api/probes/results"
BODY_BYTES_MAX: Final = 1_048_576
_COUNT_LENGTH_MAX = 9


def blueprint(probes: Probes) -> Blueprint:
    """Return the routes of this module."""
    views = Blueprint("probes", __name__)

    @route(views, ASSIGNMENTS_PATH, access="probes.report", api_key=True)
    def assignments() -> Response:
        """Say what the key's vantage is to do, and note that it asked."""
        actor = current_actor()
        waiting = request.args.get("waiting", "0")[:_COUNT_LENGTH_MAX]
        probes.intake.note_seen(
            actor,
            release=request.args.get("release", ""),
            waiting=int(waiting) if waiting.isascii() and waiting.isdigit() else 0,
        )
        return _json(assignments_json(probes.intake.assignments(actor)))

    @route(views, RESULTS_PATH, access="probes.report", methods=("POST",), api_key=True, body_bytes=BODY_BYTES_MAX)
    def results() -> Response:
        """Take results; those that cannot be taken are named, with why, and the others are taken."""
        received_at = probes.intake.now()
        try:
            document = orjson.loads(request.get_data(cache=False))
        except orjson.JSONDecodeError as error:
            raise Invalid("results_malformed", "Send JSON.") from error
        sent_at, findings = batch_of(document)
        receipt = probes.intake.report(current_actor(), sent_at=sent_at, findings=findings, received_at=received_at)
        return _json(receipt_json(receipt))

    return views


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), content_type="application/json", headers={"Cache-Control": "no-store"})

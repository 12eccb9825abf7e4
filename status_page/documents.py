"""The figures for programs: JSON and CSV, from the same views as the page."""

from dataclasses import asdict
from typing import Any

import pandas as pd
from flask import Blueprint, Response, request
from pydantic import TypeAdapter

from services.kernel.errors import Invalid
from services.public import PublicServices
from status_page.pages.figure import SPANS
from status_page.snapshot import Snapshot
from web.shell.routes import PUBLIC, CachedDocument, route

DEFAULT_DAYS = 1
FIGURE_COLUMNS = ("starts_at", "value", "unit", "samples", "numerator", "denominator", "parts_unit")
_cors = {"Access-Control-Allow-Origin": "*"}
_encoder: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def blueprint(public: PublicServices, snapshot: Snapshot) -> Blueprint:
    """Return the documents' routes."""
    documents = Blueprint("status_documents", __name__)

    @route(documents, "/status/figures.json", access=PUBLIC, cache=CachedDocument())
    def figures_json() -> Response:
        state = snapshot.state()
        body = {"as_of": state.as_of, "current": state.current, "demo": public.demo}
        return _json(body | {"figures": [asdict(figure) for figure in state.figures]})

    @route(documents, "/status/figures/<name>.csv", access=PUBLIC, cache=CachedDocument(query=frozenset({"days"})))
    def figure_csv(name: str) -> Response:
        figure = public.figures.figure(public.visitor, name)
        rows = public.figures.history(public.visitor, name, days_of(request.args.get("days")))
        rows = rows.assign(
            unit=figure.unit,
            starts_at=rows["starts_at"].map(pd.Timestamp.isoformat),
            parts_unit=figure.parts_unit or "",
        )
        text = rows[list(FIGURE_COLUMNS)].to_csv(index=False)
        return Response(text, mimetype="text/csv", headers=_cors)

    return documents


def days_of(text: str | None) -> int:
    """Read the span that a reader asks for.

    Units: days.

    Raises: Invalid for anything that is not offered.
    """
    if text is None:
        return DEFAULT_DAYS
    if text not in map(str, SPANS):
        offered = ", ".join(map(str, SPANS))
        raise Invalid("span_invalid", f"History is offered over {offered} days.", fields={"days": "is not offered"})
    return int(text)


def _json(body: dict[str, object]) -> Response:
    return Response(_encoder.dump_json(body), mimetype="application/json", headers=_cors)

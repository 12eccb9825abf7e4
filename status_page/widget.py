"""The state of everything in a small frame, for pages of other sites, and the script that puts it there."""

from datetime import datetime
from typing import Final

from dash import html
from dash.development.base_component import Component
from flask import Blueprint, Response

from status_page.frame import PREFIX, PublicPages, Written
from status_page.reading import Reading
from status_page.state import StatusState
from status_page.verdict import overall
from status_page.wording import incident_href
from web.shell.headers import allow_framing
from web.shell.routes import PUBLIC, CachedDocument, route
from web.ui import Node, timestamp
from web.ui.icons import icon
from web.ui.language import _
from web.ui.nodes import flatten
from web.ui.static import StaticManifest

_KEPT: Final = CachedDocument(ttl_seconds=5.0, translated=True)
_SCRIPT_KEPT: Final = CachedDocument(ttl_seconds=300.0)
_FROM_ANYWHERE: Final = {"Cross-Origin-Resource-Policy": "cross-origin"}


def blueprint(reading: Reading, pages: PublicPages, manifest: StaticManifest) -> Blueprint:
    """Return the widget's routes."""
    widget = Blueprint("status_widget", __name__)

    @route(widget, f"{PREFIX}widget/", access=PUBLIC, cache=_KEPT)
    def framed() -> Response:
        allow_framing()
        written = Written(widget_page(reading.state(), reading.now()), _("In a frame"), framed=True)
        answer = pages.answer(written)
        answer.headers.update(_FROM_ANYWHERE)
        return answer

    @route(widget, f"{PREFIX}widget.js", access=PUBLIC, cache=_SCRIPT_KEPT)
    def script() -> Response:
        return Response(manifest.body("widget.js"), mimetype="text/javascript", headers=_FROM_ANYWHERE)

    return widget


def widget_page(state: StatusState, now: datetime) -> Component:
    """The first words, what is open, and how old they are; every link leaves the frame."""
    title, colour = overall(state)
    news = [each for each in state.active if each.name != title][:1]
    told: list[Node] = [[_out(each.name, incident_href(each)), " · "] for each in news]
    told.append(
        timestamp(state.as_of, now=now, prefix=_("updated {age}") if state.current else _("last known state, {age}"))
    )
    return html.Section(
        [
            html.Div(icon(colour.icon or "circle", size=20), className="dot"),
            html.Div([html.H1(_out(title, PREFIX)), html.P(flatten(told))]),
        ],
        className=f"verdict {colour}",
    )


def _out(words: str, href: str) -> Component:
    return html.A(words, href=href, target="_blank", rel="noopener")

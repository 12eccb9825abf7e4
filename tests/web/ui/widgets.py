"""A Dash app under our policy with our components live, and with the widgets that are not ours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from flask import Flask, Response, abort, request
from werkzeug.serving import make_server

from services.kernel.clock import SystemClock
from web.ui import (
    Column,
    Control,
    Ids,
    Markup,
    Option,
    Paging,
    Sort,
    button,
    cancel_button,
    card,
    data_grid,
    dialog,
    segmented,
    stack,
    switch,
    text_input,
)  # fmt: skip
from web.ui.aggrid import big_grid
from web.ui.charts.plotly import graph
from web.ui.document import body_end, csp_hashes, head
from web.ui.gallery.samples import join_time, rising
from web.ui.static import StaticManifest

WIDGETS = Ids("widgets")
ROWS: list[dict[str, Any]] = [
    {"flag": f"flag-{index}", "owner": "Delivery", "rate": index * 1000} for index in range(40)
]


def _content() -> Any:
    now = SystemClock().now()
    lines = [
        {"x": [p.at for p in points], "y": [p.value for p in points], "name": name, "type": "scatter", "mode": "lines"}
        for name, points in (("Join time", join_time(now)), ("Payouts", rising(now - timedelta(hours=0))))
    ]
    bars = [{"x": ["Mon", "Tue", "Wed"], "y": [3, 5, 4], "type": "bar", "name": "Sales"}]
    columns: list[Column[dict[str, Any]]] = [
        Column("flag", "Flag", lambda row: row["flag"], sortable=True),
        Column("rate", "Rate", lambda row: str(row["rate"]), numeric=True, sortable=True),
    ]
    return html.Main(
        stack([
            html.H1("Widgets"),
            card([
                text_input("Name", id="widgets-name", required=False),
                html.P(id="widgets-echo"),
                switch("Live", on=False, id="widgets-live"),
                segmented("Range", [Option("a", "A"), Option("b", "B")], "a", id="widgets-range"),
                html.P(id="widgets-state"),
                Control("select", id="widgets-select", value="y", options=[["x", "X"], ["y", "Y"]],
                        **{"aria-label": "Letter"}),
                html.P(id="widgets-letter"),
                button("Ask", id="widgets-ask"),
                html.P(id="widgets-answer"),
                dialog("Sure?", text_input("Reason", id="widgets-reason", required=False), id="widgets-dialog",
                       actions=[button("Do it", id="widgets-do"), cancel_button()]),
                Markup("<b id='raw'>raw</b>", className="note"),
            ], title="Ours"),
            html.Div(
                data_grid(ROWS[:3], columns, caption="Flags", noun="widgets", row_key=lambda row: row["flag"],
                          sort=Sort("rate"), paging=Paging(1, 3, 40, next="2")),
            ),
            html.P(id="widgets-asked"),
            card([
                html.Label("Owner", htmlFor="widgets-owner"),
                dcc.Dropdown(["Delivery", "Growth", "Trust"], "Delivery", id="widgets-owner"),
                dcc.DatePickerSingle(id="widgets-day", date="2026-11-24"),
                dcc.Checklist(["One", "Two"], ["One"], id="widgets-checks"),
                dcc.Slider(0, 10, 5, value=5, id="widgets-slider"),
                dcc.Input(id="widgets-plain", placeholder="Plain", type="text"),
            ], title="Dash core components"),
            card(graph(lines, title="Lines", id="widgets-lines", unit="s"), title="Lines"),
            card(graph(bars, title="Bars", id="widgets-bars"), title="Bars"),
            big_grid(ROWS, [{"field": "flag"}, {"field": "owner"}, {"field": "rate", "type": "rightAligned"}],
                     id="widgets-big", label="All flags", height=320),
        ]),
        className="work",
    )  # fmt: skip


def make_app(manifest: StaticManifest) -> Dash:
    """The app, with its files served from /static/."""
    server = Flask(__name__)
    app = Dash(
        __name__,
        server=server,  # type: ignore[arg-type]  # Dash types it as a flag
        assets_folder="no-assets",
        update_title="",
    )
    app.index_string = (
        f"<!DOCTYPE html><html lang='en'><head>{head(manifest, style='app.css', inline=False)}<title>Widgets</title>"
        f"{{%css%}}</head><body>{{%app_entry%}}{body_end(manifest)}<footer>{{%config%}}{{%scripts%}}"
        f'<script src="{manifest.url("plotly-basic.min.js")}"></script>'
        f'<script src="{manifest.url("components.js")}"></script>{{%renderer%}}</footer></body></html>'
    )
    app.layout = _content()
    _callbacks(app)
    scripts = " ".join([*app.csp_hashes(), *csp_hashes(manifest)])

    @server.get("/static/<file_hash>/<name>")
    def static_file(file_hash: str, name: str) -> Response:
        served = manifest.lookup(file_hash, name, request.headers.get("Accept-Encoding"))
        return Response(served.body, headers=served.headers) if served else abort(404)

    @server.after_request
    def policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'"
        )
        return response

    return app


def _callbacks(app: Dash) -> None:
    @app.callback(Output("widgets-echo", "children"), Input("widgets-name", "value"), Input("widgets-name", "n_submit"))
    def echo(value: str | None, presses: int | None) -> str:
        return f"{value or ''}/{presses or 0}"

    @app.callback(
        Output("widgets-state", "children"), Input("widgets-live", "checked"), Input("widgets-range", "value")
    )
    def state(checked: bool, chosen: str) -> str:  # noqa: FBT001 - Dash passes by position
        return f"{checked}/{chosen}"

    @app.callback(Output("widgets-letter", "children"), Input("widgets-select", "value"))
    def letter(value: str) -> str:
        return f"letter {value}"

    @app.callback(
        Output("widgets-dialog", "open"),
        Output("widgets-answer", "children"),
        Input("widgets-ask", "n_clicks"),
        Input("widgets-do", "n_clicks"),
        State("widgets-reason", "value"),
        prevent_initial_call=True,
    )
    def ask(_asked: int, _done: int, reason: str | None) -> tuple[bool, Any]:
        return (True, no_update) if ctx.triggered_id == "widgets-ask" else (False, f"because {reason}")

    @app.callback(
        Output("widgets-asked", "children"),
        Input(WIDGETS.each("sort"), "n_clicks"),
        Input({"part": "widgets-page", "key": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def turn(_sorts: list[int], _pages: list[int]) -> str:
        return f"{ctx.triggered_id['part']} {ctx.triggered_id['key']}"


@contextmanager
def serving(app: Dash) -> Iterator[str]:
    """The app on a port of its own, until the end of the block."""
    server = make_server("127.0.0.1", 0, app.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()

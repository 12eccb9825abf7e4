"""A small product on the real shell: one public and one staff surface, a form, an API door, doors that fail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dash import Input, Output, State, dcc, html
from dash.development.base_component import Component
from flask import Blueprint, Flask, Response, jsonify, request

from services.kernel import errors
from services.kernel.context import ApiKeyActor, UserActor, current_correlation
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.csrf import csrf_field
from web.shell.dash_surface import make_surface
from web.shell.pages import Callbacks, Frame, Page, Surface, Visit
from web.shell.ports import Client, Ports, SignedIn
from web.shell.routes import FIRST_FACTOR, PUBLIC, SIGNED_IN, CachedDocument, route
from web.shell.sessions import current_actor, end_session, start_session
from web.ui.feedback import toasts

ROLE_PERMISSIONS = {
    "visitor": frozenset({"status.view"}),
    "fan": frozenset({"status.view", "shop.buy"}),
    "operator": frozenset({"status.view", "shop.buy", "incidents.view", "incidents.write"}),
    "compliance": frozenset({"status.view", "incidents.view"}),
}


def authenticate(token: str, _client: Client) -> SignedIn | None:
    """Recognise tokens that name a role; `-pending` has no second factor yet."""
    role, _, pending = token.removeprefix("token-").partition("-")
    if not token.startswith("token-") or role not in ROLE_PERMISSIONS:
        return None
    permissions = frozenset() if pending else ROLE_PERMISSIONS[role]
    return SignedIn(UserActor(f"usr_{role}", permissions), f"ses_{role}", role.title(), (role,), bool(pending))


def recognise_key(token: str) -> ApiKeyActor | None:
    """Recognise `good` with a permission, and `bare` without one."""
    known = {"good": frozenset({"incidents.write"}), "bare": frozenset[str]()}
    return ApiKeyActor(f"key_{token}", known[token]) if token in known else None


@dataclass
class Knobs:
    """What a test turns while the product runs."""

    status_text: str = "All systems work"
    failing: bool = False
    version: int = 0
    asked: int = 0
    seen: list[Any] = field(default_factory=list)


def make_product(
    folder: Path,
    *,
    knobs: Knobs | None = None,
    public_url: str = "http://localhost",
    ports: Callable[[Ports], Ports] = lambda ports: ports,
    metrics_folder: Path | None = None,
    **config: Any,
) -> Flask:
    """Return the whole product."""
    knobs = knobs or Knobs()
    shell = ShellConfig(secret="s" * 32, public_url=public_url, bundle_folder=folder, **config)
    taken = Ports(authenticate, recognise_key, ROLE_PERMISSIONS["visitor"], version=lambda: knobs.version)
    server = make_server(shell, ports(taken), metrics_folder=metrics_folder)
    server.register_blueprint(_doors(knobs))
    server.register_blueprint(_account())
    make_surface(server, _status(knobs))
    make_surface(server, _admin())
    return server


FAILURES: dict[str, Exception] = {
    "invalid": errors.Invalid("cap_wrong", "Write a positive cap.", fields={"cap": "must be positive"}),
    "bad": errors.Invalid("body_unreadable", "Send JSON."),
    "unauthenticated": errors.Unauthenticated("sign_in_required", "Sign in."),
    "forbidden": errors.Forbidden("forbidden", "Ask an administrator."),
    "missing": errors.NotFound("refund_unknown", "There is no such refund."),
    "conflict": errors.Conflict("already_refunded", "It is refunded already."),
    "gone": errors.Gone("link_used", "Ask for a new link."),
    "large": errors.TooLarge("file_too_large", "Send less."),
    "media": errors.UnsupportedMedia("media_unknown", "Send MP4."),
    "limited": errors.RateLimited("slow_down", "Wait.", retry_after_seconds=7),
    "unavailable": errors.Unavailable("database_locked", "Try again.", retry_after_seconds=3),
    "unexpected": RuntimeError("the password is hunter2"),
}


def _doors(knobs: Knobs) -> Blueprint:
    doors = Blueprint("doors", __name__)

    @route(doors, "/api/v1/fail/<kind>", access=PUBLIC)
    def fail(kind: str) -> Response:
        raise FAILURES[kind]

    @route(doors, "/fail/<kind>", access=PUBLIC)
    def fail_page(kind: str) -> Response:
        raise FAILURES[kind]

    @route(doors, "/api/v1/echo", access=PUBLIC, methods=("POST",), csrf=False, body_bytes=64)
    def echo() -> Response:
        ids = current_correlation()
        assert ids is not None
        return jsonify(body=request.get_json(), correlation_id=ids.correlation_id, trace_id=ids.trace_id)

    @route(doors, "/api/v1/written", access="incidents.write", methods=("GET", "POST"), api_key=True)
    def written() -> Response:
        return jsonify(actor=current_actor().id, kind=current_actor().kind)

    @route(doors, "/stream", access=PUBLIC)
    def stream() -> Response:
        def lines() -> Any:
            ids = current_correlation()
            yield ids.correlation_id if ids else "none"

        return Response(lines(), mimetype="text/plain")

    @doors.get("/forgotten")
    def forgotten() -> str:
        return "nobody declared me"

    @route(doors, "/status/summary.json", access=PUBLIC, cache=CachedDocument(query=frozenset({"range"})))
    def summary() -> Response:
        knobs.asked += 1
        if knobs.failing:
            raise errors.Unavailable("database_unavailable", "Try again.")
        return jsonify(text=knobs.status_text, range=request.args.get("range"))

    return doors


def _account() -> Blueprint:
    account = Blueprint("account", __name__, url_prefix="/account")

    @route(account, "/sign-in", access=PUBLIC)
    def sign_in() -> str:
        return f'<form method="post">{csrf_field()}</form>'

    @route(account, "/sign-in", access=PUBLIC, methods=("POST",))
    def signed_in() -> str:
        start_session("token-fan", lifetime_seconds=3600)
        return "welcome"

    @route(account, "/sign-out", access=FIRST_FACTOR, methods=("POST",))
    def sign_out() -> str:
        end_session()
        return "bye"

    @route(account, "/second-factor", access=FIRST_FACTOR)
    def second_factor() -> str:
        return f"<form>{csrf_field()}</form>"

    @route(account, "/profile", access=SIGNED_IN)
    def profile() -> str:
        return current_actor().id

    return account


def _frame(frame: Frame) -> Component:
    links = [html.A(page.path or "start", href=f"{frame.visit.path}") for page in frame.pages]
    return html.Div([html.Nav(links), html.Main(frame.children, id="main"), toasts()])


def _live(page: Callbacks) -> None:
    page.clientside_callback(
        "function(n){return 'client ' + (n || 0);}",
        Output("live-count", "children"),
        Input("live-tick", "n_intervals"),
    )

    @page.callback(Output("live-answer", "children"), Input("live-ask", "n_clicks"), prevent_initial_call=True)
    def ask(clicks: int) -> str:
        if clicks > 1:
            raise errors.Conflict("asked_too_often", "Ask once.")
        return f"asked as {current_actor().id}"


def _status(knobs: Knobs) -> Surface:
    def overview(visit: Visit) -> Component:
        knobs.asked += 1
        knobs.seen.append(visit)
        if knobs.failing:
            raise errors.Unavailable("database_unavailable", "Try again.")
        return html.Section([
            html.H1(knobs.status_text),
            html.A("Join time", href="/status/figures/join-time", id="figure-link"),
            html.P("0", id="live-count"),
            html.Button("Ask", id="live-ask"),
            html.P("", id="live-answer"),
            dcc.Interval(id="live-tick", interval=200, max_intervals=1),
        ])  # fmt: skip

    def figure(visit: Visit) -> Component:
        return html.Section([html.H1(f"Figure {visit.variables['figure']}"), html.P(visit.query.get("range", "none"))])

    return Surface(
        "status",
        "/status/",
        "Status",
        PUBLIC,
        (
            Page("", "Overview", PUBLIC, overview, _live, description="How it goes", server_rendered=True),
            Page(
                "figures/<figure>",
                lambda visit: f"Figure {visit.variables['figure']}",
                PUBLIC,
                figure,
                server_rendered=True,
                redraw_on=frozenset({"range"}),
            ),
        ),
        _frame,
        style="public.css",
        cache=CachedDocument(),
    )


def _admin() -> Surface:
    def incidents(_visit: Visit) -> Component:
        return html.Section([
            html.H1("Incidents"),
            html.A("Settings", href="/admin/settings", id="to-settings"),
            html.Button("Open", id="incident-open"),
            html.P("", id="incident-said"),
            dcc.Input(id="incident-title", value=""),
            dcc.Graph(id="incident-graph", figure={"data": [{"type": "bar", "x": [1, 2], "y": [3, 4]}]}),
        ])  # fmt: skip

    def register(page: Callbacks) -> None:
        @page.callback(
            Output("incident-said", "children"),
            Input("incident-open", "n_clicks"),
            State("incident-title", "value"),
            prevent_initial_call=True,
        )
        def open_incident(_clicks: int, title: str) -> str:
            if title == "boom":
                raise RuntimeError("the password is hunter2")
            ids = current_correlation()
            assert ids is not None
            return f"{title or 'untitled'} by {current_actor().id} {ids.correlation_id}"

    def incident(visit: Visit) -> Component:
        return html.Section([html.H1(f"Incident {visit.variables['incident_id']}")])

    def known(visit: Visit) -> None:
        if visit.variables["incident_id"] != "inc_1":
            raise errors.NotFound("incident_unknown", "There is no such incident.")

    return Surface(
        "admin",
        "/admin/",
        "Admin",
        "incidents.view",
        (
            Page("", "Incidents", "incidents.view", incidents, register),
            Page("incidents/<incident_id>", "Incident", "incidents.view", incident, subject=known),
            Page("settings", "Settings", "incidents.write", lambda _: html.Section(html.H1("Settings")), _settings),
        ),
        _frame,
        graphs=True,
    )


def _settings(page: Callbacks) -> None:
    @page.callback(Output("settings-saved", "children"), Input("settings-save", "n_clicks"), prevent_initial_call=True)
    def save(_clicks: int) -> str:
        return "saved"

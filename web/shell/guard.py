"""Default deny: a request passes only where its endpoint is declared and its actor may use it.

The guard runs before Dash sees anything, since a hidden Dash page would still answer its callbacks.
"""

from typing import Final
from urllib.parse import urlencode

from flask import Flask, current_app, g, redirect, request
from werkzeug.wrappers import Response

from services.infra.telemetry import describe_span
from services.kernel.errors import Forbidden, NotFound, Unauthenticated
from web.shell import api_keys, csrf
from web.shell.ports import SignedIn
from web.shell.problems import wants_html
from web.shell.routes import FIRST_FACTOR, PUBLIC, SIGNED_IN, Access, Declaration, declarations
from web.shell.sessions import signed_in

SIGN_IN_PATH: Final = "/account/sign-in"
SECOND_FACTOR_PATH: Final = "/account/second-factor"
ROUTE_KEY: Final = "greenlight.route"
"""Where the guard leaves the matched rule in the WSGI environment, for logs and metrics."""


def install(server: Flask) -> None:
    """Put the guard before everything else that a request meets."""
    server.before_request(_guard)


def permit(access: Access, person: SignedIn | None) -> None:
    """Refuse a person who may not pass.

    Raises: Unauthenticated where signing in (further) may help, Forbidden where it does not.
    """
    if access == PUBLIC:
        return
    if person is None:
        raise Unauthenticated("sign_in_required", "Sign in to see this.")
    if access == FIRST_FACTOR:
        return
    if person.second_factor_pending:
        raise Unauthenticated("second_factor_required", "Finish signing in with your second factor.")
    if access != SIGNED_IN and access.permission not in person.actor.permissions:
        raise Forbidden("forbidden", "Your role may not see this; ask an administrator.")


def allows(access: Access, person: SignedIn | None) -> bool:
    """Tell whether a person may pass."""
    try:
        permit(access, person)
    except (Unauthenticated, Forbidden):
        return False
    return True


def _guard() -> Response | None:
    if request.url_rule is None:
        # Nothing matched: Flask now says 404, 405, or where the slash is missing.
        return None
    declared = declarations(current_app).find(request.endpoint)
    if declared is None:
        raise NotFound("not_found", "There is nothing at this address.")
    _enter(declared)
    if declared.api_key:
        api_keys.enter(declared.access)
        return None
    try:
        if declared.access != PUBLIC:
            permit(declared.access, signed_in())
    except Unauthenticated as refusal:
        if request.method != "GET" or not wants_html(request.environ):
            raise
        return _to_sign_in(refusal)
    csrf.check(token_needed=declared.csrf and not declared.anonymous, origin_needed=declared.csrf)
    return None


def _enter(declared: Declaration) -> None:
    rule = str(request.url_rule)
    request.environ[ROUTE_KEY] = rule
    describe_span(f"{request.method} {rule}", **{"http.route": rule, "http.request.method": request.method})
    g.anonymous = declared.anonymous
    if declared.body_bytes is not None:
        request.max_content_length = declared.body_bytes


def _to_sign_in(refusal: Unauthenticated) -> Response:
    target = SECOND_FACTOR_PATH if refusal.code == "second_factor_required" else SIGN_IN_PATH
    asked = request.full_path.rstrip("?")
    response = redirect(f"{target}?{urlencode({'next': asked})}", 302)
    response.headers["Cache-Control"] = "no-store"
    return response

"""Answers of the account surface: whole pages, cookies, and refusals shown in the form that they are about."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Response as FlaskResponse
from flask import after_this_request, redirect, request
from werkzeug.wrappers import Response

from account.ports import NOTHING_WRONG, Account, Wrong
from services.identity.views import Client, OpenedSession
from services.kernel.errors import DomainError, Invalid
from web.shell.headers import allow
from web.shell.problems import problem_of
from web.shell.sessions import client, safe_next, start_session
from web.shell.state import current_shell
from web.ui import demo_banner, focus_frame
from web.ui.document import Document, csp_hashes
from web.ui.nodes import Node

PRODUCT = "Greenlight"
HOME = "/"
DEVICE_COOKIE = "greenlight-device"
_DEVICE_SECONDS = 31_536_000
_TEXT_LENGTH_MAX = 1_000


def page(account: Account, title: str, tree: Node, *, wrong: Wrong = NOTHING_WRONG) -> FlaskResponse:
    """Return a whole page around a tree; its title says when something is wrong."""
    manifest = account.manifest
    allow("script-src", *csp_hashes(manifest))
    said = f"{'Error: ' if wrong.errors else ''}{title} · {PRODUCT}"
    response = FlaskResponse(Document(manifest, said).html(tree), wrong.status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


def task(account: Account, title: str, children: Node, *, wrong: Wrong = NOTHING_WRONG) -> FlaskResponse:
    """Return a page for one task, in the narrow frame."""
    return page(account, title, focus_frame(children, name=PRODUCT, home_href=HOME, demo=demo(account)), wrong=wrong)


def demo(account: Account) -> Node:
    """Return the label of a demo's pages; nothing elsewhere."""
    return demo_banner() if account.services.demo else None


def text(name: str) -> str:
    """Return a field of the form that was sent, cut where nothing sensible can be longer."""
    return request.form.get(name, "")[:_TEXT_LENGTH_MAX]


def wanted() -> str:
    """Return where the person wanted to go before they had to sign in, if that is on this site."""
    return safe_next(request.values.get("next"), "")


def with_next(path: str, target: str, *, recovery: bool = False) -> str:
    """Return a path that remembers where the person wanted to go, and whether they have a recovery code."""
    query = ({"with": "recovery"} if recovery else {}) | ({"next": target} if target else {})
    return f"{path}?{urlencode(query)}" if query else path


def away(path: str) -> Response:
    """Send the browser on after a form, so that going back does not send it again."""
    response = redirect(path, 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(error: DomainError, *, controls: Mapping[str, str], otherwise: str = "") -> Wrong:
    """Return what to show of a refusal: each field's message at its control, any other at `otherwise`."""
    status = problem_of(error).status
    if isinstance(error, Invalid) and error.fields:
        return Wrong({controls.get(field, otherwise): said for field, said in error.fields.items()}, status)
    return Wrong({otherwise: error.message}, status)


def caller() -> Client:
    """Return where the running request came from, in identity's words."""
    found = client()
    return Client(found.address, found.user_agent)


def keep(account: Account, opened: OpenedSession) -> None:
    """Give the browser a session that was opened or got a new token, and mark the device as known."""
    left = opened.expires_at - account.services.clock.now()
    start_session(opened.token, lifetime_seconds=max(1, int(left.total_seconds())))
    keep_device(opened.device_token)


def device() -> str | None:
    """Return the token of a device that somebody signed in on before."""
    return request.cookies.get(current_shell().config.cookie_name(DEVICE_COOKIE))


def keep_device(token: str) -> None:
    """Mark this browser as one that an account has signed in on."""
    config = current_shell().config

    @after_this_request
    def give(response: FlaskResponse) -> FlaskResponse:
        response.set_cookie(
            config.cookie_name(DEVICE_COOKIE),
            token,
            max_age=_DEVICE_SECONDS,
            secure=config.secure,
            httponly=True,
            samesite="Lax",
        )
        return response


def unsaid(response: FlaskResponse) -> FlaskResponse:
    """Let no other site learn the address of this page, which holds a token."""
    # Not `no-referrer`: the browser would then send its form with `Origin: null`, which nobody may.
    response.headers["Referrer-Policy"] = "same-origin"
    return response

"""Who is signed in: an opaque token in one cookie, asked of the authenticator once a request, through Flask-Login."""

from typing import Final

from flask import Flask, Request, Response, after_this_request, g, request
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, current_user

from services.kernel.context import Actor, ApiKeyActor, VisitorActor
from web.shell.ports import Client, SignedIn
from web.shell.state import current_shell

SESSION_COOKIE: Final = "greenlight-session"
_TOKEN_LENGTH_MAX = 256


class SessionUser(UserMixin):  # type: ignore[misc] # Flask-Login ships no types
    """The signed-in person as Flask-Login's extensions see them."""

    def __init__(self, signed_in: SignedIn) -> None:
        self.signed_in = signed_in

    @property
    def id(self) -> str:
        """The user's id."""
        return self.signed_in.actor.user_id


class _NoServerState(SessionInterface):
    """Keeps nothing in Flask's session: all that a browser holds is the opaque token."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        """Return an empty session."""
        return SecureCookieSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep nothing.

        Raises: RuntimeError where a view wrote into it.
        """
        if session:
            raise RuntimeError("Flask's session is not kept: state belongs into the database or the address.")


def install(server: Flask) -> None:
    """Let Flask-Login ask the authenticator."""
    server.session_interface = _NoServerState()
    # A name that nobody sends: the remember-me cookie of Flask-Login is not used.
    server.config["REMEMBER_COOKIE_NAME"] = "greenlight-unused"
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(_load)
    manager.init_app(server)


def session_token() -> str | None:
    """Return the token that the request's session cookie carries, valid or not."""
    return request.cookies.get(current_shell().config.cookie_name(SESSION_COOKIE))


def client() -> Client:
    """Return where the running request came from."""
    return Client(request.remote_addr or "", request.user_agent.string[:512])


def signed_in() -> SignedIn | None:
    """Return who is signed in on the running request; on an anonymous view always nobody."""
    if g.get("anonymous", False):
        return None
    found: SignedIn | None = getattr(current_user, "signed_in", None)
    return found


def current_actor() -> Actor:
    """Return who acts in the running request: the API key, the signed-in person, or a visitor."""
    key: ApiKeyActor | None = g.get("key_actor")
    if key is not None:
        return key
    person = signed_in()
    if person is None:
        return VisitorActor(permissions=current_shell().ports.visitor_permissions)
    return person.actor


def start_session(token: str, *, lifetime_seconds: int) -> None:
    """Give the browser a session's token with the running response, in place of any older one."""
    shell = current_shell()

    @after_this_request
    def give(response: Response) -> Response:
        response.set_cookie(
            shell.config.cookie_name(SESSION_COOKIE),
            token,
            max_age=lifetime_seconds,
            secure=shell.config.secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )
        return response


def end_session() -> None:
    """Take the session's token from the browser with the running response, and what its pages had stored."""
    shell = current_shell()

    @after_this_request
    def take(response: Response) -> Response:
        response.delete_cookie(
            shell.config.cookie_name(SESSION_COOKIE),
            secure=shell.config.secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )
        response.headers["Clear-Site-Data"] = '"storage"'
        return response


def safe_next(target: str | None, default: str = "/") -> str:
    """Return where to go after signing in: a path on this site, or the default for anything else.

    Source: CWE-601 (open redirect).
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if "\\" in target or any(ord(character) < 0x20 or ord(character) == 0x7F for character in target):  # noqa: PLR2004 - the control characters of ASCII
        return default
    return target


def _load(request: Request) -> SessionUser | None:
    shell = current_shell()
    token = request.cookies.get(shell.config.cookie_name(SESSION_COOKIE))
    if not token or len(token) > _TOKEN_LENGTH_MAX:
        return None
    found = shell.ports.authenticate(token, client())
    return None if found is None else SessionUser(found)

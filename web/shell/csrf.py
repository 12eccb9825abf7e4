"""Against forged requests: a signed token bound to the browser's session, and the browser's own word on the origin.

Forms carry the token in a hidden field; Dash sends the one of its cookie as a header with every callback.
Source: OWASP CSRF prevention (signed double submit, Fetch Metadata); CWE-352.
"""

import hashlib
import hmac
import secrets
from typing import Final

from flask import Flask, Response, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from markupsafe import Markup

from services.kernel.errors import Forbidden
from web.shell.config import ShellConfig
from web.shell.sessions import SESSION_COOKIE
from web.shell.state import current_shell, shell_of

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
FIELD: Final = "_csrf_token"
HEADER: Final = "X-CSRFToken"
DASH_COOKIE: Final = "greenlight-csrf"
_VISITOR_COOKIE: Final = "greenlight-visitor"
_VISITOR_SECONDS = 86_400


def install(server: Flask) -> None:
    """Send the cookies that the answered view asked for."""
    server.after_request(_send_cookies)


def csrf_token() -> str:
    """Return a token for a form of the running page; a browser without a session gets a cookie to bind it to."""
    binding = _binding()
    if binding is None:
        g.new_visitor = binding = secrets.token_urlsafe(24)
    g.csrf_used = True
    return _sign(current_shell().config, binding)


def csrf_field() -> Markup:
    """Return the hidden field of a form on a page that the server writes."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def want_dash_cookie() -> None:
    """Let the running response carry the cookie from which Dash reads its token."""
    g.dash_cookie_wanted = True


def check(*, origin_needed: bool, token_needed: bool) -> None:
    """Refuse a request that another site may have made.

    Raises: Forbidden.
    """
    if request.method in SAFE_METHODS:
        return
    if origin_needed:
        _check_origin(current_shell().config)
    if token_needed:
        _check_token(current_shell().config)


def _check_origin(config: ShellConfig) -> None:
    site = request.headers.get("Sec-Fetch-Site")
    if site not in {None, "same-origin", "none"}:
        raise Forbidden("csrf_cross_site", "This came from another site; open the page here and try again.")
    origin = request.headers.get("Origin")
    if origin is not None and origin not in {config.public_origin, f"{request.scheme}://{request.host}"}:
        raise Forbidden("csrf_foreign_origin", "This came from another site; open the page here and try again.")


def _check_token(config: ShellConfig) -> None:
    header = request.headers.get(HEADER)
    token = header or request.form.get(FIELD, "")
    if not token:
        raise Forbidden("csrf_token_missing", "The form's token is missing; reload the page and try again.")
    # Double submit: a page of another site can send neither the header nor read our cookie to fill it.
    if header and not hmac.compare_digest(header, request.cookies.get(config.cookie_name(DASH_COOKIE), "")):
        raise Forbidden("csrf_token_mismatch", "The page's token is not this browser's; reload it and try again.")
    binding = _binding()
    if binding is None or not _signed_for(config, token, binding):
        raise Forbidden("csrf_token_invalid", "The form is from an earlier session; reload the page and try again.")


def _binding() -> str | None:
    """Return what ties a token to this browser: its session's token, or the cookie of a visitor who saw a form."""
    config = current_shell().config
    found = request.cookies.get(config.cookie_name(SESSION_COOKIE)) or request.cookies.get(
        config.cookie_name(_VISITOR_COOKIE)
    )
    return found or g.get("new_visitor")


def _serializer(config: ShellConfig) -> URLSafeSerializer:
    return URLSafeSerializer(
        config.key("csrf"), salt="csrf", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    )


def _sign(config: ShellConfig, binding: str) -> str:
    # A fresh nonce each time, so that compression beside reflected input tells nothing (BREACH).
    token = _serializer(config).dumps([secrets.token_urlsafe(9), _digest(binding)])
    return token if isinstance(token, str) else token.decode()


def _signed_for(config: ShellConfig, token: str, binding: str) -> bool:
    try:
        _nonce, digest = _serializer(config).loads(token)
    except (BadSignature, ValueError, TypeError):
        return False
    return isinstance(digest, str) and hmac.compare_digest(digest, _digest(binding))


def _digest(binding: str) -> str:
    return hashlib.sha256(binding.encode()).hexdigest()[:32]


def _send_cookies(response: Response) -> Response:
    if g.get("anonymous", False):
        return response
    config = current_shell().config
    if g.get("dash_cookie_wanted", False):
        _send_dash_cookie(config, response)
    visitor = g.get("new_visitor")
    if visitor is not None:
        response.set_cookie(
            config.cookie_name(_VISITOR_COOKIE),
            visitor,
            max_age=_VISITOR_SECONDS,
            secure=config.secure,
            httponly=True,
            samesite="Lax",
        )
    return response


def _send_dash_cookie(config: ShellConfig, response: Response) -> None:
    binding = _binding()
    if binding is None:
        g.new_visitor = binding = secrets.token_urlsafe(24)
    name = config.cookie_name(DASH_COOKIE)
    if not _signed_for(config, request.cookies.get(name, ""), binding):
        # Read by Dash's renderer, hence not HttpOnly; it opens nothing by itself.
        response.set_cookie(name, _sign(config, binding), secure=config.secure, httponly=False, samesite="Strict")


def cookie_for_dash(server: Flask) -> str:
    """Return the name of the cookie from which Dash reads its token."""
    return shell_of(server).config.cookie_name(DASH_COOKIE)

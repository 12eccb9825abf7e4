"""The headers that every answer carries, and the content security policy.

Source: OWASP Secure Headers; W3C CSP Level 3; RFC 6797 (HSTS).
"""

import math
from collections.abc import Iterable, Mapping
from http.client import BAD_REQUEST
from types import MappingProxyType
from typing import Final

from flask import Flask, Response, current_app, g, request

from web.shell.routes import PUBLIC, Declaration, declarations
from web.shell.state import current_shell

REPORT_PATH: Final = "/csp-report"

BASE_POLICY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "default-src": ("'self'",),
        "script-src": ("'self'",),
        # Dash's core components inject <style> elements; hashes of them are not practical.
        "style-src": ("'self'", "'unsafe-inline'"),
        "img-src": ("'self'", "data:", "blob:"),
        "font-src": ("'self'", "data:"),
        "connect-src": ("'self'",),
        "worker-src": ("'self'", "blob:"),
        "object-src": ("'none'",),
        "base-uri": ("'none'",),
        "form-action": ("'self'",),
        "frame-ancestors": ("'none'",),
        "report-uri": (REPORT_PATH,),
        "report-to": ("csp",),
    }
)

SECURE_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": (
            "accelerometer=(), autoplay=(self), browsing-topics=(), camera=(), display-capture=(), fullscreen=(self), "
            "geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(self), "
            "picture-in-picture=(self), publickey-credentials-create=(self), publickey-credentials-get=(self), usb=()"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Reporting-Endpoints": f'csp="{REPORT_PATH}"',
    }
)
HSTS: Final = "max-age=31536000; includeSubDomains"
_SELF: Final = ("'self'",)
_FORBIDDEN_SCRIPT_SOURCES: Final = frozenset({"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"})


def allow(directive: str, *sources: str) -> None:
    """Add sources to a directive of the policy of the running response: a script's hash, a host of media.

    Raises: ValueError for a source that would let any script run.
    """
    refuse_unsafe(directive, sources)
    extra: dict[str, list[str]] = g.setdefault("csp_extra", {})
    extra.setdefault(directive, []).extend(sources)


def allow_framing() -> None:
    """Let any site show the running response in a frame: for what everybody may read, where nothing can be pressed.

    Raises: ValueError for an answer that depends on who asks, which another site could lead its visitors to press.
    """
    declared = declarations(current_app).find(request.endpoint)
    if declared is None or declared.access != PUBLIC or not declared.anonymous or request.method not in {"GET", "HEAD"}:
        raise ValueError(f"{request.endpoint} is not the same to everybody: no other site may frame it.")
    g.framed = True


def refuse_unsafe(directive: str, sources: Iterable[str]) -> None:
    """Refuse sources that would let any script run.

    Raises: ValueError.
    """
    unsafe = _FORBIDDEN_SCRIPT_SOURCES & set(sources) if directive in {"script-src", "default-src"} else set()
    if unsafe:
        raise ValueError(f"{directive} {' '.join(sorted(unsafe))} would let any script run: allow a hash.")


def policy(extra: Mapping[str, Iterable[str]] | None = None, *, framed: bool = False) -> str:
    """Return the content security policy with further sources for some directives, and for a page in others' frames."""
    more = {name: tuple(sources) for name, sources in (extra or {}).items()}
    names = [*BASE_POLICY, *(name for name in more if name not in BASE_POLICY)]
    # An own directive no longer falls back to default-src, so it starts from 'self' too.
    directives = {name: (*BASE_POLICY.get(name, _SELF), *more.get(name, ())) for name in names}
    if framed:
        directives["frame-ancestors"] = ("*",)
    return "; ".join(f"{name} {' '.join(dict.fromkeys(sources))}" for name, sources in directives.items())


def install(server: Flask) -> None:
    """Put the headers on every answer; what a view has set itself stays."""
    server.after_request(_apply)


def _apply(response: Response) -> Response:
    headers, framed = response.headers, bool(g.get("framed")) and response.status_code < BAD_REQUEST
    for name, value in SECURE_HEADERS.items():
        if not (framed and name == "X-Frame-Options"):
            headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", policy(g.get("csp_extra"), framed=framed))
    if current_shell().config.secure:
        headers.setdefault("Strict-Transport-Security", HSTS)
    if "Cache-Control" not in headers:
        declared = declarations(current_app).find(request.endpoint)
        headers["Cache-Control"] = _cache_control(declared)
    if "Set-Cookie" in headers:
        headers["Cache-Control"] = "no-store"
    return response


def _cache_control(declared: Declaration | None) -> str:
    if declared is None or declared.access != PUBLIC:
        return "no-store"
    if declared.cache is None:
        return "no-cache"
    return (
        f"public, max-age={math.ceil(declared.cache.ttl_seconds)}, stale-if-error={int(declared.cache.stale_seconds)}"
    )

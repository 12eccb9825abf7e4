"""What Kuma's monitors and Gatus's endpoints have in common: addresses, statuses, secrets in headers."""

import base64
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from services.imports.reading import Wrong

SECRET_MARK: Final = "{secret}"  # noqa: S105 -- the place of a secret, and none
REDIRECTS: Final = "Redirects are answers here and are not followed."
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|api-?key|password", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[^}]*\}|(?<!\$)\$[A-Za-z_][A-Za-z0-9_]*|\{\{.*\}\}")
_LEAST_SECONDS, _MOST_SECONDS = 5, 3_600
_TIMEOUT_MAX = 30.0
_HEADERS_MAX = 10


class UnlikeError(Wrong):
    """Something that our probes cannot do as it is done over there; a weaker probe would be green by accident."""


def address(url: str) -> SplitResult:
    """Return an address in its parts.

    Raises: Wrong for one that is none; UnlikeError where it holds something that only the other installation knows.
    """
    known(url, "The address")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Wrong("Its address is none.") from error
    if parts.username or parts.password:
        raise UnlikeError("Its address holds credentials: make this probe here, with the secret in its place.")
    return parts


def known(text: str, what: str) -> str:
    """Return a text that means the same here.

    Raises: UnlikeError where it holds a variable of the other installation.
    """
    if found := _VARIABLE.search(text):
        raise UnlikeError(f"{what} holds {found[0][:40]}, whose value is not in the file.")
    return text


def seconds_between(wanted: float) -> tuple[int, str]:
    """Return how often our probes look, and what is to be said of the difference."""
    kept = int(min(max(wanted, _LEAST_SECONDS), _MOST_SECONDS))
    return kept, "" if kept == int(wanted) else f"Looked at every {kept} s here."


def patience(wanted: float) -> float:
    """Return how long an attempt may take."""
    return min(max(wanted, 0.5), _TIMEOUT_MAX)


def with_secret(headers: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """Return headers with the mark where a secret stands, and that secret.

    Raises: UnlikeError for two secrets, or more headers than a probe sends.
    """
    if len(headers) > _HEADERS_MAX:
        raise UnlikeError(f"It sends more than {_HEADERS_MAX} headers.")
    secret: str | None = None
    shown: dict[str, str] = {}
    for name, value in headers.items():
        shown[name] = known(value, f"The header {name[:40]}")
        if value and _SECRET_HEADER.search(name):
            if secret is not None:
                raise UnlikeError("It sends two secrets, and a probe here keeps one: make it by hand.")
            scheme, gap, rest = value.partition(" ")
            secret = rest if gap else value
            shown[name] = f"{scheme} {SECRET_MARK}" if gap else SECRET_MARK
    return shown, secret


def basic(user: str, password: str) -> str:
    """Return the header value of a name and a password.

    Source: RFC 7617 §2.
    """
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

"""The kinds of problem: what each status means here, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem, documented at `/docs/errors#<slug>`; a problem's `code` says more precisely which."""

    status: int
    slug: str
    title: str
    advice: str
    retryable: bool = False
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


UNEXPECTED: Final = Kind(
    500,
    "unexpected",
    "Something broke on our side",
    "This is our fault, and it has been recorded. Try again; if it happens again, tell us the reference.",
    retryable=True,
)

KINDS: Final = (
    Kind(400, "bad-request", "The request cannot be read", "Correct the request and send it again."),
    Kind(
        401,
        "sign-in-required",
        "Sign in first",
        "Sign in, or send valid credentials.",
        headers=MappingProxyType({"WWW-Authenticate": 'Bearer realm="greenlight"'}),
    ),
    Kind(403, "forbidden", "Not allowed", "Your role may not do this; ask an administrator."),
    Kind(404, "not-found", "Not found", "There is nothing at this address, or it is not for you to see."),
    Kind(405, "method-not-allowed", "Method not allowed", "Use one of the methods that the Allow header names."),
    Kind(406, "not-acceptable", "No such format", "Ask for a format that this address offers."),
    Kind(408, "request-timeout", "The request took too long", "Send the whole request faster.", retryable=True),
    Kind(409, "conflict", "The state does not allow this", "Read the present state, then decide again."),
    Kind(410, "gone", "It is over", "This existed and has ended; ask for a new one."),
    Kind(411, "length-required", "The length is missing", "Send a Content-Length header."),
    Kind(412, "precondition-failed", "It has changed meanwhile", "Read the present state, then decide again."),
    Kind(413, "too-large", "The request is too large", "Send less at once."),
    Kind(414, "address-too-long", "The address is too long", "Send long input in the body."),
    Kind(415, "unsupported-media", "This kind of content is not taken", "Send the content type that is documented."),
    Kind(416, "range-not-satisfiable", "There is no such range", "Ask for a range inside the document."),
    Kind(422, "invalid-fields", "Some fields are wrong", "Correct the fields that are named and send them again."),
    Kind(429, "rate-limited", "Too many requests", "Wait as long as Retry-After says, then go on.", retryable=True),
    Kind(431, "headers-too-large", "The headers are too large", "Send fewer or shorter headers and cookies."),
    UNEXPECTED,
    Kind(501, "not-implemented", "This server cannot do that", "Use a method that this server knows."),
    Kind(502, "bad-gateway", "A system behind us failed", "Try again in a moment.", retryable=True),
    Kind(503, "unavailable", "Not available now", "Try again in a moment.", retryable=True),
    Kind(504, "gateway-timeout", "A system behind us did not answer", "Try again in a moment.", retryable=True),
)

BY_STATUS: Final[Mapping[int, Kind]] = MappingProxyType({kind.status: kind for kind in KINDS})

"""The kinds of problem: what each status means here, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from web.ui.language import later


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
    later("Something broke on our side"),
    later("This is our fault, and it has been recorded. Try again; if it happens again, tell us the reference."),
    retryable=True,
)

KINDS: Final = (
    Kind(400, "bad-request", later("The request cannot be read"), later("Correct the request and send it again.")),
    Kind(
        401,
        "sign-in-required",
        later("Sign in first"),
        later("Sign in, or send valid credentials."),
        headers=MappingProxyType({"WWW-Authenticate": 'Bearer realm="greenlight"'}),
    ),
    Kind(403, "forbidden", later("Not allowed"), later("Your role may not do this; ask an administrator.")),
    Kind(404, "not-found", later("Not found"), later("There is nothing at this address, or it is not for you to see.")),
    Kind(
        405,
        "method-not-allowed",
        later("Method not allowed"),
        later("Use one of the methods that the Allow header names."),
    ),
    Kind(406, "not-acceptable", later("No such format"), later("Ask for a format that this address offers.")),
    Kind(
        408,
        "request-timeout",
        later("The request took too long"),
        later("Send the whole request faster."),
        retryable=True,
    ),
    Kind(409, "conflict", later("The state does not allow this"), later("Read the present state, then decide again.")),
    Kind(410, "gone", later("It is over"), later("This existed and has ended; ask for a new one.")),
    Kind(411, "length-required", later("The length is missing"), later("Send a Content-Length header.")),
    Kind(
        412,
        "precondition-failed",
        later("It has changed meanwhile"),
        later("Read the present state, then decide again."),
    ),
    Kind(413, "too-large", later("The request is too large"), later("Send less at once.")),
    Kind(414, "address-too-long", later("The address is too long"), later("Send long input in the body.")),
    Kind(
        415,
        "unsupported-media",
        later("This kind of content is not taken"),
        later("Send the content type that is documented."),
    ),
    Kind(416, "range-not-satisfiable", later("There is no such range"), later("Ask for a range inside the document.")),
    Kind(
        422,
        "invalid-fields",
        later("Some fields are wrong"),
        later("Correct the fields that are named and send them again."),
    ),
    Kind(
        429,
        "rate-limited",
        later("Too many requests"),
        later("Wait as long as Retry-After says, then go on."),
        retryable=True,
    ),
    Kind(
        431,
        "headers-too-large",
        later("The headers are too large"),
        later("Send fewer or shorter headers and cookies."),
    ),
    UNEXPECTED,
    Kind(501, "not-implemented", later("This server cannot do that"), later("Use a method that this server knows.")),
    Kind(502, "bad-gateway", later("A system behind us failed"), later("Try again in a moment."), retryable=True),
    Kind(503, "unavailable", later("Not available now"), later("Try again in a moment."), retryable=True),
    Kind(
        504,
        "gateway-timeout",
        later("A system behind us did not answer"),
        later("Try again in a moment."),
        retryable=True,
    ),
)

BY_STATUS: Final[Mapping[int, Kind]] = MappingProxyType({kind.status: kind for kind in KINDS})

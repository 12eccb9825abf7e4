"""What programs send and get: JSON of a declared shape, refused by field, answered with the version it has.

Source: RFC 9110 §15.3.2 (201 with Location); draft-ietf-httpapi-idempotency-key-header.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import orjson
import pydantic
from flask import Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from services.kernel.errors import Invalid, TooLarge, UnsupportedMedia

BODY_BYTES: Final = 512 * 1024
_FIELDS_SHOWN: Final = 20

M = TypeVar("M", bound="Body")


class Body(pydantic.BaseModel):
    """The body of a request: a field that it does not declare is refused, so that no misspelt one is lost."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def body_of(shape: type[M]) -> M:
    """Return the running request's body in its declared shape.

    Raises: UnsupportedMedia for what is no JSON by its type, TooLarge, Invalid naming each wrong field.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMedia("json_wanted", "Send Content-Type: application/json.")
    try:
        return shape.model_validate_json(raw_body())
    except pydantic.ValidationError as error:
        wrong = {_place(each["loc"]): _words(each) for each in error.errors(include_url=False)[:_FIELDS_SHOWN]}
        raise Invalid("body_invalid", "The body is not of the declared shape.", fields=wrong) from error


def raw_body(*, most: int = BODY_BYTES) -> bytes:
    """Return the running request's body as it came.

    Raises: TooLarge, Invalid for one that was cut off.
    """
    too_large = TooLarge("body_too_large", f"Send at most {most // 1024} KiB.", limit=most)
    try:
        body = request.get_data(cache=True)
    except RequestEntityTooLarge as error:
        raise too_large from error
    except ClientDisconnected as error:
        raise _cut_off() from error
    if len(body) > most:
        raise too_large
    if len(body) < (request.content_length or 0):  # Granian hands on what came before the sender hung up
        raise _cut_off()
    return body


def answer(value: object, status: int = 200, *, location: str | None = None,
           headers: Mapping[str, str] | None = None) -> Response:  # fmt: skip
    """Return a value as JSON; what programs of one key read is kept by no cache."""
    made = Response(orjson.dumps(value, default=str), status, content_type="application/json")
    made.headers["Cache-Control"] = "no-store"
    made.headers.update(headers or {})
    if location is not None:
        made.headers["Location"] = location
    return made


def page_limit(most: int = 100) -> int:
    """Return how many items the running request asks for.

    Raises: Invalid.
    """
    text = request.args.get("limit", "50")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= most:
        message = f"Ask for between 1 and {most}."
        raise Invalid("limit_invalid", message, fields={"limit": message})
    return int(text)


def _cut_off() -> Invalid:
    return Invalid("body_cut_off", "The body ended before the length that it named; send it whole.")


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:60] for part in loc) or "body"


def _words(error: Any) -> str:  # noqa: ANN401 -- pydantic's own record
    if error["type"] == "extra_forbidden":
        return "There is no such field."
    if error["type"] == "json_invalid":
        return "This is no JSON."
    return str(error["msg"])[:200]

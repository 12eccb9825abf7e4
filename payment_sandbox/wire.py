"""Stripe's way of writing requests and refusals: nested form fields in, error envelopes out.

Source: docs.stripe.com/api (errors, idempotent requests).
"""

import re
from collections.abc import Collection, Iterable

from payment_sandbox.store import Json

API_VERSION = "2026-10-28.endive"
METADATA_KEYS_MAX, METADATA_KEY_MAX, METADATA_VALUE_MAX = 50, 40, 500
AMOUNT_MAX = 99_999_999
ZERO_DECIMAL = frozenset({"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv",
                          "xaf", "xof", "xpf"})  # fmt: skip
CURRENCIES = ZERO_DECIMAL | {
    "usd",
    "eur",
    "gbp",
    "chf",
    "sek",
    "nok",
    "dkk",
    "pln",
    "czk",
    "aud",
    "cad",
    "nzd",
    "bhd",
    "kwd",
}
AMOUNT_MIN = 50
_FIELD = re.compile(r"([a-z_]+)((?:\[[A-Za-z0-9_.-]*\])*)")


class Refused(Exception):
    """A request that is not carried out, as Stripe says so."""

    def __init__(
        self, status: int, kind: str, message: str, *, code: str | None = None, param: str | None = None, **more: object
    ) -> None:
        super().__init__(message)
        self.status = status
        said: Json = {"type": kind, "message": message}
        if code:
            said |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
        if param:
            said["param"] = param
        self.body: Json = {"error": said | more}


def invalid(message: str, *, code: str | None = None, param: str | None = None, status: int = 400) -> Refused:
    """Return the refusal of a request that is wrong in itself."""
    return Refused(status, "invalid_request_error", message, code=code, param=param)


def nested(pairs: Iterable[tuple[str, str]]) -> Json:
    """Return form fields such as `metadata[order]=7` as nested values.

    Raises: Refused for a field that is malformed, or given twice.
    """
    made: Json = {}
    for name, value in pairs:
        found = _FIELD.fullmatch(name)
        if not found:
            raise invalid(f"Received unknown parameter: {name[:80]}", code="parameter_unknown", param=name[:80])
        parts = [found[1], *re.findall(r"\[([^\]]*)\]", found[2])]
        if "\x00" in value:
            raise invalid(f"Invalid string: {name}", param=name)
        _put(made, parts, value, name)
    return made


def _put(into: Json, parts: list[str], value: str, name: str) -> None:
    head, *rest = parts
    if not rest:
        if head in into:
            raise invalid(f"Invalid object: {name} was given twice.", param=name)
        into[head] = value
        return
    if rest in ([""], ["0"]):
        inner = into.setdefault(head, [])
        if not isinstance(inner, list):
            raise invalid(f"Invalid object: {name}", param=name)
        inner.append(value)
        return
    inner = into.setdefault(head, {})
    if not isinstance(inner, dict):
        raise invalid(f"Invalid object: {name}", param=name)
    _put(inner, rest, value, name)


def only(given: Json, known: Collection[str]) -> None:
    """Refuse parameters that this call does not have.

    Raises: Refused.
    """
    for name in given:
        if name not in known:
            raise invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def text(given: Json, name: str, default: str | None = None, *, most: int = 1_000) -> str:
    """Return a text parameter.

    Raises: Refused where it is missing and has no default, is empty, too long, or no text.
    """
    value = given.get(name, default)
    if value is None:
        raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {name}", param=name)
    if not value.strip():
        raise invalid(f"You passed an empty string for '{name}'.", code="parameter_invalid_empty", param=name)
    if len(value) > most:
        raise invalid(f"Invalid string: {name} is longer than {most} characters.", param=name)
    return value


def flag(given: Json, name: str) -> bool:
    """Return a yes or no; absent is no.

    Raises: Refused for anything else.
    """
    value = given.get(name, "false")
    if value not in {"true", "false"}:
        raise invalid(f"Invalid boolean: {value}", param=name)
    return bool(value == "true")


def amount(given: Json, currency: str) -> int:
    """Return the parameter `amount` in the currency's smallest unit.

    Raises: Refused where it is no positive whole number, too small or too large.
    """
    value = text(given, "amount")
    if not re.fullmatch(r"-?[0-9]{1,12}", value):
        raise invalid(f"Invalid integer: {value[:40]}", code="parameter_invalid_integer", param="amount")
    number = int(value)
    if number < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if number > AMOUNT_MAX:
        raise invalid("Amount must be no more than 99999999.", code="amount_too_large", param="amount")
    if number < (1 if currency in ZERO_DECIMAL else AMOUNT_MIN):
        raise invalid("Amount is below the minimum charge amount.", code="amount_too_small", param="amount")
    return number


def currency(given: Json) -> str:
    """Return the parameter `currency`.

    Raises: Refused for one that the sandbox does not know.
    """
    value = text(given, "currency")
    if value not in CURRENCIES:
        raise invalid(f"Invalid currency: {value[:20]}.", param="currency")
    return value


def metadata(given: Json) -> dict[str, str]:
    """Return the parameter `metadata`.

    Raises: Refused where it is larger than Stripe keeps.
    """
    value = given.get("metadata", {})
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise invalid("Invalid object: metadata must be a hash of strings.", param="metadata")
    too_large = any(len(k) > METADATA_KEY_MAX or len(v) > METADATA_VALUE_MAX for k, v in value.items())
    if len(value) > METADATA_KEYS_MAX or too_large:
        raise invalid("Metadata holds at most 50 keys of 40 characters and values of 500.", param="metadata")
    return value

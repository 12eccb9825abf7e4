"""What must not stand in a log: secrets and personal values, found by the name of their key and by their form.

Anything may come in: the result is plain JSON values of bounded size, and nothing here raises.
Source: ISO/IEC 7812-1 (card numbers), ISO 13616 (IBAN), E.164 (phone numbers), RFC 7519 (JWT), RFC 6750 (bearer).
"""

import dataclasses
import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import Enum
from urllib.parse import quote

from services.infra import sensitive_text

MASK = "[redacted]"
STRING_LENGTH_MAX = 2_000
RAW_LENGTH_MAX = 16_384
ITEMS_MAX = 50
DEPTH_MAX = 6
KEY_LENGTH_MAX = 100
KNOWN_LENGTH_MIN = 8

_KEY_PARTS = re.compile(
    r"password|passwd|passphrase|passcode|secret|token|authori[sz]ation|cookie|apikey|accesskey|privatekey|signingkey"
    r"|keyset|credential|totp|sessionid|sessionkey|recoverycode|backupcode|csrf|email|phone|mobile|firstname|lastname"
    r"|surname|familyname|givenname|fullname|displayname|username|birth|postcode|postalcode|zipcode|street|address"
    r"|remoteaddr|clientip|iban|cardnumber|creditcard|useragent|passport|taxid"
)
_KEY_WORDS = frozenset(
    {"pwd", "otp", "dsn", "pin", "cvv", "cvc", "jwt", "ssn", "ip", "mail", "pan", "msisdn", "bearer"}
)
_MEASURES = frozenset({"count", "seconds", "bytes", "length", "size", "limit", "total", "ms", "status", "port"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SCALARS = (int, float, str, bytes, bytearray, memoryview)

_known: set[str] = set()


def protect(*secrets: str) -> None:
    """Remember secrets of this installation, which are masked wherever they stand; very short ones are ignored."""
    for secret in secrets:
        if len(secret) >= KNOWN_LENGTH_MIN:
            _known.update({secret, quote(secret, safe=""), repr(secret)[1:-1]})


def names_sensitive(key: str) -> bool:
    """Tell whether a key names a secret or a personal value."""
    words = [word.lower() for word in _WORD.findall(key)]
    return bool(_KEY_PARTS.search("".join(words))) or not _KEY_WORDS.isdisjoint(words)


def redact_text(text: str, *, length_max: int = STRING_LENGTH_MAX) -> str:
    """Return a text without the secrets and personal values that their form gives away, and not too long."""
    text = _without_middle(text)
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = sensitive_text.mask(text)
    if len(text) <= length_max:
        return text
    head = length_max // 4
    return f"{text[:head]} … {len(text) - length_max} characters left out … {text[head - length_max :]}"


def _without_middle(text: str) -> str:
    """Return a very long text's head and tail, cut between lines or words: half a secret has no form any more."""
    if len(text) <= RAW_LENGTH_MAX:
        return text
    head, tail = text[: RAW_LENGTH_MAX // 4], text[-RAW_LENGTH_MAX * 3 // 4 :]
    gap = "\n" if "\n" in head and "\n" in tail else " "
    return f"{head.rpartition(gap)[0]}{gap}… cut …{gap}{tail.partition(gap)[2]}"


def redact(value: object, key: str = "", depth: int = 0) -> object:
    """Return a value as plain JSON without secrets and personal values; `key` is the name under which it stands."""
    try:
        return _redacted(value, key, depth)
    except Exception:  # noqa: BLE001 -- logging must not fail, whatever an object's own methods do
        return f"[unreadable {type(value).__name__}]"


def _redacted(value: object, key: str, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if key and names_sensitive(key) and not _is_measure(value, key):
        return MASK if value not in ("", b"") else ""
    plain = value.value if isinstance(value, Enum) else value
    return _redacted_scalar(plain) if isinstance(plain, _SCALARS) else _redacted_compound(plain, depth)


def _redacted_scalar(value: object) -> object:
    if isinstance(value, int):
        return sensitive_text.mask_number(int(value))
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return redact_text(bytes(value).decode("utf-8", "replace"))
    return redact_text(str(value))


def _redacted_compound(value: object, depth: int) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, BaseException):
        return {"type": type(value).__name__, "message": redact_text(str(value))}
    if depth >= DEPTH_MAX:
        return f"[{type(value).__name__}]"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return redact_mapping(value, depth)
    if isinstance(value, Collection) and not isinstance(value, range):
        cleaned = [redact(item, "", depth + 1) for item, _ in zip(value, range(ITEMS_MAX), strict=False)]
        return [*cleaned, f"[{len(value) - ITEMS_MAX} more]"] if len(value) > ITEMS_MAX else cleaned
    return redact_text(str(value))


def redact_mapping(mapping: Mapping[object, object], depth: int = 0) -> dict[str, object]:
    """Return a mapping with redacted keys and values, and not too many of them."""
    cleaned: dict[str, object] = {}
    for position, (key, value) in enumerate(mapping.items()):
        if position == ITEMS_MAX:
            cleaned["…"] = f"[{len(mapping) - ITEMS_MAX} more]"
            break
        name = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
        cleaned[redact_text(name, length_max=KEY_LENGTH_MAX)] = redact(value, name, depth + 1)
    return cleaned


def _is_measure(value: object, key: str) -> bool:
    words = _WORD.findall(key)
    return isinstance(value, int | float) and bool(words) and words[-1].lower() in _MEASURES

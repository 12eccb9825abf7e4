"""Lists of subscribers: CSV or JSON as status-page vendors write them, each with what it says of consent.

Nobody counts as having agreed unless the list itself says so of them: the others are asked by a letter of ours.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.imports.foreign import Foreign, ForeignSubscriber
from services.imports.reading import (
    SUBSCRIBERS_MAX,
    Wrong,
    decoded,
    instant,
    listed,
    mapped,
    once,
    read_json,
    text,
    unreadable,
)
from services.imports.report import Line, Noun, skipped

_ADDRESS: Final = ("email", "email address", "e-mail", "address", "recipient")
_WAY: Final = ("mode", "type", "method", "channel", "subscriber type")
_STATE: Final = ("state", "status")
_AGREED_AT: Final = ("confirmed_at", "confirmed at", "verified_at", "verified at")
_AGREED: Final = ("confirmed", "verified")
_PARTS: Final = ("components", "component_ids", "component ids")
_YES: Final = frozenset({"yes", "true", "1", "confirmed", "verified"})
_ACTIVE: Final = frozenset({"active", "confirmed", "verified", "subscribed"})
_GONE: Final = frozenset({"quarantined", "unsubscribed", "bounced", "deleted", "purged", "ended"})
_FIELD_MAX = 4_000


def read_subscribers(data: bytes, label: str) -> Foreign:
    """Return whom a list of subscribers names.

    Raises: Invalid for a file that is no such list.
    """
    entries = _from_json(data) if decoded(data).lstrip()[:1] in {"[", "{"} else _from_csv(data)
    found: dict[str, ForeignSubscriber] = {}
    refused: list[Line] = []
    for row, entry in entries:
        try:
            one = _subscriber(row, mapped(entry))
            once(found, one.email.casefold(), "This address")
            found[one.email.casefold()] = one
        except Wrong as wrong:
            refused.append(skipped(Noun.SUBSCRIBER, f"row {row}", str(wrong)))
    return Foreign(label or "statuspage", subscribers=tuple(found.values()), refused=tuple(refused))


def _from_json(data: bytes) -> Iterator[tuple[int, Any]]:
    document = read_json(data)
    entries = document if isinstance(document, list) else document.get("subscribers")
    if not isinstance(entries, list):
        raise unreadable("The file is no list of subscribers.")
    return iter(enumerate(listed(entries, "subscribers", most=SUBSCRIBERS_MAX), 1))


def _from_csv(data: bytes) -> Iterator[tuple[int, Any]]:
    reader = csv.reader(io.StringIO(decoded(data)), strict=True)
    try:
        heads = [head.strip().lower() for head in next(reader)]
        if not set(heads) & set(_ADDRESS) or len(set(heads)) != len(heads):
            raise unreadable("The first line of the CSV must name its columns once each, one of them “email”.")
        rows: list[tuple[int, Any]] = []
        for row, cells in enumerate(reader, 2):
            if len(rows) >= SUBSCRIBERS_MAX:
                raise unreadable(f"The list holds more than {SUBSCRIBERS_MAX} subscribers: split it.")
            if any(cells):
                rows.append((row, dict(zip(heads, cells, strict=False))))
    except csv.Error as error:
        raise unreadable(f"The file is no CSV: {error} (line {reader.line_num}).") from error
    return iter(rows)


def _subscriber(row: int, entry: Mapping[str, Any]) -> ForeignSubscriber:
    way = _first(entry, _WAY).lower()
    if way not in {"", "email", "e-mail", "mail", "emailsubscriber"}:
        why = "has its secret from the page it was made on" if way == "webhook" else "does not go by mail"
        raise Wrong(f"A subscriber of the kind “{way[:20]}” {why}: let them subscribe here anew.")
    email, state = _first(entry, _ADDRESS), _first(entry, _STATE).lower()
    if not email:
        raise Wrong("It has no mail address.")
    if state in _GONE or _first(entry, ("quarantined_at", "purge_at", "unsubscribed_at")):
        raise Wrong("The list says that this subscription is over or does not reach anybody.")
    agreed_at = None
    for key in _AGREED_AT:
        agreed_at = agreed_at or instant(entry, key)
    agreed = agreed_at is not None or state in _ACTIVE or _first(entry, _AGREED).lower() in _YES
    return ForeignSubscriber(row, email, agreed, agreed_at, _parts(entry))


def _first(entry: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = entry.get(key)
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is not None and (found := text(entry, key, most=_FIELD_MAX).strip()):
            return found
    return ""


def _parts(entry: Mapping[str, Any]) -> tuple[str, ...]:
    for key in _PARTS:
        value = entry.get(key)
        if isinstance(value, list):
            if not all(isinstance(each, str) and len(each) <= 128 for each in value):  # noqa: PLR2004 -- longer than any id
                raise Wrong(f"“{key}” holds something that is no id.")
            return tuple(value)
        if isinstance(value, str) and value.strip():
            return tuple(each for each in value.replace(";", " ").replace(",", " ").replace("|", " ").split() if each)
    return ()

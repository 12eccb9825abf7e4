"""Reading files of others: UTF-8, bounded in size, depth and number, and typed field by field."""

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import orjson

from services.kernel.errors import Invalid

BYTES_MAX: Final = 10 * 1024 * 1024
DEPTH_MAX: Final = 40
ITEMS_MAX: Final = 1_000
"""How many groups, components, incidents or probes one file may hold."""
SUBSCRIBERS_MAX: Final = 5_000
TEXT_MAX: Final = 60_000


class Wrong(ValueError):
    """One thing of a file is not as it must be: it is left out with this reason, and the rest goes on."""


def decoded(data: bytes, *, most: int = BYTES_MAX) -> str:
    """Return a file as text.

    Raises: Invalid for one that is empty, too large, or not UTF-8.
    """
    if len(data) > most:
        raise unreadable(f"The file is larger than {most // (1024 * 1024)} MiB: split it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable("The file is not UTF-8: save it as UTF-8.") from error
    if not text.strip():
        raise unreadable("The file is empty.")
    if "\0" in text:
        raise unreadable("The file holds NUL characters: it is no text.")
    return text


def read_json(data: bytes) -> dict[str, Any] | list[Any]:
    """Return a JSON document.

    Raises: Invalid for one that is none, or is nested deeper than any export.
    """
    text = decoded(data)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise unreadable(f"The file is no JSON: {error.msg} (line {error.lineno}).") from error
    if not isinstance(value, dict | list):
        raise unreadable("The file holds a single value, and no export.")
    _check_depth(value)
    return value


def unreadable(message: str) -> Invalid:
    """Return the refusal of a whole file."""
    return Invalid("import_unreadable", message, fields={"file": message})


def listed(value: object, where: str, *, most: int = ITEMS_MAX) -> list[Any]:
    """Return a list of a file; nothing where it is left out.

    Raises: Invalid for what is no list, or a longer one than can be brought over at once.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise unreadable(f"“{where}” is no list.")
    if len(value) > most:
        raise unreadable(f"“{where}” holds {len(value)} entries; at most {most} are brought over at once: split it.")
    return value


def text(item: Mapping[str, Any], key: str, *, most: int = 2_000) -> str:
    """Return a text; an empty one where it is left out.

    Raises: Wrong.
    """
    value = item.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Wrong(f"“{key}” is no text.")
    if len(value) > most:
        raise Wrong(f"“{key}” is longer than {most} characters.")
    return value


def identity(item: Mapping[str, Any], key: str = "id") -> str:
    """Return an id as text, whether it is a word or a number.

    Raises: Wrong.
    """
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int) or not 1 <= len(str(value)) <= 128:  # noqa: PLR2004 -- longer than any id
        raise Wrong(f"“{key}” is no id.")
    return str(value)


def number(item: Mapping[str, Any], key: str, default: float) -> float:
    """Return a number.

    Raises: Wrong.
    """
    value = item.get(key)
    if value is None or value == "":
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong(f"“{key}” is no number.")
    return float(value)


def yes(item: Mapping[str, Any], key: str, *, default: bool) -> bool:
    """Return a yes or no, also where it is written as 1 or 0.

    Raises: Wrong.
    """
    value = item.get(key)
    if value is None:
        return default
    if value in (True, False, 0, 1):
        return bool(value)
    raise Wrong(f"“{key}” is neither true nor false.")


def instant(item: Mapping[str, Any], key: str) -> datetime | None:
    """Return an instant with its time zone, in UTC; nothing where it is left out.

    Raises: Wrong.
    """
    value = text(item, key, most=40)
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise Wrong(f"“{key}” is no instant.") from error
    if at.tzinfo is None:
        raise Wrong(f"“{key}” has no time zone.")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise Wrong(f"“{key}” lies outside of all time.") from error


def day(item: Mapping[str, Any], key: str) -> date | None:
    """Return a day; nothing where it is left out.

    Raises: Wrong.
    """
    value = text(item, key, most=40)
    try:
        return date.fromisoformat(value[:10]) if value else None
    except ValueError as error:
        raise Wrong(f"“{key}” is no day.") from error


def mapped(value: object) -> Mapping[str, Any]:
    """Return an entry that must be an object.

    Raises: Wrong.
    """
    if not isinstance(value, dict):
        raise Wrong("It is no object.")
    return value


def once(known: Container[str], own: str, what: str = "This id") -> None:
    """Refuse what a file holds twice.

    Raises: Wrong.
    """
    if own in known:
        raise Wrong(f"{what} comes twice in the file.")


def required(found: str, message: str) -> str:
    """Return a text that must not be empty.

    Raises: Wrong.
    """
    if not found:
        raise Wrong(message)
    return found


def named(value: object, key: str = "name") -> str:
    """Return what to call an entry in a report, whatever it is."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _check_depth(value: object) -> None:
    open_ones: list[tuple[object, int]] = [(value, 1)]
    while open_ones:
        at, depth = open_ones.pop()
        if depth > DEPTH_MAX:
            raise unreadable(f"The file is nested deeper than {DEPTH_MAX} levels.")
        open_ones += [(each, depth + 1) for each in _inside(at)]


def _inside(value: object) -> Iterator[object]:
    inside: Sequence[object] = []
    if isinstance(value, dict):
        inside = list(value.values())
    elif isinstance(value, list):
        inside = value
    return (each for each in inside if isinstance(each, dict | list))

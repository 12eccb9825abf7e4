"""CMCD version 2 event reports: newline-separated structured-field dictionaries, read strictly and fast.

Syntax, types and limits are strict; unknown keys are allowed, as the standard wants. Stricter than the reference
validator: instants, sequence numbers and durations may not be negative, and `sid` must be there, since a report
without one belongs to nobody. Laxer: the body may end with a newline.

Source: CTA-5004-B (CMCD v2); RFC 8941 (structured fields); limits and required keys as in @svta/cml-cmcd 2.7.0.
"""

import re
import zlib
from enum import IntFlag
from typing import Final, NamedTuple

from services.kernel.errors import Invalid

RECORDS_MAX = 1_000
MEMBERS_MAX = 80
RECORD_LENGTH_MAX = 8_192

_BARE = (
    r"(?:-?(?>\d{1,12}\.\d{1,3}|\d{1,15})(?![\d.])"
    r'|"(?>[ !#-\[\]-~]++|\\["\\])*+"'
    r"|[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*+"
    r"|\?[01]|:[A-Za-z0-9+/=]*+:|@-?\d{1,15}(?!\d))"
)
_KEY = r"[a-z*][a-z0-9_.*-]*+"
_PARAMS = rf"(?>;[ ]*+{_KEY}(?:={_BARE})?)*+"
_MEMBER = (
    rf"({_KEY})(?:=(?:"
    r"(-?\d{1,15})(?![\d.])"
    r'|"((?>[ !#-\[\]-~]++|\\["\\])*+)"'
    r"|([A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*+)"
    rf"|\(([ ]*+(?>{_BARE}{_PARAMS}(?:[ ]++|(?=\))))*+)\)"
    r"|(-?\d{1,12}\.\d{1,3})(?![\d.])"
    r"|(\?[01])"
    r"|(:[A-Za-z0-9+/=]*+:|@-?\d{1,15}(?!\d))"
    rf"))?{_PARAMS}"
)
_NEXT = re.compile(_MEMBER + r"(?:$|[ \t]*+,[ \t]*+(?!$))").match
_ALONE = re.compile(rf"[ \t]*+{_MEMBER}[ \t]*+").fullmatch
_NUMBER = r"-?(?>\d{1,12}\.\d{1,3}|\d{1,15})"
_NUMBERS = re.compile(rf"[ ]*(?:{_NUMBER}{_PARAMS}(?:[ ]+|$))*+").fullmatch
_STRINGS = re.compile(rf'[ ]*(?:(?:"(?>[^"\\]++|\\.)*+"|[A-Za-z*][^ ;)]*+){_PARAMS}(?:[ ]+|$))*+').fullmatch
_VALUE = re.compile(rf"({_NUMBER}){_PARAMS}(?:[ ]+|$)")
_CUSTOM_KEY = re.compile(r"[a-z][a-z0-9.]*+-[a-z0-9.-]*[a-z0-9.]|[a-z][a-z0-9.-]+-[a-z0-9.]+").fullmatch
_ESCAPE = re.compile(r"\\(.)")


class _Kind(IntFlag):
    """Kinds of values; each is 1 shifted by the number of its group in a member."""

    TRUE = 1 << 1
    INTEGER = 1 << 2
    STRING = 1 << 3
    TOKEN = 1 << 4
    LIST = 1 << 5
    DECIMAL = 1 << 6
    BOOLEAN = 1 << 7
    TEXT = STRING | TOKEN
    NUMBER = INTEGER | DECIMAL
    FLAG = TRUE | BOOLEAN


_WORDS = {
    _Kind.INTEGER: "an integer",
    _Kind.NUMBER: "a number",
    _Kind.TEXT: "a string",
    _Kind.LIST: "an inner list",
    _Kind.FLAG: "a boolean",
}
_NUMBER_LISTS = ["ab", "bl", "br", "bsa", "bsd", "bsda", "lab", "lb", "mtp", "pb", "tab", "tb", "tbl", "tpb"]
_STRING_LISTS = ["ec", "nor"]
_KINDS: Final[dict[str, int]] = {
    **dict.fromkeys(_NUMBER_LISTS, _Kind.LIST.value),
    **dict.fromkeys(_STRING_LISTS, _Kind.LIST.value),
    **dict.fromkeys(
        ["d", "dfa", "dl", "ltc", "msd", "pt", "rc", "rtp", "sn", "ts", "ttfb", "ttfbb", "ttlb", "v"],
        _Kind.INTEGER.value,
    ),
    "pr": _Kind.NUMBER.value,
    **dict.fromkeys(["bg", "bs", "nr", "su"], _Kind.FLAG.value),
    **dict.fromkeys(
        ["cdn", "cen", "cid", "cmsdd", "cmsds", "cs", "h", "sid", "smrt", "url", "e", "ot", "sf", "st", "sta"],
        _Kind.TEXT.value,
    ),
}
_LENGTHS: Final = {"sid": 64, "cid": 128, "cdn": 128, "h": 128, "cen": 64}
_TOKENS: Final = {
    "e": frozenset(
        ["bc", "ps", "pr", "e", "t", "c", "b", "m", "um", "pe", "pc", "rr", "as", "ae", "abs", "abe", "sk", "ce"]
    ),
    "ot": frozenset(["m", "a", "v", "av", "i", "c", "tt", "k", "o"]),
    "sf": frozenset(["d", "h", "s", "o"]),
    "st": frozenset(["v", "l", "ll"]),
    "sta": frozenset(["s", "p", "k", "r", "a", "w", "e", "f", "q", "d"]),
}
_LIST_ITEMS: Final = {**dict.fromkeys(_NUMBER_LISTS, _NUMBERS), **dict.fromkeys(_STRING_LISTS, _STRINGS)}
_NOT_NEGATIVE: Final = frozenset(["sn", "ts", "msd"])
_NEEDED: Final = {
    "ps": "sta", "pr": "pr", "c": "cid", "b": "bg", "bc": "br", "e": "ec", "rr": "url", "ce": "cen",
}  # fmt: skip
_RESPONSE_ONLY: Final = frozenset(["cmsdd", "cmsds", "rc", "smrt", "ttfb", "ttfbb", "ttlb", "url"])
_AGGREGATES: Final = (("ab", "br"), ("lab", "lb"), ("tab", "tb"))
_OBJECT_TYPES: Final = {"d": frozenset(["a", "v", "av", "tt", "c", "o"]), "tpb": frozenset(["a", "v", "av", "c"])}
_CUSTOM_LENGTH = 64
_LIST_GROUP = 5
_STEADY: Final = frozenset(
    [
        "sid",
        "cid",
        "sf",
        "st",
        "sta",
        "e",
        "v",
        "pr",
        "su",
        "bs",
        "ot",
        "cdn",
        "br",
        "tb",
        "lb",
        "pb",
        "tpb",
        "nr",
        "bg",
    ]
)
_SEEN_MAX = 4_096
_seen: dict[str, tuple[str, str]] = {}
"""Members already checked, of keys that repeat from record to record: a cache that starts anew when it is full."""
_EVENT_VERSION = "2"


class PlayEvent(NamedTuple):
    """What we keep of one event report; -1 and the empty text mean that a key was not sent.

    Units: `ts` milliseconds since the epoch by the player's clock; `msd`, `bsd` (the sum of the list) and `bsda`
    milliseconds. `content` is a checksum of `cid`, enough to see that it changed.
    """

    sid: str
    sn: int
    ts: int
    event: str
    state: str = ""
    content: int = 0
    msd: int = -1
    bsd: int = -1
    bsd_count: int = 0
    bsda: int = -1
    stream: str = ""
    cdn: str = ""


def parse_report(body: bytes) -> list[PlayEvent]:
    """Read the body of an event report: every record of it, or none.

    Raises: Invalid, naming the first bad line and key.
    """
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as error:
        raise _refusal(body.count(b"\n", 0, error.start) + 1, "", "has a character outside ASCII") from error
    lines = text.split("\n")
    events: list[PlayEvent] = []
    for number, line in enumerate(lines, 1):
        record = line.strip(" \r")
        if not record:
            continue
        if len(events) == RECORDS_MAX:
            raise _refusal(number, "", f"is beyond the {RECORDS_MAX} records that a report may have")
        events.append(_event(_members(record, number), number))
    if not events:
        raise _refusal(1, "", "has no record")
    return events


def _members(record: str, line: int) -> dict[str, str]:
    """Split a record into its members, checking syntax and types."""
    if len(record) > RECORD_LENGTH_MAX:
        raise _refusal(line, "", f"is longer than {RECORD_LENGTH_MAX} characters")
    if record.count(",") >= MEMBERS_MAX:
        raise _refusal(line, "", f"has more than {MEMBERS_MAX} members")
    members: dict[str, str] = {}
    for text in record.split(","):
        member = _seen.get(text)
        if member is None:
            match = _ALONE(text)
            if match is None:  # a comma within a string, or a mistake
                return _members_one_by_one(record, line)
            member = _checked(match, line)
            if member[0] in _STEADY:
                if len(_seen) >= _SEEN_MAX:
                    _seen.clear()
                _seen[text] = member
        members[member[0]] = member[1]
    return members


def _members_one_by_one(record: str, line: int) -> dict[str, str]:
    position, end = 0, len(record)
    members: dict[str, str] = {}
    while position < end:
        match = _NEXT(record, position)
        if match is None:
            raise _refusal(line, "", f"is no structured-field dictionary from column {position + 1} on")
        position = match.end()
        key, value = _checked(match, line)
        members[key] = value
    return members


def _checked(match: re.Match[str], line: int) -> tuple[str, str]:
    key = match[1]
    group = match.lastindex or 1
    value = match[group]
    kinds = _KINDS.get(key)
    if kinds is None:
        if "-" in key:
            _check_custom(key, value, group, line)
    elif not kinds >> group & 1:
        raise _refusal(line, key, f"must be {_WORDS[_Kind(kinds)]}")
    elif group == _LIST_GROUP:
        if not (value.isdigit() and key not in _STRING_LISTS) and _LIST_ITEMS[key](value) is None:
            raise _refusal(line, key, f"must list {'strings' if key in _STRING_LISTS else 'numbers'}")
    elif key in _LENGTHS:
        value = _short_text(key, value, line)
    elif key in _TOKENS and value not in _TOKENS[key]:
        raise _refusal(line, key, "has a value that the standard does not know")
    return key, value


def _short_text(key: str, value: str, line: int) -> str:
    text = _ESCAPE.sub(r"\1", value) if "\\" in value else value
    if len(text) > _LENGTHS[key]:
        raise _refusal(line, key, f"is longer than {_LENGTHS[key]} characters")
    return text


def _check_custom(key: str, value: str, group: int, line: int) -> None:
    if _CUSTOM_KEY(key) is None:
        return  # an unknown reserved key, not a custom one
    if not _Kind.TEXT >> group & 1:
        raise _refusal(line, key, "must be a string: it is a custom key")
    if len(_ESCAPE.sub(r"\1", value)) > _CUSTOM_LENGTH:
        raise _refusal(line, key, f"is longer than {_CUSTOM_LENGTH} characters")


def _event(members: dict[str, str], line: int) -> PlayEvent:
    get = members.get
    event, ts, sid = get("e"), get("ts"), get("sid")
    if event is None or ts is None or not sid:
        missing = "e" if event is None else "ts" if ts is None else "sid"
        raise _refusal(line, missing, "is missing")
    if get("v") != _EVENT_VERSION:
        raise _refusal(line, "v", "must be 2: event reports came with version 2")
    _check_structure(members, event, line)
    for key in _NOT_NEGATIVE:
        if key in members and members[key][0] == "-":
            raise _refusal(line, key, "must not be negative")
    bsd, bsd_count = _durations(members, "bsd", line)
    bsda, _ = _durations(members, "bsda", line)
    cid = get("cid")
    return PlayEvent(
        sid,
        int(get("sn", -1)),
        int(ts),
        event,
        get("sta", ""),
        zlib.crc32(cid.encode()) or 1 if cid else 0,
        int(get("msd", -1)),
        bsd,
        bsd_count,
        bsda,
        get("sf", ""),
        get("cdn", ""),
    )


def _check_structure(members: dict[str, str], event: str, line: int) -> None:
    needed = _NEEDED.get(event)
    if needed is not None and needed not in members:
        raise _refusal(line, needed, f"is missing: an event of type {event} needs it")
    if event != "ce" and "cen" in members:
        raise _refusal(line, "cen", "belongs to custom events only")
    if event != "rr" and not _RESPONSE_ONLY.isdisjoint(members):
        raise _refusal(line, min(_RESPONSE_ONLY & members.keys()), "belongs to events of type rr only")
    object_type = members.get("ot")
    if object_type is not None:
        for key, allowed in _OBJECT_TYPES.items():
            if key in members and object_type not in allowed:
                raise _refusal(line, key, f"does not go with objects of type {object_type}")
    for aggregate, exact in _AGGREGATES:
        if aggregate in members and exact in members:
            raise _refusal(line, aggregate, f"does not go together with {exact}")


def _durations(members: dict[str, str], key: str, line: int) -> tuple[int, int]:
    text = members.get(key)
    if text is None:
        return -1, 0
    values = [float(v) for v in _VALUE.findall(text)]
    if any(v < 0 for v in values):
        raise _refusal(line, key, "must not be negative")
    return int(sum(values)), len(values)


def _refusal(line: int, key: str, what: str) -> Invalid:
    where = f"line {line}" + (f", key {key}" if key else "")
    return Invalid(
        "cmcd_malformed",
        f"The report was not taken: {where}: {what}. Nothing of it was stored; send it again when it is right.",
        line=line,
        key=key,
    )

"""When something recurs: RRULEs in the wall time of a time zone, right across changes of daylight saving.

A rule is counted in wall time and only then placed on the time line, so that "Sundays at 03:00" stays at 03:00. A wall
time that a change of the clocks skips is moved forward by the gap; one that it repeats is taken the first time.
Source: RFC 5545 §3.3.10 and §3.3.5.
"""

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from services.kernel.errors import Invalid

RULE_MAX: Final = 300
OCCURRENCES_MAX: Final = 40_000
"""How many occurrences are counted through, at most, in search of the next ones: a century of days."""
_LIST = r"{0}(?:,{0}){{0,30}}"
_PARTS: Final = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9]\d{0,2}",
    "COUNT": r"[1-9]\d{0,2}",
    "UNTIL": r"\d{8}(?:T\d{6}Z?)?",
    "BYDAY": _LIST.format(r"(?:[+-]?[1-5])?(?:MO|TU|WE|TH|FR|SA|SU)"),
    "BYMONTHDAY": _LIST.format(r"-?(?:[1-9]|[12]\d|3[01])"),
    "BYMONTH": _LIST.format(r"(?:[1-9]|1[0-2])"),
    "BYSETPOS": r"-?[1-9]\d?",
    "BYHOUR": r"1?\d|2[0-3]",
    "BYMINUTE": r"[1-5]?\d",
    "WKST": r"MO|TU|WE|TH|FR|SA|SU",
}
"""The parts that a rule may have; hours and minutes have one value, so that it starts at most once a day."""
_WALL: Final = "%Y-%m-%dT%H:%M"
_ZONE = re.compile(r"[A-Za-z_]+(?:/[A-Za-z0-9_+-]+){0,2}")


def wall(text: str) -> datetime:
    """Return a wall time without a zone, written as 2026-11-29T03:00.

    Raises: Invalid.
    """
    try:
        return datetime.strptime(text[:16], _WALL)  # noqa: DTZ007 -- a wall time has no zone of its own
    except ValueError as error:
        raise _wrong("first_local", "Write the first start as 2026-11-29T03:00.") from error


def written(at: datetime) -> str:
    """Return a wall time as text."""
    return at.strftime(_WALL)


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its name in the IANA database.

    Raises: Invalid for a name that is none.
    """
    if not _ZONE.fullmatch(name):
        raise _wrong("time_zone", "Name a time zone such as Europe/Berlin or UTC.")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise _wrong("time_zone", "There is no such time zone; name one such as Europe/Berlin or UTC.") from error


def instant(at: datetime, place: ZoneInfo) -> datetime:
    """Return the instant of a wall time; one that does not exist is moved forward by the gap."""
    local = at.replace(tzinfo=place, fold=0)
    return local.astimezone(UTC)


def check_rule(rule: str, first: datetime, place: ZoneInfo) -> str:
    """Return a rule in its plain form: without a prefix, its end in wall time.

    Raises: Invalid for one that is malformed, too dense or never happens.
    """
    plain = rule.strip().upper().removeprefix("RRULE:")
    if len(plain) > RULE_MAX:
        raise _wrong("rule", f"Use at most {RULE_MAX} characters.")
    parts = dict(part.partition("=")[::2] for part in plain.split(";") if part)
    bad = [name for name, value in parts.items() if not re.fullmatch(_PARTS.get(name, r"\Z\w"), value)]
    if "FREQ" not in parts or bad:
        what = f"{bad[0][:20]} is not understood" if bad else "FREQ is missing"
        raise _wrong("rule", f"{what}: write a rule such as FREQ=WEEKLY;BYDAY=SU, with at most one start a day.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _wrong("rule", "Give COUNT or UNTIL, not both.")
    if parts.get("UNTIL", "").endswith("Z"):
        parts["UNTIL"] = _until_in_wall_time(parts["UNTIL"], place)
    plain = ";".join(f"{name}={value}" for name, value in parts.items())
    if next(_walls(plain, first), None) is None:
        raise _wrong("rule", "This rule never happens.")
    return plain


def _until_in_wall_time(until: str, place: ZoneInfo) -> str:
    try:
        at = datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise _wrong("rule", "UNTIL is no date.") from error
    return at.astimezone(place).strftime("%Y%m%dT%H%M%S")


def later(rule: str, first: datetime, last: datetime | None) -> Iterator[datetime]:
    """Yield the wall times of the occurrences after a wall time, in order."""
    return (at for at in _walls(rule, first) if last is None or at > last)


def after(rule: str, first: datetime, last: datetime | None, count: int) -> list[datetime]:
    """Return the wall times of the next `count` occurrences after a wall time."""
    return list(itertools.islice(later(rule, first, last), count))


def _walls(rule: str, first: datetime) -> Iterator[datetime]:
    """Yield wall times of a rule in order, at most so many: a rule that matches nothing must end, too."""
    try:
        found = rrulestr(f"RRULE:{rule}", dtstart=first, forceset=False)
        yield from itertools.islice(found, OCCURRENCES_MAX)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise _wrong("rule", "This is no recurrence rule; write one such as FREQ=WEEKLY;BYDAY=SU.") from error


def shortest_gap(rule: str, first: datetime, looked_at: int = 60) -> timedelta | None:
    """Return the shortest time between two of the first occurrences; nothing where there is only one."""
    walls = after(rule, first, None, looked_at)
    return min((b - a for a, b in itertools.pairwise(walls)), default=None)


def _wrong(name: str, message: str) -> Invalid:
    return Invalid(f"{name}_invalid", message, fields={name: message})

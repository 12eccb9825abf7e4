"""A recurrence rule as people say it, where that says exactly the same; otherwise the rule itself.

Written here since no kept library does it: `recurrent` (last released in 2021) leaves parts of a rule out of its words,
`rrule-humanize` had one release. Left-out parts would promise a maintenance that does not come.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from services.incidents.recurrence import after, wall

_DAYS: Final = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
    "SU": "Sunday",
}  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_PLACES: Final = {"1": "first", "2": "second", "3": "third", "4": "fourth", "-1": "last"}
"""The fifth is missing in most months, and what counts from the end is seldom understood: both stay rules."""
_UNITS: Final = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_SHORTEST_MONTH: Final = 28
_EVERY_MONTH: Final = 12
_WORKDAYS: Final = ["MO", "TU", "WE", "TH", "FR"]


class _Unsaid(Exception):
    """There are no exact words for this."""


def in_words(rule: str, first_local: str, time_zone: str) -> str:
    """Return when a checked rule happens: "every Tuesday at 02:00, Europe/Berlin".

    Raises: Invalid where the first start is no wall time.
    """
    first = wall(first_local)
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    try:
        at = time(int(parts.get("BYHOUR", first.hour)), int(parts.get("BYMINUTE", first.minute)))
        when = _when(parts, first)
        starting = "" if parts.get("INTERVAL", "1") == "1" else f", from {_date(after(rule, first, None, 1)[0])}"
        return f"{when} at {at:%H:%M}, {time_zone}{starting}{_end(parts, at)}"
    except _Unsaid:
        return f"{rule}, from {first:%Y-%m-%d %H:%M}, {time_zone}"


def _when(parts: Mapping[str, str], first: datetime) -> str:
    freq, step = parts["FREQ"], int(parts.get("INTERVAL", "1"))
    given = set(parts) - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYHOUR", "BYMINUTE", "WKST", "BYMONTH"}
    months = [_MONTHS[int(each) - 1] for each in sorted(_listed(parts, "BYMONTH"), key=int)]
    if freq == "YEARLY":
        return _in_year(parts, given, first, months, step)
    if months and step > 1:
        raise _Unsaid
    within = f" in {_and(months)}" if months and len(months) < _EVERY_MONTH else ""
    if freq == "MONTHLY":
        on = _in_month(parts, given, first)
        return f"{on} of every month{within}" if step == 1 else f"every {step} months {on}"
    return _in_week(parts, given, first, step) + within


def _in_week(parts: Mapping[str, str], given: set[str], first: datetime, step: int) -> str:
    """Say a rule of days or weeks."""
    if given - {"BYDAY"} or any(day not in _DAYS for day in _listed(parts, "BYDAY")):
        raise _Unsaid
    days = sorted(set(_listed(parts, "BYDAY")), key=list(_DAYS).index)
    if parts["FREQ"] == "DAILY":
        if days and step > 1:
            raise _Unsaid
        if not days:
            return "every day" if step == 1 else f"every {step} days"
    days = days or [list(_DAYS)[first.weekday()]]
    if step > 1 and len(days) > 1:
        raise _Unsaid  # which of them share a week depends on the day that it begins with
    if days == list(_DAYS):
        return "every day"
    said = "day from Monday to Friday" if days == _WORKDAYS else _and([_DAYS[day] for day in days])
    return f"every {said}" if step == 1 else f"every {step} weeks on {said}"


def _in_month(parts: Mapping[str, str], given: set[str], first: datetime) -> str:
    """Say on which day of a month."""
    if not given:
        return f"on the {_day_of_month(str(first.day))}"
    if given == {"BYMONTHDAY"}:
        days = sorted(set(_listed(parts, "BYMONTHDAY")), key=lambda day: (int(day) < 0, int(day)))
        return f"on the {_and([_day_of_month(day) for day in days])}"
    days = _listed(parts, "BYDAY")
    if given == {"BYDAY", "BYSETPOS"}:
        place = _PLACES.get(parts["BYSETPOS"])
        if place is None or any(day not in _DAYS for day in days):
            raise _Unsaid
        if sorted(set(days)) == sorted(_WORKDAYS):
            return f"on the {place} weekday (Monday to Friday)"
        if len(set(days)) == 1:
            return f"on the {place} {_DAYS[days[0]]}"
    if given == {"BYDAY"}:
        return f"on the {_placed(days)}"
    raise _Unsaid


def _in_year(parts: Mapping[str, str], given: set[str], first: datetime, months: Sequence[str], step: int) -> str:
    """Say a rule of years, which names one month."""
    month = months or ([_MONTHS[first.month - 1]] if not given else [])
    every = "every year" if step == 1 else f"every {step} years"
    if len(month) != 1:
        raise _Unsaid
    if given == {"BYDAY"}:
        return f"{every} on the {_placed(_listed(parts, 'BYDAY'))} of {month[0]}"
    days = [str(first.day)] if not given else _listed(parts, "BYMONTHDAY")
    if given - {"BYMONTHDAY"} or len(days) != 1 or not 1 <= int(days[0]) <= _SHORTEST_MONTH:
        raise _Unsaid
    return f"{every} on {days[0]} {month[0]}"


def _placed(days: Sequence[str]) -> str:
    """Say the first and third Sunday: several places, and one day of the week."""
    found = [re.fullmatch(r"\+?(-?\d)(\w\w)", day) for day in days]
    named = {each[2] for each in found if each}
    places = sorted({each[1] for each in found if each}, key=lambda place: (int(place) < 0, int(place)))
    if not all(found) or len(named) != 1 or not all(place in _PLACES for place in places):
        raise _Unsaid
    return f"{_and([_PLACES[place] for place in places])} {_DAYS[named.pop()]}"


def _day_of_month(day: str) -> str:
    if day == "-1":
        return "last day"
    if not 1 <= int(day) <= _SHORTEST_MONTH:
        raise _Unsaid
    ending = {"1": "st", "2": "nd", "3": "rd"}.get(day[-1], "th") if day not in {"11", "12", "13"} else "th"
    return f"{day}{ending}"


def _end(parts: Mapping[str, str], at: time) -> str:
    if "COUNT" in parts:
        return ", once" if parts["COUNT"] == "1" else f", {parts['COUNT']} times in all"
    if "UNTIL" not in parts:
        return ""
    text = parts["UNTIL"]
    until = datetime.strptime(text, "%Y%m%d" if "T" not in text else "%Y%m%dT%H%M%S")  # noqa: DTZ007 -- a wall time has no zone of its own
    last_on = until if at <= until.time() else until - timedelta(days=1)
    return f", until {_date(last_on)}"


def _listed(parts: Mapping[str, str], name: str) -> list[str]:
    return [each for each in parts.get(name, "").split(",") if each]


def _date(at: datetime) -> str:
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

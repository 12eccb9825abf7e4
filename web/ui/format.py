"""Numbers, ages, durations and dates as people read them. No data is "no data", never zero.

In English they are written as the house writes them, in other languages by the locale's data; the digits are the same.
"""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from web.ui import locale_data
from web.ui.language import _, current, later, ngettext, numbered

NO_DATA = later("no data")
NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"

AHEAD = later("{age} ahead of our clock")
AGO = later("{age} ago")
"""How an age is said; scripts that keep counting are given the same words."""

MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS = 60, 3_600, 86_400
_CLOCK_SKEW_SECONDS = 5


class Quantity(NamedTuple):
    """A number as text and its unit, apart, because tiles set them in two sizes."""

    value: str
    unit: str

    def __str__(self) -> str:
        return f"{self.value}{NBSP}{self.unit}" if self.unit else self.value


def no_data() -> str:
    """What stands in the place of a number that there is none of, in the reader's language."""
    return _(NO_DATA)


def known(value: float | None) -> bool:
    """Whether there is a finite number to show."""
    return value is not None and math.isfinite(value)


def decimals_for(value: float, significant: int = 3) -> int:
    """How many decimals give this magnitude about `significant` digits, two at most."""
    size = abs(value)
    if size == 0 or size >= 10 ** (significant - 1):
        return 0
    return min(2, significant - max(1, math.floor(math.log10(size)) + 1))


def number(value: float | None, decimals: int | None = None) -> str:
    """A number with thousands separators and a real minus; decimals follow the magnitude unless given."""
    if value is None or not math.isfinite(value):
        return no_data()
    places = decimals_for(value) if decimals is None else decimals
    digits = f"{abs(value):.{places}f}"
    return f"{MINUS}{written(digits)}" if value < 0 and float(digits) != 0 else written(digits)


def written(digits: str) -> str:
    """Plain digits with the separators of the reader's language."""
    if not current().plain:
        return locale_data.decimal(digits, current().locale)
    return f"{Decimal(digits):,}"


def count(value: int | None) -> str:
    """A whole number with thousands separators."""
    return no_data() if value is None else number(value, 0)


def compact(value: float | None) -> str:
    """A number in few characters: 48,212 stays, 1,204,000 is 1.2 M."""
    if value is None or not math.isfinite(value):
        return no_data()
    for size, suffix in ((1e15, ""), (1e12, "T"), (1e9, "G"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value:.2e}" if not suffix else f"{number(value / size, 1)}{NBSP}{suffix}"
    return number(value, 0 if float(value).is_integer() else None)


def quantity(value: float | None, unit: str, decimals: int | None = None) -> Quantity:
    """A measured value with its unit; without data there is no unit either."""
    if value is None or not math.isfinite(value):
        return Quantity(no_data(), "")
    return Quantity(number(value, decimals), unit)


def percent(ratio: float | None, decimals: int | None = None) -> str:
    """A ratio as a percentage: 0.978 is "97.8 %"."""
    return str(quantity(None if ratio is None else ratio * 100, "%", decimals))


def availability(ratio: float | None, decimals: int = 3) -> str:
    """An availability as a percentage, cut off rather than rounded: only a perfect record shows 100 %."""
    if ratio is None or not math.isfinite(ratio):
        return no_data()
    scale = 10**decimals
    # Cut at the micro-unit first: 0.29 * 100 is 28.999… in binary.
    cut = math.floor(round(ratio * 100 * scale, 6)) / scale
    if ratio < 1:
        cut = min(cut, 100 - 1 / scale)
    return f"{written(f'{cut:.{decimals}f}')}{NBSP}%"


def duration(seconds: float | None) -> str:
    """A length of time in its one or two largest units: "420 ms", "3.9 s", "29 min", "1 h 5 min", "2 d 3 h".

    Units: seconds in.
    """
    if seconds is None or not math.isfinite(seconds):
        return no_data()
    size = abs(seconds)
    sign = MINUS if seconds < 0 else ""
    if size < 0.9995:  # noqa: PLR2004 - the first value that would round to 1000 ms
        return sign + length(str(round(size * 1000)), "ms")
    if size < 59.95:  # noqa: PLR2004 - the first value that would round to 60 s
        places = 0 if float(size).is_integer() else 1
        return sign + length(f"{size:.{places}f}", "s")
    for unit_seconds, unit, part_seconds, part in (
        (DAY_SECONDS, "d", HOUR_SECONDS, "h"),
        (HOUR_SECONDS, "h", MINUTE_SECONDS, "min"),
    ):
        whole = round(size / part_seconds)
        if whole * part_seconds >= unit_seconds:
            units, rest = divmod(whole, unit_seconds // part_seconds)
            tail = f" {length(str(rest), part)}" if rest else ""
            return f"{sign}{length(str(units), unit)}{tail}"
    return sign + length(str(round(size / MINUTE_SECONDS)), "min")


def length(digits: str, unit: str) -> str:
    """A number of days, hours, minutes, seconds or milliseconds (d, h, min, s, ms), in the reader's language."""
    if not current().plain:
        return locale_data.length(digits, unit, current().locale)
    return f"{written(digits)}{NBSP}{unit}"


def elapsed(seconds: float) -> str:
    """An age in its one largest unit, cut off: 119 s is "1 min"."""
    whole = max(0, int(seconds))
    for unit_seconds, unit in ((DAY_SECONDS, "d"), (HOUR_SECONDS, "h"), (MINUTE_SECONDS, "min")):
        if whole >= unit_seconds:
            return length(str(whole // unit_seconds), unit)
    return length(str(whole), "s")


def age(at: datetime | None, now: datetime) -> str:
    """How long ago something was: "4 s ago". A clock that runs ahead is said, not hidden."""
    if at is None:
        return no_data()
    seconds = (utc(now) - utc(at)).total_seconds()
    if seconds < -_CLOCK_SKEW_SECONDS:
        return _(AHEAD, age=elapsed(-seconds))
    return _(AGO, age=elapsed(seconds))


def utc(at: datetime) -> datetime:
    """The instant in UTC.

    Raises: ValueError for an instant without a time zone.
    """
    if at.tzinfo is None:
        raise ValueError("An instant needs a time zone: make it with the Clock.")
    return at.astimezone(UTC)


def iso(at: datetime) -> str:
    """The instant for machines, as in `<time datetime>`."""
    return utc(at).isoformat(timespec="seconds").replace("+00:00", "Z")


def day(on: date | datetime, *, year: bool = True) -> str:
    """A date: "21 Nov 2026", or "21 Nov" where the year is plain."""
    when = utc(on) if isinstance(on, datetime) else on
    if not current().plain:
        return locale_data.moment(when, "yMMMd" if year else "MMMd", current().locale)
    return f"{when.day}{NBSP}{when:%b}" + (f"{NBSP}{when:%Y}" if year else "")


def month(on: date | datetime) -> str:
    """A month: "November 2026"."""
    when = utc(on) if isinstance(on, datetime) else on
    if not current().plain:
        return locale_data.moment(when, "yMMMM", current().locale)
    return f"{when:%B}{NBSP}{when:%Y}"


def month_short(on: date) -> str:
    """A month in few letters, without its year: "Nov"."""
    return f"{on:%b}" if current().plain else locale_data.moment(on, "MMM", current().locale)


def hour(at: datetime) -> str:
    """A time of day in UTC, without its zone: "14:02"."""
    return f"{utc(at):%H:%M}" if current().plain else locale_data.moment(utc(at), "Hm", current().locale)


def instant(at: datetime | None) -> str:
    """An instant: "21 Nov 2026, 14:02 UTC"."""
    return no_data() if at is None else f"{day(at)}, {hour(at)}{NBSP}UTC"


def period(start_at: datetime, end_at: datetime | None) -> str:
    """A half-open stretch of time: "14:02 to 14:31 UTC" (with a dash), with dates where it crosses midnight."""
    if end_at is None:
        return _("since {instant}", instant=instant(start_at))
    if utc(start_at).date() == (utc(end_at) - timedelta(microseconds=1)).date():
        return f"{hour(start_at)} {DASH} {hour(end_at)}{NBSP}UTC"
    return f"{day(start_at, year=False)}, {hour(start_at)} {DASH} {day(end_at, year=False)}, {hour(end_at)}{NBSP}UTC"


def plural(number_of: int, one: str, many: str | None = None) -> str:
    """A counted noun: "1 play", "48,212 plays"."""
    return f"{count(number_of)}{NBSP}{one if number_of == 1 else many or one + 's'}"


def counted(number_of: int, one: str, many: str) -> str:
    """A counted noun in the reader's language; `one` and `many` are texts such as "{n} play" and "{n} plays"."""
    return numbered(ngettext(one, many, number_of)).format(n=count(number_of))


def initials(name: str) -> str:
    """Two letters for a round mark: "Mara Okafor" is MO."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"

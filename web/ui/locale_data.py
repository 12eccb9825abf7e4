"""How other languages than English write numbers, units and dates: Unicode's locale data, by Babel.

Digits are those that the house's own format found, so that a figure is the same in every language.
Source: Unicode CLDR.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit

NBSP: Final = "\N{NO-BREAK SPACE}"
_UNITS: Final = {"d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}


@lru_cache(maxsize=4096)
def decimal(digits: str, locale: Locale) -> str:
    """Return plain digits ("12345.50") with the locale's separators."""
    _, _, places = digits.partition(".")
    pattern = f"#,##0.{'0' * len(places)}" if places else "#,##0"
    return format_decimal(Decimal(digits), format=pattern, locale=locale)


@lru_cache(maxsize=4096)
def length(digits: str, unit: str, locale: Locale) -> str:
    """Return a length of time in one unit (d, h, min, s or ms), bound to its number."""
    words = format_unit(Decimal(digits), f"duration-{_UNITS[unit]}", length="short", locale=locale)
    return words.replace(" ", NBSP)


@lru_cache(maxsize=4096)
def moment(when: date, skeleton: str, locale: Locale) -> str:
    """Return the parts of a date that a skeleton names ("yMMMd"), in the locale's order and words."""
    at = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day)  # noqa: DTZ001 -- a day has no zone
    return format_skeleton(skeleton, at, tzinfo=at.tzinfo, locale=locale).replace(" ", NBSP)


def listing(names: Sequence[str], locale: Locale) -> str:
    """Return names as people say them: "A, B und C"."""
    return format_list(list(names), style="standard", locale=locale)


@lru_cache(maxsize=64)
def length_forms(unit: str, locale: Locale) -> dict[str, str]:
    """Return how whole numbers of a unit are written, by the locale's plural forms, with `{n}` for the number."""
    found: dict[str, str] = {}
    for number in range(200):
        form = locale.plural_form(number)
        if form not in found:
            found[form] = length(str(number), unit, locale).replace(decimal(str(number), locale), "{n}")
    return found

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from web.ui import format as fmt

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)


def plain(text: str) -> str:
    return text.replace(fmt.NBSP, " ")


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_no_data_is_never_zero(value: float | None) -> None:
    assert fmt.number(value) == fmt.NO_DATA
    assert fmt.percent(value) == fmt.NO_DATA
    assert fmt.duration(value) == fmt.NO_DATA
    assert fmt.compact(value) == fmt.NO_DATA
    assert fmt.availability(value) == fmt.NO_DATA
    assert fmt.quantity(value, "s") == (fmt.NO_DATA, "")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.31, "0.31"), (1.42, "1.42"), (21.6, "21.6"), (97.84, "97.8"), (184.4, "184"), (48_212, "48,212"),
     (0.004, "0.00"), (-920.25, f"{fmt.MINUS}920"), (-0.0001, "0.00")],
)  # fmt: skip
def test_decimals_follow_the_magnitude(value: float, text: str) -> None:
    assert fmt.number(value) == text


@given(finite)
def test_a_number_reads_back_within_its_last_digit(value: float) -> None:
    text = fmt.number(value)
    read = float(text.replace(",", "").replace(fmt.MINUS, "-"))
    assert math.isclose(read, value, rel_tol=0.006, abs_tol=0.005001)


@given(st.floats(min_value=0, max_value=1, exclude_max=True))
def test_availability_is_never_rounded_up(ratio: float) -> None:
    shown = float(plain(fmt.availability(ratio)).removesuffix(" %"))
    assert shown < 100
    assert shown <= ratio * 100 + 1e-6
    assert shown >= ratio * 100 - 0.00101


@pytest.mark.parametrize(
    ("ratio", "text"), [(1, "100.000 %"), (0.999999999, "99.999 %"), (0.29, "29.000 %"), (0.999824, "99.982 %")]
)
def test_only_a_perfect_record_is_one_hundred(ratio: float, text: str) -> None:
    assert plain(fmt.availability(ratio)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 ms"), (0.42, "420 ms"), (0.9996, "1.0 s"), (3.94, "3.9 s"), (12, "12 s"), (59.96, "1 min"), (89, "1 min"),
     (1740, "29 min"), (3599, "1 h"), (3900, "1 h 5 min"), (86_400, "1 d"), (183_600, "2 d 3 h"), (-90, "\u22122 min")],
)  # fmt: skip
def test_durations_are_said_in_their_largest_units(seconds: float, text: str) -> None:
    assert plain(fmt.duration(seconds)) == text


@given(st.floats(min_value=0.001, max_value=1e7))
def test_a_duration_reads_back_within_four_percent(seconds: float) -> None:
    sizes = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86_400}
    words = plain(fmt.duration(seconds)).replace(",", "").split()
    read = sum(float(number) * sizes[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    assume(seconds > 0.012)
    assert math.isclose(read, seconds, rel_tol=0.51 if seconds < 120 and read >= 60 else 0.04)


@pytest.mark.parametrize(
    ("ago", "text"),
    [(0, "0 s ago"), (4.9, "4 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "1 h ago"),
     (200_000, "2 d ago"), (-3, "0 s ago"), (-300, "5 min ahead of our clock")],
)  # fmt: skip
def test_ages_are_cut_off_and_a_fast_clock_is_said(ago: float, text: str) -> None:
    assert plain(fmt.age(NOON - timedelta(seconds=ago), NOON)) == text


def test_an_age_without_an_instant_is_no_data() -> None:
    assert fmt.age(None, NOON) == fmt.NO_DATA
    assert fmt.instant(None) == fmt.NO_DATA


def test_instants_are_shown_in_utc_wherever_they_come_from() -> None:
    there = datetime(2026, 11, 25, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert plain(fmt.instant(there)) == "24 Nov 2026, 23:30 UTC"
    assert fmt.iso(there) == "2026-11-24T23:30:00Z"


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        fmt.instant(NOON.replace(tzinfo=None))


def test_periods_name_their_dates_only_across_midnight() -> None:
    same = fmt.period(NOON, NOON + timedelta(minutes=29))
    until_midnight = fmt.period(NOON, NOON + timedelta(hours=12))
    over = fmt.period(NOON, NOON + timedelta(hours=13))
    assert plain(same) == "12:00 \u2013 12:29 UTC"
    assert plain(until_midnight) == "12:00 \u2013 00:00 UTC"
    assert plain(over) == "24 Nov, 12:00 \u2013 25 Nov, 01:00 UTC"
    assert plain(fmt.period(NOON, None)) == "since 24 Nov 2026, 12:00 UTC"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (48_212, "48,212"), (1_204_000, "1.2 M"), (3.2e9, "3.2 G"), (-5e12, "\u22125.0 T")]
)
def test_compact_numbers_stay_readable(value: float, text: str) -> None:
    assert plain(fmt.compact(value)) == text


def test_counted_nouns_agree_with_their_number() -> None:
    assert plain(fmt.plural(1, "play")) == "1 play"
    assert plain(fmt.plural(48_212, "play")) == "48,212 plays"
    assert plain(fmt.plural(2, "entry", "entries")) == "2 entries"


@pytest.mark.parametrize(
    ("name", "letters"), [("Mara Okafor", "MO"), ("Studio", "S"), ("a b c", "AC"), ("  ", "?"), ("(x) Éva", "É")]
)
def test_initials_are_two_letters_at_most(name: str, letters: str) -> None:
    assert fmt.initials(name) == letters

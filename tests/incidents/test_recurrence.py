import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incidents.recurrence import after, check_rule, instant, wall, zone
from services.kernel.errors import Invalid

pytestmark = pytest.mark.capability("STATUS-7")

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def starts(rule: str, first: str, place: ZoneInfo, count: int) -> list[str]:
    plain = check_rule(rule, wall(first), place)
    return [instant(at, place).strftime("%m-%d %H:%M") for at in after(plain, wall(first), None, count)]


def test_a_weekly_window_keeps_its_wall_time_across_the_end_of_summer_time() -> None:
    assert starts("FREQ=WEEKLY;BYDAY=SU", "2026-10-18T03:30", BERLIN, 3) == [
        "10-18 01:30",
        "10-25 02:30",
        "11-01 02:30",
    ]


def test_a_weekly_window_keeps_its_wall_time_across_the_begin_of_summer_time() -> None:
    assert starts("FREQ=WEEKLY;BYDAY=SU", "2026-03-22T03:30", BERLIN, 3) == [
        "03-22 02:30",
        "03-29 01:30",
        "04-05 01:30",
    ]


def test_a_wall_time_that_is_skipped_moves_forward_by_the_gap() -> None:
    assert instant(wall("2026-03-29T02:30"), BERLIN).astimezone(BERLIN).strftime("%H:%M") == "03:30"
    assert instant(wall("2026-03-08T02:30"), NEW_YORK) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_a_wall_time_that_comes_twice_is_taken_the_first_time() -> None:
    assert instant(wall("2026-10-25T02:30"), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert instant(wall("2026-11-01T01:30"), NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_the_last_friday_of_a_month_is_found() -> None:
    assert starts("RRULE:FREQ=MONTHLY;BYDAY=-1FR", "2026-11-27T22:00", BERLIN, 3) == [
        "11-27 21:00",
        "12-25 21:00",
        "01-29 21:00",
    ]


def test_a_day_that_a_month_does_not_have_is_left_out() -> None:
    assert starts("FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31T00:00", ZoneInfo("UTC"), 3) == [
        "01-31 00:00",
        "03-31 00:00",
        "05-31 00:00",
    ]


def test_an_end_given_as_an_instant_is_counted_in_wall_time() -> None:
    rule = check_rule("FREQ=DAILY;UNTIL=20260702T010000Z", wall("2026-07-01T03:00"), BERLIN)
    assert rule == "FREQ=DAILY;UNTIL=20260702T030000"
    assert len(after(rule, wall("2026-07-01T03:00"), None, 9)) == 2


def test_a_rule_with_an_end_ends() -> None:
    rule = check_rule("FREQ=WEEKLY;COUNT=2", wall("2026-11-29T03:00"), BERLIN)
    assert len(after(rule, wall("2026-11-29T03:00"), None, 9)) == 2
    assert after(rule, wall("2026-11-29T03:00"), wall("2026-12-06T03:00"), 1) == []


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "every sunday",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1,2",
        "FREQ=DAILY;BYMINUTE=*",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=20200101",
        "FREQ=DAILY;UNTIL=20269999T000000Z",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=9",
        "FREQ=DAILY\nRRULE:FREQ=SECONDLY",
        "FREQ=DAILY;X-EVIL=1",
        "FREQ=DAILY;" + "BYDAY=MO," * 100,
    ],
)
def test_a_rule_that_is_none_too_dense_or_never_happens_is_refused(rule: str) -> None:
    with pytest.raises(Invalid):
        check_rule(rule, wall("2026-11-29T03:00"), BERLIN)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "Europe/../UTC", "CET\x00", "a" * 400])
def test_a_time_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        zone(name)


@given(st.text(max_size=80))
def test_whatever_is_written_as_a_rule_is_taken_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        check_rule(text, wall("2026-11-29T03:00"), BERLIN)

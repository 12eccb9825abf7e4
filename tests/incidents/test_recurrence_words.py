"""Rules in words: what is said is exactly what happens, and what cannot be said is shown as it is."""

import itertools
from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from services.incidents.recurrence import after, check_rule, wall
from services.incidents.recurrence_words import in_words

pytestmark = pytest.mark.capability("STATUS-7")

FIRST = "2026-11-24T02:00"  # a Tuesday
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day at 02:00, Europe/Berlin"),
        ("FREQ=DAILY;INTERVAL=3", "every 3 days at 02:00, Europe/Berlin, from 24 November 2026"),
        ("FREQ=WEEKLY", "every Tuesday at 02:00, Europe/Berlin"),
        ("FREQ=WEEKLY;BYDAY=TU;BYHOUR=4;BYMINUTE=30", "every Tuesday at 04:30, Europe/Berlin"),
        ("FREQ=WEEKLY;BYDAY=SA,MO,WE", "every Monday, Wednesday and Saturday at 02:00, Europe/Berlin"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every day from Monday to Friday at 02:00, Europe/Berlin"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
         "every 2 weeks on Sunday at 02:00, Europe/Berlin, from 29 November 2026"),
        ("FREQ=WEEKLY;COUNT=10", "every Tuesday at 02:00, Europe/Berlin, 10 times in all"),
        ("FREQ=WEEKLY;BYMONTH=1,7", "every Tuesday in January and July at 02:00, Europe/Berlin"),
        ("FREQ=DAILY;UNTIL=20261231", "every day at 02:00, Europe/Berlin, until 30 December 2026"),
        ("FREQ=DAILY;UNTIL=20261231T020000", "every day at 02:00, Europe/Berlin, until 31 December 2026"),
        ("FREQ=MONTHLY", "on the 24th of every month at 02:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "on the last day of every month at 02:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "on the 1st and 15th of every month at 02:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYDAY=2SU", "on the second Sunday of every month at 02:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYDAY=1TU,3TU", "on the first and third Tuesday of every month at 02:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
         "on the last weekday (Monday to Friday) of every month at 02:00, Europe/Berlin"),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR",
         "every 3 months on the last Friday at 02:00, Europe/Berlin, from 27 November 2026"),
        ("FREQ=YEARLY", "every year on 24 November at 02:00, Europe/Berlin"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=1SU", "every year on the first Sunday of March at 02:00, Europe/Berlin"),
    ],
)  # fmt: skip
def test_a_rule_is_told_in_words(rule: str, words: str) -> None:
    assert in_words(rule, FIRST, BERLIN) == words


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYMONTHDAY=31",  # most months have one, and February never
        "FREQ=MONTHLY;BYDAY=5MO",
        "FREQ=MONTHLY;BYDAY=-2FR",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=2",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTHDAY=1",
        "FREQ=DAILY;BYMONTHDAY=1,2;BYDAY=MO",
    ],
)
def test_a_rule_without_exact_words_is_shown_itself(rule: str) -> None:
    assert in_words(rule, FIRST, BERLIN) == f"{rule}, from 2026-11-24 02:00, Europe/Berlin"


def test_rules_with_the_same_words_happen_at_the_same_times() -> None:
    choices = {
        "FREQ": ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"],
        "INTERVAL": ["", "2"],
        "BYDAY": ["", "TU", "SU,MO", "MO,TU,WE,TH,FR", "1SU", "-1FR", "2TU,4TU", "5MO"],
        "BYMONTHDAY": ["", "1", "24", "-1", "31"],
        "BYMONTH": ["", "3", "11,2"],
        "BYSETPOS": ["", "1", "-1"],
        "WKST": ["", "SU"],
    }
    first, times = wall(FIRST), defaultdict[str, dict[tuple[datetime, ...], str]](dict)
    said = 0
    for values in itertools.product(*choices.values()):
        rule = ";".join(f"{name}={value}" for name, value in zip(choices, values, strict=True) if value)
        words = in_words(rule, FIRST, BERLIN)
        if not words.startswith("FREQ"):
            said += 1
            times[words][tuple(after(check_rule(rule, first, ZoneInfo(BERLIN)), first, None, 15))] = rule
    assert said > 100
    assert [found for found in times.values() if len(found) > 1] == []

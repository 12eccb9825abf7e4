import random
from datetime import UTC, datetime, timedelta

import pytest

from demo.rhythm import Conditions, Rhythm

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def plays(rhythm: Rhythm, from_at: datetime, hours: float) -> list[datetime]:
    return list(rhythm.starts(from_at, from_at + timedelta(hours=hours), random.Random(1)))


def test_the_evening_is_busier_than_the_night() -> None:
    rhythm = Rhythm(plays_a_day=20_000)
    assert len(plays(rhythm, MONDAY + timedelta(hours=19), 2)) > 6 * len(plays(rhythm, MONDAY + timedelta(hours=3), 2))


def test_saturday_is_busier_than_tuesday() -> None:
    rhythm = Rhythm(plays_a_day=20_000)
    tuesdays = sum(len(plays(rhythm, MONDAY + timedelta(days=1, weeks=w), 24)) for w in range(4))
    saturdays = sum(len(plays(rhythm, MONDAY + timedelta(days=5, weeks=w), 24)) for w in range(4))
    assert 1.2 < saturdays / tuesdays < 1.6


def test_a_week_has_about_the_plays_that_were_asked_for() -> None:
    rhythm = Rhythm(plays_a_day=1_000)
    assert 7_000 * 0.8 < len(plays(rhythm, MONDAY, 24 * 7)) < 7_000 * 1.2


def test_starts_lie_in_their_span_in_order() -> None:
    found = plays(Rhythm(), MONDAY, 24)
    assert found == sorted(found)
    assert found[0] >= MONDAY
    assert found[-1] < MONDAY + timedelta(days=1)


def test_the_same_seed_gives_the_same_past_and_another_seed_another() -> None:
    days = [MONDAY.date() + timedelta(days=n) for n in range(200)]
    assert [Rhythm(seed=3).spells(d) for d in days] == [Rhythm(seed=3).spells(d) for d in days]
    assert [Rhythm(seed=3).spells(d) for d in days] != [Rhythm(seed=4).spells(d) for d in days]


def test_bad_spells_are_seldom_and_make_starts_slow_and_stalls_many() -> None:
    rhythm = Rhythm()
    spells = [s for n in range(300) for s in rhythm.spells(MONDAY.date() - timedelta(days=n))]
    assert 12 <= len(spells) <= 60
    for spell in spells:
        middle = spell.starts_at + (spell.ends_at - spell.starts_at) / 2
        assert rhythm.conditions(middle) == spell.conditions
        assert spell.conditions.start_factor > 1.5
        assert spell.conditions.stall_factor > 2
        assert timedelta(minutes=15) < spell.ends_at - spell.starts_at <= timedelta(hours=4)


def test_a_spell_that_crosses_midnight_holds_on_the_next_day() -> None:
    rhythm = Rhythm()
    days = (MONDAY.date() - timedelta(days=n) for n in range(4_000))
    crossing = next(s for d in days for s in rhythm.spells(d) if s.ends_at.date() > s.starts_at.date())
    assert rhythm.conditions(crossing.ends_at - timedelta(seconds=1)) == crossing.conditions
    assert rhythm.conditions(crossing.ends_at) == Conditions()


@pytest.mark.parametrize("hour", range(24))
def test_somebody_watches_at_every_hour(hour: int) -> None:
    assert Rhythm().plays_per_second(MONDAY + timedelta(hours=hour)) > 0

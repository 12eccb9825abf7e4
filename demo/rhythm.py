"""When people watch, and when things go badly: the demo's day, week and bad spells, as functions of the instant alone.

The same seed gives the same history however often it is asked, so history made in pieces fits together.
"""

import functools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_HOURS = (0.42, 0.28, 0.19, 0.14, 0.13, 0.17, 0.28, 0.45, 0.60, 0.68, 0.74, 0.82,
          0.95, 0.93, 0.86, 0.85, 0.92, 1.10, 1.38, 1.70, 1.92, 1.86, 1.42, 0.86)  # fmt: skip
"""Plays by hour of the day (UTC), as multiples of the mean: lunch is a hill, the evening a mountain."""
_WEEKDAYS = (0.90, 0.88, 0.92, 0.96, 1.08, 1.18, 1.08)
_HOUR_MEAN = sum(_HOURS) / len(_HOURS)
_SPELLS_A_DAY = 0.11
_STEADY = timedelta(minutes=10)
_SLOW_WAVE_DAYS, _SLOW_WAVE = 41.0, 0.12


@dataclass(frozen=True, slots=True)
class Conditions:
    """How well playback goes: factors above zero on the usual start-up time and on the usual rate of stalls."""

    start_factor: float = 1.0
    stall_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time in which something was wrong."""

    starts_at: datetime
    ends_at: datetime
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The demo audience.

    Units: plays a day, on average.
    """

    seed: int = 7
    plays_a_day: float = 1_500.0

    def plays_per_second(self, at: datetime) -> float:
        """How many plays begin each second around an instant."""
        hour = at.hour + at.minute / 60 + at.second / 3_600 - 0.5
        before = math.floor(hour)
        share = hour - before
        of_day = _HOURS[before % 24] * (1 - share) + _HOURS[(before + 1) % 24] * share
        wave = 1 + _SLOW_WAVE * math.sin(2 * math.pi * at.toordinal() / _SLOW_WAVE_DAYS)
        usual = self.plays_a_day / 86_400 * of_day / _HOUR_MEAN * _WEEKDAYS[at.weekday()] * wave
        return usual * _luck(self.seed, at.date())

    def conditions(self, at: datetime) -> Conditions:
        """How well playback goes at an instant."""
        for day in (at.date() - timedelta(days=1), at.date()):
            for spell in self.spells(day):
                if spell.starts_at <= at < spell.ends_at:
                    return spell.conditions
        return Conditions()

    def spells(self, day: date) -> tuple[Spell, ...]:
        """The bad spells that begin on a day; most days have none."""
        return _spells(self.seed, day)

    def starts(self, from_at: datetime, until_at: datetime, chance: random.Random) -> Iterator[datetime]:
        """Yield the instants within a half-open span at which plays begin: a Poisson process, steady for minutes."""
        at = from_at
        while at < until_at:
            ends_at = min(until_at, at + _STEADY)
            rate = self.plays_per_second(at + (ends_at - at) / 2)
            at += timedelta(seconds=chance.expovariate(rate))
            while at < ends_at:
                yield at
                at += timedelta(seconds=chance.expovariate(rate))
            at = ends_at


@functools.lru_cache(400)
def _luck(seed: int, day: date) -> float:
    return min(1.5, _of_day(seed, day, "luck").lognormvariate(0, 0.07))


@functools.lru_cache(400)
def _spells(seed: int, day: date) -> tuple[Spell, ...]:
    chance = _of_day(seed, day, "spells")
    if chance.random() >= _SPELLS_A_DAY:
        return ()
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=chance.uniform(0, 1_440))
    length = timedelta(minutes=min(240.0, 18 + chance.expovariate(1 / 40)))
    return (Spell(begins, begins + length, Conditions(chance.uniform(1.8, 4.5), chance.uniform(3, 14))),)


def _of_day(seed: int, day: date, purpose: str) -> random.Random:
    return random.Random(f"{seed} {purpose} {day.isoformat()}")  # noqa: S311 -- a simulation, no secret

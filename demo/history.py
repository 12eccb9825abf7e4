"""The demo's past: ninety days of plays, orders and payouts, told by the verb that takes every other measurement.

Each day is one call and thereby one transaction, and a day that has demo measurements is not told again. A run that was
killed half-way is hence finished by the next one, and nothing is counted twice.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import pandas as pd

from demo.orders import order_observations, payout_observations
from demo.plays import SimulatedPlay, simulate
from demo.rhythm import Rhythm
from demo.titles import DURATION_SECONDS, RECIPES
from services.kernel.clock import to_epoch_ms
from services.kernel.context import Actor, JobActor
from services.metrics.catalogue import JOIN_TIME, Dimensions, Observation
from services.metrics.cmcd import PlayEvent
from services.metrics.ports import Window
from services.metrics.sessions import Folding, PlaySession

DAYS: Final = 90
HISTORIAN: Final = JobActor("demo.history", frozenset({"metrics.record", "metrics.read"}))
_DAY = timedelta(days=1)


class Record(Protocol):
    """The verb that writes measurements at their own instants."""

    def record_observations(self, actor: Actor, observations: Sequence[Observation]) -> None:
        """Write observations."""
        ...


class Told(Protocol):
    """The question which days have measurements."""

    def series(
        self,
        actor: Actor,
        metrics: Sequence[str],
        window: Window,
        grain_seconds: int,
        *,
        quantile: float | None = None,
        where: Mapping[str, str] | None = None,
    ) -> pd.DataFrame:
        """Return metrics over time."""
        ...


def tell_history(
    record: Record,
    told: Told,
    now: datetime,
    say: Callable[[str], None],
    *,
    days: int = DAYS,
    rhythm: Rhythm | None = None,
    rest: Callable[[float], bool] = lambda _seconds: False,
) -> int:
    """Tell the last days up to now, as far as they are not told yet; return how many plays that were.

    SQLite has one writer, and those who wait for it are not served in turn: after each day, `rest` waits for as long as
    the day's writing took, so that what comes from outside is let in. Where it says true, telling ends there.

    Units: rest takes seconds.

    Raises: Unavailable where the database does not take them; what was told before stays.
    """
    audience = rhythm or Rhythm()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    wanted = [today - _DAY * back for back in range(days, -1, -1)]
    known = _days_told(told, Window(wanted[0], today + _DAY))
    # The newest day first: it is what the headline shows.
    missing = [day for day in reversed(wanted) if day not in known]
    if missing:
        say(f"history: {len(missing)} of {len(wanted)} days are to be told …")
    plays = 0
    for number, day in enumerate(missing, 1):
        until_at = min(day + _DAY, now)
        observations, of_day = day_observations(audience, day, until_at)
        share = audience.plays_a_day / Rhythm().plays_a_day
        observations += [*order_observations(now, day, until_at, share), *payout_observations(day, until_at)]
        began = time.monotonic()
        record.record_observations(HISTORIAN, observations)
        plays += of_day
        if rest(time.monotonic() - began):
            return plays
        if number % 15 == 0 or number == len(missing):
            say(f"history: {number} of {len(missing)} days, {plays:,} plays")
    return plays


def day_observations(rhythm: Rhythm, day: datetime, until_at: datetime) -> tuple[list[Observation], int]:
    """Return what is measured of the plays that begin and end within a day up to an instant, and how many they are."""
    chance = random.Random(f"{rhythm.seed} past {day.date().isoformat()}")  # noqa: S311 -- a simulation, no secret
    titles = [recipe.slug for recipe in RECIPES]
    observations: list[Observation] = []
    plays = 0
    for starts_at in rhythm.starts(day, day + _DAY, chance):
        play = simulate(
            chance,
            starts_at,
            rhythm.conditions(starts_at),
            titles=titles,
            duration_ms=DURATION_SECONDS * 1_000,
            periodic=False,
        )
        if starts_at + timedelta(milliseconds=play.events[-1].offset_ms) < until_at:
            observations += play_observations(play)
            plays += 1
    return observations, plays


def play_observations(play: SimulatedPlay) -> list[Observation]:
    """Return what the metrics' own arithmetic makes of a play's reports, as if all had arrived at its end."""
    began_ms = to_epoch_ms(play.begins_at)
    session = PlaySession(Dimensions(origin="demo", player=play.player, stream="hls"), began_ms, began_ms)
    folding = Folding(session, began_ms + play.events[-1].offset_ms, Counter())
    for number, event in enumerate(play.events):
        folding.take(PlayEvent("", number, began_ms + event.offset_ms, event.kind, event.state))
    return folding.finish()


def _days_told(told: Told, window: Window) -> set[datetime]:
    rows = told.series(HISTORIAN, [JOIN_TIME.name], window, int(_DAY.total_seconds()), where={"origin": "demo"})
    return {at.to_pydatetime() for at in rows.loc[rows["count"] > 0, "starts_at"]}

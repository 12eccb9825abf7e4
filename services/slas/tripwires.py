"""Trip-wires: what finds an outage within a minute, with few events, or where nothing arrives at all. Pure.

They need no history: all of the last events failed, or nothing comes at an hour at which something always came.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from services.slas.agreements import Agreement
from services.slas.timeline import NOTHING, Counted, Tally

DAY: Final = 86_400
RECENT_SECONDS: Final = 300
"""How far back the trip-wire looks at what single ticks counted."""
SHARE_SECONDS: Final = 120
SILENT_AT_LEAST_SECONDS: Final = 60
QUIET_EVENTS, SILENT_EVENTS = 12.0, 25.0
"""How many events would have come by the quietest of the last weeks, until silence is remarkable, and until it is a
breach: none of 25 where 25 are usual comes about by chance once in 72 billion times."""
_WEEK: Final = 7 * DAY
_WEEKS_KNOWN_MIN: Final = 2

Expected = Callable[[float, float], float | None]
"""How many events usually come at the least in a span; nothing where less than two weeks tell."""


class Slot(NamedTuple):
    """What was counted between two ticks; `ends` is the second tick."""

    ends: float
    counted: Counted


class Tripped(NamedTuple):
    """A trip-wire that fires: since when by the data, and why in words."""

    rule: str
    since: float
    explanation: str


class Silence(NamedTuple):
    """How long nothing has come, and how many events usually would have at the least."""

    seconds: float
    expected: float

    @property
    def remarkable(self) -> bool:
        """Whether it can no longer be called usual."""
        return self.seconds >= SILENT_AT_LEAST_SECONDS and self.expected >= QUIET_EVENTS

    @property
    def broken(self) -> bool:
        """Whether it is a breach."""
        return self.seconds >= SILENT_AT_LEAST_SECONDS and self.expected >= SILENT_EVENTS


def failing(agreement: Agreement, slots: Sequence[Slot], tally: Tally, now: float, since: float) -> Tripped | None:
    """Return the trip-wire that fires on events since an instant, such as the end of the last breach, or nothing."""
    return (
        _row_of_slots(agreement, slots, since, now)
        or _share(agreement, slots, since, now)
        or _row(agreement, tally, since, now)
    )


def _row_of_slots(agreement: Agreement, slots: Sequence[Slot], since: float, now: float) -> Tripped | None:
    """All of the last events failed, to the precision of a tick."""
    run, began = NOTHING, now
    for index in range(len(slots) - 1, -1, -1):
        slot = slots[index]
        if slot.counted.good > 0 or slot.ends <= max(since, now - RECENT_SECONDS):
            break
        run, began = run.plus(slot.counted), slots[index - 1].ends if index else slot.ends
    if run.bad + run.left < agreement.caution.all_bad:
        return None
    return Tripped(
        "all_failing", began, f"All of the last {_amount(agreement, run)} failed, within {now - began:.0f} s."
    )


def _share(agreement: Agreement, slots: Sequence[Slot], since: float, now: float) -> Tripped | None:
    """Nearly all of what came within two minutes failed."""
    lately = [slot for slot in slots if slot.ends > max(since, now - SHARE_SECONDS)]
    whole = NOTHING
    for slot in lately:
        whole = whole.plus(slot.counted)
    caution = agreement.caution
    if whole.bad < caution.trip_bad or whole.bad < caution.trip_share * whole.total:
        return None
    share = f"{100 * whole.bad / whole.total:.0f} % of {_number(whole.total)} {agreement.event_unit}"
    return Tripped("most_failing", max(since, now - SHARE_SECONDS), f"{share} failed within {SHARE_SECONDS} s.")


def _row(agreement: Agreement, tally: Tally, since: float, now: float) -> Tripped | None:
    """However few there are, all of the last ones failed, within a day."""
    run, began = tally.bad_run(max(since, now - DAY), now)
    if run.bad < agreement.caution.all_bad:
        return None
    return Tripped("all_failing", began, f"All of the last {_amount(agreement, run)} failed; there was no good one.")


def _amount(agreement: Agreement, run: Counted) -> str:
    left = f" and {_number(run.left)} left before the start" if run.left else ""
    return f"{_number(run.bad)} {agreement.event_unit}{left}"


def _number(value: float) -> str:
    return f"{value:,.0f}"


def silence(newest: float | None, watching_since: float, now: float, expected: Expected) -> Silence | None:
    """Return how silent it is, as far as we were watching; nothing where nobody can tell what is usual."""
    began = max(newest if newest is not None else watching_since, watching_since)
    if began >= now:
        return Silence(0.0, 0.0)
    usual = expected(began, now)
    return None if usual is None else Silence(now - began, usual)


def usual_at_least(past: Callable[[float, float], float], history_since: float | None) -> Expected:
    """Return what usually comes at the least: the quietest of the same hours of up to four weeks before.

    `past` answers how many events came in a span that lies weeks back.
    """

    def expected(starts: float, ends: float) -> float | None:
        known = [
            past(starts - week * _WEEK, ends - week * _WEEK)
            for week in range(1, 5)
            if history_since is not None and history_since <= starts - week * _WEEK
        ]
        return min(known) if len(known) >= _WEEKS_KNOWN_MIN else None

    return expected

"""What surfaces read of service level agreements: the arithmetic with its raw counts, frozen."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class SlaState(StrEnum):
    """How an agreement stands."""

    HEALTHY = "healthy"
    BREACHED = "breached"
    """A burn-rate rule or a trip-wire fires."""
    EXHAUSTED = "exhausted"
    """No rule fires, and the window's budget is used up."""
    FEW_EVENTS = "few_events"
    """Too few events in the window to judge."""
    NO_DATA = "no_data"
    UNKNOWN = "unknown"
    """We cannot look, have not looked lately, or nothing arrives where usually something does: neither good nor bad."""


@dataclass(frozen=True, slots=True)
class BurnView:
    """One pair of windows of the multi-window burn-rate rule.

    It fires where both burns are above `factor`. `ready` is false before a full long window of history exists. A burn
    is nothing where its window has no events. `note` says in words where the pair is not as the rule book has it: it
    can never fire at this target, or its factor was raised to one.

    Units: a burn is the share of bad events divided by the share that the target allows.
    """

    name: str
    factor: float
    long_seconds: int
    short_seconds: int
    long_burn: float | None
    short_burn: float | None
    ready: bool
    firing: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class SlaView:
    """One agreement as of now.

    `target_ratio` is the share of good events promised; `promise` says it in words, `policy` says what counts. `good`
    and `total` are the events of the window after exclusions. `budget_left_ratio` is signed: below zero where more went
    wrong than the target allows. `window_filled_ratio` is below one while the history is younger than the window.

    Units: `good` and `total` are in `event_unit` (plays, checkouts, payouts, seconds).
    """

    name: str
    title: str
    promise: str
    policy: str
    figure: str | None
    component_id: str | None
    event_unit: str
    target_ratio: float
    window_seconds: int
    window_filled_ratio: float
    state: SlaState
    good: float
    total: float
    attained_ratio: float | None
    budget_left_ratio: float | None
    excluded_seconds: float
    unknown_seconds: float
    burns: tuple[BurnView, ...]
    breached_since_at: datetime | None
    as_of: datetime
    state_reason: str = ""
    """Why the state is what it is, in words."""


@dataclass(frozen=True, slots=True)
class BreachView:
    """One breach: which rule found it, when it began by the data, when it was found, when it was over."""

    id: str
    sla: str
    rule: str
    explanation: str
    started_at: datetime
    detected_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExclusionView:
    """A span that the arithmetic leaves out, and why."""

    starts_at: datetime
    ends_at: datetime
    reason: str
    retroactive: bool


@dataclass(frozen=True, slots=True)
class SlaMonthView:
    """One agreement in one calendar month (UTC), as the report prints it."""

    name: str
    title: str
    promise: str
    policy: str
    event_unit: str
    month: date
    target_ratio: float
    good: float
    total: float
    attained_ratio: float | None
    met: bool | None
    exclusions: tuple[ExclusionView, ...]
    unknown_seconds: float
    breaches: tuple[BreachView, ...]
    complete: bool

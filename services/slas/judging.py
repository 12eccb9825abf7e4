"""How an agreement stands at an instant, by all its rules together. Pure: counts in, judgement out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.slas.agreements import Agreement
from services.slas.burn import Burn, burn_rate, judge, pairs_of
from services.slas.timeline import Counted, Tally, Timeline
from services.slas.tripwires import Expected, Silence, Slot, failing, silence
from services.slas.views import SlaState

RANKS: Final = (
    "nothing_arrives", "all_failing", "most_failing", "fast", "steady", "slow", "creeping",
    "part_fast", "part_steady",
)  # fmt: skip
"""Every rule, the worst first."""
_IMPACT: Final = {"nothing_arrives": "critical", "all_failing": "critical", "most_failing": "critical"}
_ORDER: Final = ("minor", "major", "critical")
_PART_PAIRS: Final = 2
_WHOLE_SHARE: Final = 0.9
"""A part with more of all events than this is the whole itself."""
_SHOWN_BURN_MAX: Final = 999


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a judgement looks at.

    `history_since` is since when events are recorded, `watching_since` since when we look without a gap, `recovered`
    when the last breach was over. `slots` are what single ticks counted lately, the newest last. `parts` are single
    parts of the whole by name.
    """

    tally: Tally
    now: float
    history_since: float | None
    watching_since: float
    recovered: float = 0.0
    slots: Sequence[Slot] = ()
    newest: float | None = None
    expected: Expected | None = None
    parts: Mapping[str, Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that fires: with which impact, since when by the data, and the numbers that decided."""

    rule: str
    impact: str
    since: float
    explanation: str
    part: str = ""

    @property
    def rank(self) -> int:
        """How bad it is; 0 is the worst."""
        return RANKS.index(self.rule)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How an agreement stands: the window's counts, its burns, and the rules that fire, the worst first."""

    state: SlaState
    reason: str
    window: Counted
    filled_ratio: float
    burns: tuple[Burn, ...]
    firings: tuple[Firing, ...]
    silence: Silence | None = None

    @property
    def worst(self) -> Firing | None:
        """The worst rule that fires."""
        return self.firings[0] if self.firings else None


def judge_agreement(agreement: Agreement, evidence: Evidence) -> Judgement:
    """Return how an agreement stands."""
    now, tally = evidence.now, evidence.tally
    window = tally.between(now - agreement.window_seconds, now)
    burns = tuple(
        judge(pair, agreement, tally, now, history_since=evidence.history_since, recovered=evidence.recovered)
        for pair in pairs_of(agreement)
    )
    quiet = None
    if agreement.caution.expects_events and evidence.expected is not None:
        quiet = silence(evidence.newest, evidence.watching_since, now, evidence.expected)
    firings = [_burning(agreement, burn, evidence) for burn in burns if burn.firing]
    firings += _tripped(agreement, evidence, quiet)
    firings += _parts(agreement, evidence)
    firings.sort(key=lambda f: f.rank)
    state, reason = _state(agreement, window, firings, quiet)
    since = evidence.history_since
    filled = 0.0 if since is None else min(1.0, max(0.0, now - since) / agreement.window_seconds)
    return Judgement(state, reason, window, filled, burns, tuple(firings), quiet)


def budget_left(agreement: Agreement, window: Counted) -> float | None:
    """Return the share of the allowance that is left, below zero where more went wrong than is allowed."""
    burned = burn_rate(window, agreement.allowed_ratio)
    return None if burned is None else 1 - burned


def enough(agreement: Agreement, window: Counted) -> bool:
    """Tell whether there are enough events to judge the window."""
    return window.samples >= agreement.caution.minimum_events


def _state(
    agreement: Agreement, window: Counted, firings: Sequence[Firing], quiet: Silence | None
) -> tuple[SlaState, str]:
    if firings:
        return SlaState.BREACHED, firings[0].explanation
    if quiet is not None and quiet.remarkable:
        said = f"Nothing has come for {_span(quiet.seconds)}; at this hour at least {quiet.expected:.0f} usually would."
        return SlaState.UNKNOWN, said
    if window.total <= 0:
        return SlaState.NO_DATA, "Nothing was counted within the window: nothing of nothing is no data."
    if not enough(agreement, window):
        least = f"{agreement.caution.minimum_events:.0f}"
        return SlaState.FEW_EVENTS, f"Fewer than {least} {_sample_noun(agreement)} within the window are not judged."
    left = budget_left(agreement, window)
    if left is not None and left <= 0:
        return SlaState.EXHAUSTED, "More went wrong within the window than the target allows."
    return SlaState.HEALTHY, "No rule fires."


def _burning(
    agreement: Agreement, burn: Burn, evidence: Evidence, part: str = "", tally: Tally | None = None
) -> Firing:
    pair = burn.pair
    since = (tally or evidence.tally).worst_since(
        max(evidence.now - pair.long_seconds, evidence.recovered), evidence.now, pair.factor * agreement.allowed_ratio
    )
    counted = f"{amount(agreement, burn.long.bad)} of {amount(agreement, burn.long.total)} {agreement.event_unit}"
    explanation = (
        f"{f'In {part}: ' if part else ''}{counted} were bad within {_span(pair.long_seconds)}: the allowance burns "
        f"{_times(burn.long_burn)} as fast as promised, and {_times(burn.short_burn)} within the last "
        f"{_span(pair.short_seconds)}; the rule fires above {pair.factor:.1f}."
    )
    rule = f"part_{pair.name}" if part else pair.name
    impact = "minor" if part else _capped(pair.impact, agreement.impact)
    return Firing(rule, impact, since, explanation, part)


def _tripped(agreement: Agreement, evidence: Evidence, quiet: Silence | None) -> list[Firing]:
    found = []
    if quiet is not None and quiet.broken:
        explanation = (
            f"Nothing has come for {_span(quiet.seconds)}, where by the quietest of the weeks before at least "
            f"{quiet.expected:.0f} {agreement.event_unit} would have."
        )
        since = evidence.now - quiet.seconds
        found.append(Firing("nothing_arrives", _capped("critical", agreement.impact), since, explanation))
    tripped = failing(agreement, evidence.slots, evidence.tally, evidence.now, evidence.recovered)
    if tripped is not None:
        impact = _capped(_IMPACT[tripped.rule], agreement.impact)
        found.append(Firing(tripped.rule, impact, tripped.since, tripped.explanation))
    return found


def _parts(agreement: Agreement, evidence: Evidence) -> list[Firing]:
    """Judge single parts of the whole by the two fastest pairs, from more events than the whole needs."""
    caution, now = agreement.caution, evidence.now
    found = []
    for part, tally in sorted(evidence.parts.items()):
        for pair in pairs_of(agreement)[:_PART_PAIRS]:
            whole = evidence.tally.between(now - pair.long_seconds, now)
            burn = judge(
                pair,
                agreement,
                tally,
                now,
                history_since=evidence.history_since,
                recovered=evidence.recovered,
                minimum=(caution.part_minimum_events, caution.part_minimum_bad),
            )
            if burn.firing and burn.long.samples <= _WHOLE_SHARE * whole.samples:
                found.append(_burning(agreement, burn, evidence, part, tally))
                break
    return found


def still_burning(agreement: Agreement, rule: str, evidence: Evidence, part: str) -> bool | None:
    """Tell whether the rule's long window is still above its factor; nothing where it has no events to tell by."""
    tally = evidence.parts.get(part, Timeline()) if part else evidence.tally
    name = rule.removeprefix("part_")
    pair = next((p for p in pairs_of(agreement) if p.name == name), None)
    if pair is None:
        return False  # the agreement's window was made shorter than the rule's
    burn = burn_rate(tally.between(evidence.now - pair.long_seconds, evidence.now), agreement.allowed_ratio)
    if burn is None:
        return False if part else None  # a part without events left the whole; the whole without events tells nothing
    return burn > pair.factor


def _capped(impact: str, most: str) -> str:
    return _ORDER[min(_ORDER.index(impact), _ORDER.index(most))]


def _sample_noun(agreement: Agreement) -> str:
    return "seconds" if agreement.recipe is None else "events"


def amount(agreement: Agreement, value: float) -> str:
    """Return a number of events in words."""
    return f"{value:,.1f}" if agreement.timed and value < 100 else f"{value:,.0f}"  # noqa: PLR2004 -- three figures tell


def _times(burn: float | None) -> str:
    return "no data" if burn is None else f"{min(burn, _SHOWN_BURN_MAX):.1f} times"


def _span(seconds: float) -> str:
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}" if seconds % unit < unit / 20 else f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"

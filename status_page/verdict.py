"""The page's first words: the worst of what is known, and never green on what is not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.components.views import ComponentStatus, ComponentView
from services.incidents.views import Impact, IncidentView
from services.metrics.views import FigureState, FigureView
from services.slas.views import SlaState, SlaView
from status_page.state import StatusState
from status_page.wording import listed
from web.ui.theme import State

_UNKNOWN_FIGURES = frozenset({FigureState.FEW_SAMPLES, FigureState.STALE, FigureState.NO_DATA})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is to be said of the whole; a higher weight is said first."""

    weight: int
    words: str
    state: State


def overall(state: StatusState) -> tuple[str, State]:
    """The page's first words: what the worst of everything says, and never green on nothing."""
    if not state.current:
        return "Our measurements cannot be read just now", State.UNKNOWN
    found = max(findings(state), key=lambda finding: finding.weight, default=None)
    if found is not None:
        return found.words, found.state
    return _calm(state)


def findings(state: StatusState) -> Iterator[Finding]:
    """Everything that is wrong, each with its weight."""
    yield from _of_components(state)
    yield from _of_incidents(state.active)
    yield from _of_figures(state.figures)
    yield from _of_agreements(state.slas)


def _of_components(state: StatusState) -> Iterator[Finding]:
    for status, weight, words, look in (
        (ComponentStatus.MAJOR_OUTAGE, 90, ("{} is down", "{} are down"), State.BAD),
        (ComponentStatus.PARTIAL_OUTAGE, 70, ("{} is partly down", "{} are partly down"), State.BAD),
        (ComponentStatus.DEGRADED, 50, ("{} is degraded", "{} are degraded"), State.WARN),
        (ComponentStatus.MAINTENANCE, 20, ("{} is under maintenance", "{} are under maintenance"), State.PLAN),
        (ComponentStatus.UNKNOWN, 25, ("The state of {} is not known",) * 2, State.UNKNOWN),
    ):
        named = [each.name for each in state.components.components if each.status is status]
        count = max(len(named), dict(state.components.counts).get(status, 0))
        if count:
            names = listed(named) if count == len(named) else f"{count:,} components"
            yield Finding(weight, words[count > 1].format(names), look)


def _of_incidents(active: Sequence[IncidentView]) -> Iterator[Finding]:
    weights = {Impact.CRITICAL: 85, Impact.MAJOR: 65, Impact.MINOR: 45}
    looks = {Impact.CRITICAL: State.BAD, Impact.MAJOR: State.BAD, Impact.MINOR: State.WARN}
    for incident in active:
        if incident.kind == "maintenance":
            yield Finding(19, f"Maintenance under way: {incident.name}", State.PLAN)
        elif incident.impact in weights:
            yield Finding(weights[incident.impact], incident.name, looks[incident.impact])


def _of_figures(figures: Sequence[FigureView]) -> Iterator[Finding]:
    missed = [f for f in figures if f.state is FigureState.MISSED]
    if missed:
        words = "misses its target" if len(missed) == 1 else "miss their targets"
        yield Finding(60, f"{_titles(missed)} {words}", State.BAD)
    near = [f for f in figures if f.state is FigureState.NEAR]
    if near:
        yield Finding(40, f"{_titles(near)} {'is' if len(near) == 1 else 'are'} near the limit", State.WARN)


def _of_agreements(slas: Sequence[SlaView]) -> Iterator[Finding]:
    broken = [sla.title for sla in slas if sla.state is SlaState.BREACHED]
    if broken:
        yield Finding(62, f"Service level breached: {listed(broken)}", State.BAD)
    unknown = [sla.title for sla in slas if sla.state is SlaState.UNKNOWN]
    if unknown:
        yield Finding(24, f"It is not known how {listed(unknown)} stands", State.UNKNOWN)
    used_up = [sla.title for sla in slas if sla.state is SlaState.EXHAUSTED]
    if used_up:
        yield Finding(35, f"The error budget is used up: {listed(used_up)}", State.WARN)


def _calm(state: StatusState) -> tuple[str, State]:
    """What is said where nothing is wrong: green only where everything was measured."""
    works = bool(state.components.components or state.components.total)
    met = [f for f in state.figures if f.state is FigureState.MET]
    unknown = [f for f in state.figures if f.state in _UNKNOWN_FIGURES]
    if unknown and (met or works):
        return "What is measured meets its target; not everything is measured", State.UNKNOWN
    if not met and not works:
        return "Not enough measured to judge", State.UNKNOWN
    if works:
        return "Everything works and meets its targets" if met else "Everything works", State.GOOD
    return "All figures meet their targets", State.GOOD


def _titles(figures: Sequence[FigureView]) -> str:
    return " and ".join(f.title for f in figures)


def troubled(components: Sequence[ComponentView]) -> list[ComponentView]:
    """The components that are not well, the worst first."""
    order = [
        ComponentStatus.MAJOR_OUTAGE,
        ComponentStatus.PARTIAL_OUTAGE,
        ComponentStatus.DEGRADED,
        ComponentStatus.UNKNOWN,
        ComponentStatus.MAINTENANCE,
    ]
    wrong = [each for each in components if each.status in order]
    return sorted(wrong, key=lambda each: order.index(each.status))

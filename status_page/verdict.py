"""The page's first words: the worst of what is known, and never green on what is not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.components.views import ComponentStatus, ComponentView
from services.incidents.views import Impact, IncidentView
from services.metrics.views import FigureState, FigureView
from services.slas.views import SlaState, SlaView
from status_page.state import StatusState
from status_page.supplied import said
from status_page.wording import components_counted, listed
from web.ui import fmt
from web.ui.language import _, later_counted, ngettext
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
        return _("Our measurements cannot be read just now"), State.UNKNOWN
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
        (ComponentStatus.MAJOR_OUTAGE, 90, later_counted("{names} is down", "{names} are down"), State.BAD),
        (
            ComponentStatus.PARTIAL_OUTAGE,
            70,
            later_counted("{names} is partly down", "{names} are partly down"),
            State.BAD,
        ),
        (ComponentStatus.DEGRADED, 50, later_counted("{names} is degraded", "{names} are degraded"), State.WARN),
        (
            ComponentStatus.MAINTENANCE,
            20,
            later_counted("{names} is under maintenance", "{names} are under maintenance"),
            State.PLAN,
        ),
        (
            ComponentStatus.UNKNOWN,
            25,
            later_counted("The state of {names} is not known", "The state of {names} is not known"),
            State.UNKNOWN,
        ),
    ):
        named = [each.name for each in state.components.components if each.status is status]
        count = max(len(named), dict(state.components.counts).get(status, 0))
        if count:
            names = listed(named) if count == len(named) else components_counted(count).replace(fmt.NBSP, " ")
            yield Finding(weight, ngettext(*words, count, names=names), look)


def _of_incidents(active: Sequence[IncidentView]) -> Iterator[Finding]:
    weights = {Impact.CRITICAL: 85, Impact.MAJOR: 65, Impact.MINOR: 45}
    looks = {Impact.CRITICAL: State.BAD, Impact.MAJOR: State.BAD, Impact.MINOR: State.WARN}
    for incident in active:
        if incident.kind == "maintenance":
            yield Finding(19, _("Maintenance under way: {name}", name=incident.name), State.PLAN)
        elif incident.impact in weights:
            yield Finding(weights[incident.impact], incident.name, looks[incident.impact])


def _of_figures(figures: Sequence[FigureView]) -> Iterator[Finding]:
    missed = [f for f in figures if f.state is FigureState.MISSED]
    if missed:
        said = ngettext(
            "{titles} misses its target", "{titles} miss their targets", len(missed), titles=_titles(missed)
        )
        yield Finding(60, said, State.BAD)
    near = [f for f in figures if f.state is FigureState.NEAR]
    if near:
        said = ngettext("{titles} is near the limit", "{titles} are near the limit", len(near), titles=_titles(near))
        yield Finding(40, said, State.WARN)


def _of_agreements(slas: Sequence[SlaView]) -> Iterator[Finding]:
    broken = [said(sla.title) for sla in slas if sla.state is SlaState.BREACHED]
    if broken:
        yield Finding(62, _("Service level breached: {titles}", titles=listed(broken)), State.BAD)
    unknown = [said(sla.title) for sla in slas if sla.state is SlaState.UNKNOWN]
    if unknown:
        yield Finding(24, _("It is not known how {titles} stands", titles=listed(unknown)), State.UNKNOWN)
    used_up = [said(sla.title) for sla in slas if sla.state is SlaState.EXHAUSTED]
    if used_up:
        yield Finding(35, _("The error budget is used up: {titles}", titles=listed(used_up)), State.WARN)


def _calm(state: StatusState) -> tuple[str, State]:
    """What is said where nothing is wrong: green only where everything was measured."""
    works = bool(state.components.components or state.components.total)
    met = [f for f in state.figures if f.state is FigureState.MET]
    unknown = [f for f in state.figures if f.state in _UNKNOWN_FIGURES]
    if unknown and (met or works):
        return _("What is measured meets its target; not everything is measured"), State.UNKNOWN
    if not met and not works:
        return _("Not enough measured to judge"), State.UNKNOWN
    if works:
        return _("Everything works and meets its targets") if met else _("Everything works"), State.GOOD
    return _("All figures meet their targets"), State.GOOD


def _titles(figures: Sequence[FigureView]) -> str:
    return listed([said(f.title) for f in figures], most=len(figures))


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

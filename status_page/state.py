"""What the public surface shows, as one value: read together, kept together, shown together."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

from pydantic import TypeAdapter

from services.components.views import ComponentStatus, ComponentsView, ComponentView, DayView, GroupView
from services.incidents.views import IncidentView
from services.metrics.views import FigureView
from services.slas.views import SlaView

NEVER = datetime.min.replace(tzinfo=UTC)
RECENT = 50
"""How many of the newest incidents, and of the latest planned maintenance, are part of the state."""


@dataclass(frozen=True, slots=True)
class StatusState:
    """Everything that the first page and the documents for programs say, and when it was true.

    `active` are unresolved incidents and maintenance under way, the worst first; `upcoming` is scheduled maintenance,
    the next first; `incidents` and `maintenances` are the newest of each, ended ones included. Where `current` is
    false, our own database could not be read just now, and all of this is as of `as_of`.
    """

    figures: tuple[FigureView, ...]
    as_of: datetime
    current: bool = True
    components: ComponentsView = field(default_factory=lambda: ComponentsView((), (), NEVER))
    active: tuple[IncidentView, ...] = ()
    upcoming: tuple[IncidentView, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    maintenances: tuple[IncidentView, ...] = ()
    slas: tuple[SlaView, ...] = ()

    def tag(self) -> str:
        """A short word that changes with what a reader is to notice at once, and not with every new sample.

        It is the same in every process that reads the same.
        """
        said: list[object] = [self.current or self.as_of]
        said += [(f.name, f.state) for f in self.figures]
        said += [(g.id, g.name, g.status, g.component_ids) for g in self.components.groups]
        said += [(c.id, c.name, c.status, c.status_reason, c.group_id) for c in self.components.components]
        said += [(i.id, i.version, i.status, i.updated_at) for i in (*self.active, *self.upcoming, *self.incidents)]
        said += [(m.id, m.version, m.status) for m in self.maintenances]
        said += [(s.name, s.state) for s in self.slas]
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    def incident(self, incident_id: str) -> IncidentView | None:
        """Return an incident or maintenance of the state."""
        known = (*self.active, *self.upcoming, *self.incidents, *self.maintenances)
        return next((each for each in known if each.id == incident_id), None)

    def component(self, component_id: str) -> ComponentView | None:
        """Return a component of the state."""
        return next((each for each in self.components.components if each.id == component_id), None)


Run: TypeAlias = tuple[date, int, ComponentStatus, tuple[float, float, float, float, float, float]]
"""Like days in a row: the first, how many, their worst status, and their seconds in the order of `DayView`."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The state as it lies on disk, with the days of thousands of components told in runs."""

    state: StatusState
    days: dict[str, list[Run]]


_document = TypeAdapter(_Kept)


def packed(state: StatusState) -> bytes:
    """Return the state as bytes to keep."""
    view = state.components
    owners: Iterable[ComponentView | GroupView] = (*view.components, *view.groups)
    bare = ComponentsView(
        tuple(replace(each, days=()) for each in view.groups),
        tuple(replace(each, days=()) for each in view.components),
        view.as_of,
    )
    kept = _Kept(replace(state, components=bare), {each.id: runs(each.days) for each in owners if each.days})
    return _document.dump_json(kept)


def unpacked(body: bytes) -> StatusState:
    """Return the state that was kept.

    Raises: ValueError for bytes that hold none.
    """
    kept = _document.validate_json(body)
    view = kept.state.components
    whole = ComponentsView(
        tuple(replace(each, days=days(kept.days.get(each.id, ()))) for each in view.groups),
        tuple(replace(each, days=days(kept.days.get(each.id, ()))) for each in view.components),
        view.as_of,
    )
    return replace(kept.state, components=whole)


def runs(row: Sequence[DayView]) -> list[Run]:
    """Return days as runs of like ones."""
    found: list[Run] = []
    for day in row:
        seconds = (
            day.operational_seconds, day.degraded_seconds, day.partial_seconds,
            day.major_seconds, day.maintenance_seconds, day.unknown_seconds,
        )  # fmt: skip
        if found and found[-1][2:] == (day.worst, seconds) and found[-1][0] + timedelta(found[-1][1]) == day.day:
            found[-1] = (found[-1][0], found[-1][1] + 1, day.worst, seconds)
        else:
            found.append((day.day, 1, day.worst, seconds))
    return found


def days(row: Sequence[Run]) -> tuple[DayView, ...]:
    """Return the days of runs."""
    return tuple(
        DayView(first + timedelta(offset), worst, *seconds)
        for first, count, worst, seconds in row
        for offset in range(count)
    )

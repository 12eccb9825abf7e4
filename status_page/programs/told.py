"""What programs are told of the state: one mapping from our words to theirs, and never green by accident.

The status-page v2 format has no word for not knowing. What we do not know is told as `degraded_performance`, the
mildest word that is not green, with "Status not known" in its description; overall it is the indicator `minor`. The
same holds for everything green once our own database could not be read for longer than `STALE_SECONDS`. What was known
to be worse stays as it was.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, Literal, TypeAlias

from services.components.views import ComponentStatus
from services.incidents.views import Impact, IncidentStatus, IncidentView, MaintenanceStatus
from services.kernel.ids import derived_public_id
from status_page.state import StatusState

Indicator: TypeAlias = Literal["none", "minor", "major", "critical", "maintenance"]

STALE_SECONDS: Final = 60
"""How long a last known state still counts as known: a database that restarts alarms nobody."""

OPEN_INCIDENT: Final = frozenset({IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING})
UNDER_WAY: Final = frozenset({MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING})

_WEIGHT: Final[dict[ComponentStatus, int]] = {
    ComponentStatus.OPERATIONAL: 0,
    ComponentStatus.MAINTENANCE: 1,
    ComponentStatus.UNKNOWN: 2,
    ComponentStatus.DEGRADED: 3,
    ComponentStatus.PARTIAL_OUTAGE: 5,
    ComponentStatus.MAJOR_OUTAGE: 7,
}
_IMPACT_WEIGHT: Final[dict[Impact, int]] = {
    Impact.NONE: 0,
    Impact.MAINTENANCE: 0,
    Impact.MINOR: 4,
    Impact.MAJOR: 6,
    Impact.CRITICAL: 8,
}
_OVERALL: Final[tuple[tuple[Indicator, str], ...]] = (
    ("none", "All Systems Operational"),
    ("maintenance", "Service Under Maintenance"),
    ("minor", "Status Partly Unknown"),
    ("minor", "Partially Degraded Service"),
    ("minor", "Minor Service Outage"),
    ("major", "Partial System Outage"),
    ("major", "Partial System Outage"),
    ("critical", "Major Service Outage"),
    ("critical", "Major Service Outage"),
)
_UNKNOWN_WEIGHT: Final = _WEIGHT[ComponentStatus.UNKNOWN]


@dataclass(frozen=True, slots=True)
class Overall:
    """The whole state in a word for programs and a line for people; `known` is false where it is a guess."""

    indicator: Indicator
    description: str
    known: bool = True

    @property
    def short(self) -> str:
        """The description without since when it is not known."""
        return self.description.partition(";")[0]


@dataclass(frozen=True)
class Told:
    """A state as programs are told it; `origin` is where people reach us, without a slash at its end."""

    state: StatusState
    origin: str
    now: datetime
    demo: bool = False

    @property
    def age_seconds(self) -> int:
        """How old what is told is; nothing where it was read just now."""
        return 0 if self.state.current else max(0, int((self.now - self.state.as_of).total_seconds()))

    @property
    def stale(self) -> bool:
        """Whether the state is too old to call anything in it known."""
        return not self.state.current and self.age_seconds > STALE_SECONDS

    @property
    def page_id(self) -> str:
        """The page's id, the same as long as it stands at this address."""
        return derived_public_id(self.origin)

    def status(self, status: ComponentStatus) -> ComponentStatus:
        """Return how something stands, as far as it is known."""
        return ComponentStatus.UNKNOWN if self.stale and status is ComponentStatus.OPERATIONAL else status

    @cached_property
    def incidents(self) -> tuple[IncidentView, ...]:
        """The newest incidents and every open one, the newest first, each as it was read last."""
        known = self._newest_versions
        return tuple(
            sorted(
                (i for i in known.values() if i.kind == "incident"), key=lambda i: (i.started_at, i.id), reverse=True
            )
        )

    @cached_property
    def maintenances(self) -> tuple[IncidentView, ...]:
        """Maintenance in every state, cancelled included, the latest planned first."""
        known = self._newest_versions
        return tuple(
            sorted(
                (m for m in known.values() if m.kind == "maintenance"),
                key=lambda m: (m.scheduled_for or m.started_at, m.id),
                reverse=True,
            )
        )

    @property
    def unresolved(self) -> tuple[IncidentView, ...]:
        """Incidents that are not over."""
        return tuple(i for i in self.incidents if i.status in OPEN_INCIDENT)

    @property
    def under_way(self) -> tuple[IncidentView, ...]:
        """Maintenance that has begun and is not over."""
        return tuple(m for m in self.maintenances if m.status in UNDER_WAY)

    @property
    def scheduled(self) -> tuple[IncidentView, ...]:
        """Maintenance that is to come, the next first."""
        return tuple(reversed([m for m in self.maintenances if m.status == MaintenanceStatus.SCHEDULED]))

    @cached_property
    def group_ids(self) -> frozenset[str]:
        """The ids of the groups that are shown."""
        return frozenset(g.id for g in self.state.components.groups)

    @cached_property
    def component_ids(self) -> frozenset[str]:
        """The ids of the components that are shown."""
        return frozenset(c.id for c in self.state.components.components)

    @cached_property
    def changed_at(self) -> datetime | None:
        """When anything that is told changed last."""
        components = self.state.components
        instants: list[datetime] = [c.updated_at for c in components.components]
        instants += [g.updated_at for g in components.groups]
        instants += [changed(i) for i in (*self.incidents, *self.maintenances)]
        return max(instants, default=None)

    @cached_property
    def overall(self) -> Overall:
        """How everything stands: the worst of components and open incidents."""
        weights = [_WEIGHT[self.status(c.status)] for c in self.state.components.components]
        known = bool(weights) and not self.stale and _UNKNOWN_WEIGHT not in weights
        if not weights or self.stale:
            weights.append(_UNKNOWN_WEIGHT)
        weights += [_IMPACT_WEIGHT[i.impact] for i in self.unresolved]
        indicator, description = _OVERALL[max(weights)]
        if self.stale:
            last = f"{self.state.as_of:%Y-%m-%d %H:%M} UTC"
            return Overall(indicator, f"Status Not Known Now; last known at {last}", known=False)
        if not self.state.components.components and max(weights) == _UNKNOWN_WEIGHT:
            return Overall(indicator, "Status Not Known", known=False)
        return Overall(indicator, description, known)

    def url(self, path: str) -> str:
        """Return an address of ours in full."""
        return f"{self.origin}{path}"

    def incident_url(self, incident: IncidentView) -> str:
        """Return where people read an incident or a maintenance."""
        return self.url(f"/status/incidents/{incident.id}/")

    @cached_property
    def _newest_versions(self) -> dict[str, IncidentView]:
        # The lists are read one after the other, so an incident may have moved on in between.
        state, known = self.state, dict[str, IncidentView]()
        for view in (*state.active, *state.upcoming, *state.incidents, *state.maintenances):
            if view.id not in known or view.version > known[view.id].version:
                known[view.id] = view
        return known


def changed(incident: IncidentView) -> datetime:
    """Return when an incident, or any word on it, changed last."""
    return max([incident.updated_at, *(max(u.updated_at, u.display_at) for u in incident.updates)])


def concerned(incident: IncidentView) -> tuple[str, ...]:
    """Return the ids of the components that an incident is or was about, each once."""
    now = [a.component_id for a in incident.affected]
    then = [c.component_id for u in incident.updates for c in u.changes]
    return tuple(dict.fromkeys((*now, *then)))

"""Facts of incidents and maintenance, as the public is told of them."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class IncidentAnnounced(Fact):
    """Something new is to be read of an incident or a maintenance: it was opened, updated, resolved, or reminded of.

    `kind` is incident or maintenance; `occasion` is opened, updated, resolved, postmortem, scheduled, reminder,
    started, completed, cancelled, deleted. `notifies` tells whether subscribers are to hear of it. `version` is the
    incident's after the change.
    """

    topic: ClassVar[str] = "incidents.announced"

    incident_id: str
    kind: str
    occasion: str
    update_id: str | None
    status: str
    impact: str
    component_ids: tuple[str, ...]
    notifies: bool
    version: int


@dataclass(frozen=True, kw_only=True)
class ComponentsAffected(Fact):
    """What an open incident or a maintenance says of components, from now on, until the next such fact about it.

    `statuses` are `component_id=status` pairs; none is left once it is over. `starts_at` (ISO 8601) is from when on
    they hold: at first the start of the incident, later the instant of the change or of the end. `version` grows
    with each such fact about one incident: one that arrives after a newer one is out of date.
    """

    topic: ClassVar[str] = "incidents.components_affected"

    incident_id: str
    kind: str
    title: str
    statuses: tuple[str, ...]
    starts_at: str
    version: int


@dataclass(frozen=True, kw_only=True)
class MaintenanceAccounted(Fact):
    """A span is to count as maintenance for components: at the start, at the end (corrected), or retroactively.

    The last fact about an `incident_id` (the highest `version`) replaces the earlier ones; an empty `component_ids`
    withdraws it. `ends_at` is empty while it is under way. Instants are ISO 8601.
    """

    topic: ClassVar[str] = "incidents.maintenance_accounted"

    incident_id: str
    component_ids: tuple[str, ...]
    starts_at: str
    ends_at: str
    reason: str
    retroactive: bool
    version: int

"""What surfaces read of components: frozen, and honest about what is not known."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ComponentStatus(StrEnum):
    """How a component stands; all but the last are the words of the status-page v2 format."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"
    MAINTENANCE = "under_maintenance"
    UNKNOWN = "unknown"
    """Nothing tells how it stands: its probes are silent, or it has none. Neither up nor down."""


@dataclass(frozen=True, slots=True)
class DayView:
    """One day (UTC) of a component.

    `worst` is the worst status of the day. Seconds of maintenance and of not knowing are part of neither up nor down.

    Units: seconds; they add up to the part of the day that has passed.
    """

    day: date
    worst: ComponentStatus
    operational_seconds: float
    degraded_seconds: float
    partial_seconds: float
    major_seconds: float
    maintenance_seconds: float
    unknown_seconds: float


@dataclass(frozen=True, slots=True)
class ComponentView:
    """One component. `id` is stable for ever: programs are written against it.

    `uptime_ratio` is over `days`; it is nothing where nothing was measured. `status_reason` says in words why the
    status is what it is. `overridden` tells that a person set it, with that reason.
    """

    id: str
    name: str
    description: str
    group_id: str | None
    position: int
    status: ComponentStatus
    status_since_at: datetime
    status_reason: str
    overridden: bool
    showcase: bool
    only_show_if_degraded: bool
    start_on: date | None
    depends_on: tuple[str, ...]
    uptime_ratio: float | None
    measured_seconds: float
    days: tuple[DayView, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of components: its status is the worst of theirs, its uptime the average of theirs."""

    id: str
    name: str
    description: str
    position: int
    status: ComponentStatus
    component_ids: tuple[str, ...]
    uptime_ratio: float | None
    days: tuple[DayView, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ComponentsView:
    """Everything that the page shows of components, groups and components each by position."""

    groups: tuple[GroupView, ...]
    components: tuple[ComponentView, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class StatusSpanView:
    """A span of time in which a component had one status; `ends_at` is nothing while it lasts."""

    component_id: str
    status: ComponentStatus
    starts_at: datetime
    ends_at: datetime | None
    reason: str

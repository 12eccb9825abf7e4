"""What surfaces read of incidents and maintenance: frozen, texts both as written and as safe HTML."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class IncidentStatus(StrEnum):
    """Where an incident is in its life; the words of the status-page v2 format."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"


class MaintenanceStatus(StrEnum):
    """Where a maintenance is in its life; the words of the status-page v2 format, and one of ours."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    """Never shown as v2: a cancelled maintenance leaves the lists of programs."""


class Impact(StrEnum):
    """How bad it is for people."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class ComponentChangeView:
    """What an update says of one component; statuses are `ComponentStatus` values, `name` the one at that time."""

    component_id: str
    name: str
    old_status: str
    new_status: str


@dataclass(frozen=True, slots=True)
class UpdateView:
    """One public word on an incident. `body` is Markdown as written, `body_html` the same made safe."""

    id: str
    status: str
    body: str
    body_html: str
    display_at: datetime
    created_at: datetime
    updated_at: datetime
    changes: tuple[ComponentChangeView, ...]
    notifies: bool


@dataclass(frozen=True, slots=True)
class AffectedView:
    """A component that an incident or a maintenance concerns, with the status that it gives to it now."""

    component_id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident or maintenance with its whole public history, newest update first.

    `id` is a public id, stable for ever. `version` counts changes, so that two editors notice each other. `automatic`
    tells that a breach opened it; `sla` names which. A maintenance has `scheduled_for` and `scheduled_until`, and a
    `series_id` where it recurs. `note` is the recorded reason of a retro-marked maintenance.
    """

    id: str
    kind: Literal["incident", "maintenance"]
    name: str
    status: str
    impact: Impact
    started_at: datetime
    created_at: datetime
    updated_at: datetime
    monitoring_at: datetime | None
    resolved_at: datetime | None
    scheduled_for: datetime | None
    scheduled_until: datetime | None
    updates: tuple[UpdateView, ...]
    affected: tuple[AffectedView, ...]
    postmortem: str
    postmortem_html: str
    postmortem_at: datetime | None
    automatic: bool
    sla: str | None
    series_id: str | None
    note: str
    version: int

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
    """One public word on an incident. `body` is Markdown as written, `body_html` the same made safe.

    `edited_at` is when it was corrected after it was published.
    """

    id: str
    status: str
    body: str
    body_html: str
    display_at: datetime
    created_at: datetime
    updated_at: datetime
    changes: tuple[ComponentChangeView, ...]
    notifies: bool
    edited_at: datetime | None = None


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
    `series_id` where it recurs; `recurs` says when in words. `note` is the recorded reason of a retro-marked one.
    `backfilled` tells that it was entered after the fact, `impact_overridden` that a person set the impact.
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
    backfilled: bool = False
    impact_overridden: bool = False
    retroactive: bool = False
    recurs: str = ""


@dataclass(frozen=True, slots=True)
class ComponentStatusDraft:
    """The status that an update gives to a component."""

    component_id: str
    status: str


@dataclass(frozen=True, slots=True)
class UpdateDraft:
    """An update as an editor writes it; a component that is not named keeps its status."""

    status: str
    body: str
    components: tuple[ComponentStatusDraft, ...] = ()
    notifies: bool = True
    display_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentDraft:
    """A new incident. Without `impact` it follows from the components; `impact_reason` is needed with it.

    `started_at` in the past makes it backdated; `resolved_at` makes it one that is over already.
    """

    name: str
    status: str
    body: str
    components: tuple[ComponentStatusDraft, ...] = ()
    impact: str | None = None
    impact_reason: str = ""
    notifies: bool = True
    started_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str = ""


@dataclass(frozen=True, slots=True)
class PastDraft:
    """An incident that is over, with all that was said of it, oldest first, the last update resolving it.

    `origin` is real or demo; `sla` names the agreement whose breach it was.
    """

    name: str
    updates: tuple[UpdateDraft, ...]
    impact: str | None = None
    impact_reason: str = ""
    postmortem: str = ""
    postmortem_at: datetime | None = None
    origin: str = "real"
    sla: str | None = None


@dataclass(frozen=True, slots=True)
class MaintenanceDraft:
    """A maintenance to come. `reminders` are seconds before its start."""

    name: str
    body: str
    component_ids: tuple[str, ...]
    scheduled_for: datetime
    scheduled_until: datetime
    starts_itself: bool = True
    ends_itself: bool = True
    reminders: tuple[int, ...] = (86_400, 3_600)
    notifies: bool = True


@dataclass(frozen=True, slots=True)
class SeriesDraft:
    """A maintenance that recurs: `rule` is an RRULE, `first_local` the wall time of its first start in `time_zone`."""

    name: str
    body: str
    component_ids: tuple[str, ...]
    rule: str
    time_zone: str
    first_local: str
    duration_seconds: int
    reminders: tuple[int, ...] = (86_400, 3_600)


@dataclass(frozen=True, slots=True)
class JournalView:
    """One change of an incident and who made it; `lines` say in words what changed."""

    version: int
    at: datetime
    actor_kind: str
    actor_id: str
    action: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    """An incident or a maintenance as staff see it: what the public reads, and what only staff do."""

    incident: IncidentView
    impact_reason: str
    postmortem_draft: str
    taken_over: bool
    starts_itself: bool
    ends_itself: bool
    accounted_at: datetime | None
    reminders: tuple[int, ...]
    journal: tuple[JournalView, ...]
    recovered: str


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A template as staff write it; an empty `component_status` leaves components as they are."""

    label: str
    kind: str
    name: str
    body: str
    status: str
    component_status: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class TemplateView:
    """Words prepared in calm; `{component}` and `{time}` in them are filled when they are used."""

    id: str
    label: str
    kind: str
    name: str
    body: str
    status: str
    component_status: str
    position: int
    version: int


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A maintenance that recurs, its rule, also in `words`, and its next starts."""

    id: str
    name: str
    body: str
    rule: str
    time_zone: str
    first_local: str
    duration_seconds: int
    component_ids: tuple[str, ...]
    reminders: tuple[int, ...]
    next_starts: tuple[datetime, ...]
    ended_at: datetime | None
    version: int
    words: str

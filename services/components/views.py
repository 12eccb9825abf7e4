"""What surfaces read of components: frozen, and honest about what is not known."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal


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
    """A group of components: its status is the worst of theirs, its days are the average of theirs.

    `uptime_ratio` is a ratio of sums over all of them. `component_ids` are all of them in their order; `counts` tells
    how many stand how.
    """

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
    counts: tuple[tuple[ComponentStatus, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ComponentsView:
    """What the first page shows: groups by position, and components by their group's position and their own.

    Where there are more components than one page can show (`complete` is false), `components` are those that are not
    operational, the worst first; the others are read by the page of their group. `total` and `counts` are of all.
    """

    groups: tuple[GroupView, ...]
    components: tuple[ComponentView, ...]
    as_of: datetime
    total: int = 0
    counts: tuple[tuple[ComponentStatus, int], ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ComponentBrief:
    """A component in the fewest words: for forms, and for parts that only name it. `group` is its group's name."""

    id: str
    name: str
    group: str
    status: ComponentStatus


@dataclass(frozen=True, slots=True)
class StatusSpanView:
    """A span of time in which a component had one status; `ends_at` is nothing while it lasts."""

    component_id: str
    status: ComponentStatus
    starts_at: datetime
    ends_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class TroubleView:
    """A span, now over, in which a component was not well throughout; `worst` is its worst status, with that reason."""

    component_id: str
    name: str
    worst: ComponentStatus
    starts_at: datetime
    ends_at: datetime
    reason: str


_POLICY_WORDS = (
    "Maintenance that was announced, or marked afterwards with a recorded reason, is left out: neither up nor down.",
    "Only the maintenance's own span is left out; an outage before or after it counts.",
    "Time in which nothing was measured and nobody said how a component stood is unknown: neither up nor down.",
    "Uptime is up / (up + down). Where that is 0 / 0 there is no figure.",
    "A day shows its worst status, also where that time is left out.",
    "A day that is mostly unknown, and otherwise fine, shows as unknown.",
)


@dataclass(frozen=True, slots=True)
class UptimePolicy:
    """What counts as uptime, as data: the arithmetic reads it, and pages show it.

    Units: a weight is the share of the time in that status that counts as down, from 0 to 1.
    """

    major_weight: float = 1.0
    partial_weight: float = 0.3
    degraded_weight: float = 0.0
    days: int = 90

    @property
    def words(self) -> tuple[str, ...]:
        """The policy in sentences, as pages print it."""
        counted = (
            f"A major outage counts {self.major_weight:.0%} of its time as down, a partial outage "
            f"{self.partial_weight:.0%}, degraded performance {self.degraded_weight:.0%}."
        )
        return (counted, *_POLICY_WORDS)


@dataclass(frozen=True, slots=True)
class ExcludedView:
    """A span of maintenance that the arithmetic of a component leaves out, and the reason that was recorded."""

    starts_at: datetime
    ends_at: datetime | None
    reason: str
    retroactive: bool


@dataclass(frozen=True, slots=True)
class UptimeView:
    """A component's time between two instants.

    Units: seconds; the four add up to the time between the instants.
    """

    component_id: str
    starts_at: datetime
    ends_at: datetime
    up_seconds: float
    down_seconds: float
    maintenance_seconds: float
    unknown_seconds: float
    exclusions: tuple[ExcludedView, ...]

    @property
    def uptime_ratio(self) -> float | None:
        """The share of the measured time in which it was up; nothing where nothing was measured."""
        measured = self.up_seconds + self.down_seconds
        return self.up_seconds / measured if measured > 0 else None


@dataclass(frozen=True, slots=True)
class DecreeView:
    """What a person said of a component over its sources, with the recorded reason.

    `id` is that of the source (a correction is withdrawn by it), `word_id` that of this one word. `status` is nothing
    where an earlier word was taken back.
    """

    id: str
    word_id: str
    kind: Literal["override", "correction", "word"]
    status: ComponentStatus | None
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    withdrawn: bool
    said_at: datetime


@dataclass(frozen=True, slots=True)
class ArrangedView:
    """A component as staff arrange it; `version` changes whenever somebody arranges it anew."""

    id: str
    name: str
    description: str
    group_id: str | None
    manual: bool
    showcase: bool
    only_show_if_degraded: bool
    start_on: date | None
    depends_on: tuple[str, ...]
    status: ComponentStatus
    status_since_at: datetime
    status_reason: str
    overridden: bool
    archived_at: datetime | None
    version: str


@dataclass(frozen=True, slots=True)
class ArrangedGroupView:
    """A group as staff arrange it, with how many components are in it."""

    id: str
    name: str
    description: str
    members: int
    version: str


@dataclass(frozen=True, slots=True)
class BoardView:
    """The groups, and components in the order of pages; `found` counts those that one look cannot show as well."""

    groups: tuple[ArrangedGroupView, ...]
    components: tuple[ArrangedView, ...]
    found: int

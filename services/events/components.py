"""Facts of components: how they stand, as people are told."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class ComponentStatusChanged(Fact):
    """A component's status changed. Statuses are `ComponentStatus` values; `change_id` tells two changes apart.

    `since_at` (ISO 8601) is when the new status began, which may lie before the fact: flaps are confirmed first.
    `ended_status` is the worst trouble that a return to operational ends, whatever lay between; empty for none.
    """

    topic: ClassVar[str] = "components.status_changed"

    component_id: str
    change_id: str
    old_status: str
    new_status: str
    since_at: str
    reason: str
    ended_status: str = ""

"""Who hears what, how often, and how many may ask: pure rules."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from services.kernel.errors import Invalid

DIGEST_FROM: Final = 5
"""So many notices within the window reach a person one by one; the next ones come together."""
DIGEST_WINDOW: Final = timedelta(minutes=10)
DIGEST_ITEMS_SLACK: Final = 20
DIGEST_ITEMS_MAIL: Final = 40
"""So many pieces of news one digest tells; what is held beyond that comes with the next."""
CONFIRM_WITHIN: Final = timedelta(days=2)
LETTERS_PER_ADDRESS: Final = 3
"""Letters that asking can bring to one address within a day, whoever asks."""
LETTER_GAP: Final = timedelta(minutes=2)
REQUESTS_PER_NETWORK: Final = 10
REQUESTS_PER_SITE: Final = 30
"""Of one IPv6 /48, which one customer can be given whole, and use a /64 of it for each request."""
REQUESTS_IN_ALL: Final = 600
REQUEST_WINDOW: Final = timedelta(hours=1)
ADDRESS_WINDOW: Final = timedelta(days=1)
REQUESTS_KEPT: Final = timedelta(days=2)
NOTICES_KEPT: Final = timedelta(days=90)
CHOICES_MAX: Final = 500
_ID_MAX: Final = 64
FAILURES_MAX: Final = 3


class Channel(StrEnum):
    """How a subscriber is told."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"


class SubscriberState(StrEnum):
    """Where a subscription stands."""

    PENDING = "pending"
    """Asked for, not confirmed: nothing is sent."""
    ACTIVE = "active"
    PAUSED = "paused"
    BROKEN = "broken"
    """What it was sent to does not take it any more."""
    ENDED = "ended"


class NoticeState(StrEnum):
    """What became of a notice."""

    QUEUED = "queued"
    HELD = "held"
    """Waits to be told together with others."""
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"
    """There was nothing to tell any more."""


class Kind(StrEnum):
    """What an event is about."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"
    COMPONENT = "component"
    DIGEST = "digest"


_IMPACTS = ("none", "minor", "major", "critical")
_OF_STATUS = {
    "operational": "none",
    "degraded_performance": "minor",
    "partial_outage": "major",
    "major_outage": "critical",
    "under_maintenance": "none",
    "unknown": "none",
}


_QUIET = frozenset({"unknown", "under_maintenance"})


@dataclass(frozen=True, slots=True)
class Choices:
    """What a subscriber wants to hear. No `component_ids` means everything; a group's id stands for its components."""

    component_ids: frozenset[str] = frozenset()
    min_impact: str = "none"
    maintenance: bool = True
    component_changes: bool = True

    def __post_init__(self) -> None:
        if self.min_impact not in _IMPACTS:
            message = "Choose one of the severities."
            raise Invalid("impact_unknown", message, fields={"min_impact": message})
        if not all(0 < len(each) <= _ID_MAX and each.isascii() and each.isprintable() for each in self.component_ids):
            message = "Choose components of this page."
            raise Invalid("component_unknown", message, fields={"components": message})
        if len(self.component_ids) > CHOICES_MAX:
            message = f"Choose at most {CHOICES_MAX} components, or everything."
            raise Invalid("too_many_choices", message, fields={"components": message})


def impact_of_change(old_status: str, new_status: str, ended_status: str = "") -> str:
    """Return how bad a component's change is: a recovery is as bad as the worst that it ends."""
    worst = max(_IMPACTS.index(_OF_STATUS.get(status, "none")) for status in (old_status, new_status, ended_status))
    return _IMPACTS[worst]


def wants(choices: Choices, kind: str, impact: str, concerned: Collection[str]) -> bool:
    """Tell whether somebody with these choices hears of an event about these components and their groups."""
    if choices.component_ids and not choices.component_ids.intersection(concerned):
        return False
    if kind == Kind.MAINTENANCE:
        return choices.maintenance
    if kind == Kind.COMPONENT and not choices.component_changes:
        return False
    level = _IMPACTS.index(impact) if impact in _IMPACTS else 0
    return level >= _IMPACTS.index(choices.min_impact)


def is_news_of_its_own(old_status: str, new_status: str, ended_status: str = "") -> bool:
    """Tell whether a component's change is worth a mail: planned work, not knowing, and their good end are not.

    The end of a trouble is, also where planned work or not knowing lay between.
    """
    return new_status not in _QUIET and not (old_status in _QUIET and new_status == "operational" and not ended_status)

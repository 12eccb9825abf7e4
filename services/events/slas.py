"""Facts of service level agreements."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class SlaBreached(Fact):
    """An agreement's burn-rate rule or trip-wire fired. `impact` is an incident's (minor, major, critical).

    `component_ids` are the components that it concerns. `started_at` is ISO 8601, by the data.
    """

    topic: ClassVar[str] = "slas.breached"

    breach_id: str
    sla: str
    title: str
    rule: str
    explanation: str
    impact: str
    component_ids: tuple[str, ...]
    started_at: str


@dataclass(frozen=True, kw_only=True)
class SlaRecovered(Fact):
    """A breach is over, judged on the long window."""

    topic: ClassVar[str] = "slas.recovered"

    breach_id: str
    sla: str
    title: str
    explanation: str

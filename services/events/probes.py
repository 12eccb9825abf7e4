"""Facts of probes: what a quorum of vantages agrees on."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class ProbeJudged(Fact):
    """The confirmed verdict on a probe changed.

    `verdict` is up, partial (some vantages see it fail, fewer than the quorum), down, unknown (too few vantages say
    anything) or withdrawn (the probe is no more, or watches another component: it says nothing from then on).
    `since_at` (ISO 8601) is the first raw result of the new verdict. `explanation` says it in words, such as
    "2 of 3 vantages: connection refused"; it names no secret and no private address.
    """

    topic: ClassVar[str] = "probes.judged"

    probe_id: str
    component_id: str
    verdict: str
    since_at: str
    explanation: str

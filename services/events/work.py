"""Facts of durable work itself."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class ResumeRequested(Fact):
    """Somebody wants work that hangs to be put back into its queue."""

    topic: ClassVar[str] = "work.resume_requested"

    workflow_id: str
    queue: str

"""What surfaces read of releases: frozen."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A version went live: a mark on charts. `origin` is real or demo."""

    id: str
    version: str
    note: str
    deployed_at: datetime
    origin: str

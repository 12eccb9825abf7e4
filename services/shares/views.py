"""What is shown of share links: never their secret, but once."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ShareView:
    """A share link as its makers see it; `state` is active, expired or revoked. `views` counts pages and reports."""

    id: str
    label: str
    state: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    views: int
    reports: int
    last_viewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewShare:
    """A link that was just made. `token` is its secret part; it is shown now and never again."""

    id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SharedView:
    """What whoever follows a link may know of it."""

    label: str
    expires_at: datetime

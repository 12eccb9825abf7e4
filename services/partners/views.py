"""What is shown of API keys: never their secrets, but once."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeyView:
    """An API key as its managers see it; `state` is active, expired or revoked."""

    id: str
    name: str
    permissions: tuple[str, ...]
    state: str
    made_by: str
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `token` is what the program sends; it is shown now and never again."""

    id: str
    token: str = field(repr=False)

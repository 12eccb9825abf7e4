"""A program's request under an idempotency key: done once, however often it is sent."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.incidents.tables import RequestRow
from services.infra.uow import current
from services.kernel.errors import Conflict, Invalid

KEY_MAX = 200


@dataclass(frozen=True, slots=True)
class Once:
    """What makes two requests the same one: the key that the caller chose, and the body that came with it."""

    key: str
    body: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= KEY_MAX:
            message = f"An idempotency key has between 1 and {KEY_MAX} characters."
            raise Invalid("idempotency_key_invalid", message, fields={"Idempotency-Key": message})

    @property
    def digests(self) -> tuple[str, str]:
        """Digests of key and body."""
        return hashlib.sha256(self.key.encode()).hexdigest(), hashlib.sha256(self.body).hexdigest()


def claim(once: Once | None, made_id: str, now: datetime) -> str | None:
    """Claim a key for what is about to be made; return what was made under it before, where it was.

    Raises: Conflict for a key that came with another body.
    """
    if once is None:
        return None
    scope = current()
    key, body = once.digests
    values = {
        "actor_id": scope.actor.id, "key_digest": key, "body_digest": body, "made_id": made_id, "created_at": now,
    }  # fmt: skip
    # A second request with the key waits here for the first one's commit, then finds its row.
    if _inserted(scope.session, values):
        return None
    row = scope.session.get(RequestRow, (scope.actor.id, key))
    if row is None or row.body_digest != body:
        raise Conflict("idempotency_key_reused", "This idempotency key was used for another request; choose a new one.")
    scope.note(repeated=row.made_id)
    return row.made_id


def _inserted(session: Session, values: dict[str, object]) -> bool:
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    done = session.execute(make(RequestRow).values(values).on_conflict_do_nothing().returning(RequestRow.made_id))
    return done.scalar() is not None


def forget_requests(before: datetime) -> int:
    """Forget keys that were used before an instant, and return how many."""
    gone = sa.delete(RequestRow).where(RequestRow.created_at < before).returning(RequestRow.key_digest)
    return len(current().session.scalars(gone).all())

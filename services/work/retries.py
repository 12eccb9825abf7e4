"""What is being tried again, told to the domain whose work it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from services.infra.durable import FailureRow, FailureState
from services.infra.durable.envelope import Envelope
from services.infra.uow import current

_AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Retry:
    """A piece of work that failed and will be tried again: what it was about, why it failed, when it goes on."""

    payload: Mapping[str, object]
    because: str
    next_attempt_at: datetime | None


class Retries:
    """Answers inside the asking domain's own query."""

    def retrying(self, name: str) -> tuple[Retry, ...]:
        """Return what is being tried again of the work of this name, the latest failure first."""
        chosen = (
            sa.select(FailureRow)
            .where(FailureRow.name == name, FailureRow.state == FailureState.RETRYING)
            .order_by(FailureRow.failed_at.desc())
            .limit(_AT_MOST)
        )
        return tuple(
            Retry(Envelope.from_json(json.loads(row.envelope)).payload, row.message, row.next_attempt_at)
            for row in current().session.scalars(chosen)
        )

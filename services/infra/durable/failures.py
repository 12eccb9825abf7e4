"""Why work failed: described in our words, kept in our table, and followed by the next attempt or by giving up."""

import json
import re
import traceback
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.infra.durable.declared import Failure
from services.infra.durable.envelope import Envelope
from services.infra.durable.tables import FailureRow
from services.kernel.errors import DomainError

MESSAGE_LENGTH_MAX = 500
GIVE_UP_FAILED = "give_up_failed"
_MAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+")


class FailureState(StrEnum):
    """What became of work that failed once."""

    RETRYING = "retrying"
    FAILED = "failed"
    RECOVERED = "recovered"
    DISMISSED = "dismissed"


class LeftUnfinishedError(BaseException):
    """Leaves work unfinished, for whoever takes it over; past the engine, which would call an `Exception` its end."""


class WorkFailedError(Exception):
    """Work that will not be tried again by itself; also a failure read back from a checkpoint."""

    def __init__(self, code: str, message: str, *, retryable: bool, place: str, retry_after_seconds: float = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.retryable, self.place = code, message, retryable, place
        self.retry_after_seconds = retry_after_seconds


def described(error: Exception) -> WorkFailedError:
    """Return an error in the form that is kept: code, message without addresses, place, and whether to try again.

    Only our own errors keep their words, since those of others may repeat anything that they were given. The others
    count as retryable: they are as often the weather as a bug, and attempts are bounded.
    """
    if isinstance(error, WorkFailedError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{'/'.join(frames[-1].filename.split('/')[-3:])}:{frames[-1].lineno}" if frames else ""
    code = message = type(error).__name__
    retryable = True
    if isinstance(error, DomainError):
        code, retryable = error.code, error.retryable
        message = _MAIL.sub("[address]", str(error))[:MESSAGE_LENGTH_MAX]
    after = float(getattr(error, "retry_after_seconds", 0))
    return WorkFailedError(code, message, retryable=retryable, place=place, retry_after_seconds=after)


def record(
    session: Session, envelope: Envelope, cause: WorkFailedError, *, attempts: int, now: datetime, wait_seconds: float
) -> FailureState:
    """Write down a failure and return what happens next."""
    row = session.get(FailureRow, envelope.work_id, with_for_update=True)
    if row is None:
        row = FailureRow(work_id=envelope.work_id, name=envelope.name, budget=attempts, first_failed_at=now)
        session.add(row)
    again = cause.retryable and envelope.attempt < row.budget
    row.state = FailureState.RETRYING if again else FailureState.FAILED
    row.attempt, row.failed_at = envelope.attempt, now
    row.code, row.message, row.place, row.retryable = cause.code, cause.message, cause.place, cause.retryable
    row.correlation_id = envelope.correlation_id
    row.next_attempt_at = now + timedelta(seconds=wait_seconds) if again else None
    row.envelope = json.dumps(envelope.to_json())
    session.flush()
    return FailureState(row.state)


def set_aside(session: Session, work_id: str) -> None:
    """Mark work as failed that was to be tried again, and cannot."""
    session.execute(
        sa.update(FailureRow)
        .where(FailureRow.work_id == work_id)
        .values(state=FailureState.FAILED, next_attempt_at=None)
    )


def failure_of(cause: WorkFailedError, attempt: int) -> Failure:
    """Return a failure as domains see it."""
    return Failure(cause.code, cause.message, cause.retryable, attempt)


def mark_recovered(session: Session, envelope: Envelope) -> None:
    """Close the failure of work that has succeeded after all."""
    if envelope.attempt > 1:
        _close(session, FailureRow.work_id == envelope.work_id)


def mark_job_recovered(session: Session, name: str) -> None:
    """Close the failures of a job's earlier ticks, once a tick has succeeded."""
    _close(session, FailureRow.name == name)


def _close(session: Session, which: sa.ColumnElement[bool]) -> None:
    session.execute(
        sa.update(FailureRow)
        .where(which, FailureRow.state.in_((FailureState.FAILED, FailureState.RETRYING)))
        .values(state=FailureState.RECOVERED, next_attempt_at=None)
    )

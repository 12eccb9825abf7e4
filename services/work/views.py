"""What the console shows of durable work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class FailedWorkView:
    """Work that failed at least once: why, where, and what happens next."""

    work_id: str
    name: str
    state: Literal["retrying", "failed", "recovered", "dismissed"]
    attempt: int
    code: str
    message: str
    place: str
    retryable: bool
    correlation_id: str
    first_failed_at: datetime
    failed_at: datetime
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenWorkView:
    """Work that waits in a queue, waits for its next attempt, or runs."""

    work_id: str
    workflow_id: str
    name: str
    state: Literal["waiting", "retrying", "running"]
    attempt: int
    queue: str
    executor_id: str
    correlation_id: str
    created_at: datetime
    updated_at: datetime
    executor_alive: bool


@dataclass(frozen=True, slots=True)
class ProcessView:
    """One life of a background process, and how long ago it last beat.

    Units: silent_seconds in seconds.
    """

    executor_id: str
    slot: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    silent_seconds: float
    ended_at: datetime | None
    ended_because: str | None


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """How much failed and waits for a person, and how much is being tried again."""

    failed: int
    retrying: int
    processes_alive: int

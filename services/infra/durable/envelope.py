"""What travels with a piece of durable work: the fact or tick, and the ids of the request that it belongs to."""

import dataclasses
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from services.infra.telemetry import outgoing_headers
from services.kernel.context import Correlation, correlated, correlation
from services.kernel.facts import Fact

FACTS_QUEUE = "facts"
EFFECTS_QUEUE = "effects"
JOBS_QUEUE = "jobs"

ATTEMPT_MARK = "~"
RETRY_SECONDS_MAX = 600.0


@dataclass(frozen=True, slots=True)
class Envelope:
    """One piece of work on its way; `work_id` stays the same through all attempts."""

    work_id: str
    name: str
    queue: str
    topic: str
    published_at: str
    correlation_id: str
    trace_id: str
    traceparent: str
    attempt: int = 1
    payload: dict[str, object] = field(default_factory=dict)

    @property
    def workflow_id(self) -> str:
        """The engine's id of this attempt."""
        return self.work_id if self.attempt == 1 else f"{self.work_id}{ATTEMPT_MARK}{self.attempt}"

    def again(self) -> Self:
        """Return the envelope of the next attempt."""
        return dataclasses.replace(self, attempt=self.attempt + 1)

    def to_json(self) -> dict[str, object]:
        """Return the envelope as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, object]) -> Self:
        """Return the envelope that JSON values describe; unknown values are left out."""
        names = {f.name for f in dataclasses.fields(cls)}
        return cls(**{k: v for k, v in values.items() if k in names})  # type: ignore[arg-type] # we wrote them


def envelope_of(fact: Fact, name: str, queue: str, published_at: datetime) -> Envelope:
    """Return what carries a fact to one subscriber; its id makes a second publication of the fact a repetition."""
    ids, traceparent = _running()
    return Envelope(
        work_id=f"{name}:{fact.fact_id}",
        name=name,
        queue=queue,
        topic=fact.topic,
        published_at=published_at.isoformat(),
        correlation_id=ids.correlation_id,
        trace_id=ids.trace_id,
        traceparent=traceparent,
        payload=fact.payload(),
    )


def envelope_of_tick(job: str, tick_at: datetime, published_at: datetime) -> Envelope:
    """Return what carries a tick; ten schedulers make the same one."""
    tick = tick_at.isoformat(timespec="seconds")
    ids, traceparent = _running()
    return Envelope(
        work_id=f"{job}@{tick}",
        name=job,
        queue=JOBS_QUEUE,
        topic="tick",
        published_at=published_at.isoformat(),
        correlation_id=ids.correlation_id,
        trace_id=ids.trace_id,
        traceparent=traceparent,
        payload={"tick_at": tick},
    )


def _running() -> tuple[Correlation, str]:
    """Return the ids of the running request or work, and its trace as W3C's header says it."""
    with correlated(correlation()) as ids:
        return ids, outgoing_headers()["traceparent"]


def work_id_of(workflow_id: str) -> str:
    """Return the work that one of the engine's ids is an attempt of."""
    return workflow_id.split(ATTEMPT_MARK, maxsplit=1)[0]


def retry_seconds(envelope: Envelope, *, unit_seconds: float, at_least: float) -> float:
    """Return the wait before the next attempt: doubling, and spread by the work's id so that no crowd returns."""
    spread = 0.8 + 0.4 * (zlib.crc32(envelope.work_id.encode()) % 1000) / 1000
    return max(at_least, min(unit_seconds * 2.0 ** (envelope.attempt - 1), RETRY_SECONDS_MAX) * spread)

"""Durable work: facts reach their subscribers, effects are tried until they succeed, and no process's death loses any.

Domains declare `Reaction` and `Effect` values; the clock's `Job` and `Beat` values stand in `collectors/schedule.py`.
Every process has a `Client` and an `Outbox`; the background process has `Hands`. `migrate(url)` is the deploy step.
"""

from services.infra.durable.declared import Beat, Effect, Failure, Job, Json, Reaction, Subscription
from services.infra.durable.engine import Client, migrate
from services.infra.durable.failures import FailureState, WorkFailedError
from services.infra.durable.hands import DefaultPatience, Hands, Patience
from services.infra.durable.outbox import Outbox
from services.infra.durable.tables import ExecutorRow, FailureRow, LeaseRow

__all__ = [
    "Beat",
    "Client",
    "DefaultPatience",
    "Effect",
    "ExecutorRow",
    "Failure",
    "FailureRow",
    "FailureState",
    "Hands",
    "Job",
    "Json",
    "LeaseRow",
    "Outbox",
    "Patience",
    "Reaction",
    "Subscription",
    "WorkFailedError",
    "migrate",
]

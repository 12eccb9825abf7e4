"""What the metrics make of facts: each fact is counted once, in the transaction that marks it as counted."""

from datetime import datetime

from services.events.payments import CheckoutEnded, PayoutOverdue, PayoutPaid
from services.infra.durable import Reaction, Subscription
from services.kernel.clock import to_epoch_ms
from services.kernel.context import JobActor
from services.metrics.catalogue import (
    CHECKOUTS_ABANDONED,
    CHECKOUTS_ATTEMPTED,
    CHECKOUTS_FAILED,
    CHECKOUTS_PAID,
    PAYOUT_LATENCY,
    PAYOUTS_OVERDUE,
    Dimensions,
    Metric,
    Observation,
)
from services.metrics.recording import Recording

ACTOR = JobActor("metrics.counter", frozenset({"metrics.record"}))
_ORIGINS = ("real", "demo")
_BY_OUTCOME: dict[str, tuple[Metric, ...]] = {
    "paid": (CHECKOUTS_ATTEMPTED, CHECKOUTS_PAID),
    "failed": (CHECKOUTS_ATTEMPTED, CHECKOUTS_FAILED),
    "abandoned": (CHECKOUTS_ABANDONED,),
}


class Counting:
    """Turns facts of other domains into observations."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def count_checkout(self, fact: CheckoutEnded) -> None:
        """Count an attempt to pay by how it ended, or a buyer who walked away."""
        self.recording.record_observations(ACTOR, checkout_observations(fact.outcome, fact.origin, fact.occurred_at))

    def time_payout(self, fact: PayoutPaid) -> None:
        """Measure how long a payout took from its approval."""
        approved_at = datetime.fromisoformat(fact.approved_at)
        self.recording.record_observations(ACTOR, [payout_observation(approved_at, fact.occurred_at, fact.origin)])

    def count_overdue(self, fact: PayoutOverdue) -> None:
        """Count a payout that was not paid in time."""
        self.recording.record_observations(ACTOR, [overdue_observation(fact.occurred_at, fact.origin)])

    def subscriptions(
        self,
    ) -> tuple[Subscription[CheckoutEnded] | Subscription[PayoutPaid] | Subscription[PayoutOverdue], ...]:
        """Return who listens to which fact."""
        return (
            Reaction(CheckoutEnded, "metrics.count_checkout", self.count_checkout),
            Reaction(PayoutPaid, "metrics.time_payout", self.time_payout),
            Reaction(PayoutOverdue, "metrics.count_overdue", self.count_overdue),
        )


def checkout_observations(outcome: str, origin: str, at: datetime) -> list[Observation]:
    """Return what the end of a checkout counts as; an outcome that is none counts as nothing."""
    return [Observation(metric.name, 1, to_epoch_ms(at), _kept_by(origin)) for metric in _BY_OUTCOME.get(outcome, ())]


def payout_observation(approved_at: datetime, paid_at: datetime, origin: str) -> Observation:
    """Return what a payout measures; a clock that was set back between the two counts as no time."""
    took_ms = max(0, to_epoch_ms(paid_at) - to_epoch_ms(approved_at))
    return Observation(PAYOUT_LATENCY.name, took_ms, to_epoch_ms(paid_at), _kept_by(origin))


def overdue_observation(at: datetime, origin: str) -> Observation:
    """Return what a payout counts as that was not paid in time."""
    return Observation(PAYOUTS_OVERDUE.name, 1, to_epoch_ms(at), _kept_by(origin))


def _kept_by(origin: str) -> Dimensions:
    return Dimensions(origin=origin if origin in _ORIGINS else "real")

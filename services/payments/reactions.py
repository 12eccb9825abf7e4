"""What payments ask of the processor, and what the clock does for them."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from services.events.payments import PaymentRequested, PayoutApproved, ProcessorNotified
from services.infra.durable import Effect, Failure, Json, Subscription
from services.kernel.context import JobActor
from services.kernel.errors import Unavailable
from services.payments.assembly import Payments
from services.payments.ports import (
    PaymentGateway,
    PaymentState,
    PayoutState,
    ProcessorRefused,
    ProcessorUnavailable,
)
from services.payments.rules import UNREACHABLE

ACTOR = JobActor("payments.teller", frozenset({"payments.settle"}))
_PATIENCE = 4
"""How often the processor is asked for a payment: its buyer waits, and after 30 s the attempt is over anyway."""
_log = logging.getLogger(__name__)


class Teller:
    """Asks the processor, outside any transaction, and settles what it says."""

    def __init__(self, payments: Payments, gateway: PaymentGateway | None) -> None:
        self.payments, self.gateway = payments, gateway

    def charge(self, fact: PaymentRequested, _key: str) -> Json:
        """Take a payment; the attempt's own id is its idempotency key.

        Raises: ProcessorRefused, ProcessorUnavailable.
        """
        charge = self.payments.settlement.charge_of(ACTOR, fact.attempt_id)
        if charge is None or self.gateway is None:
            return None
        return asdict(self.gateway.charge(charge))

    def settle_charge(self, fact: PaymentRequested, result: Json) -> None:
        """Note what the processor said."""
        if isinstance(result, Mapping):
            state = PaymentState(**result)  # type: ignore[arg-type] # it was such a state before it was stored
            self.payments.settlement.settle_attempt(ACTOR, attempt_id=fact.attempt_id, state=state)

    def give_up_charge(self, fact: PaymentRequested, failure: Failure) -> None:
        """End an attempt that the processor did not answer."""
        code = UNREACHABLE if failure.retryable else failure.code
        _log.error("payment_not_answered", extra={"attempt_id": fact.attempt_id, "cause": failure.code})
        self.payments.settlement.fail_attempt(ACTOR, attempt_id=fact.attempt_id, code=code)

    def pay_out(self, fact: PayoutApproved, _key: str) -> Json:
        """Send a payout; its id and attempt are its idempotency key.

        Raises: ProcessorRefused, ProcessorUnavailable.
        """
        transfer = self.payments.payouts.transfer_of(ACTOR, fact.payout_id)
        if transfer is None or self.gateway is None:
            return None
        return asdict(self.gateway.pay_out(transfer, f"{fact.payout_id}-{fact.attempt}"))

    def settle_pay_out(self, fact: PayoutApproved, result: Json) -> None:
        """Note what the processor said."""
        if isinstance(result, Mapping):
            state = PayoutState(**result)  # type: ignore[arg-type] # it was such a state before it was stored
            self.payments.payouts.settle(ACTOR, payout_id=fact.payout_id, state=state)

    def give_up_pay_out(self, fact: PayoutApproved, failure: Failure) -> None:
        """Note that a payout did not leave; staff see it and may approve it again."""
        code = UNREACHABLE if failure.retryable else failure.code
        _log.error("payout_not_sent", extra={"payout_id": fact.payout_id, "cause": failure.code})
        self.payments.payouts.fail(ACTOR, payout_id=fact.payout_id, code=code)

    def look_up(self, fact: ProcessorNotified, _key: str) -> Json:
        """Ask how a thing stands of which the processor told us: its notice may be older than what we know.

        Raises: ProcessorUnavailable; Unavailable for a payout whose sending is not settled yet.
        """
        if self.gateway is None:
            return None
        try:
            if fact.about == "payment":
                return asdict(self.gateway.payment(fact.processor_id))
            account = self.payments.payouts.account_of(ACTOR, fact.processor_id)
            if account is None:
                raise Unavailable("payout_not_known_yet", "Nothing is known of this payout yet; it is asked again.")
            return asdict(self.gateway.payout(fact.processor_id, account))
        except ProcessorRefused:
            return None  # it is not ours, or gone

    def settle_look_up(self, fact: ProcessorNotified, result: Json) -> None:
        """Note how it stands."""
        if not isinstance(result, Mapping):
            return
        if fact.about == "payment":
            self.payments.settlement.settle_payment(ACTOR, state=PaymentState(**result))  # type: ignore[arg-type] # it was such a state before it was stored
        else:
            state = PayoutState(**result)  # type: ignore[arg-type] # it was such a state before it was stored
            self.payments.payouts.settle(ACTOR, payout_id=state.payout_id, state=state)

    def watch(self) -> None:
        """End what has been quiet for too long; asked first, since a change that changes nothing fills the audit."""
        if self.payments.settlement.quiet(ACTOR):
            self.payments.settlement.end_quiet(ACTOR)
        if self.payments.payouts.overdue_due(ACTOR):
            self.payments.payouts.note_overdue(ACTOR)

    def reconcile(self, _tick_at: datetime) -> None:
        """Ask the processor about everything whose outcome is owed to us; notices get lost."""
        if self.gateway is None:
            return
        for charge in self.payments.settlement.unclear(ACTOR):
            try:
                self.payments.settlement.settle_payment(ACTOR, state=self.gateway.look_up(charge))
            except (ProcessorUnavailable, ProcessorRefused):
                self.payments.settlement.ask_later(ACTOR, order_id=charge.order_id)
        for processor_id, account in self.payments.payouts.on_their_way(ACTOR):
            try:
                state = self.gateway.payout(processor_id, account)
            except (ProcessorUnavailable, ProcessorRefused):
                return
            self.payments.payouts.settle(ACTOR, payout_id=state.payout_id, state=state)

    def tidy(self, _tick_at: datetime) -> None:
        """Drop notices past their keeping, and forget where orders came from."""
        if self.payments.notices.old(ACTOR):
            self.payments.notices.drop_old(ACTOR)
        if self.payments.orders.networks_kept(ACTOR):
            self.payments.orders.forget_networks(ACTOR)

    def subscriptions(
        self,
    ) -> tuple[Subscription[PaymentRequested] | Subscription[PayoutApproved] | Subscription[ProcessorNotified], ...]:
        """Return who listens to which fact."""
        charge = Effect(
            PaymentRequested, "payments.charge", self.charge, self.settle_charge, self.give_up_charge, _PATIENCE
        )
        pay_out = Effect(PayoutApproved, "payments.pay_out", self.pay_out, self.settle_pay_out, self.give_up_pay_out)
        return charge, pay_out, Effect(ProcessorNotified, "payments.look_up", self.look_up, self.settle_look_up)

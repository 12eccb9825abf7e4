"""How attempts to pay and orders come to their end: by the processor's answer, by its notice, or by the clock.

An order has one payment at the processor, however often it is tried, so that it cannot be paid twice. An attempt ends
once, and then publishes how; money that arrives later still pays the order.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.events.payments import CheckoutEnded
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import NotFound
from services.kernel.money import Money
from services.payments.ports import Charge, PaymentState
from services.payments.rules import (
    RUNNING,
    SILENCE,
    SILENT,
    UNCLEAR,
    UNCLEAR_KEPT,
    WALKED_AWAY,
    AttemptState,
    OrderState,
)
from services.payments.tables import AttemptRow, OrderRow

ABANDONED = "abandoned"
_ASK_AGAIN = timedelta(seconds=30)
_BATCH = 100


class Settlement:
    """What the processor's answers do to orders."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="payments.settle")
    def charge_of(self, actor: Actor, attempt_id: str) -> Charge | None:
        """Return what is to be taken, or nothing where the attempt is over."""
        session = current().session
        attempt = session.get(AttemptRow, attempt_id)
        if attempt is None or attempt.state != AttemptState.REQUESTED or attempt.card is None:
            return None
        order = session.get(OrderRow, attempt.order_id)
        return None if order is None or order.state == OrderState.PAID else _charge(order, attempt_id, attempt.card)

    @query(permission="payments.settle")
    def unclear(self, actor: Actor) -> tuple[Charge, ...]:
        """Return the payments of which it is time to ask what became of them."""
        now = self.uow.clock.now()
        chosen = sa.select(OrderRow).where(OrderRow.look_up_at <= now).order_by(OrderRow.look_up_at).limit(_BATCH)
        return tuple(_charge(order, "", "") for order in current().session.scalars(chosen))

    @command(permission="payments.settle")
    def settle_attempt(self, actor: Actor, *, attempt_id: str, state: PaymentState) -> None:
        """Take the processor's answer to an attempt; one that the clock has ended stays ended, its money counts."""
        scope = current()
        order, attempt = _locked(scope, attempt_id)
        scope.note(processor_id=state.processor_id, state=state.state, failure_code=state.failure_code)
        order.processor_id = state.processor_id
        if state.state == "paid":
            self._pay(scope, order, attempt)
        elif state.state == "pending" and attempt.state in RUNNING:
            attempt.state, order.look_up_at = AttemptState.PROCESSING, self.uow.clock.now() + _ASK_AGAIN
        elif attempt.state in RUNNING:
            self._end(scope, order, attempt, state.failure_code or "not_paid")
        else:
            order.look_up_at = None

    @command(permission="payments.settle")
    def fail_attempt(self, actor: Actor, *, attempt_id: str, code: str) -> None:
        """End an attempt for which the processor gave no usable answer."""
        scope = current()
        order, attempt = _locked(scope, attempt_id)
        scope.note(code=code)
        if attempt.state in RUNNING:
            self._end(scope, order, attempt, code)

    @command(permission="payments.settle")
    def settle_payment(self, actor: Actor, *, state: PaymentState) -> None:
        """Take how an order's payment stands at the processor; a failure ends only what the processor had taken."""
        scope, now = current(), self.uow.clock.now()
        order = scope.session.get(OrderRow, state.order_id, with_for_update=True, populate_existing=True)
        scope.note(order_id=state.order_id, processor_id=state.processor_id, state=state.state, known=order is not None)
        if order is None:
            return
        order.processor_id = state.processor_id
        running = _running(scope.session, order.id)
        if state.state == "paid":
            self._pay(scope, order, running)
        elif state.state == "pending":
            order.look_up_at = now + _ASK_AGAIN
        elif running is not None and running.state == AttemptState.PROCESSING:
            self._end(scope, order, running, state.failure_code or "not_paid")
        elif running is None:
            order.look_up_at = None

    @command(permission="payments.settle")
    def ask_later(self, actor: Actor, *, order_id: str) -> None:
        """Put off the question what became of a payment; after a day it is not asked any more."""
        scope, now = current(), self.uow.clock.now()
        order = scope.session.get(OrderRow, order_id, with_for_update=True, populate_existing=True)
        if order is not None and order.look_up_at is not None:
            over = order.quiet_since < now - UNCLEAR_KEPT
            order.look_up_at = None if over else now + _ASK_AGAIN
            scope.note(order_id=order_id, given_up=over)

    @query(permission="payments.settle")
    def quiet(self, actor: Actor) -> bool:
        """Tell whether the clock has something to end."""
        session, now = current().session, self.uow.clock.now()
        silent, left = sa.exists().where(*_silent(now)), sa.exists().where(*_left(now))
        row = session.execute(sa.select(silent, left)).one()
        return bool(row[0] or row[1])

    @command(permission="payments.settle")
    def end_quiet(self, actor: Actor) -> int:
        """End attempts to which the processor stayed silent, and orders whose buyers walked away; return how many."""
        scope, now = current(), self.uow.clock.now()
        silent = sa.select(AttemptRow.id).where(*_silent(now)).order_by(AttemptRow.id).limit(_BATCH)
        attempt_ids = scope.session.scalars(silent).all()
        for attempt_id in attempt_ids:
            order, attempt = _locked(scope, attempt_id)
            if attempt.state == AttemptState.REQUESTED:
                self._end(scope, order, attempt, SILENT)
        left = sa.select(OrderRow).where(*_left(now)).order_by(OrderRow.id).limit(_BATCH).with_for_update()
        orders = scope.session.scalars(left).all()
        for order in orders:
            order.state = OrderState.ABANDONED
            _publish(scope, order, "", ABANDONED, "", now)
        scope.note(silent=len(attempt_ids), abandoned=len(orders))
        return len(attempt_ids) + len(orders)

    def _pay(self, scope: Scope, order: OrderRow, attempt: AttemptRow | None) -> None:
        now = self.uow.clock.now()
        order.look_up_at = None
        if order.state != OrderState.PAID:
            order.state, order.paid_at, order.quiet_since = OrderState.PAID, now, now
        running = attempt if attempt is not None and attempt.state in RUNNING else _running(scope.session, order.id)
        if running is not None:
            running.state, running.ended_at, running.card = AttemptState.PAID, now, None
            _publish(scope, order, running.id, "paid", "", now)

    def _end(self, scope: Scope, order: OrderRow, attempt: AttemptRow, code: str) -> None:
        now = self.uow.clock.now()
        attempt.state, attempt.ended_at, attempt.card, attempt.failure_code = AttemptState.FAILED, now, None, code[:64]
        order.quiet_since = now
        order.look_up_at = now + _ASK_AGAIN if code in UNCLEAR else None
        _publish(scope, order, attempt.id, "failed", code, now)


def _charge(order: OrderRow, attempt_id: str, card: str) -> Charge:
    money = Money(order.amount_minor, order.currency)
    return Charge(order.id, attempt_id, money, card, f"{order.title} ({order.id})", order.processor_id)


def _locked(scope: Scope, attempt_id: str) -> tuple[OrderRow, AttemptRow]:
    """Lock an attempt by its order, always the order first."""
    scope.note(attempt_id=attempt_id)
    order_id = scope.session.scalar(sa.select(AttemptRow.order_id).where(AttemptRow.id == attempt_id))
    if order_id is None:
        raise NotFound("attempt_unknown", "There is no such attempt.", attempt_id=attempt_id)
    order = scope.session.get_one(OrderRow, order_id, with_for_update=True, populate_existing=True)
    return order, scope.session.get_one(AttemptRow, attempt_id, populate_existing=True)


def _running(session: Session, order_id: str) -> AttemptRow | None:
    chosen = sa.select(AttemptRow).where(AttemptRow.order_id == order_id, AttemptRow.state.in_(RUNNING))
    return session.scalar(chosen.execution_options(populate_existing=True))


def _silent(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return AttemptRow.state == AttemptState.REQUESTED, AttemptRow.requested_at < now - SILENCE


def _left(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    running = sa.exists().where(AttemptRow.order_id == OrderRow.id, AttemptRow.state.in_(RUNNING))
    return (
        OrderRow.state == OrderState.OPEN,
        OrderRow.quiet_since < now - WALKED_AWAY,
        OrderRow.look_up_at.is_(None),
        ~running,
    )


def _publish(scope: Scope, order: OrderRow, attempt_id: str, outcome: str, code: str, now: datetime) -> None:  # noqa: PLR0917 -- the fact's fields
    scope.publish(
        CheckoutEnded(
            occurred_at=now, order_id=order.id, attempt_id=attempt_id, outcome=outcome, failure_code=code,
            origin=order.origin,
        )
    )  # fmt: skip

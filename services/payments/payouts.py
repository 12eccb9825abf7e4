"""Payouts: requested for a creator, approved by staff, sent by the processor, and done when the money arrived."""

import sqlalchemy as sa

from services.events.payments import PayoutApproved, PayoutOverdue, PayoutPaid
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.kernel.money import Money
from services.kernel.paging import Page, PageRequest
from services.payments.ports import PayoutState, Transfer
from services.payments.rules import KEY_KEPT, OVERDUE, UNCLEAR, PayoutStage, check_account, check_price
from services.payments.tables import PayoutRow
from services.payments.views import PayoutView

NAME_MAX = 200
_LOOK_AGAIN = OVERDUE / 96
_BATCH = 100
_UNPAID = (PayoutStage.APPROVED, PayoutStage.SENT, PayoutStage.FAILED)


class Payouts:
    """What staff do with payouts, and what the processor's answers do to them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="payments.payout.request")
    def request(self, actor: Actor, *, account: str, creator_name: str, money: Money, origin: str = "real") -> str:
        """Ask for a payout to a creator's account at the processor, and return its id.

        Raises: Invalid.
        """
        check_account(account)
        check_price(money)
        if not 1 <= len(creator_name.strip()) <= NAME_MAX:
            raise Invalid("name_malformed", "Say whom the payout is for.", fields={"creator_name": "is empty"})
        scope = current()
        row = PayoutRow(
            id=new_id("pay"),
            account=account,
            creator_name=creator_name.strip(),
            amount_minor=money.minor,
            currency=money.currency,
            origin="demo" if origin == "demo" else "real",
            state=PayoutStage.REQUESTED,
            attempt=1,
            requested_at=self.uow.clock.now(),
        )
        scope.session.add(row)
        scope.note(payout_id=row.id, amount_minor=money.minor, currency=money.currency, origin=row.origin)
        return row.id

    @command(permission="payments.payout.approve")
    def approve(self, actor: Actor, *, payout_id: str) -> None:
        """Let a payout leave, or leave again after it failed; its time counts from the first approval.

        Raises: NotFound, Conflict where it is on its way, paid or rejected.
        """
        scope, now = current(), self.uow.clock.now()
        row = _found(scope, payout_id)
        if row.state not in {PayoutStage.REQUESTED, PayoutStage.FAILED}:
            raise Conflict("payout_not_waiting", f"This payout is {row.state}; it cannot be approved.")
        if row.state == PayoutStage.FAILED and row.failure_code not in UNCLEAR:
            # What surely failed may be sent anew; what is unclear is asked for again under the same key.
            row.attempt += 1
            row.asked_at = row.processor_id = None
        row.state, row.failure_code = PayoutStage.APPROVED, None
        row.approved_at = row.approved_at or now
        row.asked_at = row.asked_at or now
        row.approved_by = actor.id
        scope.note(attempt=row.attempt)
        scope.publish(PayoutApproved(occurred_at=now, payout_id=row.id, attempt=row.attempt))

    @command(permission="payments.payout.approve")
    def reject(self, actor: Actor, *, payout_id: str) -> None:
        """Refuse a payout that was not approved yet.

        Raises: NotFound, Conflict.
        """
        row = _found(current(), payout_id)
        if row.state != PayoutStage.REQUESTED:
            raise Conflict("payout_not_waiting", f"This payout is {row.state}; it cannot be rejected.")
        row.state = PayoutStage.REJECTED

    @query(permission="payments.read")
    def latest(self, actor: Actor, page: PageRequest, *, state: PayoutStage | None = None) -> Page[PayoutView]:
        """Return payouts, the latest first."""
        chosen = sa.select(PayoutRow).order_by(PayoutRow.id.desc()).limit(page.size + 1)
        if page.after:
            chosen = chosen.where(PayoutRow.id < page.after)
        if state is not None:
            chosen = chosen.where(PayoutRow.state == state)
        rows = current().session.scalars(chosen).all()
        views = [_view(row) for row in rows[: page.size]]
        return Page(views, views[-1].id if len(rows) > page.size else None)

    @query(permission="payments.read")
    def found(self, actor: Actor, payout_id: str) -> PayoutView:
        """Return one payout.

        Raises: NotFound.
        """
        row = current().session.get(PayoutRow, payout_id)
        if row is None:
            raise NotFound("payout_unknown", "There is no such payout.")
        return _view(row)

    @query(permission="payments.settle")
    def transfer_of(self, actor: Actor, payout_id: str) -> Transfer | None:
        """Return what is to be sent, or nothing where the payout does not wait for it."""
        row = current().session.get(PayoutRow, payout_id)
        if row is None or row.state != PayoutStage.APPROVED:
            return None
        look_first = row.asked_at is not None and row.asked_at < self.uow.clock.now() - KEY_KEPT
        money = Money(row.amount_minor, row.currency)
        return Transfer(row.id, row.account, money, f"Payout {row.id}", look_first)

    @query(permission="payments.settle")
    def account_of(self, actor: Actor, processor_id: str) -> str | None:
        """Return the account of a payout that the processor knows by this id, or nothing where we do not know it."""
        chosen = sa.select(PayoutRow.account).where(PayoutRow.processor_id == processor_id)
        found: str | None = current().session.scalar(chosen)
        return found

    @query(permission="payments.settle")
    def on_their_way(self, actor: Actor) -> tuple[tuple[str, str], ...]:
        """Return processor's id and account of the payouts of which it is time to ask."""
        chosen = sa.select(PayoutRow.processor_id, PayoutRow.account).where(
            PayoutRow.look_up_at <= self.uow.clock.now(), PayoutRow.processor_id.is_not(None)
        )
        rows = current().session.execute(chosen.order_by(PayoutRow.look_up_at).limit(_BATCH))
        return tuple((str(processor_id), str(account)) for processor_id, account in rows)

    @command(permission="payments.settle")
    def settle(self, actor: Actor, *, payout_id: str, state: PayoutState) -> None:
        """Take how a payout stands at the processor; it is paid once, whatever arrives twice or in another order."""
        scope, now = current(), self.uow.clock.now()
        row = scope.session.get(PayoutRow, payout_id, with_for_update=True, populate_existing=True)
        scope.note(payout_id=payout_id, processor_id=state.processor_id, state=state.state, known=row is not None)
        if row is None or (row.processor_id not in {None, state.processor_id}):
            return
        row.processor_id = state.processor_id
        row.sent_at = row.sent_at or now
        row.look_up_at = now + _LOOK_AGAIN if state.state == "sent" else None
        if state.state == "failed":
            row.state, row.failure_code = PayoutStage.FAILED, state.failure_code[:64] or "not_paid"
        elif state.state == "sent":
            row.state = row.state if row.state == PayoutStage.PAID else PayoutStage.SENT
        elif row.state != PayoutStage.PAID:
            first, row.state, row.paid_at = row.paid_at is None, PayoutStage.PAID, row.paid_at or now
            row.failure_code = None
            if first:
                approved_at = (row.approved_at or now).isoformat()
                scope.publish(PayoutPaid(occurred_at=now, payout_id=row.id, approved_at=approved_at, origin=row.origin))

    @command(permission="payments.settle")
    def fail(self, actor: Actor, *, payout_id: str, code: str) -> None:
        """Note that a payout did not leave, and why; staff may approve it again."""
        scope = current()
        row = _found(scope, payout_id)
        scope.note(code=code)
        if row.state == PayoutStage.APPROVED:
            row.state, row.failure_code = PayoutStage.FAILED, code[:64]

    @query(permission="payments.settle")
    def overdue_due(self, actor: Actor) -> bool:
        """Tell whether a payout has become overdue that was not told yet."""
        return bool(current().session.scalar(sa.select(sa.exists().where(*self._overdue()))))

    @command(permission="payments.settle")
    def note_overdue(self, actor: Actor) -> int:
        """Publish the payouts that have become overdue, each once; return how many."""
        scope, now = current(), self.uow.clock.now()
        chosen = sa.select(PayoutRow).where(*self._overdue()).order_by(PayoutRow.id).limit(_BATCH).with_for_update()
        rows = scope.session.scalars(chosen).all()
        for row in rows:
            row.overdue_at = now
            approved_at = (row.approved_at or now).isoformat()
            scope.publish(PayoutOverdue(occurred_at=now, payout_id=row.id, approved_at=approved_at, origin=row.origin))
        scope.note(overdue=len(rows))
        return len(rows)

    def _overdue(self) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            PayoutRow.state.in_(_UNPAID),
            PayoutRow.approved_at < self.uow.clock.now() - OVERDUE,
            PayoutRow.paid_at.is_(None),
            PayoutRow.overdue_at.is_(None),
        )


def _found(scope: Scope, payout_id: str) -> PayoutRow:
    scope.note(payout_id=payout_id)
    row = scope.session.get(PayoutRow, payout_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("payout_unknown", "There is no such payout.")
    return row


def _view(row: PayoutRow) -> PayoutView:
    return PayoutView(
        id=row.id,
        account=row.account,
        creator_name=row.creator_name,
        money=Money(row.amount_minor, row.currency),
        origin=row.origin,
        state=PayoutStage(row.state),
        requested_at=row.requested_at,
        approved_at=row.approved_at,
        sent_at=row.sent_at,
        paid_at=row.paid_at,
        overdue_at=row.overdue_at,
        failure_code=row.failure_code,
    )

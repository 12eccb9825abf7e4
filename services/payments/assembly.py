"""Payments put together: the one value that surfaces and the background process receive."""

from dataclasses import dataclass
from typing import Self

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Invalid
from services.payments.notices import Notices
from services.payments.orders import Orders, Prices
from services.payments.payouts import Payouts
from services.payments.ports import NoticeReader, Titles
from services.payments.rules import RUNNING, OrderState, PayoutStage
from services.payments.settlement import Settlement
from services.payments.tables import AttemptRow, OrderRow, PayoutRow, PriceRow
from services.payments.views import TillView


class Till:
    """How the whole order path stands."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="payments.read")
    def counts(self, actor: Actor) -> TillView:
        """Return what runs, what is unclear and what waits."""
        session = current().session

        def count(*which: sa.ColumnElement[bool]) -> int:
            return int(session.scalar(sa.select(sa.func.count()).where(*which)) or 0)

        return TillView(
            orders_open=count(OrderRow.state == OrderState.OPEN),
            attempts_running=count(AttemptRow.state.in_(RUNNING)),
            payments_unclear=count(OrderRow.look_up_at.is_not(None)),
            payouts_waiting=count(PayoutRow.state == PayoutStage.REQUESTED),
            payouts_on_their_way=count(PayoutRow.state.in_((PayoutStage.APPROVED, PayoutStage.SENT))),
            payouts_failed=count(PayoutRow.state == PayoutStage.FAILED),
        )

    @command(permission="payments.forget")
    def forget_origin(self, actor: Actor, origin: str) -> int:
        """Remove every order and payout of an origin, such as the demo's, and return how many those were.

        Raises: Invalid for what real buyers did, which is not removed this way.
        """
        if origin == "real":
            raise Invalid("origin_is_real", "What real buyers did stays; name another origin.", origin=origin)
        session = current().session
        orders = sa.select(OrderRow.id).where(OrderRow.origin == origin)
        session.execute(sa.delete(AttemptRow).where(AttemptRow.order_id.in_(orders)))
        gone = session.execute(sa.delete(OrderRow).where(OrderRow.origin == origin)).rowcount  # type: ignore[attr-defined] # a delete has a row count
        paid = session.execute(sa.delete(PayoutRow).where(PayoutRow.origin == origin)).rowcount  # type: ignore[attr-defined] # a delete has a row count
        current().note(origin=origin, orders=int(gone), payouts=int(paid))
        return int(gone + paid)

    @command(permission="payments.forget")
    def forget_prices(self, actor: Actor, slugs: tuple[str, ...]) -> None:
        """Take titles off sale that are no more."""
        current().session.execute(sa.delete(PriceRow).where(PriceRow.title_slug.in_(slugs)))
        current().note(slugs=list(slugs))


@dataclass(frozen=True, slots=True)
class Payments:
    """Everything that payments can do."""

    prices: Prices
    orders: Orders
    settlement: Settlement
    payouts: Payouts
    notices: Notices
    till: Till

    @classmethod
    def assemble(cls, uow: UnitOfWork, titles: Titles, reader: NoticeReader | None, *, demo_key: str = "") -> Self:
        """Put payments together; without a reader of the processor's notices nothing can be bought."""
        return cls(
            prices=Prices(uow, titles),
            orders=Orders(uow, titles, enabled=reader is not None, demo_key=demo_key),
            settlement=Settlement(uow),
            payouts=Payouts(uow),
            notices=Notices(uow, reader),
            till=Till(uow),
        )

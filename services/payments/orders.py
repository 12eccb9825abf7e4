"""Orders: placed by anybody, paid by asking the processor, read by whoever holds the order's key."""

import hashlib
import hmac
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.events.payments import PaymentRequested
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, NotFound, RateLimited, Unavailable
from services.kernel.ids import new_id
from services.kernel.money import Money
from services.kernel.network import client_network
from services.kernel.paging import Page, PageRequest
from services.payments.ports import Titles
from services.payments.rules import (
    ATTEMPTS_MAX,
    ORDERS_IN_ALL,
    ORDERS_PER_NETWORK,
    PLACING_WINDOW,
    RUNNING,
    WALKED_AWAY,
    AttemptState,
    OrderState,
    check_card,
    check_key,
    check_price,
)
from services.payments.tables import ORDERS, AttemptRow, OrderRow, PriceRow
from services.payments.views import AttemptView, OfferView, OrderView


class Prices:
    """What titles cost; a title without a price is not for sale."""

    def __init__(self, uow: UnitOfWork, titles: Titles) -> None:
        self.uow, self._titles = uow, titles

    @command(permission="payments.price")
    def set_price(self, actor: Actor, *, slug: str, price: Money) -> None:
        """Offer a title at a price; orders that stand keep theirs.

        Raises: Invalid, NotFound.
        """
        check_price(price)
        self._titles.title(actor, slug)
        scope, now = current(), self.uow.clock.now()
        row = scope.session.get(PriceRow, slug, with_for_update=True)
        if row is None:
            row = PriceRow(title_slug=slug)
            scope.session.add(row)
        row.amount_minor, row.currency, row.priced_at = price.minor, price.currency, now
        scope.note(slug=slug, amount_minor=price.minor, currency=price.currency)

    @query(permission="payments.buy")
    def offer(self, actor: Actor, slug: str) -> OfferView | None:
        """Return what a title costs, or nothing where it is not for sale."""
        row = current().session.get(PriceRow, slug)
        return None if row is None else OfferView(row.title_slug, Money(row.amount_minor, row.currency))


class Orders:
    """What buyers do. `enabled` tells whether there is a processor; `demo_key` marks the demo's own buyers."""

    def __init__(self, uow: UnitOfWork, titles: Titles, *, enabled: bool, demo_key: str = "") -> None:
        self.uow, self._titles, self.enabled, self._demo_key = uow, titles, enabled, demo_key

    @command(permission="payments.buy")
    def place(self, actor: Actor, *, slug: str, key: str, client_address: str, demo_key: str = "") -> None:
        """Place an order for a title at its price of now; `key` opens it, and the same key again is the same order.

        Raises: NotFound for a title that is none; Conflict for one that is not for sale, or a key of another title's;
            Invalid for what is no key; RateLimited where too many were placed; Unavailable without processor.
        """
        self._check_enabled()
        check_key(key)
        scope = current()
        if _placed_before(scope, key, slug):
            return
        title = self._titles.title(actor, slug)
        price = scope.session.get(PriceRow, slug)
        if price is None:
            raise Conflict("title_not_for_sale", "This title is not for sale; it is free to watch.")
        now, demo = self.uow.clock.now(), self._is_demo(demo_key)
        network = None if demo else self._counted(scope, client_address, now)
        values = {
            "id": new_id("ord"),
            "key_digest": _digest(key),
            "title_slug": title.slug,
            "title": title.title,
            "amount_minor": price.amount_minor,
            "currency": price.currency,
            "origin": "demo" if demo else "real",
            "state": OrderState.OPEN,
            "network_digest": network,
            "placed_at": now,
            "quiet_since": now,
        }
        make = postgresql.insert if scope.session.get_bind().dialect.name == "postgresql" else sqlite.insert
        store = make(ORDERS).values(**values).on_conflict_do_nothing().returning(ORDERS.c.id)
        if scope.session.scalar(store) is None:
            _placed_before(scope, key, slug)  # a twin was quicker
            return
        scope.note(order_id=values["id"], slug=slug, amount_minor=price.amount_minor, currency=price.currency)
        scope.note(origin=values["origin"])

    @command(permission="payments.buy")
    def pay(self, actor: Actor, *, key: str, card: str, number: int) -> None:
        """Ask for an order's payment by a card; `number` counts the attempts, so that a repeated wish is one attempt.

        Raises: NotFound; Conflict where it is paid, abandoned or being paid; Invalid for what is no card.
        """
        self._check_enabled()
        check_card(card)
        scope, now = current(), self.uow.clock.now()
        row = _by_key(scope.session, key, for_update=True)
        known = _attempts(scope.session, [row.id]).get(row.id, [])
        scope.note(order_id=row.id, number=number)
        if any(attempt.number == number for attempt in known):
            return
        if row.state == OrderState.PAID:
            raise Conflict("order_paid", "This order is paid already; nothing more is taken.")
        if any(attempt.state in RUNNING for attempt in known):
            raise Conflict("payment_running", "A payment of this order is under way; wait for its outcome.")
        if row.state != OrderState.OPEN:
            raise Conflict("order_over", "This order is over; place a new one.")
        if number != len(known) + 1 or number > ATTEMPTS_MAX:
            raise Conflict("order_changed", "This order has changed meanwhile; reload its page and try again.")
        attempt = AttemptRow(
            id=new_id("att"), order_id=row.id, number=number, card=card, state=AttemptState.REQUESTED, requested_at=now
        )
        scope.session.add(attempt)
        row.quiet_since = now
        scope.note(attempt_id=attempt.id)
        scope.publish(PaymentRequested(occurred_at=now, order_id=row.id, attempt_id=attempt.id))

    @query(permission="payments.buy")
    def order(self, actor: Actor, key: str) -> OrderView:
        """Return the order that a key opens.

        Raises: NotFound.
        """
        session = current().session
        row = _by_key(session, key)
        return _view(row, _attempts(session, [row.id]).get(row.id, []))

    @query(permission="payments.read")
    def found(self, actor: Actor, order_id: str) -> OrderView:
        """Return one order by its id, for staff.

        Raises: NotFound.
        """
        session = current().session
        row = session.get(OrderRow, order_id)
        if row is None:
            raise NotFound("order_unknown", "There is no such order; check its address.")
        return _view(row, _attempts(session, [row.id]).get(row.id, []))

    @query(permission="payments.read")
    def latest(self, actor: Actor, page: PageRequest) -> Page[OrderView]:
        """Return orders, the latest first."""
        session = current().session
        chosen = sa.select(OrderRow).order_by(OrderRow.id.desc()).limit(page.size + 1)
        if page.after:
            chosen = chosen.where(OrderRow.id < page.after)
        rows = session.scalars(chosen).all()
        shown = rows[: page.size]
        attempts = _attempts(session, [row.id for row in shown])
        views = [_view(row, attempts.get(row.id, [])) for row in shown]
        return Page(views, views[-1].id if len(rows) > page.size else None)

    @query(permission="payments.settle")
    def networks_kept(self, actor: Actor) -> bool:
        """Tell whether orders still say where they came from though it no longer counts."""
        return bool(current().session.scalar(sa.select(sa.exists().where(*self._no_longer_counted()))))

    @command(permission="payments.settle")
    def forget_networks(self, actor: Actor) -> None:
        """Forget where orders came from as soon as it no longer counts."""
        forget = sa.update(OrderRow).where(*self._no_longer_counted()).values(network_digest=None)
        current().note(orders=int(current().session.execute(forget).rowcount))  # type: ignore[attr-defined] # an update has a row count

    def _no_longer_counted(self) -> tuple[sa.ColumnElement[bool], ...]:
        past = self.uow.clock.now() - PLACING_WINDOW
        return OrderRow.placed_at <= past, OrderRow.network_digest.is_not(None)

    def _counted(self, scope: Scope, client_address: str, now: datetime) -> str:
        """Return what a network counts as.

        Raises: RateLimited where it, or all together, placed too many orders.
        """
        network = self.uow.vault.digest("payments.network", client_network(client_address))
        recent = sa.select(sa.func.count()).where(OrderRow.placed_at > now - PLACING_WINDOW, OrderRow.origin == "real")
        own = scope.session.scalar(recent.where(OrderRow.network_digest == network)) or 0
        if own >= ORDERS_PER_NETWORK or (scope.session.scalar(recent) or 0) >= ORDERS_IN_ALL:
            message = "Too many orders were placed from here. Pay one that stands, or try again in an hour."
            seconds = int(PLACING_WINDOW / timedelta(seconds=1))
            raise RateLimited("too_many_orders", message, retry_after_seconds=seconds)
        return network

    def _check_enabled(self) -> None:
        if not self.enabled:
            message = "Payments are not set up on this installation; nothing can be bought."
            raise Unavailable("payments_not_configured", message, retry_after_seconds=3_600)

    def _is_demo(self, given: str) -> bool:
        return bool(self._demo_key) and hmac.compare_digest(given.encode(), self._demo_key.encode())


def _placed_before(scope: Scope, key: str, slug: str) -> bool:
    """Tell whether an order of this key stands.

    Raises: Conflict where it is another title's.
    """
    row = scope.session.scalar(sa.select(OrderRow).where(OrderRow.key_digest == _digest(key)))
    if row is None:
        return False
    scope.note(order_id=row.id, repeated=True)
    if row.title_slug != slug:
        raise Conflict("order_of_another_title", "This form belongs to another order; open the title's page again.")
    return True


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _by_key(session: Session, key: str, *, for_update: bool = False) -> OrderRow:
    chosen = sa.select(OrderRow).where(OrderRow.key_digest == _digest(key))
    row = session.scalar(chosen.with_for_update() if for_update else chosen)
    if row is None:
        raise NotFound("order_unknown", "There is no such order; check its address.")
    return row


def _attempts(session: Session, order_ids: list[str]) -> dict[str, list[AttemptRow]]:
    found: dict[str, list[AttemptRow]] = {}
    chosen = sa.select(AttemptRow).where(AttemptRow.order_id.in_(order_ids)).order_by(AttemptRow.number.desc())
    for attempt in session.scalars(chosen):
        found.setdefault(attempt.order_id, []).append(attempt)
    return found


def _view(row: OrderRow, attempts: list[AttemptRow]) -> OrderView:
    return OrderView(
        id=row.id,
        title_slug=row.title_slug,
        title=row.title,
        price=Money(row.amount_minor, row.currency),
        origin=row.origin,
        state=OrderState(row.state),
        placed_at=row.placed_at,
        paid_at=row.paid_at,
        ended_at=row.quiet_since + WALKED_AWAY if row.state == OrderState.ABANDONED else None,
        attempts=tuple(
            AttemptView(a.number, AttemptState(a.state), a.failure_code, a.requested_at, a.ended_at) for a in attempts
        ),
    )

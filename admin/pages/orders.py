"""Orders: what buyers placed, how they paid, and what became of it."""

from datetime import datetime
from typing import Final
from urllib.parse import quote

from dash import Input, Output, State, dcc, html
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.kernel.paging import PageRequest
from services.payments.rules import OrderState
from services.payments.views import OrderView
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    chip,
    columns,
    data_grid,
    fmt,
    kpi,
    link,
    mono,
    page_head,
    panel,
    stack,
    timestamp,
    with_sub,
)
from web.ui.theme import State as Colour

_ids = Ids("orders")
_REFRESH_MS: Final = 5_000
LOOK: Final = {
    OrderState.OPEN: Colour.PLAN,
    OrderState.PAID: Colour.GOOD,
    OrderState.ABANDONED: Colour.PLAIN,
}


def page(services: Services) -> Page:
    """Return the page, reading through these services."""

    def layout(visit: Visit) -> Component:
        after = visit.query.get("after", "")
        return stack([
            page_head("Orders", lead="Placed in the shop, paid at the processor. Who walks away is no failure."),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS, disabled=bool(after)),
            dcc.Store(id=_ids.part("after"), data=after),
            html.Div(_body(services, visit.actor, after), id=_ids.part("body"), className="stack normal"),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        @callbacks.callback(
            Output(_ids.part("body"), "children"),
            Input(_ids.part("tick"), "n_intervals"),
            State(_ids.part("after"), "data"),
            prevent_initial_call=True,
        )
        def refresh(_tick: int | None, after: str | None) -> list[Component]:
            return _body(services, current_actor(), str(after or ""))

    return Page("orders", "Orders", "payments.read", layout, register, redraw_on=frozenset({"after"}))


def _body(services: Services, actor: Actor, after: str) -> list[Component]:
    now = services.clock.now()
    found = services.payments.orders.latest(actor, PageRequest(after=after or None))
    older = (
        link("Older orders", f"/admin/orders?after={quote(found.next_cursor)}", arrow=True)
        if found.next_cursor
        else None
    )
    return [
        _counts(services, actor),
        panel(
            lambda: Loaded(found.items, now),
            lambda rows: data_grid(rows, _columns(now), caption="Orders", noun="orders-list", row_key=lambda r: r.id),
            title="Latest orders",
            now=now,
            flush=True,
            aside=older,
            empty=Empty("No orders", "What is bought in the shop appears here at once."),
        ),
    ]


def _counts(services: Services, actor: Actor) -> Component:
    till = services.payments.till.counts(actor)
    return columns([
        kpi("Open orders", fmt.count(till.orders_open), note="placed and not paid"),
        kpi("Payments under way", fmt.count(till.attempts_running), note="the processor is being asked"),
        kpi("Payments unclear", fmt.count(till.payments_unclear), note="asked for until they are known"),
    ], heading="Counts")  # fmt: skip


def _columns(now: datetime) -> list[Column[OrderView]]:
    return [
        Column("order", "Order", lambda r: with_sub(link(r.title, f"/admin/orders/{r.id}"), mono(r.id))),
        Column("state", "State", lambda r: chip(r.state.value, LOOK[r.state])),
        Column("price", "Price", lambda r: str(r.price), numeric=True),
        Column("tries", "Attempts", lambda r: fmt.count(len(r.attempts)), numeric=True, priority=2),
        Column("last", "Last outcome", _last, priority=2),
        Column("origin", "From", lambda r: "demo" if r.origin == "demo" else "a buyer", priority=3),
        Column("placed", "Placed", lambda r: timestamp(r.placed_at, now=now)),
    ]


def _last(order: OrderView) -> str | None:
    if not order.attempts:
        return None
    latest = order.attempts[0]
    return (latest.failure_code or latest.state.value).replace("_", " ")

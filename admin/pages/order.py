"""One order with everything that happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dash import Input, Output, State, dcc, html
from dash.development.base_component import Component

from admin.pages.orders import LOOK
from services.facade import Services
from services.kernel.context import Actor
from services.payments.rules import OrderState
from services.payments.views import OrderView
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Node,
    card,
    chip,
    data_grid,
    facts,
    link,
    mono,
    page_head,
    panel,
    stack,
    timestamp,
)
from web.ui.theme import State as Colour

_ids = Ids("order")
_REFRESH_MS = 5_000


@dataclass(frozen=True, slots=True)
class _Event:
    """One thing that happened."""

    at: datetime
    what: str
    state: Colour
    detail: str = ""


def page(services: Services) -> Page:
    """Return the page, reading through these services."""

    def layout(visit: Visit) -> Component:
        order_id = visit.variables["order_id"]
        return stack([
            page_head("Order", lead=mono(order_id[:80])),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            dcc.Store(id=_ids.part("which"), data=order_id),
            html.Div(_body(services, visit.actor, order_id), id=_ids.part("body"), className="stack normal"),
        ])  # fmt: skip

    def order_of(visit: Visit) -> OrderView:
        return services.payments.orders.found(visit.actor, visit.variables["order_id"])

    def register(callbacks: Callbacks) -> None:
        @callbacks.callback(
            Output(_ids.part("body"), "children"),
            Input(_ids.part("tick"), "n_intervals"),
            State(_ids.part("which"), "data"),
            prevent_initial_call=True,
        )
        def refresh(_tick: int | None, which: str | None) -> list[Component]:
            return _body(services, current_actor(), str(which or ""))

    return Page("orders/<order_id>", "Order", "payments.read", layout, register, subject=order_of)


def _body(services: Services, actor: Actor, order_id: str) -> list[Component]:
    now = services.clock.now()
    order = services.payments.orders.found(actor, order_id)
    rows: dict[str, Node] = {
        "Film": link(order.title, f"/shop/watch/{order.title_slug}"),
        "State": chip(order.state.value, LOOK[order.state]),
        "Price": str(order.price),
        "Placed": timestamp(order.placed_at, now=now),
        "Paid": timestamp(order.paid_at, now=now) if order.paid_at is not None else "not yet",
        "From": "the demo's own buyers" if order.origin == "demo" else "a buyer",
    }
    grid = [
        Column[_Event]("at", "When", lambda r: timestamp(r.at, now=now)),
        Column[_Event]("what", "What happened", lambda r: chip(r.what, r.state)),
        Column[_Event]("detail", "Why", lambda r: mono(r.detail) if r.detail else None),
    ]
    return [
        card(facts(rows), title="What was bought"),
        panel(
            lambda: Loaded(_events(order), now),
            lambda found: data_grid(found, grid, caption="Events", noun="order-events", row_key=_key),
            title="What happened",
            now=now,
            flush=True,
            empty=Empty("Nothing yet", "What happens to this order appears here."),
        ),
    ]


def _events(order: OrderView) -> Sequence[_Event]:
    found = [_Event(order.placed_at, "placed", Colour.PLAIN)]
    for attempt in order.attempts:
        found.append(_Event(attempt.requested_at, f"attempt {attempt.number}: processor asked", Colour.PLAN))
        if attempt.ended_at is not None:
            good = attempt.failure_code is None
            words = f"attempt {attempt.number}: {'paid' if good else 'not paid'}"
            state = Colour.GOOD if good else Colour.BAD
            found.append(_Event(attempt.ended_at, words, state, attempt.failure_code or ""))
    late = order.paid_at is not None and not any(a.failure_code is None and a.ended_at for a in order.attempts)
    if order.paid_at is not None and late:
        found.append(_Event(order.paid_at, "paid after all", Colour.GOOD))
    if order.state is OrderState.ABANDONED and order.ended_at is not None:
        found.append(_Event(order.ended_at, "buyer walked away", Colour.PLAIN))
    return sorted(found, key=lambda each: each.at, reverse=True)


def _key(event: _Event) -> str:
    return f"{event.at.isoformat()} {event.what}"

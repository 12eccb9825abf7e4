"""Buying: what a title costs, how it is paid, and what came of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from dash import html
from dash.development.base_component import Component

from services.catalogue.views import TitleView
from services.payments.rules import SILENCE, WALKED_AWAY, AttemptState, OrderState
from services.payments.views import AttemptView, OfferView, OrderView
from storefront.media import media_url
from storefront.pages.shop import buy_path, running_time, watch_path
from web.ui import (
    Column,
    Option,
    State,
    banner,
    button,
    card,
    chip,
    data_grid,
    facts,
    fmt,
    form,
    hidden,
    link,
    mono,
    page_head,
    radio_group,
    timestamp,
)
from web.ui.nodes import Node, flatten

CARDS: Final = (
    Option("pm_card_visa", "Visa ending in 4242", hint="Pays at once."),
    Option("pm_card_mastercard", "Mastercard ending in 4444", hint="Pays at once."),
    Option("pm_card_visa_chargeDeclined", "Visa ending in 0002", hint="Is declined by its bank."),
    Option("pm_card_visa_chargeDeclinedInsufficientFunds", "Visa ending in 9995", hint="Has not enough money on it."),
    Option("pm_card_chargeDeclinedExpiredCard", "Visa ending in 0069", hint="Has expired."),
)
"""Stripe's own test cards."""
SLOW_CARD: Final = Option("pm_card_slow", "Visa from a slow bank", hint="Pays after some seconds.")
"""The sandbox's own."""
_SECONDS, _MINUTES = int(SILENCE.total_seconds()), int(WALKED_AWAY.total_seconds() // 60)
_UNCLEAR: Final = "It is asked again what became of it. Should it have taken the money after all, it pays this order."
_REASONS: Final[Mapping[str, str]] = {
    "insufficient_funds": "The card has not enough money on it.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The card's security code is wrong.",
    "processing_error": "The bank could not process it just now.",
    "authentication_required": "The bank wants you to confirm it, which this shop cannot ask for yet.",
    "processor_silent": f"The payment processor did not answer within {_SECONDS} seconds. {_UNCLEAR}",
    "processor_unavailable": f"The payment processor does not work right now. {_UNCLEAR}",
}
_DECLINED: Final = {"card_declined", "generic_decline", "lost_card", "stolen_card", "do_not_honor"}
_STATES: Final = {
    AttemptState.REQUESTED: ("under way", State.PLAN),
    AttemptState.PROCESSING: ("under way", State.PLAN),
    AttemptState.PAID: ("paid", State.GOOD),
    AttemptState.FAILED: ("not paid", State.BAD),
}


def buy_page(
    title: TitleView, offer: OfferView, *, order_key: str, csrf_token: str, errors: Mapping[str, str]
) -> list[Component]:
    """What is bought, for how much, and the button that places the order."""
    rows: dict[str, Node] = {
        "Film": title.title,
        "By": title.creator_name,
        "Length": running_time(title.duration_seconds),
        "Price": html.B(str(offer.price), className="num"),
    }
    order = form(
        [hidden("order_key", order_key), facts(rows), _promise()],
        action=buy_path(title.slug),
        csrf_token=csrf_token,
        actions=[
            button("Place the order", kind="primary", submit=True, icon_name="shopping-bag", busy_label="Placing …"),
            button("Back to the film", href=watch_path(title.slug), kind="quiet"),
        ],
        errors=errors,
    )
    lead = "Watching stays free for everybody; buying pays its maker."
    return [page_head(f"Buy {title.title}", lead=lead), _till(card(order, title="Your order"), _picture(title))]


def order_page(
    order: OrderView,
    title: TitleView | None,
    *,
    action: str,
    csrf_token: str,
    now: datetime,
    sandbox: bool,
    errors: Mapping[str, str],
) -> list[Component]:
    """An order as it stands: to be paid, being paid, paid, not paid, or over."""
    head, body = _standing(order, _pay_form(order, action, csrf_token, sandbox=sandbox, errors=errors), action)
    return [
        head,
        _till([body, *([_attempts(order, now)] if order.attempts else [])], _summary(order, title, now)),
    ]


def order_title(order: OrderView) -> str:
    """The words of the browser's tab."""
    if order.running:
        return "Your payment is under way"
    if order.state is OrderState.PAID:
        return "Paid"
    if order.state is OrderState.ABANDONED:
        return "This order is over"
    return "Your payment did not go through" if order.attempts else "Pay your order"


def _standing(order: OrderView, pay: Component, action: str) -> tuple[Component, Component]:
    name = order_title(order)
    if order.running:
        again = [
            html.P("The payment processor is being asked. This page looks again by itself every two seconds."),
            html.Div(button("Look again", href=action, icon_name="rotate-cw"), className="acts"),
        ]
        return page_head(name, lead="Stay here: this page shows what comes of it."), card(
            html.Div(again, className="stack normal", role="status")
        )
    if order.state is OrderState.PAID:
        done = [
            banner(f"{order.price} paid", "Thank you. This page is your receipt.", state=State.GOOD),
            html.Div(
                button("Watch it", href=watch_path(order.title_slug), kind="primary", icon_name="play"),
                className="acts",
            ),
        ]
        return page_head(name, lead=f"“{order.title}” is yours."), card(html.Div(done, className="stack normal"))
    if order.state is OrderState.ABANDONED:
        over = [
            html.P(f"Nothing was paid for {_MINUTES} minutes, so it ended by itself. Nothing was taken."),
            html.Div(
                button("Buy it anew", href=buy_path(order.title_slug), kind="primary", icon_name="shopping-bag"),
                className="acts",
            ),
        ]
        return page_head(name), card(html.Div(over, className="stack normal"))
    if not order.attempts:
        return page_head(name, lead="Keep this page's address: it alone opens your order."), pay
    return page_head(name, lead="Your order stands; try again, with another card if you like."), html.Div(
        [banner("Not paid", reason(order.attempts[0].failure_code), state=State.BAD), pay], className="stack normal"
    )


def reason(code: str | None) -> str:
    """Why an attempt ended without money, in words for its buyer."""
    if code in _DECLINED:
        return "The bank declined the card; nothing was taken."
    return _REASONS.get(code or "", "The payment did not succeed; nothing was taken.")


def _pay_form(order: OrderView, action: str, csrf_token: str, *, sandbox: bool, errors: Mapping[str, str]) -> Component:
    cards = [*CARDS[:2], SLOW_CARD, *CARDS[2:]] if sandbox else list(CARDS)
    where = "a sandbox on this machine" if sandbox else "Stripe's test mode"
    asked = form(
        [
            hidden("number", str(len(order.attempts) + 1)),
            radio_group("Test card", cards, id="card", value=cards[0].value),
            html.P(f"Payments go to {where}: no real card is asked for, and no money moves.", className="hint"),
        ],
        action=action,
        csrf_token=csrf_token,
        actions=[
            button(f"Pay {order.price}", kind="primary", submit=True, icon_name="credit-card", busy_label="Paying …"),
            button("Not now", href=watch_path(order.title_slug), kind="quiet"),
        ],
        errors=errors,
    )
    return card(asked, title="Payment")


def _promise() -> Component:
    return html.P(f"Nothing is taken yet. An order that is not paid ends by itself after {_MINUTES} minutes.",
                  className="hint")  # fmt: skip


def _attempts(order: OrderView, now: datetime) -> Component:
    grid = [
        Column[AttemptView]("number", "Attempt", lambda r: fmt.count(r.number)),
        Column[AttemptView]("state", "Outcome", lambda r: chip(*_STATES[r.state])),
        Column[AttemptView]("when", "When", lambda r: timestamp(r.requested_at, now=now)),
    ]
    rows = data_grid(order.attempts, grid, caption="Attempts", noun="attempts", row_key=lambda r: str(r.number))
    return card(rows, title="Attempts to pay", flush=True)


def _summary(order: OrderView, title: TitleView | None, now: datetime) -> Component:
    film: Node = order.title if title is None else link(order.title, watch_path(order.title_slug))
    rows: dict[str, Node] = {
        "Film": film,
        "Price": html.B(str(order.price), className="num"),
        "Placed": timestamp(order.placed_at, now=now),
    }
    if order.paid_at is not None:
        rows["Paid"] = timestamp(order.paid_at, now=now)
    rows["Order"] = mono(order.id)
    picture = [_picture(title)] if title is not None else []
    return html.Div([*picture, card(facts(rows), title="Your order")], className="stack normal")


def _picture(title: TitleView) -> Component:
    image = html.Img(src=media_url(title.thumbnail_path), alt="", width="640", height="360")
    return html.Div(image, className="still")


def _till(left: Node, right: Node) -> Component:
    return html.Div(
        [html.Div(flatten(left), className="stack normal"), html.Div(flatten(right), className="beside")],
        className="till",
    )

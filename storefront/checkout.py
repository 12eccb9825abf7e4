"""The routes of buying: plain forms, each sent twice without harm, and one page that shows an order to its key."""

import dataclasses
from collections.abc import Mapping

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.catalogue.views import TitleView
from services.kernel.errors import DomainError, Invalid, NotFound, RateLimited, Unavailable
from services.kernel.ids import secret_token
from services.payments.views import OfferView, OrderView
from storefront.frame import shop_document, shop_frame
from storefront.pages.checkout import buy_page, order_page, order_title
from storefront.pages.shop import buy_path
from storefront.ports import Checkout, Storefront
from web.shell.csrf import csrf_token
from web.shell.headers import allow
from web.shell.problems import problem_of
from web.shell.routes import PUBLIC, route
from web.shell.sessions import client, current_actor
from web.ui.document import csp_hashes
from web.ui.nodes import Node

ORDERS = "/shop/orders/"
_LOOK_AGAIN_SECONDS = 2
_BODY_BYTES = 16_384
_TEXT_MAX = 200
_NUMBER_MAX = 3


def checkout_blueprint(shop: Storefront) -> Blueprint:
    """Return the routes of buying; where there is no checkout they say so."""
    made, views = Blueprint("checkout", __name__), _Buying(shop)
    route(made, buy_path("<slug>"), access=PUBLIC, endpoint="buy")(views.buy)
    route(made, buy_path("<slug>"), access=PUBLIC, methods=("POST",), body_bytes=_BODY_BYTES, endpoint="place")(
        views.place
    )
    route(made, f"{ORDERS}<key>", access=PUBLIC, endpoint="order")(views.order)
    route(made, f"{ORDERS}<key>", access=PUBLIC, methods=("POST",), body_bytes=_BODY_BYTES, endpoint="pay")(views.pay)
    return made


@dataclasses.dataclass(frozen=True)
class _Buying:
    """The views, over one shop."""

    shop: Storefront

    def buy(self, slug: str) -> AnyResponse:
        """Show what a title costs, with the button that places the order."""
        title, offer = self._offered(slug)
        return self._buying(title, offer, secret_token(), {})

    def place(self, slug: str) -> AnyResponse:
        """Place the order, and go to its page."""
        key = _text("order_key")
        try:
            self._checkout.orders.place(
                current_actor(),
                slug=slug,
                key=key,
                client_address=client().address,
                demo_key=_text("demo_key"),
            )
        except NotFound:
            raise
        except DomainError as refusal:
            title, offer = self._offered(slug)
            # A key of its own: the one that was sent may be what was wrong.
            return self._buying(title, offer, secret_token(), {"": refusal.message}, refusal)
        return _away(f"{ORDERS}{key}")

    def order(self, key: str) -> AnyResponse:
        """Show an order to whoever has its key."""
        return self._ordered(key, self._checkout.orders.order(current_actor(), key), {})

    def pay(self, key: str) -> AnyResponse:
        """Ask for the payment, and show how the order stands then."""
        try:
            self._checkout.orders.pay(current_actor(), key=key, card=_text("card"), number=_number("number"))
        except NotFound:
            raise
        except DomainError as refusal:
            return self._ordered(key, self._checkout.orders.order(current_actor(), key), {"": refusal.message}, refusal)
        return _away(f"{ORDERS}{key}")

    @property
    def _checkout(self) -> Checkout:
        if self.shop.checkout is None:
            message = "Payments are not set up on this installation; nothing can be bought."
            raise Unavailable("payments_not_configured", message, retry_after_seconds=3_600)
        return self.shop.checkout

    def _offered(self, slug: str) -> tuple[TitleView, OfferView]:
        actor = current_actor()
        title, offer = self.shop.titles.title(actor, slug), self._checkout.prices.offer(actor, slug)
        if offer is None:
            raise NotFound("title_not_for_sale", "This title is not for sale; it is free to watch.")
        return title, offer

    def _title(self, slug: str) -> TitleView | None:
        try:
            return self.shop.titles.title(current_actor(), slug)
        except NotFound:
            return None  # withdrawn since; the order keeps its own words

    def _buying(
        self,
        title: TitleView,
        offer: OfferView,
        key: str,
        errors: Mapping[str, str],
        refusal: DomainError | None = None,
    ) -> Response:
        tree = buy_page(title, offer, order_key=key, csrf_token=csrf_token(), errors=errors)
        return self._answer(tree, f"Buy {title.title}", buy_path(title.slug), refusal)

    def _ordered(
        self, key: str, order: OrderView, errors: Mapping[str, str], refusal: DomainError | None = None
    ) -> Response:
        checkout = self._checkout
        tree = order_page(
            order,
            self._title(order.title_slug),
            action=f"{ORDERS}{key}",
            csrf_token=csrf_token(),
            now=checkout.clock.now(),
            sandbox=checkout.sandbox,
            errors=errors,
        )
        response = self._answer(tree, order_title(order), ORDERS, refusal)
        if order.running and refusal is None:
            response.headers["Refresh"] = str(_LOOK_AGAIN_SECONDS)
        return response

    def _answer(self, tree: Node, title: str, path: str, refusal: DomainError | None) -> Response:
        allow("script-src", *csp_hashes(self.shop.manifest))
        said = f"Error: {title}" if refusal is not None else title
        document = shop_document(
            self.shop, shop_frame(self.shop, tree, path=path), title=said, description="Buying a film."
        )
        response = Response(document, mimetype="text/html")
        if refusal is not None:
            response.status_code = problem_of(refusal).status
            if isinstance(refusal, (RateLimited, Unavailable)) and refusal.retry_after_seconds:
                response.headers["Retry-After"] = str(refusal.retry_after_seconds)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        # Not `no-referrer`: the browser would then send its form with `Origin: null`, which nobody may.
        response.headers["Referrer-Policy"] = "same-origin"
        return response


def _text(name: str) -> str:
    return request.form.get(name, "")[:_TEXT_MAX]


def _number(name: str) -> int:
    text = _text(name)
    if not text.isascii() or not text.isdigit() or len(text) > _NUMBER_MAX:
        raise Invalid("attempt_malformed", "This form is not whole; reload the page and try again.")
    return int(text)


def _away(path: str) -> AnyResponse:
    response = redirect(path, 303)
    response.headers["Cache-Control"] = "no-store"
    return response

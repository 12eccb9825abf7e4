"""The pages of buying on a real till: what is asked, what is refused, and what a stranger's text does there."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.kernel.ids import secret_token
from services.payments.rules import ORDERS_PER_NETWORK, OrderState
from storefront.ports import Checkout, Storefront
from storefront.surface import register
from tests.payments.conftest import PRICE, STAFF, Shop
from tests.storefront.conftest import TITLES, Shelf
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.ui.bundles import build

PERMISSIONS = frozenset({"payments.buy"})


@pytest.fixture
def till(shop: Shop, tmp_path: Path) -> FlaskClient:
    """A storefront whose first title is for sale, on a server of its own."""
    titles = Shelf(TITLES)
    shop.payments.orders._titles = titles
    shop.payments.prices._titles = titles
    shop.payments.prices.set_price(STAFF, slug="first", price=PRICE)
    server = make_server(
        ShellConfig("a secret of the tests", "http://localhost", tmp_path / "bundles"),
        Ports(visitor_permissions=PERMISSIONS),
    )
    checkout = Checkout(shop.payments.prices, shop.payments.orders, sandbox=True, clock=shop.clock)
    register(server, Storefront(titles, build(), tmp_path, demo=False, checkout=checkout))
    return server.test_client()


def hidden(page: str, name: str) -> str:
    """Return the value of a page's hidden field."""
    for control in re.findall(r"<input[^>]*>", page):
        if f'name="{name}"' in control:
            return re.search(r'value="([^"]*)"', control)[1]  # type: ignore[index] # every one of ours has a value
    raise AssertionError(f"no {name} on the page")


def place(till: FlaskClient, **changes: str) -> str:
    """Place an order and return its address."""
    page = till.get("/shop/buy/first").text
    given = {name: hidden(page, name) for name in ("_csrf_token", "order_key")} | changes
    answer = till.post("/shop/buy/first", data=given)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def pay(till: FlaskClient, address: str, **changes: str) -> int:
    """Send the form of an order's page and return the status."""
    page = till.get(address).text
    given = {name: hidden(page, name) for name in ("_csrf_token", "number")} | {"card": "pm_card_visa"} | changes
    return till.post(address, data=given).status_code


def test_a_film_is_bought_by_forms_alone(shop: Shop, till: FlaskClient) -> None:
    assert "Buy for EUR" in till.get("/shop/watch/first").text
    address = place(till)
    assert pay(till, address) == 303
    waiting = till.get(address)
    assert ("under way" in waiting.text, waiting.headers["Refresh"]) == (True, "2")
    shop.carry()
    done = till.get(address)
    assert ("This page is your receipt." in done.text, "Refresh" in done.headers) == (True, False)


def test_an_orders_page_is_kept_by_nobody_and_found_by_nobody(till: FlaskClient) -> None:
    headers = till.get(place(till)).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Referrer-Policy"] == "same-origin"


def test_what_a_creator_wrote_is_inert_on_every_page_of_the_till(shop: Shop, till: FlaskClient) -> None:
    address = place(till)
    for path in ("/shop/buy/first", address):
        page = till.get(path).text
        assert "<b>first</b>" not in page
        assert "&lt;b&gt;first&lt;/b&gt;" in page
    shop.carry()


def test_a_title_that_is_not_for_sale_offers_nothing(till: FlaskClient) -> None:
    assert "Buy for" not in till.get("/shop/watch/second").text
    assert till.get("/shop/buy/second").status_code == 404
    assert till.get("/shop/buy/nothing").status_code == 404


@pytest.mark.parametrize("key", ["x", "A" * 43, "<script>alert(1)</script>", "A" * 4_000])
def test_a_guessed_address_opens_no_order(till: FlaskClient, key: str) -> None:
    answer = till.get(f"/shop/orders/{key}", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


def test_without_the_pages_token_nothing_is_bought(till: FlaskClient) -> None:
    assert till.post("/shop/buy/first", data={"order_key": secret_token()}).status_code == 403
    assert till.post(place(till), data={"number": "1", "card": "pm_card_visa"}).status_code == 403


@pytest.mark.parametrize("changes", [{"order_key": ""}, {"order_key": "short"}, {"order_key": "x" * 10_000}])
def test_a_broken_order_form_is_told_and_can_be_sent_again(till: FlaskClient, changes: dict[str, str]) -> None:
    page = till.get("/shop/buy/first").text
    given = {name: hidden(page, name) for name in ("_csrf_token", "order_key")} | changes
    answer = till.post("/shop/buy/first", data=given)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert len(hidden(answer.text, "order_key")) == 43


@pytest.mark.parametrize(
    "changes", [{"card": ""}, {"card": "4242 4242 4242 4242"}, {"number": "x"}, {"number": "-1"}, {"number": "٣"}]
)
def test_a_broken_payment_form_is_told_and_takes_nothing(
    shop: Shop, till: FlaskClient, changes: dict[str, str]
) -> None:
    address = place(till)
    assert pay(till, address, **changes) in {400, 422}
    shop.carry()
    assert shop.taken() == 0
    assert pay(till, address) == 303


def test_a_form_that_is_sent_twice_is_one_order_and_one_attempt(shop: Shop, till: FlaskClient) -> None:
    key = secret_token()
    assert place(till, order_key=key) == place(till, order_key=key)
    address = f"/shop/orders/{key}"
    assert [pay(till, address)] == [303]
    assert till.post(address, data={"_csrf_token": hidden(till.get("/shop/buy/first").text, "_csrf_token"),
                                    "number": "1", "card": "pm_card_visa"}).status_code == 303  # fmt: skip
    shop.carry()
    assert (shop.taken(), shop.order(key).state) == (1, OrderState.PAID)


def test_too_many_orders_are_refused_with_words_and_a_time(till: FlaskClient) -> None:
    for _ in range(ORDERS_PER_NETWORK):
        place(till)
    page = till.get("/shop/buy/first").text
    answer = till.post("/shop/buy/first", data={n: hidden(page, n) for n in ("_csrf_token", "order_key")})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert "Too many orders were placed from here." in answer.text


def test_where_payments_are_not_set_up_the_till_says_so(tmp_path: Path) -> None:
    config = ShellConfig("a secret of the tests", "http://localhost", tmp_path / "bundles")
    server = make_server(config, Ports(visitor_permissions=PERMISSIONS))
    register(server, Storefront(Shelf(TITLES), build(), tmp_path))
    assert server.test_client().get("/shop/buy/first").status_code == 503

"""Buying a film in Chromium: paid, declined and tried again, walked away from, pressed twice, and without a script."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.conftest import Opens, listen
from e2e.proving import Prover
from tests.servers.product import Product
from tests.servers.waiting import until

OUTCOME_MS = 60_000
FILM_SECONDS = 180
WIDTHS = {"desktop": 1280, "phone": 390}
FILM = "/shop/watch/good-morning"


@pytest.fixture(scope="module", autouse=True)
def for_sale(product: Product) -> None:
    """The demo's first film, which is published and priced some moments after the start."""
    until(lambda: "Buy for" in httpx.get(f"{product.url}{FILM}", trust_env=False).text, "a film for sale", FILM_SECONDS)


@pytest.fixture
def mended(product: Product) -> Iterator[None]:
    """What the test breaks is mended with it."""
    yield
    product.manage("demo-mend")


def place(page: Page, product: Product) -> None:
    """Go from the film's page to an order that waits to be paid."""
    page.goto(f"{product.url}{FILM}")
    page.get_by_role("link", name="Buy for EUR").click()
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay your order")


def pay(page: Page, card: str) -> None:
    """Choose a card and pay."""
    page.get_by_role("radio", name=card).check()
    page.get_by_role("button", name="Pay EUR").click()


@pytest.mark.capability("STATUS-1")
@pytest.mark.parametrize("size", WIDTHS)
def test_a_declined_card_is_told_and_another_one_pays(
    opened: Opens, product: Product, prove: Prover, size: str
) -> None:
    page = opened(width=WIDTHS[size]).new_page()
    heard = listen(page)
    place(page, product)
    prove(page, "order", size)
    pay(page, "Visa ending in 9995")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your payment did not go through", timeout=OUTCOME_MS)
    expect(page.get_by_text("The card has not enough money on it.")).to_be_visible()
    prove(page, "order-declined", size)
    pay(page, "Visa ending in 4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid", timeout=OUTCOME_MS)
    expect(page.get_by_text("This page is your receipt.")).to_be_visible()
    prove(page, "order-paid", size)
    assert heard == []


def test_without_a_script_a_slow_payment_comes_to_its_end(opened: Opens, product: Product) -> None:
    page = opened(java_script_enabled=False).new_page()
    place(page, product)
    pay(page, "Visa from a slow bank")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("under way|Paid"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid", timeout=OUTCOME_MS)


def test_going_back_and_pressing_again_is_the_same_order(opened: Opens, product: Product) -> None:
    page = opened(java_script_enabled=False).new_page()
    page.goto(f"{product.url}/shop/buy/good-morning")
    key = page.locator("input[name=order_key]").get_attribute("value")
    page.get_by_role("button", name="Place the order").dblclick()
    expect(page).to_have_url(f"{product.url}/shop/orders/{key}")


def test_who_walks_away_is_asked_for_nothing(opened: Opens, product: Product) -> None:
    page = opened().new_page()
    place(page, product)
    page.get_by_role("link", name="Not now").click()
    expect(page).to_have_url(f"{product.url}{FILM}")


def test_staff_see_an_order_with_what_happened_to_it(opened: Opens, product: Product, prove: Prover) -> None:
    page = opened().new_page()
    place(page, product)
    pay(page, "Visa ending in 4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid", timeout=OUTCOME_MS)
    order_id = page.get_by_text(re.compile("^ord_")).inner_text()
    staff = opened("operator").new_page()
    staff.goto(f"{product.url}/admin/orders/{order_id}")
    expect(staff.get_by_text("attempt 1: paid")).to_be_visible()
    prove(staff, "order-staff", "desktop")


def test_a_payout_is_asked_for_approved_once_asked_whether_it_is_meant_and_arrives(
    opened: Opens, product: Product, prove: Prover
) -> None:
    page = opened("operator").new_page()
    page.goto(f"{product.url}/admin/payouts")
    page.get_by_role("button", name="Ask for a payout").click()
    page.get_by_label("Account at the payment processor").fill("DE89370400440532013000")
    page.get_by_label("For whom").fill("<b>Ada</b>")
    page.get_by_label("Amount").fill("12.50")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_text("is no account id")).to_be_visible()
    page.get_by_label("Account at the payment processor").fill("acct_E2eJourney")
    page.get_by_role("button", name="Ask for it").click()
    row = _row(page)
    row.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("The processor is asked to send it, once.")).to_be_visible()
    expect(row.get_by_text(re.compile("approved|on its way|paid"))).to_be_visible()
    prove(page, "payouts-approved", "desktop")
    expect(row.get_by_text("paid")).to_be_visible(timeout=5 * OUTCOME_MS)


def _row(page: Page) -> Locator:
    return page.get_by_role("row", name="<b>Ada</b>").first


@pytest.mark.capability("STATUS-1")
@pytest.mark.usefixtures("mended")
def test_a_stranger_breaks_the_shop_and_mends_it(opened: Opens, product: Product) -> None:
    page = opened().new_page()
    assert "Every card is declined." in product.manage("demo-break", "declined")
    place(page, product)
    pay(page, "Visa ending in 4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your payment did not go through", timeout=OUTCOME_MS)
    product.manage("demo-mend")
    pay(page, "Visa ending in 4242")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid", timeout=OUTCOME_MS)

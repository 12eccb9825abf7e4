"""A stranger breaks the demo's shop, watches the page tell the truth, mends it, and reads the closing report."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.conftest import Opens, ToldProduct, listen
from tests.servers.product import Product

TOLD_MS = 60_000
"""How soon the page promises to tell of an outage."""
BREACH_MS, CLOSED_MS = 15 * 60_000, 45 * 60_000


@contextmanager
def broken(product: Product, what: str) -> Iterator[None]:
    """The demo's shop with one thing broken."""
    product.manage("demo-break", what)
    try:
        yield
    finally:
        product.manage("demo-mend")


def open_now(page: Page, product: Product) -> list[str]:
    """Open the first page, mark it as never loaded again, and return what the browser complains about."""
    heard = listen(page)
    page.goto(f"{product.url}/status/")
    expect(page.locator("html[data-ready]")).to_have_count(1)
    page.evaluate("window.marked = true")
    return heard


@pytest.mark.capability("STATUS-3", "STATUS-4")
def test_an_outage_of_the_shop_stands_on_the_open_page_within_a_minute_and_so_does_its_end(
    opened: Opens, product: Product
) -> None:
    page = opened().new_page()
    heard = open_now(page, product)
    checkout = page.locator("#component-checkout0001")
    expect(checkout).to_contain_text("Operational", timeout=TOLD_MS)
    with broken(product, "error"):
        expect(checkout).to_contain_text("Major outage", timeout=TOLD_MS)
        expect(checkout.locator(".reason")).to_contain_text("answers 500")
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("Checkout.* down"))
    expect(checkout).to_contain_text("Operational", timeout=TOLD_MS)
    assert page.evaluate("window.marked") is True
    assert heard == []


@pytest.mark.soak
@pytest.mark.capability("STATUS-3")
def test_a_broken_promise_opens_an_incident_that_closes_itself_with_a_report(browser: Browser) -> None:
    with ToldProduct() as shop:
        page = browser.new_page()
        heard = open_now(page, shop)
        card = page.locator(".card.active").filter(has_text="Checkout: worse than promised")
        with broken(shop, "declined"):
            expect(card).to_contain_text("Investigating", timeout=BREACH_MS)
        address = card.get_by_role("heading").get_by_role("link").get_attribute("href")
        page.goto(f"{shop.url}{address}")
        expect(page.locator("main")).to_contain_text("It began at ", timeout=CLOSED_MS)
        for words in ("Resolved", "kept its promise", "was found at ", "was over at "):
            expect(page.locator("main")).to_contain_text(words)
        assert heard == []

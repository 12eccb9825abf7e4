"""Subscribing in the browser: the form, the letter, the question, the page of one's own, the end."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Opens, listen
from tests.servers.product import Product

Letter = Callable[[str, str], str]


@pytest.mark.capability("STATUS-6")
@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (390, False)], ids=["desktop", "phone without scripts"])
def test_a_visitor_subscribes_confirms_chooses_and_leaves(
    opened: Opens, product: Product, letter: Letter, *, width: int, scripts: bool
) -> None:
    page = opened(width=width, java_script_enabled=scripts).new_page()
    heard = listen(page)
    address = f"reader-{width}@example.com"
    page.goto(f"{product.url}/status/")
    page.get_by_role("link", name="Subscribe").click()
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_label("Incidents").select_option("major")
    page.get_by_role("button", name="Send me the link to confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")

    page.goto(letter(address, "/status/subscribe/confirm"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your subscription")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")

    page.get_by_role("link", name="manage the subscription").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your subscription")
    expect(page.get_by_label("Incidents")).to_have_value("major")
    page.get_by_label("Planned maintenance").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your choices are saved")).to_be_visible()
    expect(page.get_by_label("Planned maintenance")).not_to_be_checked()
    _whole(page)

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert heard == []


def test_a_wrong_address_is_said_where_it_was_entered(opened: Opens, product: Product) -> None:
    page = opened().new_page()
    page.goto(f"{product.url}/status/subscribe/?by=webhook")
    page.get_by_label("Webhook address").fill("http://169.254.169.254/latest/meta-data/")
    page.get_by_label("Your e-mail address").fill("reader@example.com")
    page.get_by_role("button", name="Send me the link to confirm").click()
    expect(page).to_have_title(re.compile("^Error"))
    expect(page.get_by_label("Webhook address")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Webhook address")).to_have_value("http://169.254.169.254/latest/meta-data/")


def _whole(page: Page) -> None:
    """Nothing stands outside of the page."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

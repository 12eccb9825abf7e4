"""What an investor does: reads an incident to its end, follows an unlisted link, takes the report home."""

import contextlib
import io
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from e2e.conftest import Opens, heard_beside, listen
from e2e.proving import Prover, walk_by_keyboard
from tests.servers.product import Product

WIDTHS = {"desktop": 1280, "phone": 390}
BY_KEYBOARD = (
    "/status/", "/status/history/", "/status/maintenance/", "/status/service-levels/", "/status/how-we-measure/",
    "/status/figures/join_time_p95/", "/status/components/checkout0001/", "/status/groups/platform0001/",
    "/status/subscribe/", "/status/subscribe/?by=webhook",
)  # fmt: skip


def make_link(page: Page, product: Product, label: str) -> str:
    """Make a share link as staff do it, and return its address."""
    page.goto(f"{product.url}/admin/shares")
    page.get_by_role("button", name="New link", exact=True).click()
    page.get_by_label("Whom it is for").fill(label)
    page.get_by_role("button", name="Make link").click()
    shown = page.locator("main a[href^='/status/shared/']")
    expect(shown).to_be_visible()
    return f"{product.url}{shown.get_attribute('href')}"


@pytest.fixture(scope="module")
def shared(browser: Browser, signed_in_state: Callable[[str], Any], product: Product) -> str:
    """The address of a link that staff made for an investor."""
    with contextlib.closing(browser.new_context(storage_state=signed_in_state("admin"))) as context:
        return make_link(context.new_page(), product, "Northern Fund")


@pytest.mark.capability("STATUS-5")
@pytest.mark.parametrize("size", WIDTHS)
def test_an_incident_and_a_maintenance_are_read_to_their_end(
    opened: Opens, product: Product, prove: Prover, size: str
) -> None:
    page = opened(width=WIDTHS[size]).new_page()
    heard = listen(page)
    for name, where in (("incident", "/status/history/"), ("maintenance-one", "/status/maintenance/")):
        page.goto(f"{product.url}{where}")
        page.locator(".incident h3 a").first.click()
        expect(page.get_by_role("heading", name="What we told")).to_be_visible()
        prove(page, name, size)
    assert heard == []


@pytest.mark.parametrize("path", BY_KEYBOARD)
def test_a_public_page_is_walked_by_keyboard_alone_and_each_stop_is_seen(
    opened: Opens, product: Product, path: str
) -> None:
    page = opened().new_page()
    page.goto(f"{product.url}{path}")
    expect(page.locator("html[data-ready]")).to_have_count(1)
    stops = walk_by_keyboard(page)
    assert "Skip to content" in stops[0]
    assert any("/status/subscribe/" in stop for stop in stops)


@pytest.mark.capability("STATUS-5")
@pytest.mark.parametrize("size", WIDTHS)
def test_the_investor_view_is_read_by_its_link_alone_and_keeps_what_every_page_keeps(
    opened: Opens, shared: str, prove: Prover, size: str
) -> None:
    page = opened(width=WIDTHS[size]).new_page()
    heard = listen(page)
    answer = page.goto(shared)
    assert answer is not None
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["referrer-policy"] == "no-referrer"
    expect(page.get_by_role("heading", level=1)).to_have_text("Service levels by month")
    expect(page.get_by_text("Northern Fund")).to_be_visible()
    prove(page, "shared", size)
    assert "Skip to content" in walk_by_keyboard(page)[0]
    assert page.context.cookies() == []
    assert heard == []


@pytest.mark.capability("STATUS-5")
def test_the_report_of_the_month_says_what_the_page_says(opened: Opens, shared: str) -> None:
    page = opened().new_page()
    page.goto(shared)
    # This month goes on while it is read; the last one stands.
    tables = page.locator("main .sheet").all()
    rows = [table.locator("tbody tr").nth(1).locator("td").all_inner_texts() for table in tables]
    assert len(rows) > 1
    href = page.get_by_role("link", name=re.compile(r"\d{4}, PDF")).nth(1).get_attribute("href")
    answer = httpx.get(f"{shared}{href}", trust_env=False)
    assert answer.headers["content-type"] == "application/pdf"
    text = " ".join(" ".join(each.extract_text().split()) for each in PdfReader(io.BytesIO(answer.content)).pages)
    assert "Method" in text
    for promised, attained, counted, breaches, _kept in rows:
        for words in (promised, attained, breaches):
            assert words.replace("\N{NO-BREAK SPACE}", " ") in text, words
        assert all(number in text for number in counted.split(" of ")), counted


@pytest.mark.capability("STATUS-5")
def test_a_revoked_link_opens_nothing_and_its_views_stay_counted(opened: Opens, product: Product) -> None:
    staff, reader = opened("admin").new_page(), opened().new_page()
    address = make_link(staff, product, "Southern Fund")
    for _ in range(2):
        reader.goto(address)
    staff.reload()
    row = staff.get_by_role("row").filter(has_text="Southern Fund")
    expect(row.get_by_role("cell").nth(1)).to_have_text("2")
    row.get_by_role("button", name="Revoke").click()
    staff.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row.get_by_text("revoked")).to_be_visible()
    heard = listen(reader)
    answer = reader.goto(address)
    assert answer is not None
    assert answer.status == 404
    expect(row.get_by_role("cell").nth(1)).to_have_text("2")
    assert heard_beside(heard, 404) == []

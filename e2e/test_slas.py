"""Service levels as staff set them: seen, changed with a reason, refused without one, and told to everybody."""

import re

import pytest
from playwright.sync_api import expect

from e2e.conftest import Opens
from e2e.proving import Prover
from e2e.test_staff import open_page
from tests.servers.product import Product


@pytest.mark.capability("STATUS-3")
def test_a_promise_is_changed_with_a_reason_that_stays_to_be_read(
    opened: Opens, product: Product, prove: Prover
) -> None:
    page = opened("operator").new_page()
    heard = open_page(page, product, "/admin/slas", "Service levels")
    row = page.get_by_role("row").filter(has_text="Payouts").first
    row.get_by_role("button", name="Change terms").click()
    form = page.get_by_role("dialog", name="Change terms")
    expect(form.get_by_label("Target (%)")).to_have_value("95")
    form.get_by_label("Target (%)").fill("ninety")
    form.get_by_label("Why").fill("agreed with <b>creators</b> in November")
    form.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator(".toast").first).to_contain_text("Give the target in per cent")
    form.get_by_label("Target (%)").fill("97.5")
    form.get_by_role("button", name="Change", exact=True).click()
    changes = page.get_by_role("table", name=re.compile("Changes of terms"))
    expect(changes).to_contain_text("agreed with <b>creators</b> in November")
    expect(changes).to_contain_text("97.5")

    prove(page, "slas-changed", "desktop")
    page.set_viewport_size({"width": 390, "height": 844})
    prove(page, "slas-changed", "phone")
    public = opened(java_script_enabled=False).new_page()
    public.goto(f"{product.url}/status/service-levels/")
    expect(public.locator("#sla-payouts")).to_contain_text("97.5 % of payouts arrive within 24 hours")
    assert heard == []


@pytest.mark.capability("STATUS-3")
def test_those_who_only_review_see_the_same_and_change_nothing(opened: Opens, product: Product) -> None:
    page = opened("compliance").new_page()
    heard = open_page(page, product, "/admin/slas", "Service levels")
    expect(page.get_by_role("table", name=re.compile("Agreements"))).to_contain_text("Checkout")
    expect(page.get_by_role("button", name="Change terms")).to_have_count(0)
    expect(page.get_by_role("button", name="Agree on a component")).to_have_count(0)
    assert heard == []

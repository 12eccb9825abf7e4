"""A night at work: an incident told in one form, two editors, the end, the lesson; and a maintenance announced."""

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Opens
from e2e.test_staff import open_page
from services.kernel.clock import SystemClock
from tests.servers.product import Product

WITHIN_SECONDS = 2.0
ATTACK = "<img src=x onerror=alert(1)>"


def declare(page: Page, product: Product, name: str, body: str) -> str:
    """Declare an incident as somebody in a crisis does, and return its id."""
    open_page(page, product, "/admin/incidents", "Incidents")
    page.get_by_role("button", name="Declare incident").click()
    page.get_by_label("What do people notice?").fill(name)
    page.get_by_label("Message").fill(body)
    expect(page.locator(".preview").first).to_contain_text("We are looking")
    page.get_by_role("button", name="Tell the public").click()
    expect(page.get_by_text("The public is told")).to_be_visible()
    page.locator(".going article").filter(has_text=name).get_by_role("link", name="Post update").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def say(page: Page, status: str, body: str) -> None:
    """Post an update."""
    page.get_by_role("group", name="Status").get_by_role("radio", name=status).check()
    page.get_by_label("Message", exact=True).fill(body)
    page.get_by_role("button", name="Post update").click()


def seen_within(page: Page, text: str, seconds: float) -> float:
    """Look at the public page, without script, until it says something; return how long that took."""
    began = time.monotonic()
    while text not in page.content():
        assert time.monotonic() - began < seconds, f"{text!r} is not on {page.url} after {seconds} s"
        page.reload()
    return time.monotonic() - began


@pytest.mark.capability("STATUS-2", "STATUS-9")
def test_an_incident_is_told_updated_resolved_and_explained_for_everybody_to_read(
    opened: Opens, product: Product
) -> None:
    page = opened("operator").new_page()
    public = opened(java_script_enabled=False).new_page()
    incident_id = declare(page, product, f"Some payments fail {ATTACK}", "We are **looking** into it.")
    public.goto(f"{product.url}/status/incidents/{incident_id}")
    seen_within(public, "<strong>looking</strong>", WITHIN_SECONDS)
    assert "<img src=x" not in public.content()

    say(page, "Identified", "It is the bank's door.")
    expect(page.locator(".told").first).to_contain_text("It is the bank's door.")
    seen_within(public, "It is the bank", WITHIN_SECONDS)
    say(page, "Resolved", "Payments work again.")
    expect(page.locator(".told").first).to_contain_text("Payments work again.")
    seen_within(public, "Payments work again.", WITHIN_SECONDS)

    page.reload()
    page.get_by_label("What happened, why, and what changes").fill("## Why\n\nA certificate ran out.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("It stands on the incident's public page.")).to_be_visible()
    seen_within(public, "A certificate ran out.", WITHIN_SECONDS)


@pytest.mark.capability("STATUS-2")
def test_the_second_of_two_editors_sees_what_changed_and_keeps_every_word(opened: Opens, product: Product) -> None:
    first, second = opened("operator").new_page(), opened("admin").new_page()
    incident_id = declare(first, product, "Videos stall", "We are looking into it.")
    open_page(second, product, f"/admin/incidents/{incident_id}", "Videos stall")
    second.get_by_label("Message", exact=True).fill("I think that it is the network.")
    say(first, "Identified", "It is the cache.")
    expect(first.locator(".told").first).to_contain_text("It is the cache.")
    second.get_by_role("button", name="Post update").click()
    conflict = second.get_by_role("alert").filter(has_text="Somebody changed this while you wrote")
    expect(conflict).to_contain_text("It is the cache.")
    expect(second.get_by_label("Message", exact=True)).to_have_value("I think that it is the network.")
    second.get_by_role("button", name="I have read it: keep my text").click()
    expect(conflict).to_have_count(0)
    second.get_by_role("button", name="Post update").click()
    expect(second.locator(".told").first).to_contain_text("I think that it is the network.")
    say(second, "Resolved", "Videos play again.")
    expect(second.locator(".told").first).to_contain_text("Videos play again.")


@pytest.mark.capability("STATUS-7")
def test_a_maintenance_is_announced_in_one_form_and_shown_to_everybody(opened: Opens, product: Product) -> None:
    page = opened("operator").new_page()
    heard = open_page(page, product, "/admin/maintenance", "Maintenance")
    page.get_by_role("button", name="Schedule").click()
    form = page.get_by_role("dialog", name="Schedule maintenance")
    form.get_by_label("Name").fill("New disks for payments")
    form.get_by_label("What people will notice").fill("Payments may take longer.")
    begins = SystemClock().now() + timedelta(days=2)
    form.get_by_label("Begins (UTC)").fill(f"{begins:%Y-%m-%dT03:00}")
    form.get_by_label("Ends (UTC)").fill(f"{begins:%Y-%m-%dT04:00}")
    form.get_by_role("group", name="Components").get_by_role("checkbox").first.check()
    form.get_by_role("button", name="Announce").click()
    expect(page.get_by_role("row").filter(has_text="New disks for payments")).to_contain_text("Scheduled")
    public = opened(java_script_enabled=False).new_page()
    public.goto(f"{product.url}/status/maintenance")
    seen_within(public, "New disks for payments", WITHIN_SECONDS)
    page.get_by_role("row").filter(has_text="New disks for payments").get_by_role("button", name="Move on").click()
    page.get_by_label("What happens").select_option("cancelled")
    page.get_by_role("dialog", name="Move on").get_by_label("Message").fill("Not needed any more.")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="New disks for payments")).to_contain_text(re.compile("Cancelled"))
    assert heard == []

"""Components as operators arrange them: made, moved and set by hand; two editors see each other."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Opens
from e2e.proving import Prover
from e2e.test_staff import open_page
from tests.servers.product import Product

pytestmark = pytest.mark.capability("STATUS-4")

ATTACK = "<img src=x onerror=alert(1)>"


def made(page: Page, name: str, *, group: str = "") -> str:
    """Make a component in the open list, follow it to its own page, and return its id."""
    page.get_by_role("button", name="New component").click()
    form = page.get_by_role("dialog", name="New component")
    form.get_by_label("Name").fill(name)
    if group:
        form.get_by_label("Group").select_option(label=group)
    form.get_by_role("button", name="Make").click()
    page.get_by_role("link", name="Open it").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def in_order(page: Page, names: list[str]) -> None:
    """Expect the rows of the open list that hold these names in this order."""
    shown = page.get_by_role("row").filter(has_text=re.compile("|".join(map(re.escape, names))))
    expect(shown).to_contain_text(names)


def test_a_group_is_made_filled_and_put_in_order(opened: Opens, product: Product, prove: Prover) -> None:
    page = opened("operator").new_page()
    heard = open_page(page, product, "/admin/components", "Components")
    page.get_by_role("button", name="New group").click()
    form = page.get_by_role("dialog", name="Group")
    form.get_by_label("Name").fill("Streams")
    form.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", name="Streams")).to_be_visible()
    for name in ("Encoder", f"Packager {ATTACK}"):
        made(page, name, group="Streams")
        page.goto(f"{product.url}/admin/components")
    in_order(page, ["Encoder", "Packager"])
    page.get_by_role("button", name=re.compile("Move Packager .* up")).click()
    in_order(page, ["Packager", "Encoder"])
    prove(page, "components-group", "desktop")
    assert heard == []


def test_a_person_s_word_is_shown_to_everybody_with_its_reason_and_ends_when_it_is_cleared(
    opened: Opens, product: Product, prove: Prover
) -> None:
    page, public = opened("operator").new_page(), opened(java_script_enabled=False).new_page()
    open_page(page, product, "/admin/components", "Components")
    component_id = made(page, "Ticket desk")
    page.get_by_label("It stands", exact=True).select_option("partial_outage")
    page.get_by_label("Reason", exact=True).fill("The phones are dead.")
    page.get_by_role("button", name="Override", exact=True).click()
    expect(page.locator(".told").first).to_contain_text("The phones are dead.")
    expect(page.locator("#component-head")).to_contain_text("set by hand")
    expect(page.locator("#component-journal")).to_contain_text("Override")
    public.goto(f"{product.url}/status/components/{component_id}/")
    expect(public.locator("main")).to_contain_text("The phones are dead.")
    page.get_by_label("Reason", exact=True).fill("They ring again.")
    page.get_by_role("button", name="Clear override").click()
    expect(page.locator(".told").first).to_contain_text("cleared: its sources tell again")
    page.get_by_label("Reason", exact=True).fill("")
    page.get_by_role("button", name="Override", exact=True).click()
    expect(page.get_by_text("Say why, in 3 to 500 characters")).to_be_visible()
    prove(page, "component-said", "desktop")


def test_the_second_of_two_editors_sees_what_changed_and_keeps_every_word(opened: Opens, product: Product) -> None:
    first, second = opened("operator").new_page(), opened("admin").new_page()
    open_page(first, product, "/admin/components", "Components")
    component_id = made(first, "Billing run")
    open_page(second, product, f"/admin/components/{component_id}", "Billing run")
    second.get_by_label("Description").fill("Every night at two.")
    first.get_by_label("Name").fill("Nightly billing")
    first.get_by_role("button", name="Keep", exact=True).click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Nightly billing")
    second.get_by_role("button", name="Keep", exact=True).click()
    conflict = second.get_by_role("alert").filter(has_text="Somebody changed this while you wrote")
    expect(conflict).to_contain_text("Name is now: Nightly billing. Your form says: Billing run.")
    expect(second.get_by_label("Description")).to_have_value("Every night at two.")
    second.get_by_label("Name").fill("Nightly billing")
    second.get_by_role("button", name="I have read it: keep mine").click()
    expect(conflict).to_have_count(0)
    second.get_by_role("button", name="Keep", exact=True).click()
    expect(second.get_by_text("The status page shows it.")).to_be_visible()

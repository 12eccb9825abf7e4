"""Moving in: a file of another product is reported on first, then brought over; a second time changes nothing."""

import json
import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from e2e.conftest import Opens
from e2e.proving import Prover
from e2e.test_staff import open_page
from tests.servers.product import Product

pytestmark = pytest.mark.capability("STATUS-2")

ATTACK = "<img src=x onerror=alert(1)>"
BACKUP = {
    "version": "1.23.16",
    "monitorList": [
        {"id": 1, "name": "Moved in", "type": "group"},
        {"id": 2, "name": f"Desk {ATTACK}", "type": "http", "url": "https://desk.example/", "parent": 1},
        {"id": 3, "name": "Bell", "type": "ping", "hostname": "bell.example", "parent": 1},
    ],
}


def chosen(page: Page, content: bytes) -> None:
    """Choose a file and ask what it would do."""
    file = FilePayload(name="backup.json", mimeType="application/json", buffer=content)
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Show what would be done").click()


def test_a_backup_is_reported_on_then_brought_over_and_a_second_time_changes_nothing(
    opened: Opens, product: Product, prove: Prover
) -> None:
    page = opened("operator").new_page()
    heard = open_page(page, product, "/admin/imports", "Import")
    page.get_by_label("From").select_option("kuma")
    chosen(page, b"\xff\xfe")
    picker = page.get_by_label("File", exact=True)
    expect(picker).to_have_accessible_description(re.compile("not UTF-8"))
    expect(picker).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert").filter(has_text="not UTF-8")).to_be_visible()
    prove(page, "imports-refused", "desktop")
    chosen(page, json.dumps(BACKUP).encode())
    expect(page.get_by_text("What would be done").first).to_be_visible()
    expect(picker).to_have_attribute("aria-invalid", "false")
    expect(page.get_by_role("alert").filter(has_text="not UTF-8")).to_be_hidden()
    expect(page.get_by_role("row").filter(has_text="Bell").filter(has_text="ping")).to_contain_text("skipped")
    prove(page, "imports-report", "desktop")
    page.get_by_role("button", name="Bring it over").click()
    expect(page.get_by_text("What was done").first).to_be_visible()
    page.get_by_role("link", name=re.compile("^Desk")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Desk {ATTACK}")
    open_page(page, product, "/admin/imports", "Import")
    page.get_by_label("From").select_option("kuma")
    chosen(page, json.dumps(BACKUP).encode())
    expect(page.get_by_role("row").filter(has_text="Desk").first).to_contain_text("unchanged")
    expect(page.get_by_role("button", name="Bring it over")).to_be_hidden()
    assert heard == []

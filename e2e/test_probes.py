"""Probes at work: the product watches itself, and a vantage elsewhere joins and is revoked."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Opens, listen
from e2e.proving import Prover, settle
from tests.servers.process import die_with_parent
from tests.servers.product import Product
from tools.paths import ROOT

OUTAGE_MS = 60_000


def open_page(page: Page, product: Product, path: str) -> list[str]:
    """Open a page, wait until it is drawn, and return what the browser complains about."""
    heard = listen(page)
    page.goto(f"{product.url}{path}")
    settle(page)
    return heard


@pytest.mark.capability("STATUS-4")
def test_the_product_watches_itself_from_the_beginning(opened: Opens, product: Product, prove: Prover) -> None:
    page = opened("operator").new_page()
    heard = open_page(page, product, "/admin/probes")
    for name in (
        "Shop",
        "Status page",
        "Public API",
        "Database",
        "Player with its film",
        "Playlist and first segment",
        "for checkout",
        "for payouts",
    ):
        row = page.get_by_role("row").filter(has_text=name).first
        expect(row.get_by_text("up", exact=True)).to_be_visible(timeout=OUTAGE_MS)
    public = opened(java_script_enabled=False).new_page()
    public.goto(f"{product.url}/status/components/website00001/")
    expect(public.locator("main")).to_contain_text("Operational")
    page.get_by_role("link", name="Database").click()
    expect(page.get_by_role("heading", name="Raw results from local")).to_be_visible()
    expect(page.get_by_role("table", name="Results from local")).to_contain_text("ms")
    prove(page, "probe", "1280")
    page.set_viewport_size({"width": 390, "height": 844})
    prove(page, "probe", "390")
    assert heard == []


@contextmanager
def prober(product: Product, vantage: str, key: str, folder: Path) -> Iterator[None]:
    """A prober of its own process, as it runs elsewhere: it may go nowhere private, so not to the product's probes."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GREENLIGHT_")}  # noqa: TID251 -- handed on to a child
    own = {"GREENLIGHT_PROBER_SERVER": product.url, "GREENLIGHT_PROBER_KEY": key, "GREENLIGHT_DATA_DIR": str(folder)}
    command = [sys.executable, str(ROOT / "manage.py"), "prober", "--vantage", vantage]
    process = subprocess.Popen(command, env=ours | own, preexec_fn=die_with_parent())  # noqa: PLW1509 -- no threads run yet
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.capability("STATUS-4")
def test_a_vantage_elsewhere_joins_by_a_key_of_its_own_and_is_revoked(
    opened: Opens, product: Product, tmp_path: Path
) -> None:
    page = opened("admin").new_page()
    heard = open_page(page, product, "/admin/vantages")
    page.get_by_role("button", name="Add vantage").click()
    page.get_by_label("Name").fill("Not A Name")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".toast").last).to_contain_text("Give 2 to 32 lower-case letters")
    page.get_by_label("Name").fill("eu-1")
    page.get_by_role("button", name="Add", exact=True).click()
    shown = page.get_by_text(re.compile(r"^glk_[0-9a-f]{32}_[\w-]{43}$"))
    key = shown.inner_text()
    ours = page.get_by_role("row").filter(has_text="eu-1")
    expect(ours).to_contain_text("never seen")
    with prober(product, "eu-1", key, tmp_path):
        expect(ours).to_contain_text("watching", timeout=OUTAGE_MS)
    ours.get_by_role("button", name="Revoke").click()
    expect(page.locator(".toast").last).to_contain_text("Its key opens nothing any more")
    expect(ours).to_have_count(0)
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{product.url}/api/probes/assignments", headers=headers, trust_env=False).status_code == 401
    assert heard == []

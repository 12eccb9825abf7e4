"""A probe that an operator adds: refused where it must not look, red when what it watches stops, then removed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.conftest import ACTION_MS, Opens
from e2e.proving import Prover
from e2e.test_components import made
from e2e.test_staff import open_page
from tests.servers.product import Product

pytestmark = pytest.mark.capability("STATUS-4")

HOSTILE = '<img src=x onerror="window.taken=1">'
METADATA = "http://169.254.169.254/latest/meta-data/"
OUTAGE_MS = 60_000


class Fine(BaseHTTPRequestHandler):
    """Answers that all is well."""

    def do_GET(self) -> None:
        """Answer one request."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening(port: int) -> Iterator[str]:
    """A server of the test's own, which stops with the block."""
    with ThreadingHTTPServer(("127.0.0.1", port), Fine) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{port}/health"
        server.shutdown()


def filled(page: Page, component: str, target: str) -> Locator:
    """Open the form of a new probe, fill it and send it."""
    page.get_by_role("button", name="New probe").click()
    form = page.get_by_role("dialog", name="New probe")
    form.get_by_label("Name", exact=True).fill(HOSTILE)
    form.get_by_label("It tells of").select_option(label=component)
    form.get_by_label("Target").fill(target)
    form.get_by_label("Every (seconds)").fill("5")
    form.get_by_role("button", name="Make probe").click()
    return form


def test_a_probe_is_refused_made_seen_red_paused_and_removed(
    opened: Opens, product: Product, prove: Prover, watched_port: int
) -> None:
    page, public = opened("operator").new_page(), opened().new_page()
    heard = open_page(page, product, "/admin/components", "Components")
    component_id = made(page, "Ticket printer")
    page.goto(f"{product.url}/admin/probes")
    with listening(watched_port) as target:
        form = filled(page, "Ticket printer", METADATA)
        field = form.get_by_label("Target")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile("where a cloud keeps its machines' secrets"))
        expect(form.get_by_role("alert")).to_be_visible()
        prove(page, "probe-refused", "1280")
        field.fill(target)
        form.get_by_role("button", name="Make probe").click()
        expect(form).to_be_hidden()
        row = page.get_by_role("row").filter(has_text=HOSTILE)
        expect(row.get_by_text("up", exact=True)).to_be_visible(timeout=OUTAGE_MS)
        public.goto(f"{product.url}/status/components/{component_id}/")
        expect(public.locator("main header").first).to_contain_text("Operational")
    expect(public.locator("main header").first).to_contain_text("Major outage", timeout=OUTAGE_MS)
    assert not page.evaluate("window.taken")
    assert not public.evaluate("window.taken")
    row.get_by_role("link", name=HOSTILE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    page.get_by_role("button", name="Pause or go on").click()
    expect(page.locator(".toast").last).to_contain_text("Paused")
    expect(public.locator("main header").first).not_to_contain_text("Major outage", timeout=OUTAGE_MS)
    address = page.url
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("This probe is removed")).to_be_visible(timeout=ACTION_MS)
    assert heard == []
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 404

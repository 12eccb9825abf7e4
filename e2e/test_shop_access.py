"""The shop by axe's rules, in both schemes and on a phone, before, during and after a play."""

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.players.collector import film
from tests.servers.product import Product
from tools.paths import ROOT

AXE = ROOT / "node_modules/axe-core/axe.min.js"


def violations(page: Page) -> list[str]:
    found = page.evaluate(f"(() => {{ {AXE.read_text()} }})(), axe.run().then((r) => r.violations)")
    return [f"{v['id']}: {json.dumps([n['target'] for n in v['nodes']])}" for v in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_wrong_with_the_shop(browser: Browser, product: Product, scheme: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("axe is not installed: `make test` installs it")
    film(product.url, "good-morning")
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,  # axe is a script of ours, not of the page
    )
    page = context.new_page()
    page.goto(f"{product.url}/shop/")
    assert violations(page) == []
    page.goto(f"{product.url}/shop/watch/good-morning")
    assert violations(page) == []
    page.click("[data-player-start]")
    expect(page.locator('[data-play="recorded"]')).to_contain_text("ms", timeout=20_000)
    assert violations(page) == []
    page.route("**/master.m3u8*", lambda route: route.fulfill(status=404))
    page.reload()
    page.click("[data-player-start]")
    expect(page.locator("[data-player-fault]")).to_be_visible(timeout=20_000)
    assert violations(page) == []
    page.screenshot(path=str(ROOT / "test-results" / f"shop-fault-{scheme}-{width}.png"))
    context.close()

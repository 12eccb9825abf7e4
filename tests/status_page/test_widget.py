"""The widget on a page of another site: in real Chromium, live, framed by anybody, and inert whatever it shows."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.wrappers import Response

from services.components.views import ComponentStatus
from services.incidents.views import Impact
from services.kernel.clock import FixedClock
from services.kernel.errors import Unavailable
from tests.status_page.doubles import World, full
from tests.status_page.serving import on_a_port, site_of
from tools.paths import ROOT
from web.shell.headers import allow_framing

EXAMPLE = (ROOT / "docs" / "examples" / "widget.html").read_text()
HOSTILE = "</a></title></script><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def world(clock: FixedClock) -> World:
    return full(World(clock))


def shown(page: Page, shop: str) -> list[str]:
    """Open the example, and return what the browser complains about."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(f"dialog: {dialog.message}"))
    page.goto(shop)
    return heard


@pytest.mark.capability("STATUS-5")
def test_the_example_shows_the_state_on_another_site_and_follows_it(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    world.incidents = []
    with on_a_port(lambda origin: site_of(world, tmp_path, origin)) as origin:
        example = Response(EXAMPLE.replace("https://status.example.com", origin), mimetype="text/html")
        # Two hosts, hence two sites: the browser keeps them apart as it would keep a shop from us.
        with on_a_port(lambda _: example) as shop:
            context = browser.new_context()
            page = context.new_page()
            heard = shown(page, shop.replace("127.0.0.1", "localhost"))
            frame = page.frame_locator("iframe.greenlight-status")
            expect(frame.locator("h1")).not_to_be_empty()
            inside = page.frames[-1]
            expect(frame.locator("html[data-ready][data-theme=light]")).to_have_count(1)
            height = "() => Math.ceil(document.querySelector('.public').getBoundingClientRect().height)"
            expect(page.locator("iframe")).to_have_css("height", f"{inside.evaluate(height)}px")
            world.components[0] = replace(world.components[0], name=HOSTILE, status=ComponentStatus.MAJOR_OUTAGE)
            expect(frame.locator("h1")).to_have_text(f"{HOSTILE} is down", timeout=20_000)
            expect(frame.locator("img")).to_have_count(0)
            expect(page.locator("iframe")).to_have_css("height", f"{inside.evaluate(height)}px")
            with context.expect_page() as opened:
                frame.locator("h1 a").click()
            assert opened.value.url == f"{origin}/status/"
            assert heard == []
            context.close()


@pytest.mark.capability("STATUS-9")
def test_the_widget_is_not_green_without_a_database(world: World, tmp_path: Path) -> None:
    client = site_of(world, tmp_path).test_client()
    client.set_cookie("past", "the-cache")
    world.incidents = []
    assert client.get("/status/widget/").status_code == 200
    world.failure = Unavailable("database_unavailable", "The database does not take this now; try again shortly.")
    said = client.get("/status/widget/").text
    assert "Our measurements cannot be read just now" in said
    assert "verdict unknown" in said


def test_names_that_are_markup_stay_words(world: World, tmp_path: Path) -> None:
    world.incidents[0] = replace(world.incidents[0], name=HOSTILE, impact=Impact.CRITICAL, status="investigating")
    world.components = [replace(each, status=ComponentStatus.OPERATIONAL) for each in world.components]
    said = site_of(world, tmp_path).test_client().get("/status/widget/").text
    assert "&lt;script&gt;alert" in said
    assert "<script>alert" not in said
    assert "<img src=x" not in said


@pytest.mark.capability("GO-4")
def test_the_widget_alone_may_be_framed_and_its_script_loaded_from_elsewhere(world: World, tmp_path: Path) -> None:
    client = site_of(world, tmp_path).test_client()
    widget = client.get("/status/widget/")
    assert "frame-ancestors *;" in widget.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in widget.headers
    assert "<form" not in widget.text
    assert client.get("/status/widget.js").headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for path in ("/status/", "/status/history/", "/status/widget.js", "/status/widget", "/status/widget/none"):
        answer = client.get(path)
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.capability("GO-4")
def test_a_page_that_depends_on_who_asks_cannot_be_framed(world: World, tmp_path: Path) -> None:
    server = site_of(world, tmp_path)
    for path, method in (("/nothing/", "GET"), ("/csp-report", "POST"), ("/health/live", "GET")):
        with server.test_request_context(path, method=method), pytest.raises(ValueError, match="no other site may"):
            allow_framing()


def test_the_script_asks_for_nothing_but_its_own_page() -> None:
    script = (ROOT / "assets" / "widget.js").read_text()
    assert re.findall(r"https?://[^/\s\"']+", script) == ["https://status.example.com"]
    assert "innerHTML" not in script

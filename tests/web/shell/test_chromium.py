"""The surfaces in a real browser, under the real policy."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests.servers.waiting import until
from tests.web.shell.product import Knobs, make_product
from web.ui import bundles

pytestmark = pytest.mark.capability("GO-4")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    static = bundles.build(tests=True)
    folder = tmp_path_factory.mktemp("shell")
    server = make_product(folder, knobs=Knobs(), ports=lambda p: replace(p, static=static))
    served = make_server("127.0.0.1", 0, server, threaded=True)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.port}"
    served.shutdown()
    thread.join(20)
    served.server_close()


@pytest.fixture
def troubles(page: Page) -> list[str]:
    """What the browser complained about: violations of the policy and uncaught errors among it."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def _sign_in(context: BrowserContext, site: str, role: str) -> None:
    context.add_cookies([{"name": "greenlight-session", "value": f"token-{role}", "url": site}])


def _open_status(page: Page, site: str) -> None:
    """Open the public page and wait until Dash has taken it over; until then every element stands there twice."""
    page.goto(f"{site}/status/")
    expect(page.locator("#shell-document")).to_have_count(0, timeout=20_000)
    expect(page.locator("#live-count")).to_have_text("client 1", timeout=20_000)


def test_the_public_page_is_read_first_then_taken_over_and_needs_no_cookie(
    page: Page, context: BrowserContext, site: str, troubles: list[str]
) -> None:
    _open_status(page, site)
    expect(page.locator("h1")).to_have_text("All systems work")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#live-answer")).to_have_text("asked as visitor")
    assert page.title() == "Overview · Status"
    assert context.cookies() == []
    assert troubles == []


def test_without_javascript_the_public_page_says_the_same(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/status/")
    expect(page.locator("h1")).to_have_text("All systems work")
    page.locator("#figure-link").click()
    expect(page.locator("h1")).to_have_text("Figure join-time")
    context.close()


def test_a_link_draws_the_next_page_in_place_moves_the_focus_and_says_so(
    page: Page, site: str, troubles: list[str]
) -> None:
    _open_status(page, site)
    documents: list[str] = []
    page.on("request", lambda r: documents.append(r.url) if r.is_navigation_request() else None)
    page.locator("#figure-link").click()
    expect(page.locator("h1")).to_have_text("Figure join-time")
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("#shell-announcer")).to_have_text("Figure join-time · Status")
    expect(page).to_have_title("Figure join-time · Status")
    page.go_back()
    expect(page.locator("h1")).to_have_text("All systems work")
    expect(page).to_have_title("Overview · Status")
    assert documents == []
    assert troubles == []


def test_staff_pages_run_graphs_and_callbacks_without_a_violation(
    page: Page, context: BrowserContext, site: str, troubles: list[str]
) -> None:
    _sign_in(context, site, "operator")
    page.goto(f"{site}/admin/")
    expect(page.locator(".js-plotly-plot .bars")).to_be_visible()
    page.locator("#incident-open").click()
    expect(page.locator("#incident-said")).to_contain_text("untitled by usr_operator")
    page.locator("#to-settings").click()
    expect(page.locator("h1")).to_have_text("Settings")
    assert page.title() == "Settings · Admin"
    assert troubles == []


def test_a_session_that_ended_is_said_with_a_way_back(page: Page, context: BrowserContext, site: str) -> None:
    _sign_in(context, site, "operator")
    page.goto(f"{site}/admin/")
    expect(page.locator("#incident-open")).to_be_visible()
    context.clear_cookies()
    page.locator("#incident-open").click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Sign in first")
    expect(toast).to_contain_text("Reference: cor_")
    expect(toast.get_by_role("link", name="Sign in again")).to_have_attribute(
        "href", "/account/sign-in?next=%2Fadmin%2F"
    )


def test_a_lost_connection_is_said(page: Page, context: BrowserContext, site: str) -> None:
    _open_status(page, site)
    context.set_offline(offline=True)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".toast")).to_contain_text("No connection")


def test_a_script_that_was_put_into_the_page_does_not_run(page: Page, site: str) -> None:
    _open_status(page, site)
    stopped = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (stopped) =>
                resolve(`${stopped.effectiveDirective} ${stopped.blockedURI}`));
            const planted = document.createElement("script");
            planted.textContent = "window.planted = true";
            document.body.append(planted);
        })"""
    )
    assert stopped == "script-src-elem inline"
    assert page.evaluate("window.planted") is None


def test_another_page_cannot_frame_us(page: Page, site: str) -> None:
    page.set_content(f'<iframe src="{site}/status/"></iframe>')
    until(lambda: page.frames[-1].url.startswith("chrome-error:"), "the refusal of the frame")

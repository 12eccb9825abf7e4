"""The watch page in a real browser: what it measures, what is recorded, and what people see when things go wrong."""

import re
import statistics
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, Route, expect

from e2e.players.collector import film, occurrences, recorded
from tests.servers.product import Product

WATCH = "/shop/watch/good-morning"
PROBE = (Path(__file__).parent / "players" / "probe.js").read_text()
AGREEMENT_MS = 50
STALL_AGREEMENT_MS = 130
"""For each stall: the browser says that it waits some frames after the picture stood still."""
PLAYS = 3
"""A busy machine delays the page that looks from outside as well, so the middle one of several plays is compared."""
KBPS = 125


@pytest.fixture(scope="module", autouse=True)
def _film(product: Product) -> None:
    film(product.url, "good-morning")


def throttle(page: Page, *, latency_ms: int = 0, kbps: int = -1) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": latency_ms, "downloadThroughput": kbps * KBPS, "uploadThroughput": -1},
    )
    return session


def open_watch_page(page: Page, product: Product) -> None:
    page.add_init_script(PROBE)
    page.goto(f"{product.url}{WATCH}")
    expect(page.locator("[data-player-start]")).to_be_visible()


def start(page: Page) -> str:
    page.click("[data-player-start]")
    return page.locator('[data-play="session"]').inner_text()


def joined_ms(page: Page) -> float:
    page.wait_for_function("() => window.probe.joinMs !== null", timeout=30_000)
    return float(page.evaluate("window.probe.joinMs"))


def join_times_apart_ms(page: Page, product: Product, *, latency_ms: int = 0) -> float:
    """Play once, and return how far the recorded join time is from the one seen from outside."""
    open_watch_page(page, product)
    throttle(page, latency_ms=latency_ms)
    session_id = start(page)
    seen_ms = joined_ms(page)
    account = recorded(product.url, session_id, lambda a: a["join_time_ms"] is not None, "the join time")
    return abs(float(account["join_time_ms"]) - seen_ms)


@pytest.mark.capability("STATUS-1")
@pytest.mark.parametrize("latency_ms", [0, 150])
def test_the_recorded_join_time_is_within_50_ms_of_the_one_seen_from_outside(
    page: Page, product: Product, latency_ms: int
) -> None:
    apart = [join_times_apart_ms(page, product, latency_ms=latency_ms) for _ in range(PLAYS)]
    assert statistics.median(apart) <= AGREEMENT_MS


@pytest.mark.capability("STATUS-1")
def test_the_panel_shows_both_accounts_of_the_play_and_their_age(page: Page, product: Product) -> None:
    open_watch_page(page, product)
    session_id = start(page)
    account = recorded(product.url, session_id, lambda a: a["join_time_ms"] is not None, "the join time")
    panel = page.locator("[data-play-panel]")
    expect(panel.locator('[data-play="recorded"]')).to_have_text(f"{account['join_time_ms']} ms")
    expect(panel.locator('[data-play="age"]')).to_have_text(re.compile(r"^\d+ s ago$"))
    here_ms = int(panel.locator('[data-play="measured"]').inner_text().removesuffix(" ms"))
    assert abs(here_ms - account["join_time_ms"]) <= AGREEMENT_MS
    assert panel.get_by_role("link").get_attribute("href") == "/status/figures/join_time_p95/"


@pytest.mark.capability("STATUS-1")
def test_a_slow_network_stalls_the_play_and_the_recorded_stalls_agree_with_those_seen(
    page: Page, product: Product
) -> None:
    open_watch_page(page, product)
    slow = throttle(page, kbps=420)  # the lowest rung needs more
    session_id = start(page)
    joined_ms(page)
    page.wait_for_function("() => window.probe.stalls >= 2", timeout=60_000)
    slow.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    page.wait_for_function("() => window.probe.stuckMs < 60 && document.querySelector('video').currentTime > 12")
    page.evaluate("document.querySelector('video').pause()")
    seen = page.evaluate("window.probe")
    account = recorded(product.url, session_id, lambda a: a["state"] == "paused", "the pause")
    assert account["stalls"] >= 2
    assert account["stalls"] == seen["stalls"]
    assert abs(account["stall_ms"] - seen["stallMs"]) <= STALL_AGREEMENT_MS * seen["stalls"]
    expect(page.locator('[data-play="recorded-stalls"]')).to_have_text(re.compile(rf"^{account['stalls']}, "))


@pytest.mark.capability("STATUS-1")
def test_leaving_before_the_first_frame_is_counted_at_once_and_has_no_join_time(page: Page, product: Product) -> None:
    open_watch_page(page, product)
    before = occurrences(product.url, "greenlight_exits_before_start_total", origin="real")
    page.route("**/*.m4s*", lambda _: None)  # the first segment never comes
    session_id = start(page)
    recorded(product.url, session_id, lambda a: a["state"] == "starting", "the start")
    page.goto(f"{product.url}/shop/")
    account = recorded(product.url, session_id, lambda a: a["state"] == "quit", "the exit")
    assert account["join_time_ms"] is None
    assert occurrences(product.url, "greenlight_exits_before_start_total", origin="real") == before + 1


def test_looking_at_the_page_without_playing_loads_and_reports_nothing(page: Page, product: Product) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_watch_page(page, product)
    page.wait_for_load_state("networkidle")
    page.goto(f"{product.url}/shop/")
    assert not [url for url in asked if re.search(r"m3u8|\.m4s|init.*\.mp4|/ingest/", url)]


def test_pausing_seeking_and_the_end_are_no_stalls(page: Page, product: Product) -> None:
    open_watch_page(page, product)
    session_id = start(page)
    joined_ms(page)
    video = page.locator("video")
    video.evaluate("v => v.pause()")
    recorded(product.url, session_id, lambda a: a["state"] == "paused", "the pause")
    video.evaluate("v => { v.currentTime = 56; v.play(); }")
    account = recorded(product.url, session_id, lambda a: a["state"] == "ended", "the end")
    assert (account["stalls"], account["stall_ms"]) == (0, 0)


def test_the_player_can_be_started_by_keyboard_alone(page: Page, product: Product) -> None:
    open_watch_page(page, product)
    button = page.locator("[data-player-start]")
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("b => b === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("video")).to_be_focused()
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.5")


def test_missing_files_are_told_with_a_reference_and_trying_again_helps_once_they_are_back(
    page: Page, product: Product
) -> None:
    open_watch_page(page, product)

    def gone(route: Route) -> None:
        route.fulfill(status=404, headers={"X-Correlation-Id": "cor_of_the_missing_file"})

    page.route("**/master.m3u8*", gone)
    page.click("[data-player-start]")
    fault = page.get_by_role("alert").filter(has_text="missing")
    expect(fault).to_contain_text("cor_of_the_missing_file", timeout=20_000)
    page.unroute("**/master.m3u8*")
    fault.get_by_role("button", name="Try again").click()
    expect(fault).to_be_hidden()
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.3")


def test_a_start_that_fails_is_recorded_as_failed(page: Page, product: Product) -> None:
    open_watch_page(page, product)
    page.route("**/master.m3u8*", lambda route: route.fulfill(status=404))
    session_id = start(page)
    account = recorded(product.url, session_id, lambda a: a["state"] == "failed", "the failure")
    assert account["join_time_ms"] is None


def test_without_media_source_extensions_the_browsers_own_player_is_measured_all_the_same(
    page: Page, product: Product
) -> None:
    page.add_init_script(
        "delete window.MediaSource; delete window.ManagedMediaSource; delete window.WebKitMediaSource;"
    )
    open_watch_page(page, product)
    if not page.evaluate("document.createElement('video').canPlayType('application/vnd.apple.mpegurl')"):
        pytest.skip("this Chromium has no HLS player of its own")
    apart = [join_times_apart_ms(page, product) for _ in range(PLAYS)]
    assert statistics.median(apart) <= AGREEMENT_MS


def test_without_script_the_page_still_says_what_it_is_and_where_the_stream_lies(
    context: BrowserContext, product: Product
) -> None:
    browser = context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{product.url}{WATCH}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Big Buck Bunny: good morning")
    link = page.get_by_role("link", name="Open the stream in another player")
    assert (link.get_attribute("href") or "").endswith("/master.m3u8")
    expect(page.locator("[data-player-start]")).to_be_hidden()
    plain.close()

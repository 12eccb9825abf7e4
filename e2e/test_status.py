"""What a stranger reads on the public page: without script first, then live."""

import re
import uuid

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.conftest import Opens, listen
from services.kernel.clock import SystemClock, to_epoch_ms
from tests.servers.product import Product

FIGURES = {"join_time_p95": (r"\d[\d.]*\s*(s|ms)", "< 2"), "rebuffer_ratio": (r"\d[\d.]*\s*%", "< 1")}
"""The figures of playback, which the demo has ninety days of."""
ALL_FIGURES = {*FIGURES, "checkout_success", "payout_latency_p95"}
SPANS = {"24 h": 1, "7 d": 7, "30 d": 30, "90 d": 90}
NEW_PLAYS, SURELY_NEW = 40, 20
"""Plays that a test reports, and by how many the number rises at least, though an hour of old ones leaves meanwhile."""


def tile(page: Page, name: str) -> Locator:
    return page.locator(f"#status-{name.replace('_', '-')}")


def taken_over(page: Page) -> None:
    """Wait until the page's script runs."""
    expect(page.locator("html[data-ready]")).to_have_count(1, timeout=20_000)


def plays_told(words: str) -> int:
    found = re.search(r"([\d,]+)\s+plays", words)
    assert found, words
    return int(found[1].replace(",", ""))


def play_once(url: str, join_ms: int) -> None:
    """Report one play from a real player: the wish, the first frame, the end."""
    began, sid = to_epoch_ms(SystemClock().now()) - 10_000, uuid.uuid4()
    lines = [
        f'e=ps,sf=h,sid="{sid}",sn={number},st=v,sta={state},ts={began + at},v=2'
        for number, (state, at) in enumerate((("s", 0), ("p", join_ms), ("e", 9_000)))
    ]
    answer = httpx.post(
        f"{url}/ingest/cmcd",
        content="\n".join(lines),
        headers={"Content-Type": "application/cmcd"},
        trust_env=False,
    )
    assert answer.status_code == 204, answer.text


@pytest.mark.capability("STATUS-1")
def test_a_stranger_without_script_reads_both_figures_with_all_that_makes_them_believable(
    browser: Browser, product: Product
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    answer = page.goto(product.url)
    assert answer is not None
    assert page.url == f"{product.url}/status/"
    for name, (value, target) in FIGURES.items():
        words = tile(page, name).inner_text()
        assert re.search(value, words), words
        assert target in words
        assert plays_told(words) > 50
        assert tile(page, name).locator("time[datetime]").count() >= 1
        assert tile(page, name).locator("svg").count() >= 1
        tile(page, name).locator(f'a[href="/status/figures/{name}/"]').first.click()
        expect(page.locator("h1")).to_be_visible()
        assert "plays" in page.locator("main").inner_text()
        page.go_back()
    assert "Demo" in page.locator("body").inner_text()
    assert context.cookies() == []
    context.close()


@pytest.mark.capability("STATUS-1")
def test_new_plays_reach_an_open_page_by_themselves(opened: Opens, product: Product) -> None:
    page = opened().new_page()
    heard = listen(page)
    page.goto(f"{product.url}/status/")
    taken_over(page)
    page.evaluate("window.marked = true")
    before = plays_told(tile(page, "join_time_p95").inner_text())
    for number in range(NEW_PLAYS):
        play_once(product.url, 400 + number)
    page.wait_for_function(
        """([id, enough]) => {
            const told = document.getElementById(id)?.innerText.match(/([\\d,]+)\\s+plays/);
            return told && Number(told[1].replaceAll(",", "")) >= enough;
        }""",
        arg=["status-join-time-p95", before + SURELY_NEW],
        timeout=40_000,
    )
    assert page.evaluate("window.marked") is True
    assert heard == []


@pytest.mark.capability("STATUS-1")
def test_nothing_moves_when_the_script_takes_the_page_over(opened: Opens, product: Product) -> None:
    page = opened().new_page()
    page.add_init_script(
        """window.moved = 0; window.movers = [];
        const moved = ({ node, previousRect, currentRect }) =>
          `${node?.outerHTML?.slice(0, 90)} ${previousRect.y} to ${currentRect.y}`;
        new PerformanceObserver((list) => { for (const each of list.getEntries()) if (!each.hadRecentInput) {
          window.moved += each.value; window.movers.push(...each.sources.map(moved)); }
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    page.goto(f"{product.url}/status/")
    written = page.locator("#status-live").first.bounding_box()
    taken_over(page)
    drawn = page.locator("#status-live").bounding_box()
    assert written
    assert drawn
    assert [round(drawn[side] - written[side]) for side in ("x", "y", "width", "height")] == [0, 0, 0, 0]
    assert page.evaluate("window.moved") < 0.02, page.evaluate("window.movers")


@pytest.mark.capability("STATUS-1")
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_shown_over_four_spans_and_can_be_computed_again(
    opened: Opens, product: Product, name: str
) -> None:
    page = opened().new_page()
    heard = listen(page)
    page.goto(f"{product.url}/status/figures/{name}/")
    taken_over(page)
    for label, days in SPANS.items():
        page.get_by_role("navigation", name="Span").get_by_role("link", name=label, exact=True).click()
        expect(page).to_have_url(re.compile(rf"days={days}$"))
        expect(page.get_by_role("link", name=label, exact=True)).to_have_attribute("aria-current", "true")
        href = page.get_by_role("link", name=f"CSV, {label}").get_attribute("href")
        rows = page.request.get(f"{product.url}{href}").text().splitlines()
        assert rows[0] == "starts_at,value,unit,samples,numerator,denominator,parts_unit"
        assert sum(1 for row in rows[1:] if row.split(",")[1]) >= 1
    told = page.request.get(f"{product.url}/status/figures.json").json()
    assert {figure["name"] for figure in told["figures"]} == ALL_FIGURES
    assert told["demo"] is True
    assert heard == []


def test_the_first_tab_stop_leads_past_the_navigation_and_links_lead_on(opened: Opens, product: Product) -> None:
    page = opened().new_page()
    page.goto(f"{product.url}/status/")
    taken_over(page)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="How we measure").click()
    expect(page.locator("h1")).to_have_text("How we measure")


def test_the_chosen_theme_holds_over_pages_and_surfaces(opened: Opens, product: Product) -> None:
    page = opened(color_scheme="light").new_page()
    page.goto(f"{product.url}/status/")
    taken_over(page)
    light = ground(page)
    for _ in range(2):
        page.locator("[data-theme-toggle]:visible").first.click()
    dark = ground(page)
    assert dark != light
    seen: list[str] = []
    for path in ("/status/", "/shop/", "/account/sign-in"):
        page.goto(f"{product.url}{path}")
        seen.append(ground(page))
    assert seen == [dark] * 3


def ground(page: Page) -> str:
    return str(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))


def test_days_are_read_one_by_one_with_the_keys(opened: Opens, product: Product) -> None:
    page = opened().new_page()
    page.goto(f"{product.url}/status/")
    taken_over(page)
    bars = page.locator(".uptime-bars[role=slider]").first
    bars.focus()
    last = bars.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    assert bars.get_attribute("aria-valuetext") != last
    expect(bars.locator(".day-words")).to_be_visible()
    page.keyboard.press("Home")
    assert bars.get_attribute("aria-valuenow") == "1"


def test_times_are_in_the_readers_own_zone_and_the_title_keeps_utc(opened: Opens, product: Product) -> None:
    page = opened(timezone_id="Asia/Tokyo", locale="de-DE").new_page()
    page.goto(f"{product.url}/status/")
    taken_over(page)
    expect(page.locator("[data-zone]")).to_contain_text("Asia/Tokyo")


def test_the_page_prints_on_paper(opened: Opens, product: Product) -> None:
    page = opened().new_page()
    page.goto(f"{product.url}/status/")
    taken_over(page)
    page.emulate_media(media="print")
    assert not page.locator(".top nav").is_visible()
    assert page.locator("h1").is_visible()
    assert page.pdf(format="A4")[:5] == b"%PDF-"

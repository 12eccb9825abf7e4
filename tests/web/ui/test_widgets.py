"""Our components inside Dash, under the product's policy; and foreign widgets in our tokens."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.ui.widgets import make_app, serving
from web.ui.static import StaticManifest


@pytest.fixture(scope="module")
def address(manifest: StaticManifest) -> Iterator[str]:
    with serving(make_app(manifest)) as url:
        yield url


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=request.param, reduced_motion="reduce"
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.goto(address)
    expect(page.get_by_role("heading", name="Widgets")).to_be_visible(timeout=30_000)
    yield page
    context.close()
    assert faults == []


def test_a_control_is_live_in_callbacks(page: Page) -> None:
    page.get_by_label("Name").fill("ab")
    expect(page.locator("#widgets-echo")).to_have_text("ab/0")
    page.get_by_label("Name").press("Enter")
    expect(page.locator("#widgets-echo")).to_have_text("ab/1")


def test_switch_choice_and_select_are_live_in_callbacks(page: Page) -> None:
    expect(page.locator("#widgets-state")).to_have_text("False/a")
    page.get_by_role("switch", name="Live").click()
    expect(page.locator("#widgets-state")).to_have_text("True/a")
    page.get_by_role("radio", name="B").check()
    expect(page.locator("#widgets-state")).to_have_text("True/b")
    page.get_by_label("Letter").select_option("x")
    expect(page.locator("#widgets-letter")).to_have_text("letter x")


def test_a_dialog_opens_and_closes_by_callback_and_can_be_opened_again_after_escape(page: Page) -> None:
    for _ in range(2):
        page.get_by_role("button", name="Ask").click()
        expect(page.get_by_role("dialog", name="Sure?")).to_be_visible()
        expect(page.get_by_label("Reason")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Ask").click()
    page.get_by_label("Reason").fill("tests")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#widgets-answer")).to_have_text("because tests")


def test_grid_buttons_reach_callbacks_with_column_and_page(page: Page) -> None:
    page.get_by_role("button", name="Sort by Flag, descending").click()
    expect(page.locator("#widgets-asked")).to_have_text("widgets-sort flag")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#widgets-asked")).to_have_text("widgets-page 2")


def test_markup_is_drawn(page: Page) -> None:
    expect(page.locator("b#raw")).to_have_text("raw")


def test_foreign_widgets_wear_our_tokens(
    page: Page, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> None:
    expect(page.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(2, timeout=30_000)
    expect(page.locator(".ag-row").first).to_be_visible(timeout=30_000)
    page.locator("#widgets-owner").click()
    folder = pytestconfig.rootpath / "test-results" / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"widgets-{request.node.callspec.params['page']}.png", full_page=True)
    bar = page.locator("#widgets-bars .bars .point").first.bounding_box()
    label = page.locator("#widgets-bars .xtick text").first.bounding_box()
    assert bar
    assert label
    assert bar["x"] < label["x"] + label["width"] / 2 < bar["x"] + bar["width"]
    style = """(element, name) => getComputedStyle(element)[name]"""
    probe = """(name) => { const e = document.createElement("i"); e.style.color = `var(${name})`;
      document.body.append(e); const found = getComputedStyle(e).color; e.remove(); return found; }"""
    surface, ink, dim, line = (page.evaluate(probe, name) for name in ("--surface", "--ink", "--ink-3", "--line"))
    assert page.locator(".ag-root-wrapper").evaluate(style, "backgroundColor") == surface
    assert page.locator(".ag-cell").first.evaluate(style, "color") == ink
    assert page.locator(".xtick text").first.evaluate(style, "fill") == dim
    assert page.locator(".gridlayer path").first.evaluate(style, "stroke") == line
    assert page.locator("#widgets-owner").evaluate(style, "backgroundColor") == surface


def test_the_large_plotly_bundle_is_never_asked_for(browser: Browser, address: str) -> None:
    asked: list[str] = []
    fresh = browser.new_page()
    fresh.on("request", lambda made: asked.append(made.url))
    fresh.goto(address)
    expect(fresh.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(2, timeout=30_000)
    assert any("plotly-basic" in url for url in asked)
    assert not any("plotly.min" in url for url in asked)
    fresh.close()

"""Every component in every state, drawn by Chromium: light and dark, phone to wide, with axe and a picture of each."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from services.kernel.clock import SystemClock
from web.ui.gallery import PAGES, document
from web.ui.static import StaticManifest

SIZES = {"phone": (390, 844), "desktop": (1280, 900), "wide": (1600, 1000)}
Scheme = Literal["light", "dark"]
Opens = Callable[[str, Scheme, str], Page]

AXE = """() => axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations.flatMap(
  (each) => each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 120)}`)))"""
# What is meant to be cut: for screen readers only, with an ellipsis and a way to read it whole, or to be scrolled.
CLIPPED = """() => [...document.querySelectorAll("body *")].filter((element) => {
  if (!element.checkVisibility() || element.closest("svg, .sr-only, dialog:not([open])")) return false;
  if (["INPUT", "SELECT", "TEXTAREA", "LEGEND"].includes(element.tagName)) return false;
  const style = getComputedStyle(element);
  const cut = style.overflowX === "hidden" || style.overflowX === "clip";
  return cut && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1;
}).map((element) => element.outerHTML.slice(0, 120))"""
OUTSIDE = """() => [...document.querySelectorAll("main *, header *, footer *")].filter((element) => {
  const apart = ".sr-only, .skip, .scroll, .tablist, .top nav, dialog";
  if (!element.checkVisibility() || element.closest(apart)) return false;
  const box = element.getBoundingClientRect();
  return box.width > 0 && (box.right > document.documentElement.clientWidth + 1 || box.left < -1);
}).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="session")
def pictures(pytestconfig: pytest.Config) -> Path:
    folder = pytestconfig.rootpath / "test-results" / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def documents(manifest: StaticManifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    for name in PAGES:
        (folder / f"{name}.html").write_text(document(name, manifest, SystemClock().now()), "utf-8")
    return folder


@pytest.fixture
def opened(browser: Browser, documents: Path) -> Iterator[Opens]:
    made = []

    def open_page(name: str, scheme: Scheme, size: str) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )
        made.append(context)
        page = context.new_page()
        page.goto((documents / f"{name}.html").as_uri())
        page.evaluate("() => document.fonts.ready")
        return page

    yield open_page
    for context in made:
        context.close()


def violations(page: Page, repository: Path) -> Any:
    page.add_script_tag(path=repository / "node_modules" / "axe-core" / "axe.min.js")
    return page.evaluate(AXE)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_screen_and_has_no_fault_for_axe(
    opened: Opens, pictures: Path, repository: Path, name: str, scheme: Scheme, size: str
) -> None:
    page = opened(name, scheme, size)
    page.screenshot(path=pictures / f"{name}-{scheme}-{size}.png", full_page=True, animations="disabled")
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(OUTSIDE) == []
    assert violations(page, repository) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_lies_over_the_page_has_no_fault_for_axe(
    opened: Opens, pictures: Path, repository: Path, scheme: Scheme
) -> None:
    page = opened("components", scheme, "desktop")
    page.get_by_role("button", name="Open dialog").click()
    page.screenshot(path=pictures / f"dialog-{scheme}.png")
    assert violations(page, repository) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.screenshot(path=pictures / f"palette-{scheme}.png")
    assert violations(page, repository) == []
    phone = opened("components", scheme, "phone")
    phone.get_by_role("button", name="Open navigation").click()
    phone.screenshot(path=pictures / f"drawer-{scheme}.png")
    assert violations(phone, repository) == []


@pytest.mark.parametrize(("size", "columns"), [("phone", 1), ("desktop", 4), ("wide", 4)])
def test_four_figures_stand_in_whole_rows(opened: Opens, size: str, columns: int) -> None:
    page = opened("public", "light", size)
    tops = page.locator(".tile").evaluate_all("(tiles) => tiles.map((tile) => tile.getBoundingClientRect().top)")
    assert tops.count(tops[0]) == columns


@pytest.mark.parametrize(("size", "bars"), [("phone", 30), ("desktop", 90)])
def test_ninety_days_are_thirty_bars_on_a_phone(opened: Opens, size: str, bars: int) -> None:
    page = opened("public", "light", size)
    drawn = page.locator(".uptime").first.locator(".uptime-bars svg:visible")
    assert drawn.count() == 1
    assert drawn.get_attribute("viewBox") == f"0 0 {bars * 10} 30"


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_chart_has_its_labels_at_its_lines_and_its_tags_above_them(opened: Opens, size: str) -> None:
    page = opened("components", "light", size)
    plot = page.locator(".trend-plot").first
    middles = "(all) => all.map((e) => { const b = e.getBoundingClientRect(); return (b.top + b.bottom) / 2; })"
    lines = plot.locator(".grid").evaluate_all(middles)
    labels = plot.locator(".y-tick").evaluate_all(middles)
    assert [round(label - line) for label, line in zip(labels, lines, strict=True)] == [0] * len(lines)
    box = plot.bounding_box()
    tag = plot.locator(".tag").first.bounding_box()
    label = plot.locator(".y-tick").first.bounding_box()
    bars = page.locator(".uptime-bars:visible").first.bounding_box()
    assert box
    assert tag
    assert label
    assert bars
    assert box["height"] == 240
    assert bars["height"] == 30
    assert tag["y"] < box["y"]
    assert label["x"] + label["width"] < box["x"]


def test_a_skeleton_is_as_tall_as_what_it_stands_for(opened: Opens) -> None:
    page = opened("components", "light", "wide")
    bone = page.locator(".bonetile").first.bounding_box()
    tile = page.locator(".tile").first.bounding_box()
    assert bone
    assert tile
    assert abs(bone["height"] - tile["height"]) < 8


def test_our_faces_are_loaded_from_our_own_files(opened: Opens) -> None:
    page = opened("public", "light", "desktop")
    loaded = page.evaluate("() => [...document.fonts].filter((face) => face.status === 'loaded').map((f) => f.family)")
    assert "Inter Variable" in {family.strip('"') for family in loaded}


def test_the_chosen_scheme_overrides_the_system_and_is_remembered(opened: Opens) -> None:
    page = opened("components", "light", "desktop")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    toggle = page.locator(".rail [data-theme-toggle]")
    toggle.click()
    assert page.evaluate(ground) == light
    assert toggle.text_content() == "Theme: light"
    toggle.click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
    assert page.evaluate("() => document.documentElement.dataset.bsTheme") == "dark"
    toggle.click()
    assert page.evaluate(ground) == light


def test_targets_are_large_enough_for_a_finger(browser: Browser, documents: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto((documents / "components.html").as_uri())
    small = page.locator(".btn:visible, .seg label:visible, .pill:visible").evaluate_all(
        "(all) => all.filter((e) => e.getBoundingClientRect().height < 26).map((e) => e.outerHTML.slice(0, 100))"
    )
    assert small == []
    context.close()


def test_print_is_the_content_alone_on_white(opened: Opens, pictures: Path) -> None:
    page = opened("public", "dark", "desktop")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator(".top nav").is_hidden()
    assert page.locator(".tile").first.is_visible()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.screenshot(path=pictures / "public-print.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_whole_without_script(browser: Browser, documents: Path, scheme: Scheme) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme=scheme)
    page = context.new_page()
    page.goto((documents / "public.html").as_uri())
    text = page.locator("main").inner_text()
    for words in ("Operating, payouts slower than usual", "1.42", "meets < 2 s", "48,212 plays", "99.982"):
        assert words in text
    assert page.locator(".spark svg").count() == 4
    context.close()

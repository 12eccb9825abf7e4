"""What every page of the product keeps, in a real browser: no fault for axe, nothing outside, whole by keyboard."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

AXE = """() => axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations.flatMap(
  (each) => each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 160)}`)))"""
OUTSIDE = """() => [...document.querySelectorAll("main *, header *, footer *")].filter((element) => {
  const apart = ".sr-only, .skip, .scroll, .tablist, .top nav, dialog, .js-plotly-plot, .seg, .pills";
  if (!element.checkVisibility() || element.closest(apart)) return false;
  const box = element.getBoundingClientRect();
  return box.width > 0 && (box.right > document.documentElement.clientWidth + 1 || box.left < -1);
}).map((element) => element.outerHTML.slice(0, 160))"""
_STOPS_MOST = 400
NAMED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const box = at.getBoundingClientRect(), look = getComputedStyle(at);
  const ring = (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0) || look.boxShadow !== "none";
  window.stops ??= new Map();
  if (!window.stops.has(at)) window.stops.set(at, window.stops.size);
  return { order: window.stops.get(at), html: at.outerHTML.slice(0, 120),
           seen: at.checkVisibility() && box.width > 0 && box.height > 0, ring };
}"""


class Prover:
    """Holds an open page against what every page keeps."""

    def __init__(self, repository: Path, pictures: Path) -> None:
        self._axe = (repository / "node_modules" / "axe-core" / "axe.min.js").read_text()
        self._pictures = pictures

    def __call__(self, page: Page, name: str, size: str) -> None:
        """Hold a page against it in light and dark, at the width that it has."""
        settle(page)
        page.evaluate(self._axe)
        faults: list[Any] = []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=self._pictures / f"{name}-{scheme}-{size}.png", full_page=True, animations="disabled")
            faults += [f"{scheme} {fault}" for fault in page.evaluate(AXE)]
        faults += page.evaluate(OUTSIDE)
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert faults == []
        assert wide == 0


def walk_by_keyboard(page: Page) -> list[str]:
    """Press Tab through a page from its beginning, and return what has the focus at each stop.

    Each stop is seen, shows that it has the focus, and is met once; the last leads out of the page.
    """
    met: list[str] = []
    for number in range(_STOPS_MOST):
        page.keyboard.press("Tab")
        at = page.evaluate(NAMED)
        if at is None or at["order"] < number:
            return met
        assert at["seen"], at["html"]
        assert at["ring"], at["html"]
        met.append(str(at["html"]))
    raise AssertionError(f"The keyboard does not come to the end of {page.url}.")


def settle(page: Page) -> None:
    """Wait until a page is drawn, with its charts and faces."""
    expect(page.locator("h1").first).to_be_visible(timeout=20_000)
    expect(page.locator("#shell-document")).to_have_count(0, timeout=20_000)
    if page.locator(".js-plotly-plot").count():
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.evaluate("() => document.fonts.ready.then(() => true)")

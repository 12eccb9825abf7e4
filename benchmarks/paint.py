"""Largest contentful paint of the public page: 1.6 Mbit/s, 150 ms, a processor four times slower, cold cache.

Usage: python -m benchmarks.paint [loads]
"""

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks._product import free_port, product, tell_history
from tests.servers.browser import FLAGS
from tools import system

BAR_MS = 500
BYTES_PER_SECOND = 1_600_000 // 8
LATENCY_MS, SLOWDOWN = 150, 4
OBSERVE = """() => { window.paints = []; new PerformanceObserver(list => window.paints.push(...list.getEntries().map(
  e => [e.startTime, e.size, e.element ? e.element.tagName : '']))).observe(
  {type: 'largest-contentful-paint', buffered: true}); }"""


def load(browser: Browser, url: str) -> tuple[float, float, str]:
    """Load the page once, cold, and return its first and largest contentful paint in ms and what that was."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": BYTES_PER_SECOND,
            "uploadThroughput": BYTES_PER_SECOND,
        },
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.add_init_script(f"({OBSERVE})()")
    page.goto(url, wait_until="load")
    page.wait_for_function("() => window.paints.length > 0")
    first = float(page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    largest = page.evaluate("() => window.paints[window.paints.length - 1]")
    context.close()
    return first, float(largest[0]), str(largest[2])


def main() -> None:
    """Print the median of several cold loads."""
    loads = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        folder, port = Path(name), free_port()
        tell_history(folder)
        with product(folder, port):
            browser = play.chromium.launch(executable_path=system.find("chromium"), args=list(FLAGS))
            measured = [load(browser, f"http://127.0.0.1:{port}/status/") for _ in range(loads)]
            browser.close()
    print("first / largest contentful paint, ms:", ", ".join(f"{f:.0f}/{m:.0f} ({tag})" for f, m, tag in measured))
    median = statistics.median(m for _, m, _ in measured)
    print(f"ratio: largest contentful paint to the bar of {BAR_MS} ms (less is better): {median / BAR_MS:.2f}")
    if median > BAR_MS:
        raise SystemExit(f"the page paints in {median:.0f} ms")


if __name__ == "__main__":
    main()

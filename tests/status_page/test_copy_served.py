"""The static copy behind nginx, as a browser and as a program see it, while we are not there at all."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from services.components.views import ComponentStatus
from services.kernel.clock import SystemClock
from status_page.copying.folder import CopyFolder
from status_page.copying.making import Copying
from tests.servers.process import free_port
from tests.servers.waiting import until
from tests.status_page.doubles import World, full
from tools import system
from tools.paths import ROOT
from web.shell.config import ShellConfig
from web.ui.static import StaticManifest

PLAIN = "include /etc/nginx/mime.types; server {{ listen 127.0.0.1:{port}; root {site}; }}"
EXAMPLE = (ROOT / "docs" / "examples" / "nginx.conf").read_text()
KINDS = {
    "/status/": "text/html",
    "/api/v2/summary.json": "application/json",
    "/status/feed.rss": "application/rss+xml",
    "/status/feed.atom": "application/atom+xml",
    "/status/calendar.ics": "text/calendar",
    "/status/components.csv": "text/csv",
    "/status/badges/overall.svg": "image/svg+xml",
    "/status/preview.png": "image/png",
    "/favicon.ico": "image/svg+xml",
    "/status/widget.js": "text/javascript",
}
STALE = "What is so now is not known here"


@pytest.fixture
def world() -> World:
    return full(World(SystemClock()))


@pytest.fixture
def copying(world: World, tmp_path: Path) -> Copying:
    # Nobody answers there: whatever works, works without us.
    config = ShellConfig("a secret of the tests", f"http://127.0.0.1:{free_port()}", tmp_path / "bundles")
    return Copying(world.public(), config, StaticManifest.load(), CopyFolder(tmp_path / "copy"))


@contextmanager
def nginx(folder: Path, site: str, port: int) -> Iterator[str]:
    """Serve a folder by nginx, configured by these words."""
    program = system.find("nginx")
    assert program, "Run `python -m tools.prepare test`: it installs nginx."
    configuration = folder / "nginx.conf"
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
    configuration.write_text(
        f"user root; daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log; "
        f"events {{}} http {{ access_log off; {temporary} {site} }}"
    )
    process = subprocess.Popen([program, "-c", str(configuration), "-e", str(folder / "error.log")])
    origin = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(origin, trust_env=False).status_code < 500
        except httpx.HTTPError:
            return False

    try:
        until(answers, "nginx answers")
        yield origin
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def served(copying: Copying, tmp_path: Path) -> Iterator[str]:
    """The copy behind a plain nginx."""
    copying.write()
    port = free_port()
    with nginx(tmp_path, PLAIN.format(port=port, site=copying.folder.site), port) as origin:
        yield origin


def watched(page: Page, origin: str) -> list[str]:
    """Return a list that fills with whatever goes wrong, and with every request that leaves the copy."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda asked: heard.append(asked.url) if not asked.url.startswith(origin) else None)
    return heard


@pytest.mark.capability("STATUS-9")
def test_the_whole_site_works_from_a_plain_nginx_without_us_and_follows_changes(
    browser: Browser, world: World, copying: Copying, served: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    heard = watched(page, served)
    page.goto(served)
    page.wait_for_url(f"{served}/status/")
    expect(page.locator("h1")).to_have_text("Playback is degraded")
    expect(page.locator(".copied")).to_contain_text("A copy of")
    expect(page.locator("html[data-stale]")).to_have_count(0)
    for name, heading in (("History", "History"), ("Maintenance", "Maintenance"), ("Service levels", "Service levels")):
        page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.goto(f"{served}/status/")
    page.locator("#trends .seg a", has_text="7 d").first.click()
    page.wait_for_url(f"{served}/status/bars-90-days-7/#trends")
    page.goto(f"{served}/status/")
    expect(page.locator("html[data-ready]")).to_have_count(1)
    world.components[2] = replace(world.components[2], status=ComponentStatus.MAJOR_OUTAGE)
    copying.write()
    expect(page.locator("h1")).to_have_text("Checkout is down", timeout=20_000)
    assert heard == []
    context.close()


@pytest.mark.capability("STATUS-9")
def test_a_copy_that_nobody_renews_says_by_itself_that_it_is_old_and_is_green_no_more(
    browser: Browser, world: World, copying: Copying, served: str
) -> None:
    world.incidents, world.slas = [], []
    world.components = [replace(each, status=ComponentStatus.OPERATIONAL) for each in world.components]
    copying.write()
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(f"{served}/status/")
    expect(page.locator(".verdict.good h1")).to_have_count(1)
    page.clock.fast_forward("06:00")
    expect(page.locator(".verdict.unknown h1")).to_have_text(STALE)
    expect(page.locator(".copied")).to_contain_text("This copy is old.")
    expect(page.locator(".verdict p")).to_contain_text("Last known: Everything works")
    widget = context.new_page()
    widget.clock.install()
    widget.goto(f"{served}/status/widget/")
    expect(widget.locator(".verdict.good h1")).to_have_count(1)
    widget.clock.fast_forward("06:00")
    expect(widget.locator(".verdict.unknown h1")).to_have_text(STALE)
    copying.write()
    page.clock.set_system_time(SystemClock().now())
    page.reload()
    expect(page.locator(".verdict.good h1")).to_have_count(1)
    context.close()


@pytest.mark.capability("STATUS-5")
def test_the_example_of_the_docs_serves_programs_as_we_do(copying: Copying, tmp_path: Path) -> None:
    copying.write()
    port = free_port()
    words = EXAMPLE.replace("8080", str(port)).replace("/srv/greenlight-copy/site", str(copying.folder.site))
    with nginx(tmp_path, words, port) as origin:
        for path, kind in KINDS.items():
            answer = httpx.get(f"{origin}{path}", trust_env=False)
            assert answer.status_code == 200, path
            assert answer.headers["Content-Type"].partition(";")[0] == kind, path
            assert answer.headers["Access-Control-Allow-Origin"] == "*", path
            again = httpx.get(f"{origin}{path}", headers={"If-None-Match": answer.headers["ETag"]}, trust_env=False)
            assert again.status_code == 304, path

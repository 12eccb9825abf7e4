"""Names and texts as bad as somebody can make them, in a real browser: inert, and inside the page."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, expect
from werkzeug.serving import make_server as serve

from services.kernel.clock import FixedClock
from status_page.snapshot import Snapshot
from status_page.surface import register
from tests.servers.process import free_port
from tests.status_page.doubles import World, full
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.ui.static import StaticManifest

ENDLESS = "Zahlungsabwicklungsinfrastruktur" * 6
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)> & \"quoted\" 'too' \u202e مرحبا 日本語 😀 "
PAGES = (
    "/status/", "/status/history/", "/status/maintenance/", "/status/service-levels/", "/status/how-we-measure/",
    "/status/incidents/inc000000001/", "/status/incidents/inc000000002/", "/status/components/playback/",
    "/status/groups/video/", "/status/figures/join_time_p95/",
)  # fmt: skip
OUTSIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def hostile(world: World) -> World:
    """Give everything that has a name a bad one, endless and full of markup by turns."""
    names = [SCRIPT + ENDLESS, ENDLESS]
    world.components = [
        replace(each, name=names[i % 2], description=SCRIPT, status_reason=SCRIPT + ENDLESS)
        for i, each in enumerate(world.components)
    ]
    world.groups = [replace(each, name=ENDLESS, description=SCRIPT) for each in world.groups]
    world.incidents = [
        replace(
            each, name=names[i % 2], note=SCRIPT, updates=tuple(replace(u, body_html="<p>x</p>") for u in each.updates)
        )
        for i, each in enumerate(world.incidents)
    ]
    world.slas = [replace(each, title=ENDLESS, promise=SCRIPT + ENDLESS, policy=SCRIPT) for each in world.slas]
    world.months = [replace(each, title=SCRIPT + ENDLESS, promise=ENDLESS) for each in world.months]
    world.figures = [replace(each, title=ENDLESS, definition=SCRIPT) for each in world.figures]
    world.releases = [replace(each, version=SCRIPT) for each in world.releases]
    return world


@pytest.fixture
def address(clock: FixedClock, tmp_path: Path) -> Iterator[str]:
    world, port, manifest = hostile(full(World(clock))), free_port(), StaticManifest.load()
    config = ShellConfig("a secret of the tests", f"http://127.0.0.1:{port}", tmp_path / "bundles")
    server = make_server(config, Ports(static=manifest), clock=clock)
    register(server, world.public(), Snapshot(world.public(), tmp_path / "status.json"), manifest)
    running = serve("127.0.0.1", port, server, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    running.shutdown()
    thread.join(10)
    running.server_close()


@pytest.mark.capability("STATUS-2")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_worst_names_are_inert_and_stay_inside_every_page(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    opened: list[str] = []

    def heard(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", heard)
    for path in PAGES:
        page.goto(f"{address}{path}")
        expect(page.locator("html[data-ready]")).to_have_count(1)
        assert page.evaluate(OUTSIDE) == 0, path
        assert page.locator("main script, main img").count() == 0, path
    assert opened == []
    context.close()

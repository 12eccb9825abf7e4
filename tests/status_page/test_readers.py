"""Readers of status pages that are none of ours, unmodified, each as its users run it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.wrappers import Response

from services.components.views import ComponentStatus
from tests.status_page.serving import on_a_port
from tests.status_page.stories import Story, component, group, incident, maintenance, server_of
from tools.paths import ROOT
from tools.prepare import EXPORTER_VENV

SHOP = component(1, ComponentStatus.PARTIAL_OUTAGE, name="Shop", group="thegroup0500")
TOLD = Story(
    components=(SHOP, component(2, name="Player")),
    groups=(group([SHOP], name="Selling"),),
    incidents=(incident(1, "identified", about=[SHOP], name="Cards declined"), incident(2, "resolved")),
    maintenances_=(maintenance(1), maintenance(2, "in_progress"), maintenance(3, "completed")),
)

ASK = """
const {Statuspage} = require('statuspage.io');
const page = new Statuspage('greenlight');
page.setApiUrl(process.argv[1]);
(async () => {
  const [summary, status, components, all, open, planned] = await Promise.all([
    page.api.getSummary(), page.api.getStatus(), page.api.getComponents(), page.api.incidents.getAll(),
    page.api.incidents.getUnresolved(), page.api.scheduledMaintenances.getUpcoming()]);
  console.log(JSON.stringify({summary, status, components, all, open, planned}));
})();
"""
PARSE = """
const ICAL = require('ical.js');
const calendar = new ICAL.Component(ICAL.parse(require('fs').readFileSync(0, 'utf8')));
const events = calendar.getAllSubcomponents('vevent').map((each) => new ICAL.Event(each));
console.log(JSON.stringify(events.map((e) => [e.uid, e.startDate.toJSDate().toISOString(), e.summary])));
"""


@contextmanager
def served(story: Story, folder: Path) -> Iterator[str]:
    """Serve a story's documents."""
    with on_a_port(lambda origin: server_of(story, folder, origin)) as origin:
        yield origin


def node(script: str, *arguments: str, given: bytes = b"") -> Any:
    command = ["node", "-e", script, *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60, input=given)
    return json.loads(done.stdout)


@pytest.mark.capability("STATUS-5")
def test_the_prometheus_exporter_of_status_pages_reads_us(tmp_path: Path) -> None:
    program = EXPORTER_VENV / "bin" / "statuspage-prometheus-exporter"
    assert program.is_file(), "Run `python -m tools.prepare test`: it makes the exporter's environment."
    with served(TOLD, tmp_path) as origin:
        services = tmp_path / "services.json"
        services.write_text(json.dumps({"greenlight": {"name": "Greenlight", "url": f"{origin}/api/v2/summary.json"}}))
        environment = {
            "RUN_MODE": "once", "SERVICES_JSON_PATH": str(services), "PATH": "/usr/bin:/bin",
            "METRICS_TEXTFILE_PATH": str(tmp_path / "status.prom"), "HOME": str(tmp_path),
        }  # fmt: skip
        done = subprocess.run(
            [str(program)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr[-3_000:]
    written = (tmp_path / "status.prom").read_text()
    assert "Cards declined" in written
    assert 'component_name="Shop"' in written
    assert 'component_name="Player"' in written


@pytest.mark.capability("STATUS-5")
def test_the_npm_client_of_status_pages_reads_us(tmp_path: Path) -> None:
    with served(TOLD, tmp_path) as origin:
        told = node(ASK, origin)
    assert told["status"]["status"] == told["summary"]["status"]
    assert told["status"]["status"]["indicator"] == "major"
    assert [c["name"] for c in told["components"]["components"]] == ["Player", "Selling", "Shop"]
    assert [i["name"] for i in told["open"]["incidents"]] == ["Cards declined"]
    assert len(told["all"]["incidents"]) == 2
    assert [m["status"] for m in told["planned"]["scheduled_maintenances"]] == ["scheduled"]


@pytest.mark.capability("STATUS-7")
def test_another_calendar_library_reads_our_calendar(tmp_path: Path) -> None:
    body = server_of(TOLD, tmp_path).test_client().get("/status/calendar.ics").data
    events = node(PARSE, given=body)
    assert ["mainten00001@greenlight.invalid", "2026-11-25T09:00:00.000Z", "Maintenance: Incident 1"] in events


@pytest.mark.capability("STATUS-5")
def test_the_widget_of_status_pages_runs_against_us_on_a_foreign_page(browser: Browser, tmp_path: Path) -> None:
    script = (ROOT / "node_modules" / "@statuspage" / "status-widget" / "dist" / "index.js").read_text()
    foreign = Response("<!doctype html><title>A shop</title><body></body>", mimetype="text/html")
    # A real server of another origin: a page that Playwright makes up may not reach this machine's own addresses.
    with served(TOLD, tmp_path) as origin, on_a_port(lambda _: foreign) as shop:
        context = browser.new_context()
        page = context.new_page()
        page.goto(shop)
        page.add_script_tag(content=script)
        page.evaluate(f"document.body.innerHTML = '<statuspage-widget src=\"{origin}\"></statuspage-widget>'")
        expect(page.locator("statuspage-widget .status-text")).to_have_text("Partial System Outage", timeout=15_000)
        expect(page.locator("statuspage-widget .status-indicator.major")).to_have_count(1)
        context.close()

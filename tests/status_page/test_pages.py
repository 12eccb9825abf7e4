"""The public pages over everything that they read, in memory: what is said, and what is said without a database."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.components.views import ComponentStatus, ComponentView, StatusSpanView, TroubleView
from services.incidents.views import Impact
from services.kernel.clock import FixedClock
from services.kernel.errors import Unavailable
from services.metrics.views import FigureState
from services.slas.views import SlaState
from status_page.pages.component import component_page
from status_page.snapshot import Snapshot
from status_page.surface import register
from status_page.verdict import overall
from status_page.wording import (
    IMPACT_STATES,
    IMPACT_WORDS,
    SLA_STATES,
    SLA_WORDS,
    STATUS_STATES,
    STATUS_WORDS,
)
from tests.status_page.doubles import World, full
from tests.status_page.views import component, figure, group, incident, sla
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.ui.render import to_html
from web.ui.static import StaticManifest

GONE = Unavailable("database_unavailable", "The database does not take this now; try again shortly.")
PATHS = (
    "/status/", "/status/?bars=30&days=7", "/status/history/", "/status/incidents/inc000000002/",
    "/status/maintenance/", "/status/components/playback/", "/status/groups/video/", "/status/service-levels/",
    "/status/how-we-measure/", "/status/figures/join_time_p95/", "/status/live.json",
)  # fmt: skip


@pytest.fixture
def world(clock: FixedClock) -> World:
    return full(World(clock))


def server_of(world: World, folder: Path) -> tuple[Flask, Snapshot]:
    config = ShellConfig("a secret of the tests", "http://127.0.0.1:8050", folder / "bundles")
    server = make_server(config, Ports(), clock=world.clock)
    snapshot = Snapshot(world.public(), folder / "status.json")
    register(server, world.public(), snapshot, StaticManifest.load())
    return server, snapshot


def client_of(server: Flask) -> FlaskClient:
    """A client that asks past the micro-cache, whose copies would outlive the test's clock."""
    client = server.test_client()
    client.set_cookie("past", "the-cache")
    return client


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return client_of(server_of(world, tmp_path)[0])


@pytest.mark.capability("STATUS-2")
def test_the_first_page_shows_what_is_open_planned_and_past(client: FlaskClient) -> None:
    page = client.get("/status/").text
    assert "<h1>Playback is degraded</h1>" in page
    for words in (
        "Video start slower in Europe", "Database upgrade", "Card payments declined", "Creator payouts",
        "Degraded for 12\N{NO-BREAK SPACE}min.", "not measured", "deploy 2026.47.1", "stroke few",
    ):  # fmt: skip
        assert words in page, words
    assert page.index('id="active-inc000000001"') < page.index('id="components"')


@pytest.mark.capability("STATUS-2")
def test_an_incident_is_told_with_its_timeline_duration_and_post_mortem(client: FlaskClient) -> None:
    page = client.get("/status/incidents/inc000000002/").text
    for words in ("25\N{NO-BREAK SPACE}min", "A certificate ran out.", "the measurements, automatically", "resolved"):
        assert words in page, words
    open_one = client.get("/status/incidents/inc000000001/").text
    assert open_one.index("one delivery network") < open_one.index("We see slower starts.")
    assert "Playback: operational → degraded" in open_one
    assert "so far" in open_one


@pytest.mark.capability("STATUS-2")
def test_the_history_is_told_by_month_and_paged(world: World, client: FlaskClient) -> None:
    now = world.clock.now()
    world.incidents = [
        incident(now - timedelta(days=day), f"Number {day}.", key=f"inc{day:09}", status="resolved")
        for day in range(60)
    ]
    first = client.get("/status/history/").text
    assert "November\N{NO-BREAK SPACE}2026" in first
    assert "Number 24." in first
    assert "Number 25." not in first
    assert 'href="?after=25"' in first
    assert "Number 25." in client.get("/status/history/?after=25").text


@pytest.mark.capability("STATUS-2")
def test_a_trouble_that_no_incident_tells_of_stands_in_the_history_with_its_length_and_cause(
    world: World, client: FlaskClient, tmp_path: Path
) -> None:
    now = world.clock.now()
    playback, upload = world.components[:2]

    def trouble(about: ComponentView, minutes: float, seconds: int, reason: str) -> TroubleView:
        began = now - timedelta(minutes=minutes)
        over = began + timedelta(seconds=seconds)
        return TroubleView(about.id, about.name, ComponentStatus.MAJOR_OUTAGE, began, over, reason)

    world.troubles = [
        trouble(playback, 5, 60, "Told of by an incident."),
        trouble(upload, 5, 47, "2 of 3 vantages: <b>timed out</b>."),
    ]
    page = client.get("/status/history/").text
    assert "Troubles without an incident" in page
    assert "lasted 47\N{NO-BREAK SPACE}s" in page
    assert "2 of 3 vantages: &lt;b&gt;timed out&lt;/b&gt;." in page
    assert "Told of by an incident." not in page  # "Video start slower in Europe" went on at that time
    assert f'href="/status/components/{upload.id}/"' in page.partition("Troubles without")[2]
    assert "Troubles without" not in client.get(f"/status/history/?component={playback.id}").text
    assert "Troubles without" in client.get(f"/status/history/?component={upload.id}").text
    world.troubles = [trouble(upload, 60 + each, 30, "Again.") for each in range(30)]
    world.incidents = []
    again = client_of(server_of(world, tmp_path / "again")[0])
    assert "5\N{NO-BREAK SPACE}earlier ones on the pages" in again.get("/status/history/").text


@pytest.mark.capability("STATUS-7")
def test_maintenance_is_shown_ahead_of_time_and_afterwards(client: FlaskClient) -> None:
    page = client.get("/status/maintenance/").text
    assert page.index("Scheduled</h2>") < page.index("Database upgrade") < page.index("Storage moved")


def test_an_agreement_shows_promise_counts_budget_windows_policy_and_breaches(client: FlaskClient) -> None:
    page = client.get("/status/service-levels/").text.replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "99.5 % of checkouts", "9,980", "of 10,000 checkouts", "budget left 60.0 %", "window not yet full",
        "Announced maintenance is left out", "14.4 times the allowed rate", "Storage moved", "4,990 of 5,000",
    ):  # fmt: skip
        assert words in page, words


@pytest.mark.parametrize("month", ["2026-13", "x", "2027-01", "9999-12", "2026-11-01", "' or 1=1"])
def test_a_month_that_has_not_begun_or_is_none_is_refused(client: FlaskClient, month: str) -> None:
    assert client.get("/status/service-levels/", query_string={"month": month}).status_code == 422


@pytest.mark.parametrize("path", ["/status/incidents/none/", "/status/components/none/", "/status/groups/none/"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_markup_in_names_is_inert_on_every_page(world: World, client: FlaskClient, path: str) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    world.components = [replace(each, name=bad, description=bad, status_reason=bad) for each in world.components]
    world.groups = [replace(each, name=bad, description=bad) for each in world.groups]
    world.incidents = [replace(each, name=bad, note=bad) for each in world.incidents]
    world.slas = [replace(each, title=bad, promise=bad, policy=bad) for each in world.slas]
    world.figures = [replace(each, title=bad, definition=bad) for each in world.figures]
    answer = client.get(path)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text


@pytest.mark.capability("STATUS-9")
@pytest.mark.parametrize("path", PATHS)
def test_a_page_that_was_known_is_served_with_its_age_while_the_database_is_gone(
    world: World, tmp_path: Path, clock: FixedClock, path: str
) -> None:
    server, _ = server_of(world, tmp_path)
    client_of(server).get(path)
    world.failure = GONE
    clock.advance(minutes=4)
    restarted, _ = server_of(world, tmp_path)
    for running in (server, restarted):
        answer = client_of(running).get(path)
        assert answer.status_code == 200
        if not path.endswith(".json"):
            assert "Our own database cannot be read just now" in answer.text
            assert "4\N{NO-BREAK SPACE}min ago" in answer.text
            assert "<h1>Everything works" not in answer.text
    world.failure = None
    assert "Our own database" not in client_of(restarted).get(path).text


@pytest.mark.capability("STATUS-9")
@pytest.mark.parametrize(
    "path", ["/status/history/", "/status/incidents/inc000000002/", "/status/maintenance/", "/status/components/api/"]
)
def test_what_the_first_page_links_to_is_known_though_nobody_opened_it_before(
    world: World, client: FlaskClient, path: str
) -> None:
    path = path.replace("/api/", "/public-api/")
    client.get("/status/")
    world.failure = GONE
    assert client.get(path).status_code == 200


def test_the_tag_changes_with_what_is_to_be_noticed_and_not_with_samples(world: World, client: FlaskClient) -> None:
    tag = client.get("/status/live.json").json
    world.figures = [replace(world.figures[0], samples=9_999, value=1_500.0)]
    assert client.get("/status/live.json").json == tag
    world.incidents[0] = replace(world.incidents[0], version=2)
    assert client.get("/status/live.json").json != tag


def test_thousands_of_components_are_told_by_group_and_by_page(clock: FixedClock, tmp_path: Path) -> None:
    world, now = World(clock), clock.now()
    world.components = [
        component(now, f"Node {i}", key=f"n{i}", group_id="east",
                  status=ComponentStatus.MAJOR_OUTAGE if i == 700 else ComponentStatus.OPERATIONAL)
        for i in range(1_000)
    ]  # fmt: skip
    world.groups, world.complete = [group(now, "East", world.components)], False
    client = client_of(server_of(world, tmp_path)[0])
    page = client.get("/status/").text
    assert "<h1>Node 700 is down</h1>" in page
    assert "1,000\N{NO-BREAK SPACE}components, 1 major outage" in page
    assert page.count('class="uptime"') == 2
    first = client.get("/status/groups/east/").text
    assert first.count('class="uptime"') == 50
    assert 'href="?after=50"' in first


def test_every_state_has_its_word_and_its_colour() -> None:
    assert set(SLA_WORDS) == set(SLA_STATES) == set(SlaState)
    assert set(STATUS_WORDS) == set(STATUS_STATES) == set(ComponentStatus)
    assert set(IMPACT_WORDS) == set(IMPACT_STATES) == set(Impact)


@pytest.mark.parametrize("state", SlaState)
def test_an_agreement_is_drawn_in_every_state(world: World, client: FlaskClient, state: SlaState) -> None:
    world.slas = [sla(world.clock.now(), state=state, attained_ratio=None, budget_left_ratio=None, good=0, total=0)]
    assert client.get("/status/service-levels/").status_code == 200
    assert client.get("/status/").status_code == 200


def words(world: World, tmp_path: Path) -> tuple[str, str]:
    title, state = overall(server_of(world, tmp_path)[1].state())
    return title, str(state)


def test_the_first_words_are_those_of_the_worst(clock: FixedClock, tmp_path: Path) -> None:
    now, world = clock.now(), World(clock)
    assert words(world, tmp_path)[1] == "unknown"
    world.figures = [figure(now)]
    world.components = [component(now, "Playback"), component(now, "Checkout")]
    assert words(world, tmp_path) == ("Everything works and meets its targets", "good")
    world.figures = [figure(now, FigureState.STALE)]
    assert words(world, tmp_path)[1] == "unknown"
    world.components[0] = component(now, "Playback", status=ComponentStatus.UNKNOWN)
    assert words(world, tmp_path) == ("The state of Playback is not known", "unknown")
    world.slas = [sla(now, state=SlaState.BREACHED)]
    assert words(world, tmp_path) == ("Service level breached: Checkout success", "bad")
    world.incidents = [incident(now, "Sparks in the hall", key="i1", impact=Impact.MAJOR)]
    assert words(world, tmp_path) == ("Sparks in the hall", "bad")
    world.components[1] = component(now, "Checkout", status=ComponentStatus.MAJOR_OUTAGE)
    world.components[0] = component(now, "Playback", status=ComponentStatus.MAINTENANCE)
    assert words(world, tmp_path) == ("Checkout is down", "bad")


@pytest.mark.capability("STATUS-9")
@pytest.mark.parametrize(("seconds", "told"), [(5, False), (90, True)])
def test_only_a_passing_moment_of_not_knowing_is_left_out(clock: FixedClock, *, seconds: int, told: bool) -> None:
    now = clock.now()
    shop, until_at = component(now, "Shop"), now - timedelta(seconds=seconds)
    spans = (
        StatusSpanView(shop.id, ComponentStatus.OPERATIONAL, now - timedelta(days=1), until_at, "It was up."),
        StatusSpanView(shop.id, ComponentStatus.UNKNOWN, until_at, now, "No probe watches it."),
        StatusSpanView(shop.id, ComponentStatus.OPERATIONAL, now, None, "It is up."),
    )
    assert ("No probe watches it." in to_html(component_page(shop, spans, (), {}, now))) is told

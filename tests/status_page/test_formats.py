"""Feeds, calendars, badges and tables, read by readers that are none of ours."""

import calendar
import csv
import io
import json
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from PIL import Image

from services.components.views import ComponentStatus
from services.incidents.views import ComponentChangeView
from tests.status_page.stories import GONE, T0, Story, component, group, incident, maintenance, server_of, update

HOSTILE = '<script>alert(1)</script>"&\x0b]]>=1+1'
SHOP = component(1, ComponentStatus.MAJOR_OUTAGE, name="Shop")
CHANGE = ComponentChangeView(SHOP.id, "Shop", "operational", "major_outage")
TOLD = Story(
    components=(SHOP, component(2)),
    incidents=(
        incident(
            1, "monitoring", about=[SHOP], updates=(update(9, "monitoring"), update(1, "identified", changes=(CHANGE,)))
        ),
        incident(2, "resolved"),
    ),
    maintenances_=(maintenance(1, version=1), maintenance(2, "cancelled", version=4)),
)


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return server_of(TOLD, tmp_path).test_client(use_cookies=False)


def parsed(client: FlaskClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200
    found = feedparser.parse(answer.data, response_headers={"content-type": answer.content_type})
    assert not found.bozo, found.get("bozo_exception")
    return found


@pytest.mark.capability("STATUS-5")
@pytest.mark.parametrize("path", ["/status/feed.rss", "/status/feed.atom", "/history.rss", "/history.atom"])
def test_feedparser_reads_an_entry_for_each_public_word(client: FlaskClient, path: str) -> None:
    found = parsed(client, path)
    assert len(found.entries) == 5
    assert len({entry.id for entry in found.entries}) == 5
    newest = found.entries[0]
    assert newest.title == "Incident 1: Monitoring"
    assert newest.link == "https://status.example.com/status/incidents/incident0001/#update000009"
    assert calendar.timegm(newest.published_parsed) == (T0 + timedelta(minutes=9)).timestamp()


@pytest.mark.capability("STATUS-5")
def test_json_feed_has_the_same_entries_as_the_others(client: FlaskClient) -> None:
    body = client.get("/status/feed.json").json
    assert body is not None
    assert body["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["id"] for item in body["items"]] == [e.id for e in parsed(client, "/status/feed.atom").entries]
    assert all(item["content_html"] and item["date_published"] for item in body["items"])


def test_a_component_feed_holds_only_what_concerns_it(client: FlaskClient) -> None:
    assert {e.title for e in parsed(client, f"/status/components/{SHOP.id}/feed.rss").entries} == {
        "Incident 1: Monitoring",
        "Incident 1: Identified",
    }
    assert parsed(client, "/status/components/component002/feed.atom").entries == []
    assert client.get("/status/components/nope/feed.rss").status_code == 404


@pytest.mark.capability("STATUS-7")
def test_icalendar_reads_maintenance_and_outages(client: FlaskClient) -> None:
    answer = client.get("/status/calendar.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    events: dict[str, Any] = {str(e["uid"]): e for e in Calendar.from_ical(answer.data).walk("VEVENT")}
    planned = events["mainten00001@greenlight.invalid"]
    assert planned["dtstart"].dt == T0.replace(day=25)
    assert planned["dtend"].dt == T0.replace(day=25, hour=11)
    assert str(planned["status"]) == "CONFIRMED"
    cancelled = events["mainten00002@greenlight.invalid"]
    assert (str(cancelled["status"]), int(cancelled["sequence"])) == ("CANCELLED", 4)
    assert str(events["incident0001@greenlight.invalid"]["status"]) == "TENTATIVE"
    assert events["incident0002@greenlight.invalid"]["dtend"].dt == T0.replace(hour=10)


@pytest.mark.capability("STATUS-5")
@pytest.mark.parametrize(
    ("path", "words", "colour"),
    [
        ("overall", "status: major service outage", "red"),
        (f"components/{SHOP.id}", "Shop: major outage", "red"),
        ("components/component002", "Component 2: operational", "brightgreen"),
        ("components/component002/uptime-90d", "Component 2 uptime 90d: 100.00\N{NO-BREAK SPACE}%", "brightgreen"),
    ],
)
def test_a_badge_says_in_words_what_it_shows_and_shields_hears_the_same(
    client: FlaskClient, path: str, words: str, colour: str
) -> None:
    picture = ET.fromstring(client.get(f"/status/badges/{path}.svg").data)  # noqa: S314 -- our own answer
    assert picture.findtext("{http://www.w3.org/2000/svg}title") == words
    assert picture.get("aria-label") == words
    body = client.get(f"/status/badges/{path}.json").json
    assert body is not None
    assert (body["schemaVersion"], body["color"]) == (1, colour)
    assert f"{body['label']}: {body['message']}" == words


@pytest.mark.capability("STATUS-9")
def test_badges_are_grey_once_the_state_is_not_known(tmp_path: Path) -> None:
    story = Story((component(1),))
    client = server_of(story, tmp_path).test_client(use_cookies=False)
    client.get("/status/badges/overall.json", headers={"Cookie": "a=b"})
    story.failure = GONE
    story.clock.advance(minutes=5)
    for path in ("overall", "components/component001"):
        body = client.get(f"/status/badges/{path}.json", headers={"Cookie": "a=b"}).json
        assert body is not None
        assert (body["color"], body["isError"]) == ("lightgrey", True)
        assert "unknown-hatch" in client.get(f"/status/badges/{path}.svg", headers={"Cookie": "a=b"}).text


@pytest.mark.capability("STATUS-5")
def test_the_preview_is_a_picture_of_the_size_that_other_sites_want_and_changes_with_the_state(tmp_path: Path) -> None:
    story = Story((component(1),))
    client = server_of(story, tmp_path).test_client(use_cookies=False)
    own = {"Cookie": "a=b"}
    green = client.get("/status/preview.png", headers=own).data
    assert Image.open(io.BytesIO(green)).size == (1200, 630)
    story.components = (component(1, ComponentStatus.MAJOR_OUTAGE),)
    assert client.get("/status/preview.png", headers=own).data != green


@pytest.mark.capability("STATUS-5")
@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/summary.json", "/api/v2/incidents.json", "/status/feed.rss", "/status/feed.atom", "/status/feed.json",
        "/status/calendar.ics", "/status/components.json", "/status/components.csv", "/status/incidents.json",
        "/status/incidents.csv", "/status/badges/components/component001.svg",
        "/status/badges/components/component001.json", "/status/components/component001/feed.rss",
        "/status/components/component001/calendar.ics", "/status/maintenance.json",
    ],
)  # fmt: skip
def test_markup_in_names_and_texts_is_inert_in_every_format(tmp_path: Path, path: str) -> None:
    shop = component(1, name=HOSTILE)
    change = ComponentChangeView(shop.id, HOSTILE, "operational", "major_outage")
    said = update(1, "investigating", body=HOSTILE, html="<p>&lt;script&gt;</p>", changes=(change,))
    story = Story((shop,), (group([shop], name=HOSTILE),), (incident(1, name=HOSTILE, about=[shop], updates=(said,)),))
    answer = server_of(story, tmp_path).test_client(use_cookies=False).get(path)
    assert answer.status_code == 200
    assert "<script" not in answer.text.lower() or path.endswith((".csv", ".ics"))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    kind = path.rpartition(".")[2]
    if kind == "json":
        json.loads(answer.data)
    elif kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    elif kind == "ics":
        assert HOSTILE.replace("\x0b", "\N{REPLACEMENT CHARACTER}") in str(
            next(iter(Calendar.from_ical(answer.data).walk("VEVENT")))["summary"]
        )
    else:
        for element in ET.fromstring(answer.data).iter():  # noqa: S314 -- our own answer
            assert element.tag.rpartition("}")[2] != "script"
            if element.tag.endswith("description") or element.get("type") == "html":
                assert "<script" not in (element.text or "")

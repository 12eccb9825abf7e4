"""What public pages say of themselves: to feed readers, to search engines, and where a link to them is shared."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.kernel.clock import FixedClock
from status_page.frame import FEEDS, READERS
from tests.status_page.doubles import World, full
from tests.status_page.serving import site_of

ORIGIN = "https://status.example.com"


class Head(HTMLParser):
    """The elements of a page, by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def metas(self) -> dict[str | None, str | None]:
        found = [each for tag, each in self.found if tag == "meta"]
        return {each.get("property") or each.get("name"): each.get("content") for each in found}

    def links(self, rel: str) -> list[str | None]:
        return [each["href"] for tag, each in self.found if tag == "link" and each.get("rel") == rel]


@pytest.fixture
def world(clock: FixedClock) -> World:
    return full(World(clock))


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return site_of(world, tmp_path).test_client()


@pytest.mark.capability("STATUS-5")
def test_a_shared_link_shows_the_page_s_words_and_the_picture_of_the_state(client: FlaskClient) -> None:
    metas = Head(client.get("/status/").text).metas()
    assert metas["og:title"] == "Now · Greenlight status"
    assert metas["og:url"] == f"{ORIGIN}/status/"
    assert metas["og:image"] == metas["twitter:image"] == f"{ORIGIN}/status/preview.png"
    assert metas["twitter:card"] == "summary_large_image"
    picture = client.get("/status/preview.png")
    assert picture.content_type == metas["og:image:type"]
    assert picture.data[16:24] == b"".join(
        int(metas[f"og:image:{side}"] or 0).to_bytes(4) for side in ("width", "height")
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/status/?days=7&bars=30", "/status/"),
        ("/status/figures/join_time_p95/?days=30", "/status/figures/join_time_p95/"),
        ("/status/history/?component=playback&days=7", "/status/history/?component=playback"),
        ("/status/service-levels/?month=2026-01", "/status/service-levels/?month=2026-01"),
    ],
)
def test_a_page_has_one_address_however_it_is_looked_at(client: FlaskClient, asked: str, found: str) -> None:
    head = Head(client.get(asked).text)
    assert head.links("canonical") == [f"{ORIGIN}{found}"] == [head.metas()["og:url"]]


@pytest.mark.capability("STATUS-5")
def test_every_page_names_its_address_in_each_language(client: FlaskClient) -> None:
    history = f"{ORIGIN}/status/history/"
    text = client.get("/status/history/?component=playback&lang=de").text
    found = re.findall(r'<link rel="alternate" hreflang="([\w-]+)" href="([^"]+)">', text)
    assert found == [
        ("en", f"{history}?component=playback&amp;lang=en"), ("de", f"{history}?component=playback&amp;lang=de"),
        ("x-default", f"{history}?component=playback"),
    ]  # fmt: skip
    assert Head(text).links("canonical") == [f"{history}?component=playback&lang=de"]


def test_a_hostile_name_stays_words_in_the_head(world: World, client: FlaskClient) -> None:
    hostile = '"><script>alert(1)</script><meta http-equiv="refresh" content="0;url=//evil.example">'
    world.incidents[0] = replace(world.incidents[0], name=hostile)
    text = client.get(f"/status/incidents/{world.incidents[0].id}/").text
    assert Head(text).metas()["og:title"] == f"{hostile} · Greenlight status"
    assert "<script>alert" not in text
    assert 'http-equiv="refresh"' not in text


@pytest.mark.capability("STATUS-5")
def test_every_page_names_feeds_that_are_there(client: FlaskClient) -> None:
    text = client.get("/status/history/").text
    assert Head(text).links("alternate")[: len(READERS)] == [href for _, href, _ in READERS]
    for _, href, kind in {*FEEDS, *READERS}:
        answer = client.get(href)
        assert answer.status_code == 200
        assert answer.mimetype == kind
        assert f'href="{href}"' in text

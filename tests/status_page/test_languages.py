"""The public pages in German: for those who ask for it, and for nobody else, also without a database."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.kernel.clock import FixedClock
from services.kernel.errors import Unavailable
from tests.status_page.doubles import World, full
from tests.status_page.serving import site_of

pytestmark = pytest.mark.capability("STATUS-5")
PAGES = {
    "/status/": ("Playback ist beeinträchtigt", "Playback is degraded"),
    "/status/history/": ("<h1>Verlauf</h1>", "<h1>History</h1>"),
    "/status/maintenance/": ("<h1>Wartung</h1>", "<h1>Maintenance</h1>"),
    "/status/incidents/inc000000002/": ("Was wir gemeldet haben", "What we told"),
    "/status/components/playback/": ("Verfügbarkeit, 90\N{NO-BREAK SPACE}Tage", "Uptime, 90\N{NO-BREAK SPACE}days"),
    "/status/groups/video/": ("2\N{NO-BREAK SPACE}Komponenten", "2\N{NO-BREAK SPACE}components"),
    "/status/service-levels/": ("<h1>Servicelevel</h1>", "<h1>Service levels</h1>"),
    "/status/how-we-measure/": ("<h1>Wie wir messen</h1>", "<h1>How we measure</h1>"),
    "/status/figures/join_time_p95/": ("<h1>Startzeit, p95</h1>", "<h1>Join time, p95</h1>"),
    "/status/widget/": ("Playback ist beeinträchtigt", "Playback is degraded"),
}
OLD = {
    "/status/": ("Unsere Messungen sind gerade nicht lesbar", "Our measurements cannot be read just now"),
    "/status/widget/": ("letzter bekannter Stand", "last known state"),
}
"""What the first words become while there is no database."""
DOCUMENTS = (
    "/status/live.json", "/api/v2/summary.json", "/api/v2/components.json",
    "/status/feed.rss", "/status/feed.atom", "/status/feed.json", "/status/calendar.ics",
    "/status/badges/overall.svg",
)  # fmt: skip


@pytest.fixture
def world(clock: FixedClock) -> World:
    return full(World(clock))


@pytest.fixture
def server(world: World, tmp_path: Path) -> Flask:
    return site_of(world, tmp_path)


def asked(client: FlaskClient, path: str, header: str) -> str:
    answer = client.get(path, headers={"Accept-Language": header, "Accept": "text/html"})
    assert answer.status_code == 200, path
    return answer.text


def in_turns(client: FlaskClient, path: str, *, old: bool = False) -> None:
    german, english = (PAGES | OLD if old else PAGES)[path]
    mark = "&" if "?" in path else "?"
    for header, query, said, other, code in (
        ("de-DE,de;q=0.9,en;q=0.8", "", german, english, "de"),
        ("en-US,en;q=0.9", "", english, german, "en"),
        ("en", f"{mark}lang=de", german, english, "de"),
        ("de", f"{mark}lang=en", english, german, "en"),
        ("ja", "", english, german, "en"),
        ("de", f"{mark}lang=tlh", english, german, "en"),
        ("de", "", german, english, "de"),
    ):
        page = asked(client, f"{path}{query}", header)
        assert f'<html lang="{code}">' in page
        assert said in page
        assert other not in page


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_german_for_those_who_ask_for_it_and_for_nobody_else(server: Flask, path: str) -> None:
    for _turn in range(2):
        in_turns(server.test_client(), path)


@pytest.mark.capability("STATUS-9")
@pytest.mark.parametrize("path", PAGES)
def test_the_last_good_copy_is_told_in_each_reader_s_language(
    world: World, server: Flask, tmp_path: Path, path: str
) -> None:
    asked(server.test_client(), path, "de")
    world.failure = Unavailable("database_unavailable", "The database is stopped.")
    restarted = site_of(world, tmp_path)
    for running in (server, restarted):
        past_the_cache = running.test_client()
        past_the_cache.set_cookie("past", "the-cache")
        in_turns(past_the_cache, path, old=True)
        if path != "/status/widget/":
            assert "Unsere eigene Datenbank ist gerade nicht lesbar" in asked(past_the_cache, path, "de")
            assert "Our own database cannot be read" in asked(past_the_cache, path, "en")
        running.extensions["greenlight_micro_cache"].expire()
        in_turns(running.test_client(), path, old=True)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_for_programs_are_the_same_to_everybody(server: Flask, path: str) -> None:
    client = server.test_client()
    german, english = (client.get(path, headers={"Accept-Language": code}) for code in ("de", "en"))
    assert german.status_code == english.status_code == 200
    assert german.data == english.data
    assert "Accept-Language" not in german.headers.get("Vary", "")


def test_links_to_our_pages_keep_a_named_language_and_no_other(server: Flask) -> None:
    page = asked(server.test_client(), "/status/?lang=de&days=7", "en")
    links = set(re.findall(r'href="(/status/[^"]*|\?[^"]*)"', page))
    pages = {link for link in links if link.partition("#")[0].partition("?")[0].endswith("/") or link[0] == "?"}
    assert pages
    assert {link for link in pages if "lang=" not in link} == set()
    assert "/status/components/playback/?lang=de" in pages
    assert "?bars=30&amp;days=7&amp;lang=de#components" in pages
    assert {link for link in links - pages if "lang" in link} == set()
    assert "lang=" not in "".join(re.findall(r'href="(/status/[^"]+)"', asked(server.test_client(), "/status/", "de")))


def test_the_foot_offers_every_language_in_itself(server: Flask) -> None:
    page = asked(server.test_client(), "/status/history/?component=playback", "de")
    foot = page[page.index('class="foot"') :]
    assert '<nav aria-label="Sprache" class="languages">' in foot
    for code, name in (("en", "English"), ("de", "Deutsch")):
        found = re.search(rf"<a [^>]*>{name}</a>", foot)
        assert found is not None
        assert f'href="?component=playback&amp;lang={code}"' in found[0]
        assert f'hreflang="{code}"' in found[0]
        assert f'lang="{code}"' in found[0]
        assert ("aria-current" in found[0]) is (code == "de")


def test_what_operators_wrote_is_left_as_it_is(server: Flask) -> None:
    page = asked(server.test_client(), "/status/?lang=de", "en")
    for words in ("Video start slower in Europe", "Plays routed to one delivery network", "Creator payouts"):
        assert words in page


def test_what_the_script_says_comes_with_the_page(server: Flask) -> None:
    page = asked(server.test_client(), "/status/", "de")
    words = re.search(r'<script type="application/json" id="words">(.*?)</script>', page)
    assert words is not None
    assert '"ago":"vor {age}"' in words[1]
    assert "Diese Seite erreicht uns gerade nicht." in words[1]
    assert 'data-age="aktualisiert {age}"' in page

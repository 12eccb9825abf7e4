from pathlib import Path

import pytest
from flask.testing import FlaskClient

from storefront.pages.shop import running_time
from tests.storefront.conftest import TITLES, client_of


def test_the_shop_shows_every_title_with_a_link_to_its_page(client: FlaskClient) -> None:
    page = client.get("/shop/").text
    for title in TITLES:
        assert f'href="/shop/watch/{title.slug}"' in page
        assert f'src="/media/{title.thumbnail_path}"' in page


def test_what_a_creator_wrote_is_escaped_everywhere(client: FlaskClient) -> None:
    for path in ("/shop/", "/shop/watch/first"):
        page = client.get(path).text
        assert "&lt;b&gt;first&lt;/b&gt;" in page
        assert "<b>first</b>" not in page


def test_an_empty_shop_says_so(media_folder: Path) -> None:
    assert "Nothing to watch yet" in client_of((), media_folder).get("/shop/").text


@pytest.mark.capability("STATUS-1")
def test_the_watch_page_names_stream_content_and_door_to_the_player(client: FlaskClient) -> None:
    page = client.get("/shop/watch/second").text
    for attribute in (
        'data-source="/media/second/1/master.m3u8"',
        'data-content="second"',
        'data-beacons="/ingest/cmcd"',
        'poster="/media/second/1/poster.webp"',
    ):
        assert attribute in page
    assert "hls.min.js" in page
    assert "autoplay" not in page.split("<body>")[1].split("<script")[0]


def test_the_watch_page_shows_maker_length_and_licence_and_the_other_titles(client: FlaskClient) -> None:
    page = client.get("/shop/watch/second").text
    assert "Blender Foundation" in page
    assert "1:02:03" in page
    assert "CC BY 3.0" in page
    assert 'href="/shop/watch/third"' in page
    assert 'href="/shop/watch/second"' not in page


def test_the_policy_lets_media_in_as_blobs_and_no_script_without_hash_or_address(client: FlaskClient) -> None:
    policy = client.get("/shop/watch/first").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["media-src"] == "'self' blob:"
    assert "unsafe" not in directives["script-src"]


def test_an_unknown_title_is_not_found_with_a_way_out(client: FlaskClient) -> None:
    answer = client.get("/shop/watch/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "Reference" in answer.text


def test_a_demo_installation_says_so_on_every_page(media_folder: Path) -> None:
    shop = client_of(TITLES, media_folder, demo=True)
    for path in ("/shop/", "/shop/watch/first"):
        assert "Demo data." in shop.get(path).text
    assert "Demo data." not in client_of(TITLES, media_folder).get("/shop/").text


def test_no_page_sets_a_cookie(client: FlaskClient) -> None:
    for path in ("/shop/", "/shop/watch/first"):
        assert "Set-Cookie" not in client.get(path).headers


@pytest.mark.parametrize(("seconds", "words"), [(5, "0:05"), (60, "1:00"), (3_599, "59:59"), (3_600, "1:00:00")])
def test_a_length_is_written_as_players_write_it(seconds: int, words: str) -> None:
    assert running_time(seconds) == words

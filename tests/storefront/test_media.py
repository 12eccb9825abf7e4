from pathlib import Path

import pytest
from flask.testing import FlaskClient

BODY = bytes(range(256)) * 8


@pytest.fixture
def segment(media_folder: Path) -> str:
    (media_folder / "first/1/000.m4s").write_bytes(BODY)
    return "/media/first/1/000.m4s"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("master.m3u8", "application/vnd.apple.mpegurl"),
        ("000.m4s", "video/iso.segment"),
        ("init.mp4", "video/mp4"),
        ("poster.webp", "image/webp"),
    ],
)
def test_each_file_has_its_type_and_may_be_kept_for_ever(
    client: FlaskClient, media_folder: Path, name: str, kind: str
) -> None:
    (media_folder / "first/1" / name).write_bytes(BODY)
    answer = client.get(f"/media/first/1/{name}", buffered=True)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, kind, BODY)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_part_of_a_file_can_be_asked_for(client: FlaskClient, segment: str) -> None:
    answer = client.get(segment, headers={"Range": "bytes=10-19"}, buffered=True)
    assert answer.status_code == 206
    assert answer.data == BODY[10:20]
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(BODY)}"


def test_a_range_outside_of_the_file_is_refused(client: FlaskClient, segment: str) -> None:
    assert client.get(segment, headers={"Range": "bytes=99999-"}, buffered=True).status_code == 416


def test_an_unchanged_file_is_not_sent_again(client: FlaskClient, segment: str) -> None:
    tag = client.get(segment, buffered=True).headers["ETag"]
    answer = client.get(segment, headers={"If-None-Match": tag}, buffered=True)
    assert (answer.status_code, answer.data) == (304, b"")


def test_players_of_other_sites_may_fetch_and_time_the_media(client: FlaskClient, segment: str) -> None:
    headers = client.get(segment, headers={"Origin": "https://elsewhere.example"}, buffered=True).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Timing-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.mp4",
        "first/../../secret.mp4",
        "%2e%2e/secret.mp4",
        "..%2fsecret.mp4",
        "//etc/passwd",
        "first/1/../../../secret.mp4",
        ".making-abc/title/master.m3u8",
        "first/1/notes.txt",
        "first/1/.hidden.mp4",
        "first/1",
        "first/1/missing.m4s",
        "first/1/nul\x00.mp4",
    ],
)
def test_nothing_but_finished_media_is_served(client: FlaskClient, media_folder: Path, path: str) -> None:
    (media_folder.parent / "secret.mp4").write_bytes(b"classified")
    (media_folder / "first/1/notes.txt").write_text("classified")
    (media_folder / "first/1/.hidden.mp4").write_text("classified")
    making = media_folder / ".making-abc/title"
    making.mkdir(parents=True)
    (making / "master.m3u8").write_text("classified")
    answer = client.get(f"/media/{path}", follow_redirects=True, buffered=True)
    assert answer.status_code == 404
    assert b"classified" not in answer.data


def test_a_missing_file_is_told_in_problem_details_and_not_kept_for_ever(client: FlaskClient) -> None:
    answer = client.get("/media/first/1/000.m4s", headers={"Accept": "application/json"})
    assert answer.json is not None
    assert answer.json["code"] == "media_not_found"
    assert "immutable" not in answer.headers.get("Cache-Control", "")

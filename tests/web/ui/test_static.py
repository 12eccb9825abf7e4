import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli
import pytest

from web.ui.compression import CompressedStore, accepted, content_hash, write_whole
from web.ui.static import StaticManifest, csp_hash


@pytest.mark.parametrize(
    ("header", "encoding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("identity", "identity"),
     ("", "identity"), (None, "identity"), ("*", "br"), ("*;q=0", "identity"), ("BR", "br"), ("gzip;q=0", "identity")],
)  # fmt: skip
def test_the_best_encoding_that_is_taken_is_chosen(header: str | None, encoding: str) -> None:
    assert accepted(header) == encoding


def test_addresses_name_their_content(manifest: StaticManifest) -> None:
    for name in manifest.names():
        assert manifest.url(name) == f"/static/{content_hash(manifest.body(name))}/{name}"


def test_a_file_is_served_compressed_immutable_and_with_a_tag_per_encoding(manifest: StaticManifest) -> None:
    file_hash = manifest.url("tokens.css").split("/")[2]
    tags = set()
    for header, unpack in (("br", brotli.decompress), ("gzip", gzip.decompress), (None, bytes)):
        served = manifest.lookup(file_hash, "tokens.css", header)
        assert served
        assert unpack(served.body) == manifest.body("tokens.css")
        assert served.headers.get("Content-Encoding") == header
        assert served.headers["Content-Length"] == str(len(served.body))
        assert "immutable" in served.headers["Cache-Control"]
        assert served.headers["Content-Type"] == "text/css; charset=utf-8"
        assert served.headers["Vary"] == "Accept-Encoding"
        tags.add(served.headers["ETag"])
    assert len(tags) == 3


def test_faces_are_served_as_they_are(manifest: StaticManifest) -> None:
    file_hash = manifest.url("inter.woff2").split("/")[2]
    served = manifest.lookup(file_hash, "inter.woff2", "br")
    assert served
    assert "Content-Encoding" not in served.headers
    assert served.headers["Content-Type"] == "font/woff2"


@pytest.mark.parametrize(
    ("file_hash", "name"),
    [("0" * 16, "tokens.css"), ("", "tokens.css"), ("0" * 16, "../manifest.json"), ("0" * 16, "nothing.css")],
)
def test_a_wrong_hash_or_name_is_not_served(manifest: StaticManifest, file_hash: str, name: str) -> None:
    assert manifest.lookup(file_hash, name, "br") is None


def test_without_a_build_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build the front-end"):
        StaticManifest.load(tmp_path / "manifest.json")


def test_the_sprite_holds_the_icons_that_are_asked_for(manifest: StaticManifest) -> None:
    sprite = manifest.sprite(["check", "x"])
    assert sprite.count("<symbol") == 2
    assert 'id="i-check"' in sprite
    assert manifest.sprite().count("<symbol") > 90
    with pytest.raises(KeyError):
        manifest.sprite(["no-such-icon"])


def test_the_public_page_carries_little_before_its_first_paint(manifest: StaticManifest) -> None:
    assert len(manifest.store.encoded(manifest.body("public.css"), "br")) < 10_000
    assert len(manifest.store.encoded(manifest.body("ui.js"), "br")) < 4_500


def test_a_hash_lets_one_script_run() -> None:
    assert csp_hash("alert(1)") == "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"


def test_bytes_are_compressed_once(tmp_path: Path) -> None:
    store = CompressedStore(tmp_path)
    first = store.encoded(b"a" * 1000, "br")
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"kept")
    assert store.encoded(b"a" * 1000, "br") == b"kept" != first
    assert store.encoded(b"b" * 1000, "br") != b"kept"


def test_writers_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    bodies = [bytes([index]) * 200_000 for index in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: write_whole(path, body), bodies))
    assert path.read_bytes() in bodies
    assert [each.name for each in tmp_path.iterdir()] == ["file"]

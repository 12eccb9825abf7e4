"""The static copy: the whole site as files, each version whole or not there, and of when it says itself."""

import errno
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.kernel.clock import FixedClock
from services.kernel.errors import Conflict, Unavailable
from status_page.copying.folder import CopyFolder, Draft
from status_page.copying.making import Copying
from status_page.copying.places import Place
from status_page.copying.rewriting import rewritten, targets
from tests.status_page.doubles import World, full
from web.shell.config import ShellConfig
from web.ui.static import StaticManifest

LIVE = "https://status.example.com"


@pytest.fixture
def world(clock: FixedClock) -> World:
    return full(World(clock))


@pytest.fixture
def copying(world: World, tmp_path: Path) -> Copying:
    config = ShellConfig("a secret of the tests", LIVE, tmp_path / "bundles")
    return Copying(world.public(), config, StaticManifest.load(), CopyFolder(tmp_path / "copy"))


def files(site: Path) -> set[str]:
    return {str(each.relative_to(site)) for each in site.rglob("*") if each.is_file()}


@pytest.mark.capability("STATUS-9")
def test_every_kind_of_document_is_in_the_copy_and_says_what_the_site_says(copying: Copying) -> None:
    copied = copying.write()
    site = copying.folder.site
    wanted = {
        "index.html", "status/index.html", "status/history/index.html", "status/incidents/inc000000002/index.html",
        "status/components/playback/index.html", "status/figures/join_time_p95/days-30/index.html",
        "status/widget/index.html", "status/widget.js", "status/live.json", "status/copy.json", "status/feed.rss",
        "status/calendar.ics", "status/preview.png", "status/badges/overall.svg", "history.atom", "favicon.ico",
        "api/v2/summary.json", "api/v2/scheduled-maintenances/active.json", "status/components/playback/days.csv",
        "status/figures/join_time_p95.days-90.csv", "status/badges/components/playback/uptime-30d.svg",
    }  # fmt: skip
    assert wanted <= files(site)
    summary = json.loads((site / "api/v2/summary.json").read_text())
    assert [each["name"] for each in summary["incidents"]] == ["Video start slower in Europe"]
    assert copied.left_out == 0
    about = json.loads((site / "status/copy.json").read_text())
    assert about == {
        "as_of": "2026-11-24T12:00:00.000Z", "stale_after_seconds": 300, "live": f"{LIVE}/status/",
        "documents": copied.documents, "left_out": 0,
    }  # fmt: skip


@pytest.mark.capability("STATUS-9")
def test_every_link_of_the_copy_leads_to_a_file_of_it_or_to_the_live_site(copying: Copying) -> None:
    copying.write()
    site = copying.folder.site
    held = files(site)
    pages = sorted(each for each in held if each.endswith("index.html"))
    assert len(pages) > 20
    for page in pages:
        text = (site / page).read_text()
        for target in targets(text, f"/{page.removesuffix('index.html')}"):
            assert "?" not in target, page
            path = target.lstrip("/")
            assert (f"{path}index.html" if not path or path.endswith("/") else path) in held, (page, target)
        outside = set(re.findall(r'(?:href|src|action|content)="(https?://[^/"]+)', text))
        assert outside <= {LIVE}, page
        assert "frame-ancestors" not in text
        if page != "index.html":
            assert 'http-equiv="Content-Security-Policy"' in text
            assert "A copy of " in text


@pytest.mark.capability("STATUS-9")
def test_what_cannot_turn_grey_by_itself_names_when_it_was_true(copying: Copying) -> None:
    copying.write()
    badge = (copying.folder.site / "status/badges/overall.svg").read_text()
    assert "24 Nov 12:00 UTC" in badge
    assert "24 Nov 12:00 UTC" in (copying.folder.site / "status/badges/overall.json").read_text()


def broken_draft(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let a disk be full after some files."""
    written, write = [0], Draft.write

    def full_disk(self: Draft, file: str, body: bytes) -> None:
        written[0] += 1
        if written[0] > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, file, body)

    monkeypatch.setattr(Draft, "write", full_disk)


@pytest.mark.capability("STATUS-9")
def test_a_full_disk_leaves_the_copy_that_was_served(
    world: World, copying: Copying, monkeypatch: pytest.MonkeyPatch
) -> None:
    copying.write()
    before = (copying.folder.site / "status/index.html").read_text()
    world.incidents = []
    with monkeypatch.context() as patched:
        broken_draft(patched, 12)
        with pytest.raises(OSError, match="No space"):
            copying.write()
    assert (copying.folder.site / "status/index.html").read_text() == before
    assert len(list((copying.folder.path / "versions").iterdir())) == 1
    copying.write()
    assert (copying.folder.site / "status/index.html").read_text() != before


@pytest.mark.capability("STATUS-9")
def test_a_process_that_dies_half_way_leaves_the_last_good_copy_and_no_rubbish(copying: Copying) -> None:
    copying.write()
    folder = copying.folder
    before = folder.site.resolve()
    (folder.path / "versions" / "draft-0123").mkdir()
    (folder.path / "versions" / "draft-0123" / "index.html").write_text("half")
    (folder.path / ".site-0123").symlink_to("versions/nothing")
    assert folder.site.resolve() == before
    copying.write()
    left = {each.name for each in (folder.path / "versions").iterdir()}
    assert left == {before.name, folder.site.resolve().name}
    assert not (folder.path / ".site-0123").is_symlink()
    copying.write()
    assert not before.exists()


@pytest.mark.capability("STATUS-9")
def test_without_a_database_the_copy_keeps_its_age(world: World, copying: Copying) -> None:
    copying.write()
    before = (copying.folder.site / "status/copy.json").read_text()
    world.failure = Unavailable("database_unavailable", "The database does not take this now; try again shortly.")
    with pytest.raises(Unavailable):
        copying.write()
    assert (copying.folder.site / "status/copy.json").read_text() == before


def test_two_processes_do_not_write_one_folder_at_once(copying: Copying) -> None:
    with copying.folder.draft() as draft:
        draft.write("index.html", b"whole")
        with pytest.raises(Conflict):
            copying.write()
    assert (copying.folder.site / "index.html").read_bytes() == b"whole"


def test_what_did_not_change_stays_the_same_file(copying: Copying) -> None:
    copying.write()
    before = (copying.folder.site / "api/v2/components.json").stat()
    copying.write()
    assert (copying.folder.site / "api/v2/components.json").stat().st_ino == before.st_ino


def test_what_is_too_much_is_left_to_the_live_site(copying: Copying) -> None:
    copied = copying.write(most=30)
    assert copied.documents == 30
    assert copied.left_out > 0
    assert f'href="{LIVE}/status/' in (copying.folder.site / "status/index.html").read_text()


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/status/", "status/index.html"),
        ("/status/?days=7&bars=30", "status/bars-30-days-7/index.html"),
        ("/status/figures/x.csv?days=7", "status/figures/x.days-7.csv"),
        ("/status/history/?after=../../etc", "status/history/{hash}/index.html"),
        ("/favicon.ico", "favicon.ico"),
    ],
)
def test_a_question_stands_in_the_name_of_its_file(address: str, file: str) -> None:
    assert re.sub(r"[0-9a-f]{16}", "{hash}", Place.of(address).file) == file


def test_words_that_look_like_links_stay_words() -> None:
    words = '<p title="a">href="/status/" &lt;a href="/status/"&gt;</p>\n'
    text = f'{words}<a class="x" href="?a=1&amp;b=2#c">é</a><script>"<a href=0>"</script>'
    assert targets(text, "/status/") == ["/status/?a=1&b=2"]
    turned = rewritten(text, "/status/", lambda _: '/there/"')
    assert turned == text.replace("?a=1&amp;b=2#c", "/there/&quot;#c")


def hostile(world: World) -> None:
    world.incidents[0] = replace(world.incidents[0], name='"><script>alert(1)</script><a href="/status/x">')


@pytest.mark.parametrize("change", [hostile])
def test_a_hostile_name_stays_words_in_the_copy(world: World, copying: Copying, change: Callable[[World], Any]) -> None:
    change(world)
    copying.write()
    for page in copying.folder.site.rglob("*.html"):
        assert "<script>alert" not in page.read_text()

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import pytest

from demo.media import BuiltTitle, build, remove
from demo.titles import LADDER, RECIPES, Recipe
from tests.servers.waiting import until
from tools.paths import ROOT

LIFE = next(recipe for recipe in RECIPES if recipe.slug == "game-of-life")
NO_WHEEL = Path("there-is-no-wheel")
PLAIN = replace(
    LIFE,
    slug="plain",
    source="lavfi:color=c=navy:s=1280x720:r=25",
    video="trim=end_frame=250,setpts=PTS-STARTPTS",
    audio_source="",
    audio="",
)
"""As little work as a title can be."""
BUILDER = """
import sys
from pathlib import Path
from demo.media import build
from tests.demo.test_media import PLAIN
build(Path(sys.argv[1]), Path("none"), print, [PLAIN])
"""


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def title(media: Path) -> BuiltTitle:
    (built,) = build(media, NO_WHEEL, print, [LIFE])
    return built


def ffmpeg(*arguments: str) -> str:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def files(folder: Path) -> dict[str, int]:
    return {str(f.relative_to(folder)): f.stat().st_mtime_ns for f in folder.rglob("*") if f.is_file()}


def test_a_title_is_an_adaptive_stream_with_codecs_named_for_each_rung(media: Path, title: BuiltTitle) -> None:
    master = (media / title.hls_path).read_text()
    assert re.findall(r"RESOLUTION=(\d+x\d+)", master) == [f"{r.width}x{r.height}" for r in LADDER]
    assert len(re.findall(r'CODECS="avc1\.4d40\w\w,mp4a\.40\.2"', master)) == len(LADDER)


@pytest.mark.parametrize("rendition", LADDER, ids=lambda r: f"{r.height}p")
def test_every_rung_plays_a_whole_minute_without_an_error(media: Path, title: BuiltTitle, rendition: object) -> None:
    playlist = media / title.folder / f"{getattr(rendition, 'height', 0)}p" / "index.m3u8"
    said = ffmpeg("-xerror", "-v", "error", "-stats", "-i", str(playlist), "-map", "0:v", "-f", "null", "-")
    assert re.findall(r"frame=\s*(\d+)", said)[-1] == "1500"
    assert not [line for line in said.splitlines() if line and "frame=" not in line]


def test_segments_last_two_seconds_and_begin_with_a_keyframe_on_every_rung(media: Path, title: BuiltTitle) -> None:
    for rendition in LADDER:
        folder = media / title.folder / f"{rendition.height}p"
        lines = (folder / "index.m3u8").read_text().splitlines()
        assert set(re.findall(r"#EXTINF:([\d.]+)", "\n".join(lines))) == {"2.000000"}
        assert lines[-1] == "#EXT-X-ENDLIST"
        said = ffmpeg(
            "-v", "info", "-skip_frame", "nokey", "-i", str(folder / "index.m3u8"), "-map", "0:v",
            "-fps_mode", "passthrough", "-vf", "showinfo", "-f", "null", "-",
        )  # fmt: skip
        instants = [float(t) for t in re.findall(r"Parsed_showinfo.* pts_time:([\d.]+)", said)]
        assert instants == pytest.approx([2.0 * n for n in range(30)], abs=0.001)


def test_there_is_a_poster_and_a_small_picture(media: Path, title: BuiltTitle) -> None:
    for path in (title.poster_path, title.thumbnail_path):
        assert (media / path).read_bytes()[8:12] == b"WEBP"


def test_what_is_made_is_not_made_again(media: Path, title: BuiltTitle) -> None:
    before = files(media / title.folder)
    said: list[str] = []
    assert build(media, NO_WHEEL, said.append, [LIFE]) == (title,)
    assert files(media / title.folder) == before
    assert not said


def test_without_the_clip_its_titles_are_left_out_and_that_is_said(media: Path, title: BuiltTitle) -> None:
    said: list[str] = []
    clip_title = next(recipe for recipe in RECIPES if recipe.source == "clip")
    assert build(media, NO_WHEEL, said.append, [clip_title, LIFE]) == (title,)
    assert "1 of 2 titles are left out" in said[0]


def test_a_killed_run_leaves_no_title_and_the_next_run_makes_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUILDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as run:
        until(lambda: list(tmp_path.glob(".making-*/work/720.mp4")), "the encoding has begun")
        run.kill()
    assert not (tmp_path / PLAIN.slug).exists()
    assert list(tmp_path.glob(".making-*"))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "plain: 3 renditions" in done.stdout
    assert (tmp_path / PLAIN.slug / PLAIN.digest / "master.m3u8").is_file()
    assert not list(tmp_path.glob(".making-*"))


def test_two_runs_at_once_make_a_title_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUILDER, str(tmp_path)]
    runs = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sorted("renditions" in words for words in said) == [False, True]


def test_another_recipe_replaces_the_old_renditions(tmp_path: Path) -> None:
    old = tmp_path / PLAIN.slug / "0123456789ab"
    old.mkdir(parents=True)
    (old / "master.m3u8").write_text("old")
    build(tmp_path, NO_WHEEL, print, [PLAIN])
    assert [folder.name for folder in (tmp_path / PLAIN.slug).iterdir()] == [PLAIN.digest]


def test_removing_takes_everything_that_the_demo_made_and_nothing_else(tmp_path: Path) -> None:
    for name in (LIFE.slug, "somebody-elses", ".making-x"):
        (tmp_path / name / "1").mkdir(parents=True)
    assert remove(tmp_path) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", "somebody-elses"]
    assert remove(tmp_path / "nowhere") == 0


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.slug)
def test_every_title_says_where_it_comes_from_and_what_was_changed(recipe: Recipe) -> None:
    if recipe.source == "clip":
        assert "Blender Foundation, CC BY 3.0" in recipe.attribution
        assert "Changes:" in recipe.attribution
    else:
        assert recipe.attribution.startswith("Generated by Greenlight")


def test_a_recipe_that_changes_in_any_part_gets_another_address() -> None:
    assert replace(LIFE, video=LIFE.video + ",vflip").digest != LIFE.digest

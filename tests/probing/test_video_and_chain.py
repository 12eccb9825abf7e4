"""HLS as nginx delivers what ffmpeg made, and a node of an EVM chain: each broken, killed and restored."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from tests.probing.test_kinds import ask
from tests.servers import anvil
from tests.servers.anvil import CHAIN_ID, AnvilServer
from tests.servers.fixtures import require
from tests.servers.nginx import NginxServer

pytestmark = pytest.mark.capability("STATUS-4")


@pytest.fixture
def video(request: pytest.FixtureRequest) -> Iterator[NginxServer]:
    """An nginx that delivers a film of four seconds, with a master playlist."""
    require(request, "nginx")
    with NginxServer() as server:
        source = ["-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=10", "-t", "4"]
        coded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "20"]
        hls = ["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
        made = [imageio_ffmpeg.get_ffmpeg_exe(), *source, *coded, *hls, "-master_pl_name", "master.m3u8", "index.m3u8"]
        subprocess.run(made, check=True, cwd=server.root, stdin=subprocess.DEVNULL)
        yield server


def segments(server: NginxServer) -> list[Path]:
    return sorted(server.root.glob("index*.m4s"))


def test_video_is_up_as_long_as_playlists_and_the_first_segment_really_come(video: NginxServer) -> None:
    master = f"{video.url}/master.m3u8"
    found = ask("hls", master)
    assert (found.outcome, found.detail.split(",")[0]) == ("up", "2 s")
    video.kill()
    assert ask("hls", master).reason == "no connection"
    video.start()
    assert ask("hls", f"{video.url}/index.m3u8").outcome == "up"


def test_video_that_is_broken_is_down_whatever_its_status(video: NginxServer) -> None:
    master, first = f"{video.url}/master.m3u8", segments(video)[0]
    whole = first.read_bytes()
    first.write_bytes(b"<html>Sorry</html>" * 100)
    assert ask("hls", master).reason == "the first segment is no media"
    first.write_bytes(b"")
    assert ask("hls", master).reason == "the first segment is too small"
    first.unlink()
    assert ask("hls", master).reason == "the first segment answers 404"
    first.write_bytes(whole)
    assert ask("hls", master).outcome == "up"
    (video.root / "init.mp4").rename(video.root / "gone.mp4")
    assert ask("hls", master).reason == "the initialisation segment answers 404"
    (video.root / "index.m3u8").write_text("#EXTM3U\n#EXT-X-ENDLIST\n")
    assert ask("hls", master).reason == "the media playlist has no segments"
    (video.root / "index.m3u8").write_text("<html>Sorry</html>")
    assert ask("hls", master).reason == "the media playlist is none"
    assert ask("hls", f"{video.url}/nothing.m3u8").reason == "the playlist answers 404"


def test_video_that_comes_too_late_is_down(video: NginxServer) -> None:
    assert ask("hls", f"{video.url}/master.m3u8", {"latency_ms_max": 60_000}).outcome == "up"
    assert ask("hls", f"{video.url}/master.m3u8", {"bytes_min": 10_000_000}).outcome == "down"


@pytest.fixture
def node(request: pytest.FixtureRequest) -> Iterator[AnvilServer]:
    """A node of a chain of its own."""
    if anvil.program() is None:
        require(request, "anvil")
    with AnvilServer() as server:
        yield server


def test_a_chain_is_up_on_its_own_id_with_fresh_blocks_and_down_otherwise(node: AnvilServer) -> None:
    fresh = {"chain_id": CHAIN_ID, "block_age_seconds_max": 120}
    node.ask("evm_mine")
    found = ask("evm", node.url, fresh)
    assert (found.outcome, found.detail.split(",")[0]) == ("up", "block 1")
    assert ask("evm", node.url, fresh | {"chain_id": 1}).reason == "it is another chain"
    node.kill()
    assert ask("evm", node.url, fresh).reason == "no connection"
    node.start()
    assert ask("evm", node.url, fresh).outcome == "up"


def test_a_chain_whose_blocks_do_not_advance_is_down(request: pytest.FixtureRequest) -> None:
    if anvil.program() is None:
        require(request, "anvil")
    old = OldChain()
    with old as node:
        stale = ask("evm", node.url, {"chain_id": CHAIN_ID, "block_age_seconds_max": 120})
        assert stale.reason == "its blocks do not advance"
        assert ask("evm", node.url, {"chain_id": CHAIN_ID, "block_age_seconds_max": None}).outcome == "up"


class OldChain(AnvilServer):
    """A chain whose only block is years old."""

    def command(self) -> list[str]:
        """Return the node's command, with the instant of its first block."""
        return [*super().command(), "--timestamp", "1600000000"]

"""HLS: the playlist, the media playlist behind it, and the first segment, really fetched.

Source: RFC 8216 (HTTP Live Streaming).
"""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from collectors.probing.looking import SeenDownError, Task, Tools
from services.probes.kinds import HlsCheck

PLAYLIST_BYTES_MAX = 1_048_576
SEGMENT_BYTES_MAX = 16_777_216
_MAP = re.compile(r'#EXT-X-MAP:.*?URI="([^"]+)"')
_TS_SYNC = 0x47
_BOXES = frozenset({b"ftyp", b"styp", b"moof", b"sidx", b"emsg", b"prft"})
_OK = 200


@dataclass(frozen=True, slots=True)
class _Segment:
    url: str
    seconds: float


def look(task: Task, check: HlsCheck, tools: Tools) -> str:
    """Walk from the playlist to the first segment.

    Raises: SeenDownError.
    """
    url = task.filled(task.target)
    lines = _playlist(task, tools, url, "playlist")
    if variant := _variant(lines):
        url = urljoin(url, variant)
        lines = _playlist(task, tools, url, "media playlist")
    segment = _first_segment(lines, url)
    if not 0 < segment.seconds <= check.segment_seconds_max:
        raise SeenDownError("a segment's duration is not sane", f"{segment.seconds} s")
    mapped = _MAP.search("\n".join(lines))
    if mapped is not None:
        _fetched(task, tools, urljoin(url, mapped[1]), "initialisation segment")
    body = _fetched(task, tools, segment.url, "first segment")
    if len(body) < check.bytes_min:
        raise SeenDownError("the first segment is too small", f"{len(body)} bytes")
    if body[0] != _TS_SYNC and body[4:8] not in _BOXES:
        raise SeenDownError("the first segment is no media", body[:16].hex())
    return f"{segment.seconds:g} s, {len(body)} bytes"


def _playlist(task: Task, tools: Tools, url: str, what: str) -> list[str]:
    text = _fetched(task, tools, url, what, PLAYLIST_BYTES_MAX).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0].lstrip("\ufeff") != "#EXTM3U":
        raise SeenDownError(f"the {what} is none")
    return lines


def _variant(lines: list[str]) -> str | None:
    """Return the first variant that a master playlist offers; nothing for a media playlist."""
    for index, line in enumerate(lines):
        if line.startswith("#EXT-X-STREAM-INF"):
            return next((after for after in lines[index + 1 :] if not after.startswith("#")), None)
    return None


def _first_segment(lines: list[str], url: str) -> _Segment:
    seconds = 0.0
    for line in lines:
        if line.startswith("#EXTINF:"):
            try:
                seconds = float(line.removeprefix("#EXTINF:").split(",")[0])
            except ValueError as error:
                raise SeenDownError("the media playlist is malformed") from error
        elif not line.startswith("#"):
            return _Segment(urljoin(url, line), seconds)
    raise SeenDownError("the media playlist has no segments")


def _fetched(task: Task, tools: Tools, url: str, what: str, max_bytes: int = SEGMENT_BYTES_MAX) -> bytes:
    answer = tools.outbound.fetch("GET", url, timeout_seconds=task.deadline.left(), max_bytes=max_bytes)
    if answer.status != _OK:
        raise SeenDownError(f"the {what} answers {answer.status}")
    if answer.cut:
        raise SeenDownError(f"the {what} is larger than it may be")
    return answer.body

"""Bytes compressed once and kept by their content, for everything that is served as a file."""

import gzip
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

import brotli
from werkzeug.http import parse_accept_header

Encoding = Literal["br", "gzip", "identity"]
BEST_BROTLI = 11
# Brotli 11 takes ten seconds on a file of a megabyte and saves a tenth over 9.
LARGE_BYTES, LARGE_BROTLI = 900_000, 9
IMMUTABLE = "public, max-age=31536000, immutable"


class Served(NamedTuple):
    """What a request for a file is answered with."""

    body: bytes
    headers: dict[str, str]


def content_hash(body: bytes) -> str:
    """The name of these bytes: sixteen hexadecimal digits of their SHA-256."""
    return hashlib.sha256(body).hexdigest()[:16]


def accepted(accept_encoding: str | None) -> Encoding:
    """The best encoding that the client takes; the header's own weights decide only what is refused."""
    weights = {name.lower(): weight for name, weight in parse_accept_header(accept_encoding)}
    anything = weights.get("*", 0)
    if weights.get("br", anything) > 0:
        return "br"
    if weights.get("gzip", anything) > 0:
        return "gzip"
    return "identity"


def compresses(content_type: str) -> bool:
    """Whether compression gains anything: fonts, pictures and video are compressed already."""
    kind = content_type.partition(";")[0]
    return kind.startswith("text/") or kind in {"application/json", "application/javascript", "image/svg+xml"}


class CompressedStore:
    """Compressed forms on disk, named by the content's hash, so that they are made once and never stale."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def encoded(self, body: bytes, encoding: Encoding) -> bytes:
        """The bytes in this encoding, from disk if they were compressed before."""
        if encoding == "identity":
            return body
        kept = self._directory / f"{content_hash(body)}.{encoding}"
        try:
            return kept.read_bytes()
        except FileNotFoundError:
            packed = compress(body, encoding)
            write_whole(kept, packed)
            return packed

    def serve(self, body: bytes, content_type: str, accept_encoding: str | None, cache_control: str) -> Served:
        """The answer for these bytes in the best encoding, with an entity tag that names content and encoding."""
        encoding: Encoding = accepted(accept_encoding) if compresses(content_type) else "identity"
        packed = self.encoded(body, encoding)
        headers = {
            "Content-Type": content_type,
            "Content-Length": str(len(packed)),
            "Cache-Control": cache_control,
            "ETag": f'"{content_hash(body)}-{encoding}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if encoding != "identity":
            headers["Content-Encoding"] = encoding
        return Served(packed, headers)


def compress(body: bytes, encoding: Encoding) -> bytes:
    """The bytes compressed as hard as their size allows."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=LARGE_BROTLI if len(body) > LARGE_BYTES else BEST_BROTLI))
    if encoding == "gzip":
        return gzip.compress(body, 9, mtime=0)
    return body


def write_whole(path: Path, body: bytes) -> None:
    """Write so that a reader sees the whole file or none, whoever else writes it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

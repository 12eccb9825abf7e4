"""One public document as the micro-cache keeps it: its bytes in each content coding, and the headers for each."""

import gzip
import hashlib
from typing import Final

import brotli

from web.ui.compression import Encoding, compresses

_BROTLI_QUALITY: Final = 5
_GZIP_LEVEL: Final = 6
_PER_ANSWER: Final = frozenset({"x-correlation-id", "x-trace-id", "content-length", "date", "etag", "age", "vary"})
_UNCHANGED: Final = frozenset({"cache-control", "content-location", "etag", "expires", "vary"})
"""What an answer "unchanged" says again (RFC 9110 §15.4.5); the rest stands in the copy that the reader has."""


class Variant:
    """A document in one content coding."""

    __slots__ = ("body", "headers", "headers_unchanged", "tag")

    def __init__(self, body: bytes, headers: list[tuple[str, str]], tag: str) -> None:
        self.body, self.headers, self.tag = [body], headers, tag
        self.headers_unchanged = [(k, v) for k, v in headers if k.lower() in _UNCHANGED or _of_sharing(k)]


def _of_sharing(name: str) -> bool:
    """Say whether a header lets pages of other origins read; browsers look for it on every answer."""
    return name.lower().startswith("access-control-")


class Copy:
    """A document that was answered 200 to everybody.

    Units: made_at in seconds of the cache's clock.
    """

    def __init__(self, headers: list[tuple[str, str]], body: bytes, made_at: float) -> None:
        self.headers = [(k, v) for k, v in headers if k.lower() not in _PER_ANSWER]
        self.made_at = made_at
        self._body = body
        self._variants: dict[Encoding, Variant] = {}
        varies = next((v for k, v in headers if k.lower() == "vary"), "")
        # Cookies and credentials never come here; the language is the one other thing that a page differs by.
        self._vary = "Accept-Encoding, Accept-Language" if "accept-language" in varies.lower() else "Accept-Encoding"
        self.tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'

    def variant(self, encoding: Encoding) -> Variant:
        """Return the document in a content coding, compressing it at the first asking."""
        kind = next((v for k, v in self.headers if k.lower() == "content-type"), "")
        if encoding != "identity" and not compresses(kind) and not kind.startswith("application/"):
            encoding = "identity"
        found = self._variants.get(encoding)
        if found is None:
            found = self._variants[encoding] = self._made(encoding)
        return found

    def age_header(self, now: float, ttl_seconds: float) -> tuple[tuple[str, str], ...]:
        """Return the Age header of a copy that is older than it should be, and none for a fresh one.

        Source: RFC 9111 §5.1.
        """
        age = now - self.made_at
        return (("Age", str(int(age))),) if age > ttl_seconds else ()

    def _made(self, encoding: Encoding) -> Variant:
        body = self._body
        if encoding == "br":
            body = brotli.compress(body, quality=_BROTLI_QUALITY)
        elif encoding == "gzip":
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        headers = [
            *self.headers,
            ("Content-Length", str(len(body))),
            ("Vary", self._vary),
            # Weak, since one tag stands for the document in every coding.
            ("ETag", f"W/{self.tag}"),
        ]
        if encoding != "identity":
            headers.append(("Content-Encoding", encoding))
        return Variant(body, headers, self.tag)


def copy_of(status: str, headers: list[tuple[str, str]], body: list[bytes], made_at: float) -> Copy | None:
    """Return an answer as a copy for everybody, or nothing where it may not be kept."""
    names = {k.lower(): v for k, v in headers}
    control = names.get("cache-control", "")
    private = "no-store" in control or "private" in control
    if not status.startswith("200") or "set-cookie" in names or private or "content-encoding" in names:
        return None
    return Copy(headers, b"".join(body), made_at)

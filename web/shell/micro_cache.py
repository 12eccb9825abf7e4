"""A cache of public documents in front of everything else, so that a popular page costs next to nothing.

It holds only what everybody may see: GET without cookies or credentials, answered 200 without cookies. A copy is kept
for about a second, one request at a time makes a fresh one, and while fresh ones fail the last good copy is served with
its age. It answers before Flask, hence its few lines are written for speed.
Source: RFC 9111; RFC 5861; RFC 9110 §8.8, §13.1.2.
"""

import itertools
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from services.kernel.context import new_correlation
from web.shell.cached_copy import Copy, Variant, copy_of
from web.shell.languages import PARAMETER, Languages, named
from web.shell.routes import CachedDocument
from web.ui.compression import accepted

SLOTS_MAX: Final = 512
_VARIANTS_MAX = 32
_FIRST_WAIT_SECONDS = 10.0
_log = logging.getLogger("greenlight.web.cache")


class _Slot:
    """One document's place: its present copy, and the lock of whoever makes the next.

    A document that differs by its reader's language has a slot for each in `spoken`, and no copy of its own.
    """

    __slots__ = ("copy", "document", "fresh_until", "lock", "spoken", "variants")

    def __init__(self, document: CachedDocument, languages: Sequence[str] = ()) -> None:
        self.document = document
        self.spoken = {code: _Slot(document) for code in languages}
        self.lock = threading.Lock()
        self.copy: Copy | None = None
        self.fresh_until = 0.0
        self.variants: dict[str, Variant] = {}


class MicroCache:
    """Wraps a WSGI application.

    `find` tells how the document at a path is cached, if it is. `version` is polled by a thread of each worker from the
    first request on; when its answer changes, every copy is made anew at the next request.
    """

    def __init__(
        self,
        app: WSGIApplication,
        find: Callable[[str], CachedDocument | None],
        *,
        version: Callable[[], object] | None = None,
        count: Callable[[int], None] | None = None,
        poll_seconds: float = 0.4,
        languages: Languages | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._languages = languages or Languages()
        self._app, self._find, self._version, self._clock = app, find, version, clock
        self._count, self._poll_seconds = count, poll_seconds
        self._polling = version is None
        self._slots: dict[tuple[str, str], _Slot] = {}
        self._starting = threading.Lock()
        self._stopped = threading.Event()
        # Unique within all workers without asking the system for randomness at each answer.
        self._id_prefix = f"cor_{secrets.token_hex(8)}"
        self._ids = itertools.count(1)
        self._hits = 0
        self._counted = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from a fresh copy, or ask the application."""
        method = environ["REQUEST_METHOD"]
        if (method != "GET" and method != "HEAD") or "HTTP_COOKIE" in environ or "HTTP_AUTHORIZATION" in environ:  # noqa: PLR1714 -- a set costs a hash
            return self._app(environ, start_response)
        slot = self._slots.get((environ["PATH_INFO"], environ.get("QUERY_STRING", "")))
        if slot is not None and slot.spoken:
            slot = slot.spoken[self._languages.asked(environ.get("HTTP_ACCEPT_LANGUAGE", ""))]
        if slot is not None and slot.fresh_until > self._clock():
            variant = slot.variants.get(environ.get("HTTP_ACCEPT_ENCODING", ""))
            if variant is not None:
                self._hits += 1
                return self._answer(environ, start_response, variant, ())
        return self._slow(environ, start_response)

    def stop(self) -> None:
        """End the polling thread."""
        self._stopped.set()

    def expire(self) -> None:
        """Make every document anew at its next request; the copies stay for the case that it fails."""
        for slot in list(self._slots.values()):
            for each in (slot, *slot.spoken.values()):
                each.fresh_until = 0.0

    def _answer(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        variant: Variant,
        more: tuple[tuple[str, str], ...],
    ) -> Iterable[bytes]:
        given = environ.get("HTTP_X_CORRELATION_ID")
        reference = new_correlation(given).correlation_id if given else f"{self._id_prefix}{next(self._ids):016x}"
        asked = environ.get("HTTP_IF_NONE_MATCH")
        if asked is not None and (variant.tag in asked or asked == "*"):
            start_response("304 Not Modified", [*variant.headers_unchanged, ("X-Correlation-Id", reference), *more])
            return []
        start_response("200 OK", [*variant.headers, ("X-Correlation-Id", reference), *more])
        return variant.body if environ["REQUEST_METHOD"] == "GET" else []

    def _slow(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        slot = self._slot(environ)
        if slot is None:
            return self._app(environ, start_response)
        # Only the first request of a document waits; later ones get the copy that is being replaced.
        waited = slot.lock.acquire(timeout=0 if slot.copy else _FIRST_WAIT_SECONDS)
        try:
            if waited and slot.fresh_until <= self._clock():
                passed = self._refresh(environ, slot)
                if passed is not None:
                    self._drop_empty(slot, environ)
                    start_response(passed.status, passed.headers)
                    return passed.body if environ["REQUEST_METHOD"] == "GET" else []
        finally:
            if waited:
                slot.lock.release()
        copy = slot.copy
        if copy is None:
            return self._app(environ, start_response)
        variant = self._variant(slot, copy, environ.get("HTTP_ACCEPT_ENCODING", ""))
        return self._answer(environ, start_response, variant, copy.age_header(self._clock(), slot.document.ttl_seconds))

    def _slot(self, environ: WSGIEnvironment) -> _Slot | None:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        slot = self._slots.get((path, query))
        if slot is None:
            slot = self._new_slot(path, query)
        if slot is not None and slot.spoken:
            return slot.spoken[self._languages.asked(environ.get("HTTP_ACCEPT_LANGUAGE", ""))]
        return slot

    def _new_slot(self, path: str, query: str) -> _Slot | None:
        if not self._polling:
            self._start_polling()
        found = self._find(path)
        if found is None or not _query_allowed(query, found.query | {PARAMETER} if found.translated else found.query):
            return None
        codes: Sequence[str] = ()
        if found.translated:
            code = named(query)
            if code is None:
                codes = self._languages.codes
            elif code not in self._languages.codes:
                # Invented names would push out what people read.
                return None
        with self._starting:
            while len(self._slots) >= SLOTS_MAX:
                self._slots.pop(next(iter(self._slots)))
            return self._slots.setdefault((path, query), _Slot(found, codes))

    def _refresh(self, environ: WSGIEnvironment, slot: _Slot) -> "_Passed | None":
        """Put a fresh copy into the slot; return the application's answer where it is not one to keep."""
        passed = _ask(self._app, environ)
        now = self._clock()
        fresh = copy_of(passed.status, passed.headers, passed.body, now)
        if fresh is not None:
            if slot.copy is None or slot.copy.tag != fresh.tag or slot.copy.headers != fresh.headers:
                slot.variants = {}
                slot.copy = fresh
            else:
                slot.copy.made_at = now
            slot.fresh_until = now + slot.document.ttl_seconds
            self._flush_count()
            return None
        failed = passed.status.startswith("5")
        if failed and slot.copy is not None and now - slot.copy.made_at <= slot.document.stale_seconds:
            slot.fresh_until = now + slot.document.ttl_seconds
            # The age changes while it is stale, so answers go the long way until a fresh copy stands.
            slot.variants = {}
            return None
        slot.copy, slot.variants = None, {}
        return passed

    def _variant(self, slot: _Slot, copy: Copy, accept_encoding: str) -> Variant:
        variant = slot.variants.get(accept_encoding)
        if variant is None:
            variant = copy.variant(accepted(accept_encoding))
            fresh = self._clock() - copy.made_at <= slot.document.ttl_seconds
            if fresh and len(slot.variants) < _VARIANTS_MAX:
                slot.variants[accept_encoding] = variant
        return variant

    def _drop_empty(self, slot: _Slot, environ: WSGIEnvironment) -> None:
        key = (environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        held = self._slots.get(key)
        if held is None or any(each.copy is not None for each in (slot, held, *held.spoken.values())):
            return
        if held is slot or slot in held.spoken.values():
            self._slots.pop(key, None)

    def _flush_count(self) -> None:
        if self._count is not None:
            hits = self._hits
            self._count(hits - self._counted)
            self._counted = hits

    def _start_polling(self) -> None:
        with self._starting:
            if not self._polling:
                self._polling = True
                # Here and not earlier: a thread does not survive the fork that makes a worker.
                threading.Thread(target=self._poll, name="micro-cache", daemon=True).start()

    def _poll(self) -> None:
        known: object = None
        while not self._stopped.wait(self._poll_seconds):
            try:
                version = self._version() if self._version else None
            except Exception as error:  # noqa: BLE001 -- whatever fails, the next round asks again
                _log.debug("version_unknown", exc_info=error)
                continue
            if version != known:
                known = version
                self.expire()


@dataclass(frozen=True, slots=True)
class _Passed:
    """What the application answered."""

    status: str
    headers: list[tuple[str, str]]
    body: list[bytes]


def _ask(app: WSGIApplication, environ: WSGIEnvironment) -> _Passed:
    """Ask the application for the whole document, whatever part of it the caller had."""
    asked = {
        k: v for k, v in environ.items() if k not in {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE"}
    }
    asked["REQUEST_METHOD"] = "GET"
    got: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _exc_info: object = None, /) -> Callable[[bytes], object]:
        got.append((status, headers))
        return _no_write

    result = app(asked, start)
    try:
        body = list(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    status, headers = got[-1]
    return _Passed(status, headers, body)


def _no_write(_data: bytes) -> object:
    raise RuntimeError("Return the body; the old write() of WSGI is not supported.")


def _query_allowed(query: str, names: frozenset[str]) -> bool:
    return not query or all(name in names for name, _ in parse_qsl(query, keep_blank_values=True))

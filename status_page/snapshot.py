"""The last good state, kept on disk: a page without a database still says what was true, and when."""

import hashlib
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from services.kernel.errors import DomainError, Unavailable
from services.kernel.paging import PageRequest
from services.public import PublicServices
from status_page.state import RECENT, StatusState, packed, unpacked

T = TypeVar("T")
_WRITE_EVERY = timedelta(seconds=10)
_KNOWN_MAX: Final = 500
_KNOWN_FILES_MAX: Final = 2_000
_COSTS_BETWEEN_READS: Final = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what is shown may be; the default reads at every asking, as tests want it.

    Units: seconds.
    """

    figures_seconds: float = 0.0
    rest_seconds: float = 0.0
    retry_seconds: float = 0.0


SERVED: Final = Freshness(figures_seconds=5.0, rest_seconds=5.0, retry_seconds=1.0)
"""For servers: changes are noticed by the pulse at once, measurements every few seconds."""


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """What one page shows, when it was true, and whether it could be read just now."""

    value: T
    as_of: datetime
    current: bool = True


@dataclass(frozen=True, slots=True)
class _Read:
    """A state that was read, how long that took, and when, by a clock that never goes back."""

    state: StatusState
    figures_at: float
    rest_at: float
    cost_seconds: float
    pulse: object


@dataclass(frozen=True, slots=True)
class _Page:
    """What one page showed last, when it was read by a clock that never goes back, and when it was put on disk."""

    known: Known[object]
    read_at: float
    pulse: object
    written_at: datetime | None


@lru_cache(maxsize=64)
def _adapter(kind: object) -> TypeAdapter[Any]:
    return TypeAdapter(Known[kind])  # type: ignore[valid-type] # a type at run time


class Snapshot:
    """Reads what the pages show, and falls back on the last that could be read.

    Every process writes the same files by renaming a complete draft onto them, so a reader never sees half of one.
    """

    def __init__(self, public: PublicServices, path: Path, freshness: Freshness | None = None) -> None:
        self._public, self._path, self._freshness = public, path, freshness or Freshness()
        self._folder = path.with_name(f"{path.stem}-pages")
        self._lock, self._reading = threading.Lock(), threading.Lock()
        self._last: _Read | None = None
        self._written_at: datetime | None = None
        self._failure: tuple[float, DomainError] | None = None
        self._known: OrderedDict[str, _Page] = OrderedDict()
        self._pulse: object = None
        self._tagged: tuple[StatusState, str] | None = None

    def state(self) -> StatusState:
        """Return the state of now, or the last good one with its age.

        Raises: the error of the read, where there is no earlier state either.
        """
        last = self._last
        if last is not None and not self._failing() and self._fresh(last):
            return last.state
        with self._reading:
            if self._last is not None and self._last is not last and not self._failing():
                return self._last.state
            try:
                return self._read()
            except DomainError as error:
                return self._earlier(error)

    def tag(self) -> str:
        """Return a word that changes with what readers are to notice at once."""
        state = self.state()
        tagged = self._tagged
        if tagged is None or tagged[0] is not state:
            tagged = self._tagged = state, state.tag()
        return tagged[1]

    def known(
        self,
        key: str,
        kind: object,
        load: Callable[[], T],
        *,
        spare: Callable[[], T | None] | None = None,
        keep_seconds: float = 0.0,
        heeds_pulse: bool = True,
        on_disk: bool = True,
    ) -> Known[T]:
        """Return what a page shows: as read just now, or as it was known last, in this process or on disk.

        `kind` is its type, for the copy on disk, which a page that only an invented cursor names does not get
        (`on_disk`): strangers would fill the folder and push what people read out of it. `spare` gives what else is
        known of it, from the state. With `keep_seconds` it is not read again so soon, unless it `heeds_pulse` and
        something public changed.

        Raises: the error of the read, where nothing is known.
        """
        if keep_seconds and self._freshness.rest_seconds:
            young = self._young(key, keep_seconds, heeds_pulse=heeds_pulse)
            if young is not None:
                return cast("Known[T]", young)
        pulse = self._pulse
        try:
            self._refuse_while_failing()
            value = load()
        except DomainError as error:
            if not error.retryable:
                raise
            self._note_failure(error)
            return self._known_without_database(key, kind, error, spare)
        self._failure = None
        known = Known(value, self._public.clock.now())
        self._keep_known(key, kind, known, pulse, on_disk=on_disk)
        return known

    def _young(self, key: str, keep_seconds: float, *, heeds_pulse: bool) -> "Known[object] | None":
        kept = self._known.get(key)
        if kept is None or time.monotonic() - kept.read_at >= keep_seconds:
            return None
        return None if heeds_pulse and kept.pulse != self._pulse else kept.known

    def _known_without_database(
        self, key: str, kind: object, error: DomainError, spare: Callable[[], T | None] | None
    ) -> Known[T]:
        found: Known[T] | None = self._known_last(key, kind)
        if found is None and spare is not None:
            else_known = spare()
            if else_known is not None:
                found = Known(else_known, self.state().as_of)
        if found is None:
            raise error
        return replace(found, current=False)

    def pulse(self, changes: Callable[[], object]) -> object:
        """Ask whether something public changed, and return a value that differs from the last one where it did.

        It also differs once our database goes away or comes back.
        """
        try:
            self._pulse = changes()
        except DomainError as error:
            self._pulse = error.code
            self._note_failure(error)
        # What was read by itself counts too: every page is then made anew together.
        return self._pulse, self._tagged[1] if self._tagged else None

    def _fresh(self, last: _Read) -> bool:
        now, keep = time.monotonic(), self._freshness
        if last.pulse != self._pulse and now - last.rest_at >= _COSTS_BETWEEN_READS * last.cost_seconds:
            return False
        least = _COSTS_BETWEEN_READS * 5 * last.cost_seconds if keep.rest_seconds else 0.0
        return now - last.figures_at < max(keep.figures_seconds, least) and now - last.rest_at < max(
            keep.rest_seconds, least
        )

    def _read(self) -> StatusState:
        self._refuse_while_failing()
        public, actor, last = self._public, self._public.visitor, self._last
        began, pulse, as_of = time.monotonic(), self._pulse, self._public.clock.now()
        newest = PageRequest(size=RECENT)
        figures_at = began
        if last is not None and began - last.figures_at < self._freshness.figures_seconds:
            figures, figures_at = last.state.figures, last.figures_at
        else:
            figures = tuple(public.figures.figures(actor))
        state = StatusState(
            figures,
            as_of,
            components=public.components.overview(actor),
            active=tuple(public.incidents.active(actor)),
            upcoming=tuple(public.incidents.upcoming(actor)),
            incidents=tuple(public.incidents.history(actor, newest).items),
            maintenances=tuple(public.incidents.maintenances(actor, newest).items),
            slas=tuple(public.slas.slas(actor)),
        )
        self._last = _Read(state, figures_at, began, time.monotonic() - began, pulse)
        self._failure = None
        self._keep(state)
        return state

    def _earlier(self, error: DomainError) -> StatusState:
        self._note_failure(error)
        last = self._last.state if self._last else None
        if error.retryable and last is None:
            last = self._from_disk()
        if not error.retryable or last is None:
            raise error
        _log.warning("status_from_snapshot", extra={"code": error.code, "as_of": last.as_of.isoformat()})
        return replace(last, current=False)

    def _failing(self) -> bool:
        return self._failure is not None

    def _note_failure(self, error: DomainError) -> None:
        if error.retryable and not isinstance(error, _StillFailing):
            self._failure = time.monotonic(), error

    def _refuse_while_failing(self) -> None:
        """Refuse at once shortly after a failure, so that a database that hangs does not hang every page in turn."""
        if self._failure is not None and time.monotonic() - self._failure[0] < self._freshness.retry_seconds:
            raise _StillFailing(self._failure[1].code, self._failure[1].message)

    def _keep(self, state: StatusState) -> None:
        with self._lock:
            if self._written_at is not None and timedelta(0) <= state.as_of - self._written_at < _WRITE_EVERY:
                return
            self._written_at = state.as_of
        self._write(self._path, packed(state))

    def _from_disk(self) -> StatusState | None:
        try:
            return unpacked(self._path.read_bytes())
        except (OSError, ValueError):
            return None

    def _keep_known(self, key: str, kind: object, known: Known[T], pulse: object, *, on_disk: bool) -> None:
        with self._lock:
            before = self._known.pop(key, None)
            written_at = before.written_at if before else None
            due = on_disk and (written_at is None or not timedelta(0) <= known.as_of - written_at < _WRITE_EVERY)
            self._known[key] = _Page(
                cast("Known[object]", known), time.monotonic(), pulse, known.as_of if due else written_at
            )
            if len(self._known) > _KNOWN_MAX:
                self._known.popitem(last=False)
        if due:
            self._write(self._file(key), _adapter(kind).dump_json(known))
            self._sweep()

    def _known_last(self, key: str, kind: object) -> Known[T] | None:
        with self._lock:
            kept = self._known.get(key)
        if kept is not None:
            return cast("Known[T]", kept.known)
        try:
            return cast("Known[T]", _adapter(kind).validate_json(self._file(key).read_bytes()))
        except (OSError, ValidationError):
            return None

    def _file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    def _sweep(self) -> None:
        """Drop the pages that nobody has read for longest, where there are too many."""
        try:
            files = list(self._folder.glob("*.json"))
            if len(files) > _KNOWN_FILES_MAX:
                for old in sorted(files, key=lambda file: file.stat().st_mtime)[: _KNOWN_FILES_MAX // 10]:
                    old.unlink(missing_ok=True)
        except OSError:
            return

    @staticmethod
    def _write(path: Path, body: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            try:
                draft.write_bytes(body)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("status_snapshot_not_written", extra={"reason": error.strerror})


class _StillFailing(Unavailable):
    """What failed a moment ago is not asked again yet."""

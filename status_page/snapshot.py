"""The last good state, kept on disk: a page without a database still says what was true, and when."""

import logging
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from services.kernel.errors import DomainError
from services.metrics.views import FigureView
from services.public import PublicServices

_log = logging.getLogger(__name__)
_WRITE_EVERY = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class StatusState:
    """What the page shows: the figures, when they were true, and whether they could be read just now."""

    figures: tuple[FigureView, ...]
    as_of: datetime
    current: bool = True


_document = TypeAdapter(StatusState)


class Snapshot:
    """Reads the figures, and falls back on the last ones that could be read.

    Every process writes the same file by renaming a complete draft onto it, so a reader never sees half of one.
    """

    def __init__(self, public: PublicServices, path: Path) -> None:
        self._public, self._path = public, path
        self._lock = threading.Lock()
        self._last: StatusState | None = None
        self._written_at: datetime | None = None

    def state(self) -> StatusState:
        """Return the figures of now, or the last good ones with their age.

        Raises: the error of the read, where there is no earlier state either.
        """
        try:
            figures = tuple(self._public.figures.figures(self._public.visitor))
        except DomainError as error:
            last = (self._last or self._from_disk()) if error.retryable else None
            if last is None:
                raise
            _log.warning("status_from_snapshot", extra={"code": error.code, "as_of": last.as_of.isoformat()})
            return StatusState(last.figures, last.as_of, current=False)
        state = StatusState(figures, self._public.clock.now())
        self._keep(state)
        return state

    def _keep(self, state: StatusState) -> None:
        with self._lock:
            self._last = state
            if self._written_at is not None and timedelta(0) <= state.as_of - self._written_at < _WRITE_EVERY:
                return
            self._written_at = state.as_of
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
            draft.write_bytes(_document.dump_json(state))
            draft.replace(self._path)
        except OSError as error:
            _log.warning("status_snapshot_not_written", extra={"reason": error.strerror})

    def _from_disk(self) -> StatusState | None:
        try:
            return _document.validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None

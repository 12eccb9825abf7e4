"""The static copy of the status page: made once by command, or kept up to date by a process of its own."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from services.kernel.context import JobActor
from services.kernel.errors import DomainError, Invalid
from services.wiring import Wired
from status_page.copying.folder import CopyFolder
from status_page.copying.making import Copied, Copying
from web.shell.config import config_of
from web.ui.static import StaticManifest

LOOK_SECONDS: Final = 1.0
RENEW_SECONDS: Final = 60.0
"""A copy is made at each change, and at the latest after this: measurements move without one."""
REST_SHARE: Final = 4.0
"""How many times as long as a copy takes, nothing is copied after it: a fifth of one core at most."""
_WATCHER: Final = JobActor("status.copy", frozenset({"evidence.pulse"}))
_log = logging.getLogger(__name__)


def copying_of(wired: Wired, folder: Path) -> Copying:
    """Return what makes copies of this installation's status page in a folder."""
    # What this process reads of itself is no visit.
    logging.getLogger("greenlight.web.access").setLevel(logging.WARNING)
    return Copying(wired.public, config_of(wired.settings), StaticManifest.load(), CopyFolder(folder))


def write_once(wired: Wired, folder: Path) -> Copied:
    """Make one copy.

    Raises: Invalid where the folder cannot be written, and what `Copying.write` raises else.
    """
    try:
        return copying_of(wired, folder).write()
    except OSError as error:
        raise Invalid("folder_unwritable", f"{folder}: cannot be written: {error.strerror}.") from error


class Copies(Protocol):
    """Makes a copy, as `Copying` does."""

    def write(self) -> Copied:
        """Write a copy of now."""
        ...


class Keeper:
    """Keeps a copy up to date: whatever fails is logged, and tried again; the copy before stays meanwhile."""

    def __init__(self, wired: Wired, copying: Copies, clock: Callable[[], float] = time.monotonic) -> None:
        self._wired, self._copying, self._clock = wired, copying, clock
        self._known: object = None
        self._next_at = 0.0
        self._due_at = 0.0

    def run(self) -> None:
        """Look for changes until the process ends; a copy that it is at then is dropped, and the one before stays."""
        pause = threading.Event()
        while True:
            self.look()
            pause.wait(LOOK_SECONDS)

    def look(self) -> bool:
        """Make a copy where something changed or the last is old, and say whether one was made."""
        began = self._clock()
        try:
            seen = self._wired.pulse.beats(_WATCHER)
            if began < self._next_at or (seen == self._known and began < self._due_at):
                return False
            copied = self._copying.write()
        except DomainError as error:
            _log.warning("status_copy_not_made", extra={"code": error.code})
            return self._later(began)
        except OSError as error:
            _log.warning("status_copy_not_written", extra={"reason": error.strerror})
            return self._later(began)
        self._known = seen
        took = self._clock() - began
        self._next_at, self._due_at = began + took * (1 + REST_SHARE), began + max(RENEW_SECONDS, took * 5)
        _log.info("status_copied", extra={"documents": copied.documents, "left_out": copied.left_out, "seconds": took})
        return True

    def _later(self, began: float) -> bool:
        self._next_at = began + (self._clock() - began) * (1 + REST_SHARE)
        return False

"""Whether the prober itself is offline: then what it sees down says nothing about what it looked at."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from services.infra.outbound import Outbound
from services.kernel.errors import DomainError

CHECK_SECONDS: Final = 2.0
REMEMBERED_SECONDS: Final = 3.0
GOOD_SECONDS: Final = 5.0
"""How long after a good look the network counts as there."""
OFFLINE_REASON: Final = "the prober is offline"
_log = logging.getLogger(__name__)


class Connectivity:
    """Judges the prober's own way out: offline once its control targets and all its probes fail.

    Without control targets nothing can be told, and what it sees down is taken as down.
    """

    def __init__(
        self,
        outbound: Outbound,
        controls: Sequence[tuple[str, int]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbound, self._controls, self._monotonic = outbound, tuple(controls), monotonic
        self._lock = threading.Lock()
        self._good_at: float | None = None
        self._checked_at: float | None = None
        self._reached = True

    def note_good(self) -> None:
        """Note that a probe found something up: the network is there."""
        self._good_at = self._monotonic()

    def offline(self) -> bool:
        """Tell whether the prober is offline; asked whenever something seems down."""
        if not self._controls:
            return False
        with self._lock:
            now = self._monotonic()
            if self._checked_at is None or now - self._checked_at > REMEMBERED_SECONDS:
                self._reached = any(self._reaches(host, port) for host, port in self._controls)
                self._checked_at = self._monotonic()
                if not self._reached:
                    _log.warning("prober_offline", extra={"controls": len(self._controls)})
            reached = self._reached
        recently = self._good_at is not None and self._monotonic() - self._good_at <= GOOD_SECONDS
        return not reached and not recently

    def _reaches(self, host: str, port: int) -> bool:
        try:
            self._outbound.connect(host, port, timeout_seconds=CHECK_SECONDS).close()
        except (DomainError, OSError):
            return False
        return True


def controls_of(text: str) -> list[tuple[str, int]]:
    """Read `host:port` by comma, as the setting has them."""
    pairs = (part.strip().rpartition(":") for part in text.split(",") if part.strip())
    return [(host.strip("[]"), int(port)) for host, _, port in pairs]

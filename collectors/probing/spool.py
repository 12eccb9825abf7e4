"""Results that wait to be handed in: in memory and in a file, so that neither a dead server nor a restart loses them.

Handing in twice is harmless, so the file may hold more than what waits, and is rewritten now and then.
"""

import contextlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import orjson

from services.kernel.errors import Invalid
from services.probes.views import Finding
from services.probes.wire import finding_json, finding_of

FINDINGS_MAX: Final = 200_000
"""More than this are not kept: the oldest go."""
_REWRITE_AFTER = 2_000
_log = logging.getLogger(__name__)


class Spool:
    """A queue of results, oldest first, that a file repeats."""

    def __init__(self, path: Path, *, most: int = FINDINGS_MAX) -> None:
        self._path, self._most = path, most
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, Finding] = OrderedDict()
        self._done_in_file = 0
        with contextlib.suppress(FileNotFoundError):
            self._read()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, finding: Finding) -> None:
        """Keep a result until it is handed in; where the disk refuses, in memory alone."""
        with self._lock:
            self._waiting[finding.id] = finding
            while len(self._waiting) > self._most:
                self._waiting.popitem(last=False)
            try:
                with self._path.open("ab") as file:
                    file.write(orjson.dumps(finding_json(finding)) + b"\n")
            except OSError as error:
                _log.warning("spool_not_written", extra={"reason": error.strerror})

    def first(self, count: int) -> list[Finding]:
        """Return the oldest results."""
        with self._lock:
            return [finding for finding, _ in zip(self._waiting.values(), range(count), strict=False)]

    def drop(self, ids: Iterable[str]) -> None:
        """Forget results that were handed in."""
        with self._lock:
            for each in ids:
                if self._waiting.pop(each, None) is not None:
                    self._done_in_file += 1
            if not self._waiting or self._done_in_file > _REWRITE_AFTER:
                self._rewrite()

    def _rewrite(self) -> None:
        draft = self._path.with_suffix(".draft")
        try:
            draft.write_bytes(b"".join(orjson.dumps(finding_json(f)) + b"\n" for f in self._waiting.values()))
            draft.replace(self._path)
            self._done_in_file = 0
        except OSError as error:
            _log.warning("spool_not_written", extra={"reason": error.strerror})

    def _read(self) -> None:
        for line in self._path.read_bytes().splitlines()[-self._most :]:
            # The last line may be torn where the machine stopped.
            with contextlib.suppress(orjson.JSONDecodeError, Invalid):
                finding = finding_of(orjson.loads(line))
                self._waiting[finding.id] = finding

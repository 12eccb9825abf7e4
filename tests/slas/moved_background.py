"""The background process's hands on a clock that the tests move: what facts bring about, and nothing that time starts.

Usage: python -m tests.slas.moved_background CLOCK-FILE
"""

import logging
import sys
from datetime import datetime
from pathlib import Path

from collectors.background import end_process, run
from collectors.schedule import Timetable
from services.infra.durable import Beat
from services.infra.settings import read
from services.kernel.clock import from_epoch_ms, to_epoch_ms
from services.wiring import wire
from tests.servers.process import end_with_parent


class FileClock:
    """A clock that several processes share: it stands at the instant that was written into its file last."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """Return the instant that was written last."""
        return from_epoch_ms(int(self._file.read_text()))

    def set(self, at: datetime) -> None:
        """Move to an instant, for everybody who shares the clock."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(to_epoch_ms(at)))
        fresh.replace(self._file)


def main() -> None:
    """Work until told to stop."""
    end_with_parent()
    logging.basicConfig(level=logging.INFO)
    wired = wire(read(), FileClock(Path(sys.argv[1])))
    hand_out = Beat("webhooks.hand_out", wired.outreach.sender.hand_out, every_seconds=0.5)
    code = run(
        wired.settings,
        wired.uow,
        wired.client,
        subscriptions=wired.subscriptions,
        timetable=Timetable(beats=(hand_out,)),
    )
    end_process(code)


if __name__ == "__main__":
    main()

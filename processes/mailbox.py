"""The demo's mail server: takes every mail on the loopback interface and keeps it as a file; nothing leaves."""

import logging
import secrets
import signal
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.kernel.clock import Clock, to_epoch_ms

KEPT = 500
"""How many mails are kept; older ones are dropped."""
_log = logging.getLogger(__name__)


class MailFolder:
    """Keeps mails in a folder, one file each, the newest last by name."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder, self._clock = folder, clock
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd
        """Keep one mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        name = f"{to_epoch_ms(self._clock.now()):013d}-{secrets.token_hex(4)}"
        draft = self.folder / f".{name}"
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.rename(self.folder / f"{name}.eml")
        for old in sorted(self.folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        _log.info("mail_kept", extra={"file": f"{name}.eml"})
        return "250 kept"


def open_mailbox(folder: Path, clock: Clock, *, port: int, host: str = "127.0.0.1") -> Controller:
    """Start the server in a thread and return its controller.

    Raises: OSError where the port is taken.
    """
    controller = Controller(MailFolder(folder, clock), hostname=host, port=port)
    controller.start()
    return controller


def run(folder: Path, clock: Clock, *, port: int) -> None:
    """Serve until the process is told to end."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    controller = open_mailbox(folder, clock, port=port)
    _log.info("mailbox_open", extra={"port": port})
    over.wait()
    controller.stop()

"""The demo's mail server: takes every mail on the loopback interface and keeps it as a file; nothing leaves."""

import logging
import secrets
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.infra.settings import Settings
from services.kernel.clock import Clock, to_epoch_ms
from services.kernel.errors import Conflict

FOLDER = "mailbox"
"""Where in the data folder mails are kept."""
KEPT = 500
"""How many mails are kept; older ones are dropped."""
_HOST, _MARK = "127.0.0.1", "/mailbox"
_ENDINGS = {signal.SIGTERM, signal.SIGINT}
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


def with_mailbox(settings: Settings) -> Settings:
    """Return the settings of an installation whose mails stay here, where it is a demo without a mail server."""
    if not settings.demo or settings.smtp_url:
        return settings
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port = probe.getsockname()[1]
    return settings.model_copy(update={"smtp_url": f"smtp://{_HOST}:{port}{_MARK}"})


def mailbox_port(smtp_url: str) -> int | None:
    """Return the port of the demo's own mail server; nothing where mails go to another one."""
    return urlsplit(smtp_url).port if smtp_url.endswith(_MARK) else None


def open_mailbox(folder: Path, clock: Clock, *, port: int, host: str = _HOST) -> Controller:
    """Start the server in a thread and return its controller.

    Raises: OSError where the port is taken.
    """
    controller = Controller(MailFolder(folder, clock), hostname=host, port=port)
    controller.start()
    return controller


def run(settings: Settings, clock: Clock) -> None:
    """Serve until the process is told to end.

    Raises: Conflict where mails go to another server.
    """
    port = mailbox_port(settings.smtp_url)
    if port is None:
        raise Conflict("mailbox_not_wanted", "Mails go to another server: `manage.py up --demo` starts a mailbox.")
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of each command
    # Blocked before the server's thread starts, so that the one wait below gets them whenever they come.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    controller = open_mailbox(settings.data_dir / FOLDER, clock, port=port)
    _log.info("mailbox_open", extra={"port": port})
    signal.sigwait(_ENDINGS)
    controller.stop()

"""The mails that the demo's own mail server has kept, read from its folder."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from services.kernel.clock import from_epoch_ms

_NAME = re.compile(r"(\d{13})-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One mail as its reader sees it."""

    name: str
    received_at: datetime
    to: str
    subject: str
    text: str
    correlation_id: str


class Mailbox:
    """A folder of mails."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def latest(self, count: int = 50) -> list[KeptMail]:
        """Return the newest mails, the latest first."""
        names = sorted((file.stem for file in self._folder.glob("*.eml") if _NAME.fullmatch(file.stem)), reverse=True)
        return [mail for name in names[:count] if (mail := self.find(name))]

    def find(self, name: str) -> KeptMail | None:
        """Return one mail; nothing where there is none of this name."""
        known = _NAME.fullmatch(name)
        if known is None:
            return None
        try:
            message = message_from_bytes((self._folder / f"{name}.eml").read_bytes(), policy=policy.default)
        except OSError:
            return None
        return KeptMail(
            name=name,
            received_at=from_epoch_ms(int(known[1])),
            to=str(message["To"] or ""),
            subject=str(message["Subject"] or ""),
            text=_text(message),
            correlation_id=str(message["X-Correlation-Id"] or ""),
        )


def _text(message: object) -> str:
    body = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    return str(body.get_content()) if body is not None else ""

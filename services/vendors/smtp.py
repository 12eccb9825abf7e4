"""Mail by SMTP: one connection a mail, TLS where the address says so, refusals told apart from hiccups.

Source: RFC 5321 §4.2.1 (reply codes), RFC 5322 §3.6.4 (Message-ID), RFC 3834 §5 (Auto-Submitted),
RFC 8058 (List-Unsubscribe-Post).
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from services.infra.http import refuse_in_transaction
from services.kernel.errors import Invalid
from services.notifications.ports import Mail, MailRefused, MailUnavailable

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_SETTING = "GREENLIGHT_SMTP_URL"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails go: `smtp://`, `smtp+starttls://` or `smtps://`, with credentials where the server wants them."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @classmethod
    def at(cls, url: str) -> "SmtpServer":
        """Read a URL.

        Raises: Invalid for an unknown scheme, a missing host, or credentials without TLS.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise _wrong("write smtp://host:port, smtp+starttls://user:password@host or smtps://user:password@host")
        if parts.username and parts.scheme == "smtp" and parts.hostname not in _LOOPBACK:
            raise _wrong("credentials need TLS; write smtp+starttls:// or smtps://")
        return cls(
            parts.scheme,
            parts.hostname,
            _port(parts) or _PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )


class SmtpGateway:
    """Hands mails to an SMTP server."""

    def __init__(
        self, url: str, sender: str, *, timeout_seconds: float = 10.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._server = SmtpServer.at(url)
        name, address = parseaddr(sender) if sender.isprintable() else ("", "")
        try:
            self._sender = Address(name, addr_spec=address)
        except (ValueError, IndexError) as error:
            message = "GREENLIGHT_MAIL_FROM: write Name <name@example.com>."
            raise Invalid("setting_invalid", message, setting="GREENLIGHT_MAIL_FROM") from error
        self._timeout_seconds, self._tls = timeout_seconds, tls

    def send(self, mail: Mail) -> None:
        """Hand a mail over.

        Raises: MailRefused where it can never be delivered, MailUnavailable where another try may help.
        """
        refuse_in_transaction("SMTP")
        message = self._written(mail)
        with _replies_translated(), self._connected() as connection:
            connection.send_message(message, self._sender.addr_spec, [mail.recipient])

    def _written(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        try:
            message["From"] = self._sender
            message["To"] = Address(addr_spec=mail.recipient)
            message["Subject"] = mail.subject
            message["Date"] = format_datetime(mail.queued_at)
            message["Message-ID"] = f"<{mail.message_id}@{self._sender.domain}>"
            message["Auto-Submitted"] = "auto-generated"
            message["X-Correlation-Id"] = mail.correlation_id
            if mail.unsubscribe_url:
                message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
                message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            message.set_content(mail.text)
            message.add_alternative(mail.html, subtype="html")
        except (ValueError, IndexError) as error:
            # A header that breaks into a second one is an attack or a fault of ours, never worth another try.
            raise MailRefused("mail_malformed", "This mail is malformed.") from error
        return message

    def _context(self) -> ssl.SSLContext:
        return self._tls or ssl.create_default_context()

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        if server.scheme == "smtps":
            opened: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout_seconds, context=self._context()
            )
        else:
            opened = smtplib.SMTP(server.host, server.port, timeout=self._timeout_seconds)
        with opened as connection:
            if server.scheme == "smtp+starttls":
                connection.starttls(context=self._context())
            if server.user:
                connection.login(server.user, server.password)
            yield connection


@contextmanager
def _replies_translated() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code = next((code for code, _ in error.recipients.values()), 0)
        raise _refusal(code, "recipient", f"smtp_{code}") from error
    except (
        smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused, smtplib.SMTPConnectError, smtplib.SMTPHeloError
    ) as error:  # fmt: skip
        # The fault is in our settings or our standing: the mail is good once an operator has mended them.
        raise MailUnavailable(f"smtp_{error.smtp_code}", "The mail server refuses our account or sender.") from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, "message", f"smtp_message_{error.smtp_code}") from error
    except UnicodeError as error:
        raise MailRefused("mail_malformed", "This mail holds what is no text.") from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefused("smtp_unsupported", "The mail server cannot take this mail.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailUnavailable("smtp_unreachable", "The mail server does not answer.") from error


def _refusal(code: int, what: str, name: str) -> MailRefused | MailUnavailable:
    permanent_from, end = 500, 600
    if permanent_from <= code < end:
        return MailRefused(name, f"The mail server refuses the {what}.")
    return MailUnavailable(name, f"The mail server does not take the {what} now.")


def _wrong(what: str) -> Invalid:
    return Invalid("setting_invalid", f"{_SETTING}: {what}.", setting=_SETTING)


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        raise _wrong("the port is no number between 1 and 65535") from error

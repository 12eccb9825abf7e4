import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from hypothesis import given, settings
from hypothesis import strategies as st

from services.infra.http import NetworkInTransactionError
from services.infra.uow import UnitOfWork
from services.kernel.errors import Invalid
from services.notifications import Mail, MailRefused, MailUnavailable
from services.vendors.smtp import SmtpGateway, SmtpServer
from tests.servers.process import free_port

from .conftest import SENDER, MailServer

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def mail(recipient: str = "ada@example.com", subject: str = "Grüße", correlation_id: str = "cor_1") -> Mail:
    return Mail("msg_1", recipient, subject, "Hello — plain\n", "<p>Hello — rich</p>", AT, correlation_id)


@pytest.mark.capability("ERR-2")
def test_a_mail_arrives_whole_with_our_id_and_the_correlation_id(gateway: SmtpGateway, mail_server: MailServer) -> None:
    gateway.send(mail())
    (envelope,), (received,) = mail_server.envelopes, mail_server.mails
    assert envelope.mail_from == "no-reply@greenlight.example"
    assert envelope.rcpt_tos == ["ada@example.com"]
    assert received["From"] == SENDER
    assert received["To"] == "ada@example.com"
    assert received["Subject"] == "Grüße"
    assert received["Message-ID"] == "<msg_1@greenlight.example>"
    assert received["X-Correlation-Id"] == "cor_1"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["Date"].datetime == AT
    plain, rich = received.get_body(("plain",)), received.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().strip() == "Hello — plain"
    assert rich.get_content().strip() == "<p>Hello — rich</p>"


@pytest.mark.parametrize("field", ["recipient", "subject", "correlation_id"])
@pytest.mark.parametrize("breaking", ["\r\nBcc: eve@example.com", "\nBcc: eve@example.com", "\rX: y"])
def test_a_value_that_would_add_a_header_is_refused(
    gateway: SmtpGateway, mail_server: MailServer, field: str, breaking: str
) -> None:
    values = {"recipient": "ada@example.com", "subject": "Hi", "correlation_id": "cor_1"}
    with pytest.raises(MailRefused):
        gateway.send(mail(**(values | {field: values[field] + breaking})))
    assert mail_server.envelopes == []


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_subject_adds_a_header(subject: str) -> None:
    gateway = SmtpGateway("smtp://127.0.0.1:9", SENDER)
    try:
        written = gateway._written(mail(subject=subject)).as_bytes()
    except (MailRefused, UnicodeEncodeError):
        return
    head = written.partition(b"\r\n\r\n")[0]
    names = {line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")}
    assert names == {
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted", b"X-Correlation-Id", b"MIME-Version",
        b"Content-Type",
    }  # fmt: skip


@pytest.mark.parametrize("answer", ["550 no such user", "554 refused", "552 too large"])
def test_a_permanent_refusal_is_told_apart(gateway: SmtpGateway, mail_server: MailServer, answer: str) -> None:
    mail_server.answer = answer
    with pytest.raises(MailRefused) as refused:
        gateway.send(mail())
    assert (refused.value.code, refused.value.retryable) == (f"smtp_message_{answer[:3]}", False)
    mail_server.answer, mail_server.recipient_answer = "250 kept", answer
    with pytest.raises(MailRefused) as refused:
        gateway.send(mail())
    assert refused.value.code == f"smtp_{answer[:3]}"


@pytest.mark.parametrize("answer", ["451 later", "421 closing", "450 greylisted", "452 full"])
def test_a_passing_refusal_may_be_tried_again(gateway: SmtpGateway, mail_server: MailServer, answer: str) -> None:
    mail_server.recipient_answer = answer
    with pytest.raises(MailUnavailable) as refused:
        gateway.send(mail())
    assert refused.value.retryable


def test_no_server_and_a_silent_server_may_be_tried_again() -> None:
    with pytest.raises(MailUnavailable):
        SmtpGateway(f"smtp://127.0.0.1:{free_port()}", SENDER, timeout_seconds=0.2).send(mail())


def test_a_mail_is_never_sent_inside_a_transaction(
    gateway: SmtpGateway, mail_server: MailServer, uow: UnitOfWork
) -> None:
    with uow.writing() as session, uow.lend(session), pytest.raises(NetworkInTransactionError):
        gateway.send(mail())
    assert mail_server.envelopes == []


@pytest.mark.parametrize(
    "url",
    ["", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://user:secret@mail.example.com", "smtp://h:x"],
)
def test_a_wrong_address_is_refused_with_the_name_of_its_setting(url: str) -> None:
    with pytest.raises(Invalid, match="GREENLIGHT_SMTP_URL") as refused:
        SmtpGateway(url, SENDER)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("sender", ["", "nobody", "a@b\nBcc: c@d"])
def test_a_wrong_sender_is_refused_with_the_name_of_its_setting(sender: str) -> None:
    with pytest.raises(Invalid, match="GREENLIGHT_MAIL_FROM"):
        SmtpGateway("smtp://127.0.0.1:25", sender)


def test_credentials_are_read_from_the_address() -> None:
    server = SmtpServer.at("smtp+starttls://user%40example.com:p%2Fw@mail.example.com")
    assert (server.user, server.password, server.port) == ("user@example.com", "p/w", 587)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", file, "-out", file.with_suffix(".crt")],
        check=True, capture_output=True,
    )  # fmt: skip
    return file


class Guarded:
    """A server that wants TLS and credentials."""

    def __init__(self) -> None:
        self.secure: list[bool] = []

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: object
    ) -> AuthResult:
        right = getattr(data, "password", b"") == b"right"
        return AuthResult(success=right)

    async def handle_DATA(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        self.secure.append(server.transport is not None and bool(server.transport.get_extra_info("sslcontext")))
        return "250 kept"


@pytest.fixture
def guarded(certificate: Path) -> Iterator[tuple[Guarded, int, ssl.SSLContext]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.with_suffix(".crt"), certificate)
    handler, port = Guarded(), free_port()
    controller = Controller(
        handler, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True,
        authenticator=handler.authenticate, auth_required=True,
    )  # fmt: skip
    controller.start()
    yield handler, port, ssl.create_default_context(cafile=str(certificate.with_suffix(".crt")))
    controller.stop()


def test_starttls_and_credentials_are_used(guarded: tuple[Guarded, int, ssl.SSLContext]) -> None:
    handler, port, trusting = guarded
    SmtpGateway(f"smtp+starttls://ada:right@localhost:{port}", SENDER, tls=trusting).send(mail())
    assert handler.secure == [True]


def test_wrong_credentials_are_ours_to_mend_so_the_mail_waits(guarded: tuple[Guarded, int, ssl.SSLContext]) -> None:
    _, port, trusting = guarded
    with pytest.raises(MailUnavailable):
        SmtpGateway(f"smtp+starttls://ada:wrong@localhost:{port}", SENDER, tls=trusting).send(mail())


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(guarded: tuple[Guarded, int, ssl.SSLContext]) -> None:
    handler, port, _ = guarded
    with pytest.raises(MailUnavailable):
        SmtpGateway(f"smtp+starttls://ada:right@localhost:{port}", SENDER).send(mail())
    assert handler.secure == []

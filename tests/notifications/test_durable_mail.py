"""A letter's whole way: request, fact, reaction, effect, mail server, through a background process of its own."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.identity import Role
from services.infra.audit import AuditEntryRow
from services.infra.migrate import migrate
from services.infra.settings import Settings, read
from services.kernel.clock import SystemClock
from services.kernel.context import correlated, new_correlation
from services.kernel.paging import PageRequest
from services.notifications.views import MessageState, MessageView
from services.wiring import Wired, wire
from tests.servers.process import ServerProcess
from tests.servers.waiting import until
from tools.paths import ROOT

from .conftest import ADMIN, SENDER, MailServer

REQUEST = "request-4711-abc"


class Background(ServerProcess):
    """`manage.py background` on a database that others use too."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__("background")
        self._settings = settings

    def command(self) -> Sequence[str]:
        """Return the operator's command."""
        return [sys.executable, str(ROOT / "manage.py"), "background"]

    def environment(self) -> Mapping[str, str]:
        """Return its settings."""
        return {"PATH": "/usr/bin:/bin", **self._settings}

    def ready(self) -> bool:
        """Say whether it works."""
        return "background_started" in self.log.read_text()


@pytest.fixture
def settings(empty_database_url: str, mail_server: MailServer, tmp_path: Path) -> Settings:
    return read({}, database_url=empty_database_url, data_dir=tmp_path, smtp_url=mail_server.url, mail_from=SENDER)


@pytest.fixture
def wired(settings: Settings) -> Iterator[Wired]:
    migrate(settings.database_url)
    made = wire(settings, SystemClock())
    yield made
    made.engine.dispose()


@pytest.fixture
def background(settings: Settings, wired: Wired) -> Iterator[Background]:
    assert wired.settings == settings
    given = {
        "GREENLIGHT_DATABASE_URL": settings.database_url,
        "GREENLIGHT_DATA_DIR": str(settings.data_dir),
        "GREENLIGHT_SMTP_URL": settings.smtp_url,
        "GREENLIGHT_MAIL_FROM": settings.mail_from,
    }
    with Background(given) as running:
        yield running


@pytest.mark.capability("ERR-2")
def test_one_correlation_id_leads_from_the_request_to_the_mail_and_every_audit_row(
    wired: Wired, background: Background, mail_server: MailServer
) -> None:
    with correlated(new_correlation(REQUEST)):
        issued = wired.services.identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    mail = until(lambda: mail_server.mails and mail_server.mails[0], "the invitation's mail", 60)
    assert mail
    assert mail["X-Correlation-Id"] == REQUEST
    body = mail.get_body(("plain",))
    assert body is not None
    assert issued.token in body.get_content()

    def sent() -> bool:
        messages = wired.services.messages.latest(ADMIN, PageRequest()).items
        return [(m.state, m.correlation_id) for m in messages] == [(MessageState.SENT, REQUEST)]

    until(sent, "the message's settlement", 30)
    with wired.uow.reading() as session:
        found = sa.select(AuditEntryRow.verb).where(AuditEntryRow.correlation_id == REQUEST)
        verbs = session.scalars(found.order_by(AuditEntryRow.id)).all()
    assert verbs == [
        "identity.Invitations.invite",
        "notifications.Messages.compose_invitation",
        "notifications.Messages.settle_sent",
    ]


def test_a_letter_asked_for_while_no_background_runs_is_sent_once_when_one_does(
    wired: Wired, mail_server: MailServer, request: pytest.FixtureRequest
) -> None:
    wired.services.identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    assert mail_server.envelopes == []
    request.getfixturevalue("background")
    until(lambda: mail_server.envelopes, "the invitation's mail", 60)

    def settled() -> bool:
        return [m.state for m in wired.services.messages.latest(ADMIN, PageRequest()).items] == [MessageState.SENT]

    until(settled, "the message's settlement", 30)
    assert len(mail_server.envelopes) == 1


def test_a_mail_that_the_server_does_not_take_yet_says_why_and_when_it_is_tried_again(
    wired: Wired, background: Background, mail_server: MailServer
) -> None:
    assert background.ready()
    mail_server.answer = "451 later, please"
    wired.services.identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)

    def retried() -> MessageView | None:
        shown = wired.services.messages.latest(ADMIN, PageRequest()).items
        return next((each for each in shown if each.state is MessageState.RETRYING), None)

    message = until(retried, "the message's second attempt", 60)
    assert message
    assert message.failed_because
    assert "ada@example.com" not in message.failed_because
    assert message.next_attempt_at is not None
    assert message.next_attempt_at > message.queued_at
    mail_server.answer = "250 kept"

    def sent() -> bool:
        shown = wired.services.messages.latest(ADMIN, PageRequest()).items
        return [(m.state, m.failed_because, m.next_attempt_at) for m in shown] == [(MessageState.SENT, None, None)]

    until(sent, "the message's settlement", 90)

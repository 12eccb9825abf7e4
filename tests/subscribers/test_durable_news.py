"""An incident's whole way to a mailbox and a webhook, through a background process of its own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from services.identity import ROLE_PERMISSIONS, Role
from services.incidents.views import IncidentDraft
from services.infra.migrate import migrate
from services.infra.settings import Settings, read
from services.kernel.clock import SystemClock
from services.kernel.context import UserActor
from services.kernel.errors import Unavailable
from services.kernel.paging import PageRequest
from services.subscribers import Choices
from services.webhooks.rules import DeliveryState
from services.webhooks.tables import DeliveryRow
from services.wiring import Wired, wire
from tests.notifications.conftest import SENDER, MailServer
from tests.notifications.test_durable_mail import Background
from tests.servers.waiting import until
from tests.webhooks.carrying import Receiver

from .conftest import text_of

OPERATOR = UserActor("usr_" + "a" * 32, ROLE_PERMISSIONS[Role.OPERATOR])


@pytest.fixture
def settings(empty_database_url: str, mail_server: MailServer, tmp_path: Path) -> Settings:
    return read(
        {}, database_url=empty_database_url, data_dir=tmp_path, smtp_url=mail_server.url, mail_from=SENDER,
        outbound_allow="127.0.0.0/8",
    )  # fmt: skip


@pytest.fixture
def wired(settings: Settings) -> Iterator[Wired]:
    migrate(settings.database_url)
    made = wire(settings, SystemClock())
    yield made
    made.engine.dispose()


@pytest.fixture
def background(settings: Settings, wired: Wired) -> Iterator[Background]:
    assert wired.settings == settings
    names = ("database_url", "data_dir", "smtp_url", "mail_from", "outbound_allow")
    given = {f"GREENLIGHT_{name.upper()}": str(getattr(settings, name)) for name in names}
    with Background(given) as running:
        yield running


def subscribed(wired: Wired, mail_server: MailServer, email: str, channel: str = "email", target: str = "") -> str:
    """Ask, wait for the letter, confirm, and return a webhook's secret."""
    door = wired.public.subscriptions
    assert door is not None
    door.requests.ask(wired.public.visitor, channel=channel, email=email, target=target, choices=Choices(),
                      client_address="203.0.113.7")  # fmt: skip

    def letter() -> str | None:
        found = [mail for mail in mail_server.mails if mail["To"] == email]
        match = re.search(r"/confirm/([^/\s]+)/", text_of(found[0])) if found else None
        return match[1] if match else None

    token = until(letter, f"the letter to {email}", 60)
    return door.requests.confirm(wired.public.visitor, token=str(token)).secret or ""


@pytest.mark.capability("STATUS-6")
@pytest.mark.capability("HOOK-1")
def test_an_incident_reaches_mailbox_and_webhook_even_where_the_webhook_fails_at_first(
    wired: Wired, background: Background, mail_server: MailServer, receiver: Receiver
) -> None:
    assert background.ready()
    secret = subscribed(wired, mail_server, "ops@example.com", "webhook", receiver.url)
    subscribed(wired, mail_server, "ada@example.com")
    receiver.status = 503
    draft = IncidentDraft("Checkout <b>fails</b>", "investigating", "We are looking.", impact="major",
                          impact_reason="the tests say so")  # fmt: skip
    wired.services.incidents.declaring.declare(OPERATOR, draft)
    until(lambda: [m for m in mail_server.mails if "Checkout" in str(m["Subject"])], "the news by mail", 30)
    until(lambda: receiver.heard, "the first attempt", 30)
    receiver.status = 204
    message_id = receiver.heard[0].headers["webhook-id"]

    def tried() -> bool:
        return wired.services.webhooks.deliveries(OPERATOR, PageRequest()).items[0].attempts == 1

    until(tried, "the first attempt to be kept", 30)
    until(lambda: _hastened(wired), "the next attempt's time", 60)
    until(lambda: len(receiver.heard) > 1, "the second attempt", 60)
    assert receiver.heard[1].headers["webhook-id"] == message_id
    payload = Webhook(secret).verify(receiver.heard[1].body, receiver.heard[1].headers)
    assert payload == json.loads(receiver.heard[1].body)
    assert payload["incident"]["name"] == "Checkout <b>fails</b>"

    def settled() -> bool:
        return wired.services.webhooks.deliveries(OPERATOR, PageRequest()).items[0].state is DeliveryState.DELIVERED

    until(settled, "the delivery's settlement", 30)


def _hastened(wired: Wired) -> bool:
    """Let the next attempt be due now, instead of in a minute; not where SQLite's one writer is somebody else."""
    try:
        with wired.uow.writing() as session:
            session.execute(sa.update(DeliveryRow).values(due_at=wired.clock.now()))
    except Unavailable:
        return False
    return True

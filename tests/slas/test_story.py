"""The whole way of a breach, with the product's own wiring and durable queue, on a clock that the test moves.

Checkouts end, the engine looks, an incident opens and is told by mail and webhook, checkouts succeed again, and the
incident closes itself with a report.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from aiosmtpd.controller import Controller
from standardwebhooks import Webhook

from services.components.founding import FOUNDER
from services.events.payments import CheckoutEnded
from services.events.probes import ProbeJudged
from services.incidents.views import IncidentView
from services.infra.migrate import migrate
from services.infra.settings import Settings, read
from services.kernel.context import JobActor
from services.kernel.facts import Fact
from services.kernel.paging import PageRequest
from services.metrics import Counts
from services.slas import LOOKER
from services.slas.views import SlaState
from services.wiring import Wired, wire
from tests.conftest import NOON
from tests.notifications.conftest import SENDER, MailServer
from tests.servers import waiting
from tests.servers.process import ServerProcess, free_port
from tests.slas.moved_background import FileClock
from tests.subscribers.conftest import text_of
from tests.subscribers.test_durable_news import subscribed
from tests.webhooks.carrying import Receiver, receiving
from tools.paths import ROOT

KEEPER = JobActor("incidents.keeper", frozenset({"incidents.run"}))
CHECKOUT = "checkout0001"
T = TypeVar("T")


def until(condition: Callable[[], T | None], what: str, deadline_seconds: float = 60) -> T:
    """Return the first true value."""
    found = waiting.until(condition, what, deadline_seconds)
    assert found is not None
    return found


class MovedBackground(ServerProcess):
    """Durable work on the moved clock."""

    def __init__(self, settings: Mapping[str, str], clock_file: Path) -> None:
        super().__init__("moved-background")
        self._settings, self._clock_file = settings, clock_file

    def command(self) -> Sequence[str]:
        """Return the program."""
        return [sys.executable, "-m", "tests.slas.moved_background", str(self._clock_file)]

    def environment(self) -> Mapping[str, str]:
        """Return its settings."""
        return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **self._settings}

    def ready(self) -> bool:
        """Say whether it works."""
        return "background_started" in self.log.read_text()


@dataclass
class Shop:
    """The product as the test meets it: events go in, the clock moves, the engine looks."""

    wired: Wired
    clock: FileClock
    ended: int = 0

    def publish(self, *facts: Fact) -> None:
        """Let facts out as the domain does that owns them: with a commit."""
        outbox = self.wired.uow.outbox
        assert outbox is not None
        with self.wired.uow.writing() as session:
            for fact in facts:
                outbox.publish(session, fact)

    def checkouts(self, outcome: str, count: int) -> None:
        """Let checkouts end, and wait until they are counted."""
        self.ended += count
        self.publish(
            *(
                CheckoutEnded(
                    occurred_at=self.clock.now(), order_id=f"ord_{self.ended}_{n}", attempt_id=f"att_{self.ended}_{n}",
                    outcome=outcome, failure_code="" if outcome == "paid" else "processor_silent", origin="real",
                )
                for n in range(count)
            )
        )  # fmt: skip
        until(lambda: self.counted() == self.ended, f"{self.ended} checkouts to be counted")

    def counted(self) -> int:
        """Return how many checkouts were counted."""
        return Counts(self.wired.uow).totals(LOOKER, ("checkouts_attempted",)).get("checkouts_attempted", (0,))[0]

    def look(self, seconds: float = 10) -> SlaState:
        """Let time pass, look, and return how checkouts stand."""
        self.clock.set(self.clock.now() + timedelta(seconds=seconds))
        self.wired.services.slas.engine.look(LOOKER)
        self.wired.services.incidents.upkeep.run(KEEPER)
        public = self.wired.public
        return next(s.state for s in public.slas.slas(public.visitor) if s.name == "checkout")

    def incident(self) -> IncidentView | None:
        """Return the newest incident that the public sees."""
        public = self.wired.public
        return next(iter(public.incidents.history(public.visitor, PageRequest()).items), None)

    def component(self) -> str:
        """Return how the public sees that checkouts stand."""
        public = self.wired.public
        return str(public.components.component(public.visitor, CHECKOUT).status)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer(free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    yield server
    controller.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as made:
        yield made


@pytest.fixture
def settings(empty_database_url: str, mail_server: MailServer, tmp_path: Path) -> Settings:
    return read(
        {}, database_url=empty_database_url, data_dir=tmp_path, smtp_url=mail_server.url, mail_from=SENDER,
        outbound_allow="127.0.0.0/8",
    )  # fmt: skip


@pytest.fixture
def shop(settings: Settings, tmp_path: Path) -> Iterator[Shop]:
    clock = FileClock(tmp_path / "clock")
    clock.set(NOON)
    migrate(settings.database_url)
    wired = wire(settings, clock)
    names = ("database_url", "data_dir", "smtp_url", "mail_from", "outbound_allow")
    given = {f"GREENLIGHT_{name.upper()}": str(getattr(settings, name)) for name in names}
    with MovedBackground(given, tmp_path / "clock"):
        yield Shop(wired, clock)
    wired.client.close()
    wired.engine.dispose()


def up(shop: Shop) -> ProbeJudged:
    return ProbeJudged(
        occurred_at=shop.clock.now(), probe_id="prb_checkout", component_id=CHECKOUT, verdict="up",
        since_at=shop.clock.now().isoformat(), explanation="2 of 2 vantages say so",
    )  # fmt: skip


@pytest.mark.capability("STATUS-3")
def test_a_breach_opens_an_incident_tells_people_and_closes_itself_with_a_report(
    shop: Shop, mail_server: MailServer, receiver: Receiver
) -> None:
    shop.wired.services.components.founding.found(FOUNDER)
    shop.publish(up(shop))
    until(lambda: shop.component() == "operational", "the probe's verdict")
    secret = subscribed(shop.wired, mail_server, "ops@example.com", "webhook", receiver.url)
    subscribed(shop.wired, mail_server, "ada@example.com")
    mail_server.envelopes.clear()

    shop.checkouts("paid", 3)
    assert shop.look() is not SlaState.BREACHED
    shop.checkouts("failed", 8)
    broke_at = shop.clock.now()
    assert shop.look() is SlaState.BREACHED
    assert (shop.clock.now() - broke_at).total_seconds() < 60
    opened = until(shop.incident, "the incident")
    assert (opened.automatic, opened.sla, opened.status, opened.impact) == (
        True, "checkout", "investigating", "critical",
    )  # fmt: skip
    assert [each.component_id for each in opened.affected] == [CHECKOUT]
    assert "All of the last 8 checkouts failed" in opened.updates[0].body
    until(lambda: shop.component() == "degraded_performance", "the component's status")
    until(lambda: told(mail_server, "All of the last 8 checkouts failed"), "the mail about it")
    news = until(lambda: heard(receiver, secret, "investigating"), "the webhook about it")
    assert news["incident"]["id"] == opened.id

    for _ in range(40):
        if shop.look(30) is not SlaState.BREACHED:
            break
        shop.checkouts("paid", 2)
    calm = until(lambda: with_status(shop, "monitoring"), "the incident to calm down")
    assert "8 of" in calm.updates[0].body
    until(lambda: shop.component() == "operational", "the component's recovery")
    for _ in range(13):
        shop.checkouts("paid", 1)
        shop.look(50)
    closed = until(lambda: with_status(shop, "resolved"), "the incident to be resolved")
    assert closed.id == opened.id
    report = closed.updates[0].body
    for part in ("has kept its promise for 10 minutes", "It began at 2026-11-24 12:00", "was found at", "were bad"):
        assert part in report
    until(lambda: told(mail_server, "has kept its promise for 10 minutes"), "the mail with the closing report")
    until(lambda: heard(receiver, secret, "resolved"), "the webhook with the end")
    public = shop.wired.public
    [breach] = public.slas.breaches(public.visitor, PageRequest()).items
    assert breach.ended_at is not None
    assert public.incidents.active(public.visitor) == []


def with_status(shop: Shop, status: str) -> IncidentView | None:
    found = shop.incident()
    return found if found is not None and found.status == status else None


def told(mail_server: MailServer, words: str) -> bool:
    mails = [mail for mail in mail_server.mails if mail["To"] == "ada@example.com"]
    return any(words in " ".join(text_of(mail).split()) for mail in mails)


def heard(receiver: Receiver, secret: str, status: str) -> dict[str, dict[str, str]] | None:
    """Return what a webhook said of a status, its signature checked at the moved clock's time, not at ours."""
    for request in receiver.heard:
        sent_at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        signed = Webhook(secret).sign(request.headers["webhook-id"], sent_at, request.body.decode())
        assert request.headers["webhook-signature"] == signed
        payload = json.loads(request.body)
        if payload.get("incident", {}).get("status") == status:
            return dict(payload)
    return None

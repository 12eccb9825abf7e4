"""Subscribers with a real mail server, a real webhook receiver and a server that speaks Slack's API."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from services.components.views import ComponentStatus, ComponentView
from services.events.components import ComponentStatusChanged
from services.events.incidents import IncidentAnnounced
from services.incidents.views import AffectedView, Impact, IncidentView, UpdateView
from services.infra.crypto import Vault
from services.infra.outbound import Outbound
from services.infra.targets import Opening, OutboundPolicy
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import Actor, UserActor, VisitorActor
from services.kernel.errors import NotFound
from services.notifications import Messages, Post, SubscriberMessages, SubscriberPost
from services.subscribers import Choices, Site, Subscribers, make_subscribers
from services.vendors.slack import SlackWebhooks
from services.vendors.smtp import SmtpGateway
from services.webhooks import Console, Deliveries, Desk, Sender
from services.work import Retries
from tests.notifications.conftest import MailServer
from tests.servers.process import free_port
from tests.webhooks.carrying import Carrier, Receiver, receiving

from .slack_server import SlackServer, slack

URL = "https://greenlight.example"
VISITOR = VisitorActor(frozenset({"subscribers.subscribe"}))
STAFF = UserActor("usr_" + "a" * 32, frozenset({"subscribers.read", "subscribers.manage", "webhooks.read"}))
LOOPBACK = OutboundPolicy(Opening.parse("127.0.0.0/8"))


@dataclass
class Page:
    """What happened and what there is, as the incidents' and components' own reads would answer."""

    clock: FixedClock
    listed: list[ComponentView] = field(default_factory=list)
    known: dict[str, IncidentView] = field(default_factory=dict)
    answers: Callable[[IncidentView], IncidentView] = field(default=lambda view: view)

    def chosen(self, _actor: Actor, component_ids: Sequence[str]) -> Sequence[ComponentView]:
        return [each for each in self.listed if each.id in component_ids]

    def statuses(self, _actor: Actor) -> frozenset[str]:
        return frozenset(str(each.status) for each in self.listed)

    def incident(self, _actor: Actor, incident_id: str) -> IncidentView:
        if incident_id not in self.known:
            raise NotFound("incident_unknown", "There is no such incident.")
        return self.answers(self.known[incident_id])

    def active(self, _actor: Actor) -> Sequence[IncidentView]:
        return [each for each in self.known.values() if each.resolved_at is None]

    def add_component(self, component_id: str, name: str, group_id: str | None = None) -> None:
        now = self.clock.now()
        self.listed.append(
            ComponentView(
                id=component_id, name=name, description="", group_id=group_id, position=len(self.listed) + 1,
                status=ComponentStatus.OPERATIONAL, status_since_at=now, status_reason="", overridden=False,
                showcase=True, only_show_if_degraded=False, start_on=None, depends_on=(), uptime_ratio=None,
                measured_seconds=0, days=(), created_at=now, updated_at=now,
            )
        )  # fmt: skip


class NobodyKnown:
    """An address book without people."""

    def invitation(self, _actor: Actor, _invitation_id: str, *, purpose: str) -> None:
        return None

    def password_reset(self, _actor: Actor, _reset_id: str, *, purpose: str) -> None:
        return None

    def person(self, _actor: Actor, _user_id: str, *, purpose: str) -> None:
        return None


@dataclass
class House:
    """Everything that a subscriber meets, on one database."""

    uow: UnitOfWork
    clock: FixedClock
    carrier: Carrier
    page: Page
    subscribers: Subscribers
    sender: Sender
    console: Console
    post: Post
    letters: SubscriberPost
    mail_server: MailServer
    slack: SlackServer
    number: int = 0

    def carry(self) -> None:
        """Carry everything that waits, and what follows from it."""
        self.carrier.carry(
            self.uow,
            *self.post.subscriptions(),
            *self.letters.subscriptions(),
            *self.subscribers.hearing.subscriptions(),
            *self.sender.subscriptions(),
        )

    def ask(
        self, email: str = "ada@example.com", channel: str = "email", target: str = "",
        choices: Choices | None = None, address: str = "203.0.113.7",
    ) -> None:  # fmt: skip
        self.subscribers.door.requests.ask(
            VISITOR, channel=channel, email=email, target=target, choices=choices or Choices(), client_address=address
        )
        self.carry()

    def subscribe(self, email: str = "ada@example.com", channel: str = "email", target: str = "",
                  choices: Choices | None = None) -> tuple[str, str | None]:  # fmt: skip
        """Ask, confirm by the letter, and return the manage token and a webhook's secret."""
        self.ask(email, channel, target, choices, address=f"198.51.100.{self.number % 250}")
        self.number += 1
        confirmed = self.subscribers.door.requests.confirm(VISITOR, token=self.token("confirm"))
        self.mails.clear()
        self.mail_server.envelopes.clear()
        return confirmed.manage_token, confirmed.secret

    @property
    def mails(self) -> list[EmailMessage]:
        return self.mail_server.mails

    def token(self, purpose: str, mail: EmailMessage | None = None) -> str:
        """Return the token of a link in a letter, by default the newest."""
        found = re.search(rf"/status/subscribe/{purpose}/([^/\s]+)/", text_of(mail or self.mails[-1]))
        assert found
        return found[1]

    def announce(self, name: str = "Checkout fails", body: str = "We are looking.", *, impact: str = "major",
                 components: Sequence[str] = ("cmp1",), occasion: str = "opened", status: str = "investigating",
                 incident_id: str = "inc1", kind: str = "incident", notifies: bool = True,
                 automatic: bool = False) -> IncidentAnnounced:  # fmt: skip
        """Let something be said of an incident, as its domain would."""
        self.number += 1
        now, update_id = self.clock.now(), f"upd{self.number}"
        older = self.page.known[incident_id].updates if incident_id in self.page.known else ()
        update = UpdateView(update_id, status, body, "", now, now, now, (), notifies)
        names = {each.id: each.name for each in self.page.listed}
        view = IncidentView(
            id=incident_id, kind=kind, name=name, status=status, impact=Impact(impact), started_at=now,  # type: ignore[arg-type] # one of the two
            created_at=now, updated_at=now, monitoring_at=None, resolved_at=now if status == "resolved" else None,
            scheduled_for=now if kind == "maintenance" else None,
            scheduled_until=now if kind == "maintenance" else None, updates=(update, *older),
            affected=tuple(AffectedView(c, names[c], "major_outage") for c in components), postmortem="",
            postmortem_html="", postmortem_at=None, automatic=automatic, sla=None, series_id=None, note="",
            version=self.number,
        )  # fmt: skip
        self.page.known[incident_id] = view
        fact = IncidentAnnounced(
            occurred_at=now, incident_id=incident_id, kind=kind, occasion=occasion, update_id=update_id,
            status=status, impact=impact, component_ids=tuple(components), notifies=notifies, version=self.number,
        )  # fmt: skip
        self.tell(fact)
        return fact

    def change(self, old: str, new: str, component_id: str = "cmp1", *, ended: str = "") -> ComponentStatusChanged:
        """Let a component's status change."""
        self.number += 1
        self.page.listed = [
            dataclasses.replace(each, status=ComponentStatus(new)) if each.id == component_id else each
            for each in self.page.listed
        ]
        fact = ComponentStatusChanged(
            occurred_at=self.clock.now(), component_id=component_id, change_id=f"chg{self.number}", old_status=old,
            new_status=new, since_at=self.clock.now().isoformat(), reason="2 of 3 vantages say so",
            ended_status=ended,
        )  # fmt: skip
        self.tell(fact)
        return fact

    def tell(self, fact: IncidentAnnounced | ComponentStatusChanged) -> None:
        self.carrier.publish(None, fact)  # type: ignore[arg-type] # the carrier needs no session
        self.carry()

    def tick(self, **delta: float) -> datetime:
        """Let time pass, and do what the clock does then."""
        now = self.clock.advance(**delta)
        self.subscribers.hearing.tell_together(now)
        with self.uow.writing() as session, self.uow.lend(session):
            self.sender.hand_out()
        self.carry()
        return now


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer(free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    yield server
    controller.stop()


@pytest.fixture
def slack_server() -> Iterator[SlackServer]:
    with slack() as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as made:
        yield made


@pytest.fixture
def house(
    engine: sa.Engine, clock: FixedClock, vault: Vault, mail_server: MailServer, slack_server: SlackServer
) -> House:
    carrier = Carrier()
    uow = UnitOfWork(engine, clock, vault, carrier)
    page = Page(clock)
    page.add_component("cmp1", "Checkout", "grp1")
    page.add_component("cmp2", "Playback")
    desk = Desk(LOOPBACK)
    subscribers = make_subscribers(
        uow, webhooks=desk, slack=SlackWebhooks(slack_server.url), incidents=page, components=page,
        site=Site(URL, "page00000001"), batch=2,
    )  # fmt: skip
    messages = Messages(uow, NobodyKnown(), URL, Retries())
    gateway = SmtpGateway(mail_server.url, "Greenlight <no-reply@greenlight.example>", timeout_seconds=5)
    sender = Sender(Deliveries(uow), Outbound(LOOPBACK), clock, timeout_seconds=2)
    letters = SubscriberPost(SubscriberMessages(uow, messages, subscribers.letters))
    return House(
        uow, clock, carrier, page, subscribers, sender, Console(uow, desk), Post(messages, gateway), letters,
        mail_server, slack_server,
    )  # fmt: skip

"""A real mail server on the loopback interface, and letters that reach it the way durable work carries them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from argon2 import PasswordHasher
from sqlalchemy.orm import Session as DatabaseSession

from services.identity import PUBLIC_PERMISSIONS, ROLE_PERMISSIONS, Client, Identity, Role, make_identity
from services.identity.passwords import Passwords
from services.infra.crypto import Vault
from services.infra.durable import Effect, Failure, Reaction
from services.infra.settings import read
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import Correlation, UserActor, VisitorActor, correlated, correlation
from services.kernel.errors import DomainError
from services.kernel.facts import Fact
from services.notifications import Messages, Post
from services.vendors.smtp import SmtpGateway
from services.work import Retries
from tests.servers.process import free_port

PUBLIC_URL = "https://greenlight.example"
SENDER = "Greenlight <no-reply@greenlight.example>"
VISITOR = VisitorActor(permissions=PUBLIC_PERMISSIONS)
ADMIN = UserActor("usr_" + "a" * 32, ROLE_PERMISSIONS[Role.ADMIN])
CLIENT = Client("203.0.113.7")


@dataclass
class MailServer:
    """Keeps what it receives, and answers as it is told."""

    port: int
    answer: str = "250 kept"
    recipient_answer: str = "250 fine"
    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        if self.answer.startswith("250"):
            self.envelopes.append(envelope)
        return self.answer

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self) -> list[EmailMessage]:
        parsed = [
            message_from_bytes(e.content if isinstance(e.content, bytes) else b"", policy=policy.default)
            for e in self.envelopes
        ]
        return [mail for mail in parsed if isinstance(mail, EmailMessage)]


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer(free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    yield server
    controller.stop()


@dataclass
class Carrier:
    """Carries facts as the durable queue does: each with the ids of its request, reactions in one transaction."""

    waiting: list[tuple[Fact, Correlation]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def publish(self, _session: DatabaseSession, fact: Fact) -> None:
        self.waiting.append((fact, correlation()))

    def carry(self, uow: UnitOfWork, post: Post) -> None:
        """Carry everything that waits, and what follows from it."""
        while self.waiting:
            fact, ids = self.waiting.pop(0)
            for subscription in post.subscriptions():
                if isinstance(fact, subscription.fact):
                    with correlated(ids):
                        self._run(uow, subscription, fact)

    def _run(self, uow: UnitOfWork, subscription: Reaction | Effect, fact: Fact) -> None:  # type: ignore[type-arg] # any kind of fact
        if isinstance(subscription, Reaction):
            with uow.writing() as session, uow.lend(session):
                subscription.run(fact)
            return
        try:
            result = subscription.run(fact, "key")
        except DomainError as error:
            self.failures.append(error.code)
            if not error.retryable and subscription.give_up:
                with uow.writing() as session, uow.lend(session):
                    subscription.give_up(fact, Failure(error.code, error.message, error.retryable, 1))
            return
        if subscription.settle:
            with uow.writing() as session, uow.lend(session):
                subscription.settle(fact, result)


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def uow(engine: sa.Engine, clock: FixedClock, vault: Vault, carrier: Carrier) -> UnitOfWork:
    return UnitOfWork(engine, clock, vault, carrier)


@pytest.fixture
def identity(uow: UnitOfWork, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Identity:
    settings = read({}, database_url=database_url, data_dir=tmp_path_factory.mktemp("data"))
    return make_identity(uow, settings, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))


@pytest.fixture
def messages(uow: UnitOfWork, identity: Identity) -> Messages:
    return Messages(uow, identity.letters, PUBLIC_URL, Retries())


@pytest.fixture
def gateway(mail_server: MailServer) -> SmtpGateway:
    return SmtpGateway(mail_server.url, SENDER, timeout_seconds=5)


@pytest.fixture
def post(messages: Messages, gateway: SmtpGateway) -> Post:
    return Post(messages, gateway)

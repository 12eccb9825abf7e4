"""Webhooks on both databases, with a receiver on the loopback interface that a policy opens."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from services.infra.crypto import Vault
from services.infra.outbound import Outbound
from services.infra.targets import Opening, OutboundPolicy
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.clock import FixedClock
from services.kernel.context import Actor, JobActor, UserActor
from services.webhooks import Console, Deliveries, Desk, Sender
from services.webhooks.views import OpenedEndpoint

from .carrying import Carrier, Receiver, receiving

LOOPBACK = OutboundPolicy(Opening.parse("127.0.0.0/8"))
OWNER = JobActor("tests", frozenset({"owners.act"}))
STAFF = UserActor("usr_" + "a" * 32, frozenset({"webhooks.read", "webhooks.replay"}))


class Owner:
    """A domain that has webhooks: its verbs work through the desk."""

    def __init__(self, uow: UnitOfWork, desk: Desk) -> None:
        self.uow, self.desk = uow, desk

    @command(permission="owners.act")
    def open(self, actor: Actor, url: str, subject_id: str = "sub_1") -> OpenedEndpoint:
        return self.desk.open(owner=f"tests:{subject_id}", subject_id=subject_id, url=url)

    @command(permission="owners.act")
    def tell(self, actor: Actor, endpoint_id: str, cause: str, text: str = "") -> str | None:
        return self.desk.queue(endpoint_id, kind="incident", body={"text": text or cause}, cause=cause)

    @command(permission="owners.act")
    def rotate(self, actor: Actor, endpoint_id: str) -> str:
        return self.desk.rotate(endpoint_id)

    @command(permission="owners.act")
    def close(self, actor: Actor, endpoint_id: str) -> None:
        self.desk.close(endpoint_id)

    @query(permission="owners.act")
    def url(self, actor: Actor, endpoint_id: str) -> str:
        return self.desk.endpoint(endpoint_id).url

    @command(permission="owners.act")
    def erase(self, actor: Actor, subject_id: str) -> None:
        self.uow.vault.destroy(current().session, subject_id)


@dataclass
class House:
    uow: UnitOfWork
    clock: FixedClock
    carrier: Carrier
    desk: Desk
    owner: Owner
    console: Console
    sender: Sender

    def carry(self) -> None:
        self.carrier.carry(self.uow, *self.sender.subscriptions())

    def wait(self, **delta: float) -> None:
        """Let time pass, then hand out and send what is due by then."""
        self.clock.advance(**delta)
        with self.uow.writing() as session, self.uow.lend(session):
            self.sender.hand_out()
        self.carry()


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def uow(engine: sa.Engine, clock: FixedClock, vault: Vault, carrier: Carrier) -> UnitOfWork:
    return UnitOfWork(engine, clock, vault, carrier)


@pytest.fixture
def house(uow: UnitOfWork, clock: FixedClock, carrier: Carrier) -> House:
    desk = Desk(LOOPBACK)
    sender = Sender(Deliveries(uow), Outbound(LOOPBACK), clock, timeout_seconds=2)
    return House(uow, clock, carrier, desk, Owner(uow, desk), Console(uow, desk), sender)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as made:
        yield made

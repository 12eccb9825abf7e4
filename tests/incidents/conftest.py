"""Incidents over three known components, and the facts that they publish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.events.incidents import ComponentsAffected, IncidentAnnounced, MaintenanceAccounted
from services.events.slas import SlaBreached, SlaRecovered
from services.incidents import Incidents, make_incidents
from services.incidents.ports import NamedComponent
from services.incidents.views import ComponentStatusDraft, IncidentDraft, MaintenanceDraft, UpdateDraft
from services.infra.crypto import Vault
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, UserActor, VisitorActor
from services.kernel.facts import Fact

OPERATOR = UserActor("usr_" + "a" * 32, frozenset({"incidents.read", "incidents.manage", "incidents.drafts.read"}))
SECOND = UserActor("usr_" + "b" * 32, OPERATOR.permissions)
CLOCK = JobActor("incidents.keeper", frozenset({"incidents.run"}))
VISITOR = VisitorActor(frozenset({"incidents.read"}))

F = TypeVar("F", bound=Fact)


@dataclass
class Told:
    """Keeps the facts that were published."""

    facts: list[Fact] = field(default_factory=list)

    def publish(self, _session: Session, fact: Fact) -> None:
        self.facts.append(fact)

    def of(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@dataclass
class Book:
    """Knows some components."""

    known: dict[str, NamedComponent] = field(default_factory=dict)

    def named(self, component_ids: Sequence[str]) -> Mapping[str, NamedComponent]:
        return {each: self.known[each] for each in component_ids if each in self.known}

    def every(self) -> Sequence[NamedComponent]:
        return list(self.known.values())


@dataclass
class House:
    """Incidents, their clock, and what they told."""

    verbs: Incidents
    clock: FixedClock
    told: Told
    book: Book

    def declare(self, name: str = "Checkout fails", **values: object) -> str:
        fields = {"status": "investigating", "body": "We are looking.", "components": gave(checkout="major_outage")}
        return self.verbs.declaring.declare(OPERATOR, IncidentDraft(name, **(fields | values)))  # type: ignore[arg-type] # a test's words

    def update(self, incident_id: str, status: str, body: str = "News.", **values: object) -> str:
        version = self.verbs.reads.incident(VISITOR, incident_id).version
        draft = UpdateDraft(status, body, **values)  # type: ignore[arg-type] # a test's words
        return self.verbs.declaring.post_update(OPERATOR, incident_id, draft, version=version)

    def schedule(self, *, starts_in: timedelta = timedelta(hours=26), hours: float = 1, **values: object) -> str:
        at = self.clock.now() + starts_in
        draft = MaintenanceDraft("New disks", "We change disks.", ("checkout",), at, at + timedelta(hours=hours))
        draft = replace(draft, **values)  # type: ignore[arg-type] # a test's words
        return self.verbs.maintaining.schedule(OPERATOR, draft)

    def step(self, maintenance_id: str, status: str) -> str:
        version = self.verbs.reads.incident(VISITOR, maintenance_id).version
        return self.verbs.maintaining.post_update(
            OPERATOR, maintenance_id, status=status, body="It moves on.", version=version
        )

    def tick(self) -> int:
        return self.verbs.upkeep.run(CLOCK)

    def last_affected(self) -> ComponentsAffected:
        return self.told.of(ComponentsAffected)[-1]

    def last_account(self) -> MaintenanceAccounted:
        return self.told.of(MaintenanceAccounted)[-1]

    @property
    def occasions(self) -> list[str]:
        return [fact.occasion for fact in self.told.of(IncidentAnnounced)]


def gave(**statuses: str) -> tuple[ComponentStatusDraft, ...]:
    return tuple(ComponentStatusDraft(name, status) for name, status in statuses.items())


def breached(at: datetime, breach_id: str = "brc_1", **values: object) -> SlaBreached:
    fields: dict[str, object] = {
        "sla": "checkout",
        "title": "Checkout",
        "rule": "page_fast",
        "explanation": "31 of 200 checkouts were bad within 1 hour.",
        "impact": "major",
        "component_ids": ("checkout",),
        "started_at": (at - timedelta(minutes=5)).isoformat(),
    }
    return SlaBreached(occurred_at=at, breach_id=breach_id, **(fields | values))  # type: ignore[arg-type] # a test's words


def recovered(at: datetime, breach_id: str = "brc_1", sla: str = "checkout") -> SlaRecovered:
    return SlaRecovered(
        occurred_at=at, breach_id=breach_id, sla=sla, title="Checkout", explanation="0 of 180 checkouts were bad."
    )


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def uow(engine: sa.Engine, clock: FixedClock, vault: Vault, told: Told) -> UnitOfWork:
    return UnitOfWork(engine, clock, vault, told)


@pytest.fixture
def house(uow: UnitOfWork, clock: FixedClock, told: Told) -> House:
    names = {"checkout": "Checkout", "playback": "Playback", "payouts": "Payouts"}
    book = Book({each: NamedComponent(each, name, "Shop", "operational") for each, name in names.items()})
    return House(make_incidents(uow, book), clock, told, book)

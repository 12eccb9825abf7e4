from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.components import ComponentDraft, ComponentVerbs, make_components
from services.components.views import ComponentStatus
from services.events.components import ComponentStatusChanged
from services.events.incidents import ComponentsAffected, MaintenanceAccounted
from services.events.probes import ProbeJudged
from services.infra.crypto import Vault
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, UserActor, VisitorActor
from services.kernel.facts import Fact

ARRANGER = UserActor(
    "usr_" + "a" * 32,
    frozenset({"components.arrange", "components.override", "components.read", "components.review"}),
)
LISTENER = JobActor("test", frozenset({"components.hear", "components.roll_up", "components.seed"}))
VISITOR = VisitorActor(frozenset({"components.read"}))


@dataclass
class Told:
    """Keeps the facts that were published."""

    facts: list[Fact] = field(default_factory=list)

    def publish(self, _session: Session, fact: Fact) -> None:
        self.facts.append(fact)

    @property
    def changes(self) -> list[tuple[str, str]]:
        return [(f.old_status, f.new_status) for f in self.facts if isinstance(f, ComponentStatusChanged)]


@dataclass
class House:
    """Components, and what is said of them."""

    verbs: ComponentVerbs
    clock: FixedClock
    told: Told

    def component(self, name: str = "Checkout", **draft: object) -> str:
        return self.verbs.arranging.create(ARRANGER, ComponentDraft(name, **draft))  # type: ignore[arg-type] # a test's words

    def judged(
        self,
        component_id: str,
        verdict: str,
        since_at: datetime | None = None,
        *,
        probe: str = "prb_1",
        said_at: datetime | None = None,
    ) -> ProbeJudged:
        now = self.clock.now()
        return ProbeJudged(
            occurred_at=said_at or now,
            probe_id=probe,
            component_id=component_id,
            verdict=verdict,
            since_at=(since_at or now).isoformat(),
            explanation=f"{probe} is {verdict}",
        )

    def judge(self, component_id: str, verdict: str, since_at: datetime | None = None, *, probe: str = "prb_1") -> None:
        self.verbs.hearing.judge(LISTENER, self.judged(component_id, verdict, since_at, probe=probe))

    def affect(
        self,
        statuses: dict[str, str],
        *,
        version: int,
        starts_at: datetime | None = None,
        incident: str = "inc1",
        title: str = "",
    ) -> None:
        now = self.clock.now()
        fact = ComponentsAffected(
            occurred_at=now,
            incident_id=incident,
            kind="incident",
            title=title or f"Incident {incident}",
            statuses=tuple(f"{c}={s}" for c, s in statuses.items()),
            starts_at=(starts_at or now).isoformat(),
            version=version,
        )
        self.verbs.hearing.affect(LISTENER, fact)

    def account(
        self,
        component_ids: tuple[str, ...],
        starts_at: datetime,
        ends_at: datetime | None,
        *,
        version: int = 1,
        retroactive: bool = False,
        incident: str = "mnt1",
    ) -> None:
        fact = MaintenanceAccounted(
            occurred_at=self.clock.now(),
            incident_id=incident,
            component_ids=component_ids,
            starts_at=starts_at.isoformat(),
            ends_at=ends_at.isoformat() if ends_at else "",
            reason="New disks.",
            retroactive=retroactive,
            version=version,
        )
        self.verbs.hearing.account(LISTENER, fact)

    def status(self, component_id: str) -> ComponentStatus:
        return self.verbs.reads.component(VISITOR, component_id).status

    def past(self, component_id: str, since_at: datetime) -> list[tuple[str, float | None]]:
        """How it stood, with the minutes from an instant on at which each span began."""
        return [
            (span.status.value, (span.starts_at - since_at) / timedelta(minutes=1))
            for span in self.verbs.reads.spans(VISITOR, component_id, since_at)
        ]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def uow(engine: sa.Engine, clock: FixedClock, vault: Vault, told: Told) -> UnitOfWork:
    return UnitOfWork(engine, clock, vault, told)


@pytest.fixture
def house(uow: UnitOfWork, clock: FixedClock, told: Told) -> House:
    return House(make_components(uow), clock, told)

"""A house of probes: three vantages with keys, one probe, and an outbox that remembers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.events.probes import ProbeJudged
from services.infra.crypto import Vault
from services.infra.targets import Opening, OutboundPolicy
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import ApiKeyActor, JobActor, UserActor
from services.kernel.facts import Fact
from services.kernel.ids import uuid7
from services.probes import ProbeDraft, Probes, ProbeView, make_probes
from services.probes.views import Finding, Receipt

OPERATOR = UserActor("usr_" + "b" * 32, frozenset({"probes.manage", "probes.read", "partners.manage"}))
WATCHER = JobActor("probes.watcher", frozenset({"probes.run", "probes.demo", "probes.report"}))
DRAFT = ProbeDraft(name="Web", kind="http", target="https://example.com/health", component_id="component001")


@dataclass
class RememberingOutbox:
    facts: list[Fact] = field(default_factory=list)

    def publish(self, _session: Session, fact: Fact) -> None:
        self.facts.append(fact)


def key(vantage: str) -> ApiKeyActor:
    """Return the program behind a vantage."""
    return ApiKeyActor(f"key_{vantage}", frozenset({"probes.report"}))


class House:
    """Probes with three vantages, and a way to be each of them."""

    def __init__(self, probes: Probes, clock: FixedClock, outbox: RememberingOutbox) -> None:
        self.probes, self.clock, self.outbox = probes, clock, outbox
        for vantage in ("eu-1", "us-1", "ap-1"):
            probes.vantages.add(OPERATOR, name=vantage, key_id=f"key_{vantage}")

    def make(self, **changes: Any) -> str:
        return self.probes.definitions.create(OPERATOR, replace(DRAFT, **changes))

    def finding(self, probe_id: str, outcome: str, *, at: datetime | None = None, reason: str = "timeout") -> Finding:
        when = at or self.clock.now()
        return Finding(f"{uuid7():032x}", probe_id, when, outcome, 12, "" if outcome == "up" else reason)

    def say(self, probe_id: str, **outcomes: str) -> None:
        """Have vantages (`eu_1="up"`) hand in a result of now."""
        for name, outcome in outcomes.items():
            self.hand_in(name.replace("_", "-"), [self.finding(probe_id, outcome)])

    def hand_in(self, vantage: str, findings: Sequence[Finding], *, sent_at: datetime | None = None) -> Receipt:
        return self.probes.intake.report(key(vantage), sent_at=sent_at or self.clock.now(), findings=findings)

    def view(self, probe_id: str) -> ProbeView:
        return self.probes.reads.probe(OPERATOR, probe_id)

    def told(self) -> list[tuple[str, datetime]]:
        """Return every verdict that was published, with its since."""
        judged = [fact for fact in self.outbox.facts if isinstance(fact, ProbeJudged)]
        return [(fact.verdict, datetime.fromisoformat(fact.since_at)) for fact in judged]

    def after(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)


@pytest.fixture
def outbox() -> RememberingOutbox:
    return RememberingOutbox()


@pytest.fixture
def house(engine: sa.Engine, clock: FixedClock, vault: Vault, outbox: RememberingOutbox) -> House:
    policy = OutboundPolicy(openings=Opening.parse("127.0.0.0/8"), any_port=True)
    return House(make_probes(UnitOfWork(engine, clock, vault, outbox), policy), clock, outbox)

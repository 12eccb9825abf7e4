"""What the tests of agreements share: events that really lie in the metric store, uptime from a list, facts as told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.identity import PUBLIC_PERMISSIONS, ROLE_PERMISSIONS, Role
from services.infra.crypto import Vault
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import Actor, JobActor, UserActor, VisitorActor
from services.kernel.facts import Fact
from services.metrics import Counts, Dimensions, Observation, Recording
from services.slas import LOOKER, SlaVerbs, make_slas
from services.slas.views import SlaView

VISITOR = VisitorActor(PUBLIC_PERMISSIONS)
OPERATOR = UserActor("usr_" + "b" * 32, ROLE_PERMISSIONS[Role.OPERATOR])
RECORDER = JobActor("tests", frozenset({"metrics.record", "metrics.forget"}))


@dataclass
class Told:
    """The facts that were published, in order."""

    facts: list[Fact] = field(default_factory=list)

    def publish(self, _session: Session, fact: Fact) -> None:
        self.facts.append(fact)

    @property
    def topics(self) -> list[str]:
        return [fact.topic for fact in self.facts]


@dataclass
class Outages:
    """Components that are up from `since_at` on, but for outages, maintenance and unknown spans."""

    clock: FixedClock
    since_at: datetime | None = None
    down: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    maintenance: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    unknown: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    components: tuple[str, ...] = ("shop", "player")
    refuses: Exception | None = None

    def uptime(
        self, _actor: Actor, component_id: str | None, edges: Sequence[datetime]
    ) -> list[tuple[float, float, float, float]]:
        if self.refuses is not None:
            raise self.refuses
        return [self._between(component_id, a, b) for a, b in pairwise(edges)]

    def measured_since(self, _actor: Actor, _component_id: str | None) -> datetime | None:
        return self.since_at

    def names(self, _actor: Actor) -> dict[str, str]:
        return {each: each.title() for each in self.components}

    def _between(self, component_id: str | None, first: datetime, last: datetime) -> tuple[float, float, float, float]:
        chosen = [component_id] if component_id else list(self.components)
        since = self.since_at or last
        whole = max(0.0, (last - max(first, since)).total_seconds())

        def lasts(spans: list[tuple[str, datetime, datetime]]) -> float:
            return sum(
                max(0.0, (min(b, last) - max(a, first)).total_seconds()) for each, a, b in spans if each in chosen
            )

        down, maintenance, unknown = lasts(self.down), lasts(self.maintenance), lasts(self.unknown)
        unknown += len(chosen) * ((last - first).total_seconds() - whole)
        return len(chosen) * (last - first).total_seconds() - down - maintenance - unknown, down, maintenance, unknown


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def uow(engine: sa.Engine, clock: FixedClock, vault: Vault, told: Told) -> UnitOfWork:
    return UnitOfWork(engine, clock, vault, told)


@pytest.fixture
def outages(clock: FixedClock) -> Outages:
    return Outages(clock)


@pytest.fixture
def slas(uow: UnitOfWork, outages: Outages) -> SlaVerbs:
    return make_slas(uow, Counts(uow), outages)


ANYWHERE = Dimensions()


@dataclass
class House:
    """The engine at work: plays and checkouts come in, the clock moves, and it looks every ten seconds."""

    uow: UnitOfWork
    clock: FixedClock
    slas: SlaVerbs

    def plays(
        self, good: int, slow: int = 0, *, at: datetime | None = None, failed: int = 0, where: Dimensions = ANYWHERE
    ) -> None:
        at_ms = to_epoch_ms(at or self.clock.now())
        made = []
        if good:
            made.append(Observation("join_time", 600, at_ms, where, good))
        if slow:
            made.append(Observation("join_time", 6_000, at_ms, where, slow))
        if failed:
            made.append(Observation("start_failures", 1, at_ms, where, failed))
        Recording(self.uow).record_observations(RECORDER, made)

    def checkouts(self, paid: int, failed: int = 0, *, at: datetime | None = None) -> None:
        at_ms = to_epoch_ms(at or self.clock.now())
        pairs = (("checkouts_paid", paid), ("checkouts_failed", failed))
        made = [Observation(metric, count, at_ms, occurrences=count) for metric, count in pairs if count]
        Recording(self.uow).record_observations(RECORDER, made)

    def history(self, *, days: int, every: timedelta = timedelta(hours=1), good: int = 100, slow: int = 1) -> None:
        """Tell of healthy plays in the past, up to now."""
        at = self.clock.now() - timedelta(days=days)
        made = []
        while at < self.clock.now():
            made += [Observation("join_time", 600, to_epoch_ms(at), Dimensions(), good)]
            made += [Observation("join_time", 6_000, to_epoch_ms(at), Dimensions(), slow)] if slow else []
            at += every
        Recording(self.uow).record_observations(RECORDER, made)

    def look(self, seconds: float = 10) -> SlaView:
        """Let time pass, look, and return how the start of playback stands."""
        self.clock.advance(seconds=seconds)
        self.slas.engine.look(LOOKER)
        return self.standing()

    def standing(self, name: str = "join_time") -> SlaView:
        return next(s for s in self.slas.reads.slas(VISITOR) if s.name == name)

    def run(self, minutes: float, *, good: int = 0, slow: int = 0, step_seconds: int = 10) -> float | None:
        """Let so many plays a step come and look after each; return when a breach was first seen, in seconds."""
        for step in range(round(minutes * 60 / step_seconds)):
            if good or slow:
                self.plays(good, slow)
            self.look(step_seconds)
            if self.standing().breached_since_at is not None:
                return float((step + 1) * step_seconds)
        return None


@pytest.fixture
def house(uow: UnitOfWork, clock: FixedClock, slas: SlaVerbs) -> House:
    return House(uow, clock, slas)

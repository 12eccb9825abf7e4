from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.components import make_components
from services.components.views import ComponentBrief
from services.imports import Imports, Report, Shelves, Upload
from services.incidents import make_incidents
from services.incidents.ports import NamedComponent
from services.infra.crypto import Vault
from services.infra.targets import OutboundPolicy
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, UserActor
from services.kernel.facts import Fact
from services.probes import make_probes
from services.subscribers.adopting import Adopting

IMPORTER = UserActor(
    "usr_" + "i" * 32,
    frozenset({
        "imports.run", "components.arrange", "components.review", "components.read", "incidents.read",
        "incidents.manage", "incidents.drafts.read", "probes.read", "probes.manage",
    }),
)  # fmt: skip
_READER = JobActor("test", frozenset({"components.read"}))


@dataclass
class Told:
    """Keeps the facts that were published."""

    facts: list[Fact]

    def publish(self, _session: Session, fact: Fact) -> None:
        self.facts.append(fact)

    def facts_of(self, kind: type[Fact]) -> int:
        """How many facts of a kind were published."""
        return sum(isinstance(fact, kind) for fact in self.facts)


class Book:
    """Tells incidents of components, as the product's wiring does."""

    def __init__(self, named: Callable[..., Any]) -> None:
        self._named = named

    def named(self, component_ids: Any) -> dict[str, NamedComponent]:
        return {key: _named(each) for key, each in self._named(_READER, component_ids).items()}

    def every(self) -> list[NamedComponent]:
        return []


def _named(brief: ComponentBrief) -> NamedComponent:
    return NamedComponent(brief.id, brief.name, brief.group, brief.status)


class House:
    """An installation that others move into."""

    def __init__(self, uow: UnitOfWork, clock: FixedClock, told: Told) -> None:
        self.uow, self.clock, self.told = uow, clock, told
        self.components = make_components(uow)
        self.incidents = make_incidents(uow, Book(self.components.reads.named))
        self.probes = make_probes(uow, OutboundPolicy(any_port=True))
        shelves = Shelves(self.components.adopting, self.incidents.adopting, Adopting(), self.probes.adopting)
        self.imports = Imports(uow, shelves)

    def bring(self, source: str, document: object, *, label: str = "", expected: str | None = None) -> Report:
        return self.imports.carry_out(IMPORTER, upload(source, document, label), expected=expected)

    def rehearse(self, source: str, document: object, *, label: str = "") -> Report:
        return self.imports.rehearse(IMPORTER, upload(source, document, label))

    def count(self, table: type[Any]) -> int:
        with self.uow.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def upload(source: str, document: object, label: str = "") -> Upload:
    """A file that holds a document, or these very bytes."""
    data = document if isinstance(document, bytes) else orjson.dumps(document)
    return Upload(source, data, label)


def outcomes(report: Report) -> dict[str, str]:
    """What became of each thing, by kind and name."""
    return {f"{line.noun} {line.name}": line.outcome.value for line in report.lines}


def reasons(report: Report) -> str:
    """Every reason of a report."""
    return "\n".join(line.reason for line in report.lines if line.outcome == "skipped")


@pytest.fixture
def told() -> Told:
    return Told([])


@pytest.fixture
def uow(engine: sa.Engine, clock: FixedClock, vault: Vault, told: Told) -> UnitOfWork:
    return UnitOfWork(engine, clock, vault, told)


@pytest.fixture
def house(uow: UnitOfWork, clock: FixedClock, told: Told) -> House:
    return House(uow, clock, told)

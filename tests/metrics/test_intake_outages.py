"""A database that is locked, full, read-only or gone: reports are refused at once, and nothing acknowledged is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.infra.crypto import Vault
from services.infra.db import Base, make_engine
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor
from services.kernel.errors import Unavailable
from services.metrics import Door, DoorPolicy, Intake
from tests.servers.postgresql import PostgresServer, create_database, sqlalchemy_url
from tests.servers.waiting import until

Tell = Callable[..., bytes]
USUAL = (("s", 8_000), ("p", 6_800), ("q", 500))


@pytest.fixture
def sqlite_file(sqlite_template: Path, tmp_path: Path) -> Path:
    file = tmp_path / "greenlight.db"
    file.write_bytes(sqlite_template.read_bytes())
    return file


@pytest.fixture
def sqlite_engine(sqlite_file: Path) -> Iterator[sa.Engine]:
    engine = make_engine(f"sqlite:///{sqlite_file}")
    # After the engine's own pragmas: nobody waits ten seconds for a lock in a test.
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("pragma busy_timeout=100"))
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_door(sqlite_engine: sa.Engine, clock: FixedClock, vault: Vault) -> tuple[Door, Intake]:
    intake = Intake(UnitOfWork(sqlite_engine, clock, vault))
    return Door(intake, DoorPolicy(demo_key=""), clock), intake


def test_a_locked_database_refuses_and_takes_again(
    sqlite_door: tuple[Door, Intake], sqlite_engine: sa.Engine, actor: JobActor, told: Tell
) -> None:
    door, intake = sqlite_door
    door.accept(told("a", *USUAL), client="c")
    with sqlite_engine.begin(), pytest.raises(Unavailable) as refused:
        door.accept(told("b", *USUAL), client="c")
    assert refused.value.code == "database_locked"
    door.accept(told("b", *USUAL), client="c")
    assert intake.fold(actor).events == 6


def test_a_full_database_refuses_and_takes_again(
    sqlite_door: tuple[Door, Intake], sqlite_engine: sa.Engine, actor: JobActor, told: Tell
) -> None:
    door, intake = sqlite_door
    door.accept(told("a", *USUAL), client="c")

    def limit(pages: str) -> None:
        sqlite_engine.dispose()
        sa.event.listen(
            sqlite_engine, "connect", lambda connection, _: connection.execute(f"pragma max_page_count={pages}")
        )

    limit("1")
    long = ",".join(f'com.example-{i}="{"x" * 60}"' for i in range(20))

    def fill() -> None:
        for i in range(200):
            door.accept(told(f"b{i}", *USUAL * 20, more=f",{long}"), client="c")

    with pytest.raises(Unavailable) as refused:
        fill()
    assert refused.value.code == "database_full"
    limit("1000000")
    door.accept(told("c", *USUAL), client="c")
    folded = intake.fold(actor)
    assert folded.events >= 6


def test_a_read_only_database_refuses(sqlite_file: Path, clock: FixedClock, vault: Vault, told: Tell) -> None:
    engine = make_engine(f"sqlite:///file:{sqlite_file}?mode=ro&uri=true")
    door = Door(Intake(UnitOfWork(engine, clock, vault)), DoorPolicy(demo_key=""), clock)
    with pytest.raises(Unavailable) as refused:
        door.accept(told("a", *USUAL), client="c")
    assert refused.value.code == "database_read_only"
    engine.dispose()


def test_a_server_that_is_killed_loses_nothing_that_was_acknowledged(
    own_postgresql: PostgresServer, clock: FixedClock, vault: Vault, actor: JobActor, told: Tell
) -> None:
    engine = make_engine(sqlalchemy_url(own_postgresql.port, create_database(own_postgresql.port)))
    Base.metadata.create_all(engine)
    intake = Intake(UnitOfWork(engine, clock, vault))
    door = Door(intake, DoorPolicy(demo_key=""), clock)
    door.accept(told("a", *USUAL), client="c")
    own_postgresql.kill()
    with pytest.raises(Unavailable):
        door.accept(told("b", *USUAL), client="c")
    own_postgresql.start()

    def taken() -> bool:
        try:
            return door.accept(told("b", *USUAL), client="c") == 3
        except Unavailable:
            return False

    until(taken, "the database takes reports again")
    assert intake.fold(actor).events == 6
    engine.dispose()


def test_a_database_that_was_never_there_refuses(
    clock: FixedClock, vault: Vault, port: int, tmp_path: Path, told: Tell
) -> None:
    for url in (f"postgresql+psycopg://nobody@127.0.0.1:{port}/none", f"sqlite:///{tmp_path}/no/such/folder.db"):
        engine = make_engine(url)
        door = Door(Intake(UnitOfWork(engine, clock, vault)), DoorPolicy(demo_key=""), clock)
        with pytest.raises(Unavailable):
            door.accept(told("a", *USUAL), client="c")
        engine.dispose()

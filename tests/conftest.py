"""Fixtures of the product's own parts: databases of both kinds, the unit of work, a clock that moves when told."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.infra.crypto import Vault, new_master_keyset
from services.infra.db import make_engine
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.schema import metadata
from tests.servers import postgresql
from tests.servers.shared import SharedServers

TEMPLATE = "greenlight_template"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _create_tables(url: str) -> None:
    engine = make_engine(url)
    metadata.create_all(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn: every test that touches one runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows."""
    file = tmp_path_factory.mktemp("template") / "greenlight.db"
    _create_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql_template(postgresql_port: int, shared_servers: SharedServers) -> str:
    """The name of a PostgreSQL database with all tables and no rows."""

    def create() -> None:
        postgresql.create_database(postgresql_port, name=TEMPLATE)
        _create_tables(postgresql.sqlalchemy_url(postgresql_port, TEMPLATE))

    shared_servers.once("postgresql-template", create)
    return TEMPLATE


@pytest.fixture
def new_database(
    database_kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., str]]:
    """A maker of databases of the current kind, with all tables or `empty`; they are removed with the test."""
    made: list[str] = []

    def sqlite(*, empty: bool = False) -> str:
        file = tmp_path_factory.mktemp("database") / "greenlight.db"
        if not empty:
            shutil.copy(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite:///{file}"

    def on_postgresql(*, empty: bool = False) -> str:
        port = request.getfixturevalue("postgresql_port")
        template = None if empty else request.getfixturevalue("postgresql_template")
        made.append(postgresql.create_database(port, template))
        return postgresql.sqlalchemy_url(port, made[-1])

    yield sqlite if database_kind == "sqlite" else on_postgresql
    for name in made:
        postgresql.drop_database(request.getfixturevalue("postgresql_port"), name)


@pytest.fixture
def database_url(new_database: Callable[..., str]) -> str:
    """The URL of a database of this test's own with all tables, on SQLite and on PostgreSQL."""
    return new_database()


@pytest.fixture
def empty_database_url(new_database: Callable[..., str]) -> str:
    """The URL of a database of this test's own without tables, on SQLite and on PostgreSQL."""
    return new_database(empty=True)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """An engine on a database of this test's own."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at noon until it is moved."""
    return FixedClock(NOON)


@pytest.fixture(scope="session")
def master_keyset() -> str:
    """A fresh Tink keyset."""
    return new_master_keyset()


@pytest.fixture
def vault(master_keyset: str, clock: FixedClock) -> Vault:
    """A vault with keys of its own."""
    return Vault(master_keyset, "a secret of the tests", clock)


@pytest.fixture
def uow(engine: sa.Engine, clock: FixedClock, vault: Vault) -> UnitOfWork:
    """A unit of work on a database of this test's own, without subscribers."""
    return UnitOfWork(engine, clock, vault)

"""A bad database is named as such, loses nothing acknowledged, and is used again once it is well."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.infra.crypto import Vault
from services.infra.db import make_engine
from services.infra.migrate import migrate, pending
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.errors import Unavailable
from tests.infra.unprivileged import as_somebody_else
from tests.infra.verb_examples import MINTER, Coins, audit_rows, coins_on, letters
from tests.servers import postgresql
from tests.servers.postgresql import PostgresServer
from tests.servers.waiting import until


def refused(work: Callable[[], object]) -> str:
    """Return the code with which the work is refused for now."""
    with pytest.raises(Unavailable) as caught:
        work()
    assert caught.value.retryable
    assert caught.value.retry_after_seconds > 0
    return caught.value.code


@pytest.fixture
def file(tmp_path: Path, sqlite_template: Path) -> Path:
    shutil.copy(sqlite_template, tmp_path / "greenlight.db")
    return tmp_path / "greenlight.db"


@pytest.fixture
def on_file(file: Path, clock: FixedClock, vault: Vault) -> Iterator[Coins]:
    uow = UnitOfWork(make_engine(f"sqlite:///{file}"), clock, vault)
    yield coins_on(uow)
    uow.engine.dispose()


# -- read-only


def test_a_read_only_file_is_named_and_can_still_be_read(
    file: Path, on_file: Coins, clock: FixedClock, vault: Vault
) -> None:
    on_file.mint(MINTER, "c1")
    on_file.uow.engine.dispose()
    for part in file.parent.iterdir():
        part.chmod(0o444)
    file.parent.chmod(0o777)
    file.parent.parent.chmod(0o755)
    inside = make_engine(f"sqlite:///{file}")

    def work() -> list[object]:
        os.chdir("/")
        coins = Coins(UnitOfWork(inside, clock, vault))
        try:
            coins.mint(MINTER, "c2")
        except Unavailable as error:
            return [error.code, coins.count(MINTER)]
        return ["written", coins.count(MINTER)]

    for folder in file.parents:
        if folder.stat().st_mode & 0o005 != 0o005 and folder.is_relative_to("/tmp"):  # noqa: S108 -- pytest's own folders
            folder.chmod(folder.stat().st_mode | 0o005)
    assert as_somebody_else(work) == ["database_read_only", 1]
    file.chmod(0o644)
    on_file.mint(MINTER, "c2")
    assert on_file.count(MINTER) == 2


def test_a_postgresql_that_takes_no_writes_is_named_and_used_again(
    empty_postgresql_url: str, clock: FixedClock, vault: Vault, postgresql_template: str
) -> None:
    port = sa.make_url(empty_postgresql_url).port
    assert port is not None
    name = postgresql.create_database(port, postgresql_template)
    engine = make_engine(postgresql.sqlalchemy_url(port, name))
    uow = UnitOfWork(engine, clock, vault)
    coins = coins_on(uow)
    coins.mint(MINTER, "c1")
    with engine.begin() as connection:
        connection.execute(sa.text(f'alter database "{name}" set default_transaction_read_only = on'))
    engine.dispose()
    assert refused(lambda: coins.mint(MINTER, "c2")) == "database_read_only"
    assert coins.count(MINTER) == 1
    with engine.connect() as connection:
        connection.execute(sa.text("set transaction read write"))
        connection.execute(sa.text(f'alter database "{name}" reset default_transaction_read_only'))
        connection.commit()
    engine.dispose()
    coins.mint(MINTER, "c2")
    assert (coins.count(MINTER), audit_rows(uow), letters(uow)) == (2, 2, 2)
    engine.dispose()
    postgresql.drop_database(port, name)


# -- full


def test_a_full_file_refuses_whole_changes_and_keeps_what_was_acknowledged(on_file: Coins) -> None:
    uow = on_file.uow
    with uow.engine.connect() as connection:
        pages = int(connection.exec_driver_sql("pragma page_count").scalar() or 0)

    @sa.event.listens_for(uow.engine, "connect")
    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"pragma max_page_count={pages + 3}")

    uow.engine.dispose()
    acknowledged: list[str] = []
    code = ""
    for number in range(2_000):
        try:
            acknowledged.append(on_file.mint(MINTER, f"c{number:05}", "x" * 900))
        except Unavailable as error:
            code = error.code
            break
    assert code == "database_full"
    assert on_file.count(MINTER) == audit_rows(uow) == letters(uow) == len(acknowledged)
    sa.event.remove(uow.engine, "connect", limit)
    uow.engine.dispose()
    on_file.mint(MINTER, "with room again")
    assert on_file.count(MINTER) == len(acknowledged) + 1


def test_a_full_disk_under_postgresql_is_named(empty_postgresql_url: str, clock: FixedClock, vault: Vault) -> None:
    """The server itself says what a full disk makes it say: a trigger raises its error code."""
    migrate(empty_postgresql_url)
    uow = UnitOfWork(make_engine(empty_postgresql_url), clock, vault)
    coins = coins_on(uow)
    with uow.engine.begin() as connection:
        connection.execute(
            sa.text(
                "create function full_disk() returns trigger language plpgsql as "
                "$$ begin raise exception 'could not extend file' using errcode = '53100'; end $$"
            )
        )
        connection.execute(
            sa.text("create trigger full_disk before insert on audit_entries execute function full_disk()")
        )
    assert refused(lambda: coins.mint(MINTER, "c1")) == "database_full"
    assert (coins.count(MINTER), letters(uow)) == (0, 0)
    with uow.engine.begin() as connection:
        connection.execute(sa.text("drop trigger full_disk on audit_entries"))
    coins.mint(MINTER, "c1")
    assert coins.count(MINTER) == 1
    uow.engine.dispose()


# -- locked


def test_a_file_that_another_process_holds_is_named_and_used_again(file: Path, on_file: Coins) -> None:
    @sa.event.listens_for(on_file.uow.engine, "connect")
    def impatient(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("pragma busy_timeout=50")

    on_file.uow.engine.dispose()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("begin immediate")
    assert refused(lambda: on_file.mint(MINTER, "c1")) == "database_locked"
    assert on_file.count(MINTER) == 0  # readers do not wait
    other.execute("rollback")
    other.close()
    on_file.mint(MINTER, "c1")
    assert on_file.count(MINTER) == 1


def test_a_table_that_another_session_holds_is_named_and_used_again(
    empty_postgresql_url: str, clock: FixedClock, vault: Vault
) -> None:
    migrate(empty_postgresql_url)
    uow = UnitOfWork(make_engine(empty_postgresql_url), clock, vault)
    coins = coins_on(uow)
    holder = sa.create_engine(empty_postgresql_url)

    @sa.event.listens_for(uow.engine, "begin")
    def impatient(connection: sa.Connection) -> None:
        connection.exec_driver_sql("set local lock_timeout = '50ms'")

    with holder.connect() as other:
        other.execute(sa.text("lock table example_coins in access exclusive mode"))
        assert refused(lambda: coins.mint(MINTER, "c1")) == "database_locked"
        assert refused(lambda: coins.count(MINTER)) == "database_locked"
    coins.mint(MINTER, "c1")
    assert (coins.count(MINTER), audit_rows(uow)) == (1, 1)
    holder.dispose()
    uow.engine.dispose()


def test_when_every_connection_is_in_use_that_is_named(file: Path, clock: FixedClock, vault: Vault) -> None:
    engine = sa.create_engine(f"sqlite:///{file}", pool_size=1, max_overflow=0, pool_timeout=0.05)
    coins = Coins(UnitOfWork(engine, clock, vault))
    with engine.connect():
        assert refused(lambda: coins.count(MINTER)) == "database_busy"
    engine.dispose()


# -- gone or broken


def test_a_file_removed_in_mid_run_takes_no_more_work_and_none_is_lost(file: Path, on_file: Coins) -> None:
    on_file.mint(MINTER, "c1")
    aside = file.with_name("aside.db")
    file.rename(aside)
    assert refused(lambda: on_file.mint(MINTER, "c2")) == "database_unavailable"
    assert refused(lambda: on_file.count(MINTER)) == "database_unavailable"
    assert not file.exists()  # no empty database was made in its place
    aside.rename(file)
    on_file.mint(MINTER, "c2")
    assert on_file.count(MINTER) == audit_rows(on_file.uow) == letters(on_file.uow) == 2


def test_a_file_removed_inside_a_change_does_not_acknowledge_it(file: Path, on_file: Coins) -> None:
    aside = file.with_name("aside.db")

    def change() -> None:
        with on_file.uow.writing() as session:
            session.execute(sa.text("insert into example_letters (topic) values ('lost')"))
            file.rename(aside)

    assert refused(change) == "database_unavailable"
    aside.rename(file)
    assert letters(on_file.uow) == 0


def test_a_file_put_in_place_of_another_is_read_anew(file: Path, on_file: Coins, sqlite_template: Path) -> None:
    on_file.mint(MINTER, "c1")
    on_file.uow.engine.dispose()
    backup = file.with_name("backup.db")
    shutil.copy(file, backup)
    on_file.mint(MINTER, "c2")
    for part in file.parent.glob("greenlight.db*"):
        part.unlink()
    backup.rename(file)
    assert on_file.count(MINTER) == 1


def test_at_the_start_a_database_that_is_no_database_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, however long it goes on " * 100)
    for path, code in {
        tmp_path / "text.db": "database_broken",
        tmp_path: "database_unavailable",
        tmp_path / "absent" / "x.db": "database_unavailable",
    }.items():
        url = f"sqlite:///{path}"
        assert refused(lambda url=url: migrate(url)) == code  # type: ignore[misc] # bound in the loop
        engine = make_engine(url)
        assert code in str(pending(engine))
        engine.dispose()
    url = f"postgresql+psycopg://nobody@127.0.0.1:{postgresql_free_port()}/nothing"
    assert refused(lambda: migrate(url)) == "database_unavailable"


def postgresql_free_port() -> int:
    """Return a port at which no server answers."""
    from tests.servers.process import free_port  # noqa: PLC0415 -- the one use

    return free_port()


def test_a_file_that_breaks_in_mid_run_is_named(file: Path, on_file: Coins) -> None:
    on_file.mint(MINTER, "c1")
    with on_file.uow.engine.connect() as connection:
        connection.commit()
        connection.connection.cursor().execute("pragma wal_checkpoint(truncate)")
    on_file.uow.engine.dispose()
    size = file.stat().st_size
    with file.open("r+b") as broken:
        broken.seek(100)
        broken.write(b"\xff" * (size - 100))
    assert refused(lambda: on_file.count(MINTER)) == "database_broken"


def test_a_postgresql_stopped_in_mid_run_is_used_again_without_a_restart_of_ours(
    own_postgresql: PostgresServer, clock: FixedClock, vault: Vault
) -> None:
    url = postgresql.sqlalchemy_url(own_postgresql.port, postgresql.create_database(own_postgresql.port))
    migrate(url)
    uow = UnitOfWork(make_engine(url), clock, vault)
    coins = coins_on(uow)
    acknowledged = [coins.mint(MINTER, f"c{number}") for number in range(5)]

    def interrupted() -> None:
        with uow.writing() as session:
            session.execute(sa.text("insert into example_letters (topic) values ('half')"))
            own_postgresql.kill()

    assert refused(interrupted) == "database_unavailable"
    assert refused(lambda: coins.mint(MINTER, "while gone")) == "database_unavailable"
    assert refused(lambda: coins.count(MINTER)) == "database_unavailable"
    assert "database_unavailable" in str(pending(uow.engine))
    own_postgresql.start()
    until(lambda: pending(uow.engine) is None, "the pool to recover", 20)
    acknowledged.append(coins.mint(MINTER, "afterwards"))
    assert coins.count(MINTER) == audit_rows(uow) == letters(uow) == len(acknowledged)
    uow.engine.dispose()

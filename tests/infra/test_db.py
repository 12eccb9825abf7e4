"""Both databases keep instants, take turns in writing, and refuse writes on read-only connections."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from services.infra.db import READ_ONLY, Base, PersonalData, UtcDateTime, make_engine

INSTANTS = sa.Table("example_instants", sa.MetaData(), sa.Column("at", UtcDateTime))


def test_every_column_says_which_personal_data_it_holds() -> None:
    silent = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if not isinstance(column.info.get("personal"), PersonalData)
    ]
    assert silent == []
    assert len(Base.metadata.tables) >= 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(at=st.datetimes(min_value=datetime(1800, 1, 1), max_value=datetime(2900, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - hypothesis wants naive bounds beside its time zones
def test_an_instant_comes_back_aware_in_utc_to_the_microsecond(engine: sa.Engine, at: datetime) -> None:
    INSTANTS.create(engine, checkfirst=True)
    with engine.begin() as connection:
        connection.execute(INSTANTS.delete())
        connection.execute(INSTANTS.insert(), {"at": at})
        found = connection.scalars(sa.select(INSTANTS.c.at)).one()
    assert found == at.astimezone(UTC)  # Python never calls an ambiguous local time equal to another zone's
    assert found.utcoffset() == timedelta(0)


def test_instants_are_ordered_and_compared_across_zones(engine: sa.Engine) -> None:
    INSTANTS.create(engine)
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    tokyo = timezone(timedelta(hours=9))
    made = [noon.astimezone(tokyo), noon - timedelta(microseconds=1), noon + timedelta(hours=3)]
    with engine.begin() as connection:
        connection.execute(INSTANTS.insert(), [{"at": at} for at in made])
        ordered = connection.scalars(sa.select(INSTANTS.c.at).order_by(INSTANTS.c.at)).all()
        half_open = connection.scalars(
            sa.select(INSTANTS.c.at).where(INSTANTS.c.at >= noon.astimezone(tokyo), INSTANTS.c.at < made[2])
        ).all()
    assert ordered == sorted(made)
    assert half_open == [noon]


def test_a_naive_instant_is_refused_and_none_stays_none(engine: sa.Engine) -> None:
    INSTANTS.create(engine)
    with engine.begin() as connection:
        connection.execute(INSTANTS.insert(), {"at": None})
        assert connection.scalars(sa.select(INSTANTS.c.at)).all() == [None]
    naive = datetime(2026, 11, 24)  # noqa: DTZ001 -- the mistake
    with engine.connect() as connection, pytest.raises(sa.exc.StatementError, match="naive"):
        connection.execute(INSTANTS.insert(), {"at": naive})


def test_read_then_write_from_four_threads_loses_and_fails_nothing(engine: sa.Engine) -> None:
    counter = sa.Table("example_counter", sa.MetaData(), sa.Column("n", sa.Integer))
    counter.create(engine)
    with engine.begin() as connection:
        connection.execute(counter.insert(), {"n": 0})
    barrier = threading.Barrier(4)

    def count(_: int) -> None:
        barrier.wait()
        for _ in range(25):
            with engine.begin() as connection:
                n = connection.scalars(sa.select(counter.c.n).with_for_update()).one()
                connection.execute(counter.update().values(n=n + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    with engine.connect() as connection:
        assert connection.scalars(sa.select(counter.c.n)).one() == 100


def test_without_the_lock_at_the_start_the_same_work_fails(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Shows that the test above tests something: SQLite's own deferred transactions do not pass it."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('deferred')}/x.db", immediate=False)
    with engine.begin() as connection:
        connection.execute(sa.text("create table t (n integer)"))
        connection.execute(sa.text("insert into t values (0)"))
    with engine.connect() as first, engine.connect() as second:
        first.execute(sa.text("select n from t"))
        second.execute(sa.text("update t set n = 1"))
        second.commit()
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            first.execute(sa.text("update t set n = 2"))
    engine.dispose()


def test_a_read_only_connection_refuses_writes_of_every_kind(engine: sa.Engine) -> None:
    INSTANTS.create(engine)
    reading = engine.execution_options(**{READ_ONLY: True})
    for statement in (
        "insert into example_instants values (null)",
        "create table y (n int)",
        "drop table example_instants",
    ):
        with reading.connect() as connection, pytest.raises(sa.exc.DBAPIError, match=r"read-?only"):
            connection.execute(sa.text(statement))
    with Session(reading) as session, pytest.raises(sa.exc.DBAPIError, match=r"read-?only"):
        session.execute(INSTANTS.insert(), {"at": datetime(2026, 1, 1, tzinfo=UTC)})


def test_the_same_pooled_connection_writes_again_after_it_only_read(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url, pool_size=1)
    reading = engine.execution_options(**{READ_ONLY: True})
    for _ in range(3):
        with reading.connect() as connection:
            connection.execute(sa.text("select 1"))
        with engine.begin() as connection:
            connection.execute(sa.text("create table t (n int)"))
            connection.execute(sa.text("drop table t"))
    engine.dispose()


def test_readers_on_sqlite_do_not_wait_for_a_writer(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('wal')}/x.db")
    with engine.begin() as connection:
        connection.execute(sa.text("create table t (n integer)"))
    with engine.begin() as writer:
        writer.execute(sa.text("insert into t values (1)"))
        with engine.execution_options(**{READ_ONLY: True}).connect() as reader:
            assert reader.execute(sa.text("select count(*) from t")).scalar() == 0
    engine.dispose()


def test_sqlite_is_set_up_so_that_an_acknowledged_commit_survives_power_loss(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('pragmas')}/x.db")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }
    engine.dispose()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "secure_delete": 1,
    }


def test_schema_changes_roll_back_with_their_transaction(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.execute(sa.text("create table half_done (n integer)"))
        connection.rollback()
    assert not sa.inspect(engine).has_table("half_done")


def test_errors_do_not_show_the_values_of_a_statement(engine: sa.Engine) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as caught:
        connection.execute(sa.text("insert into absent_table values (:secret)"), {"secret": "quizstar"})
    assert "quizstar" not in str(caught.value)


def test_nothing_connects_until_an_engine_is_used() -> None:
    make_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing").dispose()
    make_engine("sqlite:////absent/folder/x.db").dispose()

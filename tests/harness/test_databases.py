from collections.abc import Callable

import sqlalchemy as sa

from services.schema import metadata


def test_a_test_database_has_every_table_and_no_rows(engine: sa.Engine, database_kind: str) -> None:
    assert engine.url.get_backend_name() == database_kind
    assert set(metadata.tables) <= set(sa.inspect(engine).get_table_names())
    with engine.connect() as connection:
        assert all(connection.scalar(sa.select(sa.func.count()).select_from(t)) == 0 for t in metadata.sorted_tables)


def test_two_databases_of_one_test_are_apart(new_database: Callable[..., str]) -> None:
    assert new_database() != new_database()


def test_an_empty_database_has_no_table(empty_database_url: str) -> None:
    engine = sa.create_engine(empty_database_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()

"""Migrations lead to the code's tables, on both databases, whole or not at all, one process at a time."""

import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import services.schema
from services.infra import migrate as migrations
from services.infra.db import Base, make_engine
from services.infra.migrate import differences, downgrade, migrate, pending, upgrade
from services.kernel.errors import Conflict, Unavailable
from tests.infra import migrating


@pytest.fixture
def empty_engine(empty_database_url: str) -> Iterator[sa.Engine]:
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


def tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names()) - {"alembic_version"}


def url_of(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_migrations_lead_to_exactly_the_tables_of_the_code(empty_engine: sa.Engine) -> None:
    assert services.schema.metadata is Base.metadata
    migrate(url_of(empty_engine))
    with empty_engine.connect() as connection:
        assert differences(connection) == []
    assert set(Base.metadata.tables) <= tables(empty_engine)
    assert pending(empty_engine) is None


def test_the_comparison_notices_what_differs(empty_engine: sa.Engine) -> None:
    """Shows that the test above tests something."""
    migrate(url_of(empty_engine))
    for statement in (
        "alter table audit_entries add column extra integer",
        "drop index ix_audit_entries_verb",
        "create table audit_strays (id integer primary key)",
        "alter table crypto_subject_keys drop column destroyed_at",
    ):
        with empty_engine.connect() as connection:
            connection.execute(sa.text(statement))
            assert differences(connection) != [], statement
            connection.rollback()


def test_the_durable_engines_tables_beside_ours_are_none_of_our_business(empty_engine: sa.Engine) -> None:
    migrate(url_of(empty_engine))
    found = sa.inspect(empty_engine)
    theirs = (
        found.get_table_names(schema="dbos") if empty_engine.dialect.name == "postgresql" else found.get_table_names()
    )
    assert "workflow_status" in theirs
    with empty_engine.begin() as connection:
        assert differences(connection) == []
        downgrade(connection, "base")
    assert not set(Base.metadata.tables) & tables(empty_engine)
    after = sa.inspect(empty_engine)
    assert after.has_table("workflow_status", schema="dbos" if empty_engine.dialect.name == "postgresql" else None)


def test_up_down_and_up_again_ends_at_the_same_tables(empty_engine: sa.Engine) -> None:
    with empty_engine.begin() as connection:
        upgrade(connection)
    first = tables(empty_engine)
    with empty_engine.begin() as connection:
        downgrade(connection, "base")
    assert tables(empty_engine) == set()
    with empty_engine.begin() as connection:
        upgrade(connection)
        assert differences(connection) == []
    assert tables(empty_engine) == first


def test_every_single_revision_goes_back_and_forth(empty_engine: sa.Engine) -> None:
    revisions = [script.revision for script in migrations._scripts().walk_revisions()][::-1]
    for revision in revisions:
        with empty_engine.begin() as connection:
            upgrade(connection, revision)
            downgrade(connection, "-1")
            upgrade(connection, revision)
    assert pending(empty_engine) is None


def test_revisions_are_one_line_of_numbers() -> None:
    scripts = migrations._scripts()
    assert len(scripts.get_heads()) == 1
    found = [script.revision for script in scripts.walk_revisions()][::-1]
    assert found == [f"{number:04}" for number in range(1, len(found) + 1)]


def test_migrating_again_changes_nothing(empty_engine: sa.Engine) -> None:
    for _ in range(3):
        migrate(url_of(empty_engine))
    assert pending(empty_engine) is None


def test_a_database_that_was_not_migrated_says_so(empty_engine: sa.Engine) -> None:
    assert "none" in str(pending(empty_engine))
    with empty_engine.begin() as connection:
        upgrade(connection, "0001")
    assert "0001" in str(pending(empty_engine))


def test_a_database_of_a_newer_release_is_refused_and_left_alone(empty_engine: sa.Engine) -> None:
    migrate(url_of(empty_engine))
    with empty_engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(Conflict, match="revision 9999, which this release does not know") as caught:
        migrate(url_of(empty_engine))
    assert caught.value.code == "database_newer"
    assert "9999" in str(pending(empty_engine))
    with empty_engine.connect() as connection:
        assert connection.scalar(sa.text("select version_num from alembic_version")) == "9999"


def test_tables_that_no_migration_made_are_refused(engine: sa.Engine) -> None:
    with pytest.raises(Conflict, match="not made by migrations") as caught:
        migrate(url_of(engine))
    assert caught.value.code == "database_unversioned"


def test_a_revision_that_fails_takes_all_of_them_back(empty_engine: sa.Engine) -> None:
    with empty_engine.begin() as connection:
        connection.execute(sa.text("create table identity_users (id integer primary key)"))
    with pytest.raises(sa.exc.DBAPIError):
        migrate(url_of(empty_engine))
    assert tables(empty_engine) == {"identity_users"}
    with empty_engine.begin() as connection:
        connection.execute(sa.text("drop table identity_users"))
    migrate(url_of(empty_engine))
    assert pending(empty_engine) is None


@contextmanager
def started(url: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", migrating.__name__, url, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def steps(process: "subprocess.Popen[str]") -> Iterator[str]:
    """Return each announced step, and let the process go on when the next one is asked for."""
    assert process.stdout is not None
    assert process.stdin is not None
    for line in process.stdout:
        yield line.strip()
        if line.strip() != "migrated":
            process.stdin.write("\n")
            process.stdin.flush()


def test_killed_at_any_step_leaves_it_whole_and_the_next_run_succeeds(new_database: Callable[..., str]) -> None:
    with started(new_database(empty=True), "watched") as counting:
        total = sum(1 for _ in steps(counting))
        assert counting.wait() == 0
    assert total > 50
    for stop_at in [2, 20, total // 2, total - 1]:
        url = new_database(empty=True)
        with started(url, "watched") as process:
            next(itertools.islice(steps(process), stop_at - 1, None))
            process.kill()
            assert process.wait() == -9
        engine = make_engine(url)
        left = tables(engine) & set(Base.metadata.tables)
        assert left in (set(), set(Base.metadata.tables)), f"half a schema after step {stop_at}"
        migrate(url, wait_seconds=20)
        with engine.connect() as connection:
            assert differences(connection) == []
        assert pending(engine) is None
        engine.dispose()


def test_processes_that_migrate_together_take_turns(empty_engine: sa.Engine) -> None:
    url = url_of(empty_engine)
    with started(url) as one, started(url) as two, started(url) as three:
        outputs = [process.communicate()[0].split() for process in (one, two, three)]
        assert [process.returncode for process in (one, two, three)] == [0, 0, 0]
    assert outputs == [["migrated"]] * 3
    with empty_engine.connect() as connection:
        assert differences(connection) == []


def test_whoever_waits_too_long_for_another_migration_gives_up(empty_engine: sa.Engine) -> None:
    with started(url_of(empty_engine), "watched") as slow:
        next(steps(slow))  # it holds the lock, and stands still
        with pytest.raises(Unavailable) as caught:
            migrate(url_of(empty_engine), wait_seconds=0.2)
        assert caught.value.code == "migration_running"
        slow.kill()
        slow.wait()
        migrate(url_of(empty_engine), wait_seconds=20)
    assert pending(empty_engine) is None


def test_a_rebuilt_table_keeps_its_children_and_broken_references_are_noticed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    migrate(url)
    engine = make_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("pragma foreign_keys=off")
    sa.event.listen(engine, "connect", migrations._without_foreign_keys)
    engine.dispose()
    with engine.connect() as connection:
        connection.exec_driver_sql("insert into audit_subjects (entry_id, subject_id) values ('aud_none', 'usr_1')")
        with pytest.raises(RuntimeError, match="rows they refer to"):
            upgrade(connection)
        connection.rollback()
    engine.dispose()


def test_a_draft_holds_what_the_code_added(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    engine = make_engine(f"sqlite:///{tmp_path}/x.db")
    migrate(url_of(engine))
    with engine.connect() as connection:
        connection.execute(sa.text("drop table audit_subjects"))
        text = migrations.draft(connection, "what is missing", folder).read_text()
        connection.rollback()
    engine.dispose()
    assert "'audit_subjects'" in text
    assert "services." not in text
    assert 'down_revision = "' in text or "down_revision = '" in text

"""A verb checks the actor, commits change, audit row and fact together or not at all, and shows in one trace."""

import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.infra.audit import AuditEntryRow
from services.infra.uow import UnitOfWork, WriteInQueryError, current, in_transaction, running
from services.infra.verbs import REGISTRY, command, intake, query
from services.kernel.context import Actor, JobActor, UserActor, VisitorActor, correlated, new_correlation
from services.kernel.errors import Forbidden, Invalid, Unauthenticated
from tests.infra.verb_examples import MINTER, CoinRow, Coins, audit_rows, coins_on, letters


@pytest.fixture
def coins(uow: UnitOfWork) -> Coins:
    return coins_on(uow)


def test_a_change_commits_with_its_audit_row_and_its_fact(uow: UnitOfWork, coins: Coins) -> None:
    assert coins.mint(MINTER, "c1") == "c1"
    assert (coins.count(MINTER), audit_rows(uow), letters(uow)) == (1, 1, 1)


@pytest.mark.capability("GO-4")
@pytest.mark.parametrize(
    "permissions", [frozenset(), frozenset({"coins.read"}), frozenset({"coins", "coins.*", "COINS.MINT"})]
)
def test_whoever_lacks_the_permission_is_refused_before_anything_opens(
    uow: UnitOfWork, coins: Coins, permissions: frozenset[str]
) -> None:
    uow.engine.dispose()
    with pytest.raises(Forbidden) as caught:
        coins.mint(UserActor("usr_1", permissions), "c1")
    assert caught.value.facts["permission"] == "coins.mint"
    with pytest.raises(Unauthenticated):
        coins.mint(VisitorActor(permissions), "c1")
    assert (coins.count(MINTER), audit_rows(uow)) == (0, 0)


@pytest.mark.capability("GO-4")
def test_a_question_asked_inside_a_change_checks_its_own_permission(coins: Coins) -> None:
    with pytest.raises(Forbidden):
        coins.mint_and_count(JobActor("half", frozenset({"coins.mint"})), "c1")
    assert coins.count(MINTER) == 0


def test_a_question_inside_a_change_sees_the_change(coins: Coins) -> None:
    assert coins.mint_and_count(MINTER, "c1") == 1


def test_a_question_inside_a_change_may_ask_others(uow: UnitOfWork, coins: Coins) -> None:
    coins.mint(MINTER, "c1")
    assert coins.mint_and_ask(MINTER, MINTER, "count_twice") == 4
    with Session(uow.engine) as session, session.begin(), uow.lend(session):
        assert coins.count_twice(MINTER) == 4
    coins.mint(MINTER, "c3")  # and the guard is gone with the question
    assert coins.count(MINTER) == 3


def test_changes_do_not_nest(uow: UnitOfWork, coins: Coins) -> None:
    with pytest.raises(RuntimeError, match="do not nest"):
        coins.mint_inside(MINTER, "c1")
    assert (coins.count(MINTER), audit_rows(uow), letters(uow)) == (0, 0, 0)


@pytest.mark.parametrize("verb", ["write_by_orm", "write_by_sql"])
def test_a_question_cannot_write(uow: UnitOfWork, coins: Coins, verb: str) -> None:
    coins.mint(MINTER, "c1")
    with pytest.raises(WriteInQueryError):
        getattr(coins, verb)(MINTER)
    assert coins.count(MINTER) == 1
    coins.mint(MINTER, "c2")  # the pooled connection is not left read-only
    assert coins.count(MINTER) == 2


WRITING_QUESTIONS = ["write_by_orm", "write_by_sql", "add_only", "change_only", "delete_by_text", "insert_by_core"]
WRITING_QUESTIONS += ["ask_and_write"]


@pytest.mark.parametrize("question", WRITING_QUESTIONS)
def test_a_question_inside_a_change_cannot_write(uow: UnitOfWork, coins: Coins, question: str) -> None:
    with pytest.raises(WriteInQueryError):
        coins.mint_and_ask(MINTER, MINTER, question)
    assert (coins.count(MINTER), audit_rows(uow)) == (0, 0)
    coins.mint(MINTER, "c2")  # the pooled connection is not left read-only
    assert coins.count(MINTER) == 1


@pytest.mark.parametrize("question", WRITING_QUESTIONS)
def test_a_question_in_a_lent_session_cannot_write(uow: UnitOfWork, coins: Coins, question: str) -> None:
    coins.mint(MINTER, "c1")
    with pytest.raises(WriteInQueryError), Session(uow.engine) as session, session.begin(), uow.lend(session):
        getattr(coins, question)(MINTER)
    with uow.reading() as session:
        assert session.execute(sa.select(CoinRow.id, CoinRow.value)).all() == [("c1", 1)]
    assert audit_rows(uow) == 1


def test_a_question_inside_a_change_is_asked_by_the_actor_that_was_checked(coins: Coins) -> None:
    asker = JobActor("asker", frozenset({"coins.read"}))
    assert coins.mint_and_ask(MINTER, asker, "who_asks") == (asker.id, "tests.Coins.who_asks")


def test_a_change_that_fails_leaves_nothing(uow: UnitOfWork, coins: Coins) -> None:
    with pytest.raises(ZeroDivisionError):
        coins.mint_and_fail(MINTER, "c1")
    assert (coins.count(MINTER), audit_rows(uow), letters(uow)) == (0, 0, 0)
    assert running() is None
    assert not in_transaction()


def test_without_the_audit_table_neither_change_nor_fact_remains(uow: UnitOfWork, coins: Coins) -> None:
    with uow.engine.begin() as connection:
        for table in ("audit_subjects", "audit_mentions", "audit_entries"):
            connection.execute(sa.text(f"drop table {table}"))
    with pytest.raises(sa.exc.DBAPIError):
        coins.mint(MINTER, "c1")
    assert (coins.count(MINTER), letters(uow)) == (0, 0)


def test_an_audit_row_that_cannot_be_written_takes_the_change_back(uow: UnitOfWork, coins: Coins) -> None:
    with uow.engine.begin() as connection:
        connection.execute(sa.text("drop table audit_subjects"))  # the row itself still fits; whom it is about does not
    with pytest.raises(sa.exc.DBAPIError):
        coins.mint(MINTER, "c1")
    assert (coins.count(MINTER), audit_rows(uow), letters(uow)) == (0, 0, 0)


def test_intake_stores_without_an_audit_row_and_says_why(uow: UnitOfWork, coins: Coins) -> None:
    coins.take_in(MINTER, "c1")
    assert (coins.count(MINTER), audit_rows(uow)) == (1, 0)
    info = next(info for name, info in REGISTRY.items() if name.endswith("Coins.take_in"))
    assert info.kind == "intake"
    assert info.unaudited_because


@pytest.mark.parametrize("value", ["nul \x00 in it", "half a surrogate \ud800"])
def test_a_text_that_the_database_cannot_hold_is_the_callers_mistake(uow: UnitOfWork, coins: Coins, value: str) -> None:
    if uow.engine.dialect.name == "sqlite" and "\x00" in value:
        assert coins.mint(MINTER, value) == value  # SQLite does hold NUL characters
        return
    with pytest.raises(Invalid) as caught:
        coins.mint(MINTER, value)
    assert caught.value.code == "value_not_storable"


def test_a_number_that_the_database_cannot_hold_is_the_callers_mistake(uow: UnitOfWork, coins: Coins) -> None:
    with pytest.raises((Invalid, TypeError)):
        coins.mint(MINTER, "c1", value=2**70)
    with pytest.raises(Invalid), uow.writing() as session:
        session.execute(sa.insert(CoinRow), {"id": "c", "owner": "o", "value": 2**70})
    assert coins.count(MINTER) == 0


# -- lent sessions: how durable reactions run verbs


def test_verbs_in_a_lent_session_commit_with_their_lender(uow: UnitOfWork, coins: Coins) -> None:
    with Session(uow.engine) as session:
        with uow.lend(session):
            assert in_transaction()
            coins.mint(MINTER, "c1")
            coins.mint(MINTER, "c2")
            assert coins.count(MINTER) == 2
        assert not in_transaction()
        session.rollback()
        assert coins.count(MINTER) == 0
        with uow.lend(session):
            coins.mint(MINTER, "c3")
        session.commit()
    assert (coins.count(MINTER), audit_rows(uow), letters(uow)) == (1, 1, 1)


def test_a_verb_that_fails_in_a_lent_session_takes_its_own_changes_back(uow: UnitOfWork, coins: Coins) -> None:
    with Session(uow.engine) as session:
        with uow.lend(session):
            coins.mint(MINTER, "kept")
            with pytest.raises(ZeroDivisionError):
                coins.mint_and_fail(MINTER, "unaudited")  # its caller carries on
        session.commit()
    assert (coins.count(MINTER), audit_rows(uow)) == (1, 1)


# -- what the scope holds


def test_outside_of_verbs_there_is_no_scope() -> None:
    with pytest.raises(RuntimeError, match="No verb is running"):
        current()


@pytest.mark.parametrize("value", [object(), float("nan"), 2**53, {1: "x"}, b"bytes"])
def test_a_note_that_canonical_json_cannot_carry_is_refused_where_it_is_written(uow: UnitOfWork, value: object) -> None:
    class Noting:
        def __init__(self, uow: UnitOfWork) -> None:
            self.uow = uow

        @command(permission="coins.mint")
        def write(self, actor: Actor) -> None:
            current().note(value=value)

    with pytest.raises(TypeError, match=r"Noting\.write notes"):
        Noting(uow).write(MINTER)
    assert audit_rows(uow) == 0


def test_a_note_is_a_copy_and_holds_no_mail_address(uow: UnitOfWork) -> None:
    kept: list[str] = ["before"]

    class Noting:
        def __init__(self, uow: UnitOfWork) -> None:
            self.uow = uow

        @command(permission="coins.mint")
        def write(self, actor: Actor) -> None:
            current().note(tags=kept, slip={"sent_to": "alice@example.com"})
            kept.append("after")

    Noting(uow).write(MINTER)
    with uow.reading() as session:
        leaf = session.scalars(sa.select(AuditEntryRow.leaf)).one()
    assert b'"tags":["before"]' in leaf
    assert b"alice@example.com" not in leaf


# -- how verbs are declared


@pytest.mark.parametrize("declare", [command, query, functools.partial(intake, unaudited_because="x")])
def test_a_verb_without_a_permission_or_without_an_end_cannot_be_declared(declare: object) -> None:
    assert callable(declare)
    with pytest.raises(TypeError, match="names no permission"):
        declare(permission="")(Coins.count)

    def lazily(self: Coins, actor: JobActor) -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="return a finished value"):
        declare(permission="coins.read")(lazily)


def test_every_verb_is_registered_with_kind_and_permission() -> None:
    found = {name.rsplit(".", 1)[1]: info for name, info in REGISTRY.items() if ".Coins." in name}
    assert (found["mint"].kind, found["mint"].permission) == ("command", "coins.mint")
    assert (found["count"].kind, found["count"].permission) == ("query", "coins.read")


MISUSES = {
    "a missing argument": "coins.mint(actor)",
    "a wrong type": "coins.mint(actor, 3)",
    "no actor": "coins.mint('c1')",
    "an unknown keyword": "coins.mint(actor, 'c1', colour='red')",
    "a wrong result": "n: int = coins.mint(actor, 'c1')",
    "a wrong keyword type": "coins.mint(actor, 'c1', value='much')",
}


def test_decorated_verbs_keep_their_signature_for_the_type_checker(tmp_path: Path) -> None:
    head = (
        "from services.kernel.context import Actor\nfrom tests.infra.verb_examples import Coins\n\n\n"
        "def use(coins: Coins, actor: Actor) -> None:\n"
        "    text: str = coins.mint(actor, 'c1', value=2)\n    number: int = coins.count(actor)\n"
        "    print(text, number)\n"
    )
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(head)
    bad.write_text(head + "".join(f"    {line}\n" for line in MISUSES.values()))
    run = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run([*run, str(good), str(bad)], capture_output=True, text=True, check=False)
    reported = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line and "bad.py" in line}
    first = head.count("\n") + 1
    assert reported == set(range(first, first + len(MISUSES))), done.stdout
    assert "good.py" not in done.stdout


@pytest.mark.capability("ERR-2")
def test_the_audit_row_carries_the_correlation_and_trace_of_the_request(uow: UnitOfWork, coins: Coins) -> None:
    ids = new_correlation("checkout-0001")
    with correlated(ids):
        coins.mint(MINTER, "c1")
    with uow.reading() as session:
        row = session.scalars(sa.select(AuditEntryRow)).one()
    assert (row.correlation_id, row.trace_id) == ("checkout-0001", ids.trace_id)

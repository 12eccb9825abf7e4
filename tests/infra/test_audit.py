"""Audit leaves are canonical, hashed as RFC 6962 says, free of personal values in clear, and found by any id."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc8785
import sqlalchemy as sa

from services.infra.audit import AuditEntryRow, leaf_hash
from services.infra.crypto import Vault
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import UserActor, correlated, new_correlation
from services.kernel.errors import Gone, Invalid
from services.kernel.ids import new_id
from services.kernel.paging import PageRequest
from tests.infra.verb_examples import MINTER, Coins, coins_on
from tests.servers import postgresql

ALL = PageRequest(size=200)
MAIL = "alice.quizstar@example.com"


@pytest.fixture
def coins(uow: UnitOfWork) -> Coins:
    return coins_on(uow)


def only_row(uow: UnitOfWork) -> AuditEntryRow:
    with uow.reading() as session:
        return session.scalars(sa.select(AuditEntryRow)).one()


def test_leaf_hashes_are_those_of_rfc_6962() -> None:
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"


def test_a_leaf_is_canonical_json_with_everything_that_the_columns_say(uow: UnitOfWork, coins: Coins) -> None:
    ids = new_correlation("checkout-0001")
    with correlated(ids):
        coins.mint(UserActor("usr_7", MINTER.permissions), "c1", "usr_9", value=3)
    row = only_row(uow)
    leaf = json.loads(row.leaf)
    assert rfc8785.dumps(leaf) == row.leaf
    assert leaf == {
        "v": 1,
        "id": row.id,
        "at": "2026-11-24T12:00:00.000000+00:00",
        "actor": {"kind": "user", "id": "usr_7"},
        "verb": row.verb,
        "correlation_id": "checkout-0001",
        "trace_id": ids.trace_id,
        "subjects": ["usr_9"],
        "facts": {"coin_id": "c1", "value": 3},
        "sealed": {},
    }
    assert row.leaf_hash == hashlib.sha256(b"\x00" + row.leaf).digest()
    assert row.at == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert row.verb.endswith(".Coins.mint")


def test_a_personal_note_opens_in_its_own_entry_only(uow: UnitOfWork, coins: Coins, vault: Vault) -> None:
    coins.mint(MINTER, "c1", "usr_9", mail=MAIL)
    row = only_row(uow)
    sealed = json.loads(row.leaf)["sealed"]["usr_9"]["mail"]
    with uow.reading() as session:
        assert vault.open(session, "usr_9", sealed, f"audit:{row.id}:mail") == MAIL
        with pytest.raises(Invalid):
            vault.open(session, "usr_9", sealed, f"audit:{row.id[:-1]}x:mail")


def test_personal_values_are_never_in_clear_in_what_the_database_stores(uow: UnitOfWork, coins: Coins) -> None:
    coins.mint(MINTER, "c1", "usr_9", mail=MAIL)
    if uow.engine.dialect.name == "sqlite":
        folder = Path(str(uow.engine.url.database)).parent
        stored = b"".join(file.read_bytes() for file in folder.iterdir())
        assert b"usr_9" in stored  # written, and where we look
    else:
        port = uow.engine.url.port
        assert port is not None
        with uow.engine.connect() as connection:
            connection.commit()
        stored = postgresql_dump(port, str(uow.engine.url.database))
        assert b"usr_9" in stored
    assert MAIL.encode() not in stored
    assert b"quizstar" not in stored


def postgresql_dump(port: int, database: str) -> bytes:
    """Return every row of every table as text."""
    engine = sa.create_engine(postgresql.sqlalchemy_url(port, database))
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [str(row) for t in tables for row in connection.execute(sa.text(f'select t.*::text from "{t}" t'))]  # noqa: S608 - the names are our own tables'
        leaves = connection.scalars(sa.text("select leaf from audit_entries")).all()
    engine.dispose()
    return "\n".join(rows).encode() + b"".join(map(bytes, leaves))


def test_erasing_the_subject_leaves_every_leaf_and_hash_whole(uow: UnitOfWork, coins: Coins, vault: Vault) -> None:
    coins.mint(MINTER, "c1", "usr_9", mail=MAIL)
    before = only_row(uow)
    with uow.writing() as session:
        vault.destroy(session, "usr_9")
    after = only_row(uow)
    assert (after.leaf, after.leaf_hash) == (before.leaf, before.leaf_hash) == (before.leaf, leaf_hash(after.leaf))
    sealed = json.loads(after.leaf)["sealed"]["usr_9"]["mail"]
    with uow.reading() as session, pytest.raises(Gone):
        vault.open(session, "usr_9", sealed, f"audit:{after.id}:mail")


@pytest.mark.capability("ERR-2")
def test_an_entry_is_found_by_every_id_that_stands_in_it(uow: UnitOfWork, coins: Coins) -> None:
    ids = new_correlation("checkout-0001")
    with correlated(ids):
        coins.mint(UserActor("usr_7", MINTER.permissions), "c1", "usr_9")
    coins.mint(MINTER, "c2", "usr_8")
    entry = next(e for e in coins.trail(MINTER, ALL).items if e.actor_id == "usr_7")
    for known in ("checkout-0001", ids.trace_id, "usr_7", "usr_9", entry.id):
        assert [found.id for found in coins.trail(MINTER, ALL, search=known).items] == [entry.id]
    for verb in (entry.verb, entry.verb.upper(), entry.verb.partition(".")[0]):
        assert len(coins.trail(MINTER, ALL, search=verb).items) == 2
    assert coins.trail(MINTER, ALL, search="usr_404").items == []


def test_an_entry_is_found_by_an_id_that_it_notes(coins: Coins) -> None:
    noted = new_id("ses")
    coins.mint(MINTER, noted, "usr_9")
    coins.mint(MINTER, "c2")
    assert [e.facts["coin_id"] for e in coins.trail(MINTER, ALL, search=noted).items] == [noted]
    assert coins.trail(MINTER, ALL, search=noted[:-1]).items == []


@pytest.mark.parametrize("search", ["%", "' or 1=1 --", "_", "usr_", "\\"])
def test_a_search_finds_whole_ids_only(coins: Coins, search: str) -> None:
    coins.mint(MINTER, "c1", "usr_9")
    assert coins.trail(MINTER, ALL, search=search).items == []


def test_pages_hold_every_entry_once_newest_first_while_more_arrive(coins: Coins, clock: FixedClock) -> None:
    for number in range(25):
        coins.mint(MINTER, f"c{number}")
        clock.advance(seconds=1)
    seen, after = [], None
    for turn in range(10):
        page = coins.trail(MINTER, PageRequest(after, size=7))
        seen += [entry.facts["coin_id"] for entry in page.items]
        after = page.next_cursor
        if after is None:
            break
        coins.mint(MINTER, f"later{turn}")
    assert seen == [f"c{number}" for number in reversed(range(25))]


def test_changes_of_a_span_are_found_in_pages_by_its_half_open_edges(coins: Coins, clock: FixedClock) -> None:
    begun = clock.now()
    for number in range(10):
        coins.mint(MINTER, f"c{number}")
        clock.advance(minutes=1)
    since_at, before_at = begun + timedelta(minutes=2), begun + timedelta(minutes=7)
    first = coins.trail(MINTER, PageRequest(size=3), since_at=since_at, before_at=before_at)
    rest = coins.trail(MINTER, PageRequest(first.next_cursor, size=3), since_at=since_at, before_at=before_at)
    assert [e.facts["coin_id"] for e in (*first.items, *rest.items)] == ["c6", "c5", "c4", "c3", "c2"]
    assert rest.next_cursor is None
    assert coins.trail(MINTER, ALL, search="c3", since_at=before_at).items == []


def test_a_page_that_is_exactly_full_names_no_next_one(coins: Coins) -> None:
    for number in range(3):
        coins.mint(MINTER, f"c{number}")
    assert coins.trail(MINTER, PageRequest(size=3)).next_cursor is None
    assert coins.trail(MINTER, PageRequest(size=2)).next_cursor is not None


def test_views_say_what_the_leaf_says(coins: Coins) -> None:
    coins.mint(MINTER, "c1", "usr_9", value=4)
    (entry,) = coins.trail(MINTER, ALL).items
    assert (entry.subjects, entry.facts, entry.actor_kind) == (("usr_9",), {"coin_id": "c1", "value": 4}, "job")
    assert len(entry.leaf_hash) == 64
    assert entry.sealed == ()

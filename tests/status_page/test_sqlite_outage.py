"""The public pages of the whole product while its SQLite file is locked, for readers and for writers."""

import fcntl
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from services.kernel.clock import SystemClock, to_epoch_ms
from tests.servers.product import Product
from tests.servers.waiting import until
from tests.status_page.test_outage import AGE_SHOWN_SECONDS, SAID, Load, page

READER_LOCKS = (123, 5)
"""Where the five marks of readers lie in SQLite's WAL index, and how many bytes they take (wal.c, WAL_READ_LOCK)."""


@contextmanager
def locked_for_readers(database: Path) -> Iterator[None]:
    """Hold the marks that every reader of a WAL database needs, as a program with an exclusive lock does."""
    with database.with_name(f"{database.name}-shm").open("rb+") as index:
        fcntl.lockf(index, fcntl.LOCK_EX, READER_LOCKS[1], READER_LOCKS[0])
        yield
        fcntl.lockf(index, fcntl.LOCK_UN, READER_LOCKS[1], READER_LOCKS[0])


def beacon(url: str) -> int:
    """Report that somebody wants to play, and return how that was answered."""
    at = to_epoch_ms(SystemClock().now())
    line = f'e=ps,sf=h,sid="{uuid.uuid4()}",sn=0,st=v,sta=s,ts={at},v=2'
    headers = {"Content-Type": "application/cmcd"}
    return httpx.post(f"{url}/ingest/cmcd", content=line, headers=headers, timeout=30, trust_env=False).status_code


@pytest.mark.capability("STATUS-9")
def test_no_page_fails_while_somebody_keeps_the_sqlite_file_from_being_read() -> None:
    with Product(demo=False) as product:
        load = Load(product.url)
        with load.going_on():
            until(lambda: load.answers["200"] > 100, "the pages are known")
            with locked_for_readers(product.data / "greenlight.db"):
                until(lambda: SAID in page(product.url), "the age is shown", AGE_SHOWN_SECONDS)
            until(lambda: SAID not in page(product.url), "the pages are current again", 30)
        assert dict(load.answers).keys() == {"200"}, load.answers


@pytest.mark.capability("STATUS-9")
def test_no_page_fails_while_somebody_keeps_the_sqlite_file_from_being_written() -> None:
    with Product(demo=False) as product:
        load = Load(product.url)
        with load.going_on():
            until(lambda: load.answers["200"] > 100, "the pages are known")
            with closing(sqlite3.connect(product.data / "greenlight.db", isolation_level=None)) as writer:
                writer.execute("BEGIN IMMEDIATE")
                before = load.answers["200"]
                assert beacon(product.url) != httpx.codes.NO_CONTENT
                until(lambda: load.answers["200"] > before + 200, "readers went on", 60)
                writer.execute("ROLLBACK")
            until(lambda: beacon(product.url) == httpx.codes.NO_CONTENT, "measurements are taken again", 30)
        assert dict(load.answers).keys() == {"200"}, load.answers

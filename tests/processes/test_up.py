"""`manage.py up`, started and ended as an operator does it, and as a bad day does it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from e2e.players.collector import recorded
from services.kernel.clock import SystemClock, to_epoch_ms
from tests.servers.product import Product
from tests.servers.waiting import until

SHUTDOWN_SECONDS = 60
SESSION = "kept-over-a-kill"


@pytest.fixture
def running() -> Iterator[Product]:
    with Product(demo=False) as product:
        yield product


def descendants(pid: int) -> set[int]:
    """The processes that a process has started, and those that they have."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            parents.setdefault(int(stat[1]), []).append(int(entry.name))
    found: set[int] = set()
    left = [pid]
    while left:
        children = parents.get(left.pop(), [])
        found.update(children)
        left.extend(children)
    return found


def alive(pid: int) -> bool:
    return bool(stat := _stat(pid)) and stat[0] != "Z"


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_asked_with_no_orphan_and_a_clean_code(running: Product, number: signal.Signals) -> None:
    started = descendants(running.pid)
    assert len(started) >= 4  # the web's master and workers, and the background
    os.kill(running.pid, number)
    assert running._process is not None
    assert running._process.wait(SHUTDOWN_SECONDS) == 0
    assert [pid for pid in started if alive(pid)] == []
    assert "did not end in time" not in running.log.read_text()


def test_killed_it_leaves_no_orphan_and_starts_again_with_what_was_stored(running: Product) -> None:
    began_ms = to_epoch_ms(SystemClock().now()) - 5_000
    report = (
        f'e=ps,sf=h,sid="{SESSION}",sn=0,st=v,sta=s,ts={began_ms},v=2\n'
        f'e=ps,sf=h,sid="{SESSION}",sn=1,st=v,sta=p,ts={began_ms + 640},v=2'
    )
    sent = httpx.post(
        f"{running.url}/ingest/cmcd",
        content=report,
        headers={"Content-Type": "application/cmcd"},
        trust_env=False,
    )
    assert sent.status_code == 204
    kept = (running.data / "secret-key").read_text()
    started = descendants(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    assert running._process is not None
    running._process.wait(SHUTDOWN_SECONDS)
    until(lambda: not any(alive(pid) for pid in started), "an end of all", SHUTDOWN_SECONDS)
    running.start()
    assert (running.data / "secret-key").read_text() == kept
    account = recorded(running.url, SESSION, lambda a: a["join_time_ms"] is not None, "the play of before")
    assert account["join_time_ms"] == 640

"""Whatever is killed, and whenever: what was acknowledged is there, and every play counts exactly once."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa

from services.infra.uow import UnitOfWork
from services.kernel.clock import SystemClock, to_epoch_ms
from services.kernel.context import JobActor
from services.metrics import Intake, SqlMetricStore, Window
from services.metrics.tables import InboxRow
from tests.api.ingest_server import IngestServer
from tests.servers.process import die_with_parent
from tests.servers.waiting import until
from tools.paths import ROOT

METER = JobActor("tests", frozenset({"metrics.run", "metrics.read"}))
PLAYERS = 6


@pytest.fixture
def ingest(database_url: str) -> Iterator[IngestServer]:
    with IngestServer(database_url, ingest_sessions_per_minute=1_000_000, ingest_events_per_second=1_000_000) as server:
        yield server


@pytest.fixture
def folder(database_url: str, ingest: IngestServer) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(
            subprocess.Popen(
                [sys.executable, str(ROOT / "tests" / "api" / "fold_loop.py")],
                env=dict(ingest.environment()),
                preexec_fn=die_with_parent(),  # noqa: PLW1509 -- exec follows at once
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def story(sid: str, sns: range) -> bytes:
    now_ms = to_epoch_ms(SystemClock().now())
    steps = {0: ("s", 900), 1: ("p", 400), 2: ("r", 300), 3: ("p", 200), 4: ("q", 0)}
    return "\n".join(
        f'e=ps,sf=h,sid="{sid}",sn={sn},sta={steps[sn][0]},ts={now_ms - steps[sn][1]},v=2' for sn in sns
    ).encode()


class Player(threading.Thread):
    """Reports play after play in two reports each, and repeats a report until it is acknowledged."""

    def __init__(self, name: str, url: str, ended: threading.Event) -> None:
        super().__init__(name=name)
        self.url, self.ended = f"{url}/ingest/cmcd", ended
        self.plays = self.acknowledged = 0

    def run(self) -> None:
        with httpx.Client(trust_env=False, timeout=15) as client:
            while not self.ended.is_set():
                sid = f"{self.name}-{self.plays}"
                bodies = [story(sid, range(2)), story(sid, range(2, 5))]
                for body in bodies:
                    self.report(client, body)
                self.plays += 1

    def report(self, client: httpx.Client, body: bytes) -> None:
        pause = threading.Event()
        while True:
            try:
                if client.post(self.url, content=body, headers={"Content-Type": "application/cmcd"}).is_success:
                    self.acknowledged += body.count(b"\n") + 1
                    return
            except httpx.HTTPError:
                pass
            pause.wait(0.02)


def stored_events(uow: UnitOfWork) -> int:
    with uow.reading() as session:
        waiting = session.scalar(sa.select(sa.func.sum(InboxRow.event_count))) or 0
    return int(waiting) + Intake(uow).tallies(METER).get("folded", 0)


def test_every_acknowledged_event_is_in_the_database_after_the_server_was_killed(
    ingest: IngestServer, uow: UnitOfWork
) -> None:
    with ThreadPoolExecutor(PLAYERS) as pool:

        def report(i: int) -> int:
            try:
                answer = httpx.post(
                    f"{ingest.url}/ingest/cmcd",
                    content=story(f"s{i}", range(5)),
                    headers={"Content-Type": "application/cmcd"},
                    trust_env=False,
                )
            except httpx.HTTPError:
                return 0
            return 5 if answer.status_code == 204 else 0

        futures = [pool.submit(report, i) for i in range(400)]
        until(lambda: stored_events(uow) > 300, "reports are being taken")
        ingest.kill()
        acknowledged = sum(future.result() for future in futures)
    assert 0 < acknowledged < 2_000
    assert stored_events(uow) >= acknowledged


@pytest.mark.capability("STATUS-1")
def test_every_play_counts_exactly_once_although_server_and_folder_are_killed_again_and_again(
    ingest: IngestServer, folder: Callable[[], subprocess.Popen[bytes]], uow: UnitOfWork
) -> None:
    random_ = random.Random(os.urandom(8))
    ended, pause = threading.Event(), threading.Event()
    players = [Player(f"player-{i}", ingest.url, ended) for i in range(PLAYERS)]
    folding = folder()
    for player in players:
        player.start()
    try:
        for _ in range(3):
            before = stored_events(uow)
            until(lambda before=before: stored_events(uow) > before + 100, "reports are being taken")  # type: ignore[misc] # bound early
            pause.wait(random_.uniform(0, 0.3))
            folding.kill()
            folding.wait()
            ingest.kill()
            ingest.start()
            folding = folder()
    finally:
        ended.set()
        for player in players:
            player.join(60)
    folding.kill()
    folding.wait()
    intake = Intake(uow)
    while intake.fold(METER).events:
        pass
    plays = sum(player.plays for player in players)
    store, window = SqlMetricStore(uow), Window.last(3_600, SystemClock().now())
    counted = {m: store.summary(METER, m, window) for m in ("join_time", "stall_time", "play_time")}
    assert plays > 0
    assert {name: summary.count for name, summary in counted.items()} == dict.fromkeys(counted, plays)
    assert stored_events(uow) >= sum(player.acknowledged for player in players)

"""Ingest on one core: the web process and the background process share core 0, the players are on core 1.

Everything is the product's own: `wsgi:app` on Granian with one worker, `manage.py background`, the embedded database
with its synchronous commits. An event counts once it was acknowledged and folded into the measurements.

Usage: python -m benchmarks.ingest [seconds]
"""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from benchmarks._product import answers, environment, free_port, wait_for
from services.infra.db import make_engine
from services.metrics.tables import InboxRow, TallyRow, TotalRow
from tools.paths import PYTHON, ROOT

BAR = 5_000
BATCH, BATCHES_PER_SESSION, PLAYERS = 20, 5, 8
SERVER_CORE, CLIENT_CORE = 0, 1
STEPS = "sp" + "ppprppppkpppppapppppp" * 5


def settings(folder: Path, port: int) -> dict[str, str]:
    """Return the product's settings: production's, without the limits that one client has."""
    without_limits = {"INGEST_EVENTS_PER_SECOND": "10000000", "INGEST_SESSIONS_PER_MINUTE": "1000000"}
    return environment(folder, port, SURFACES="api", **without_limits)


@contextmanager
def product(folder: Path, port: int) -> Iterator[None]:
    """Run both processes on the servers' core."""
    env = settings(folder, port)
    subprocess.run([PYTHON, "manage.py", "migrate"], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    granian = [
        str(PYTHON), "-m", "granian", "wsgi:app", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--blocking-threads", "8", "--workers-kill-timeout", "5", "--no-ws", "--log-level", "warning",
    ]  # fmt: skip
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in (granian, [str(PYTHON), "manage.py", "background"]):
            pinned = ["taskset", "-c", str(SERVER_CORE), *command]
            started.append(subprocess.Popen(pinned, cwd=ROOT, env=env, start_new_session=True))
        wait_for(lambda: answers(port), "the web process answers", 60)
        yield
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def report(sid: str, first_sn: int, now_ms: int) -> bytes:
    """Return a report as hls.js sends it: 20 records of a dozen keys."""
    return "\n".join(
        f'bl=({sn * 100}),br=(3200),cid="creator-42/vid-7",e=ps,mtp=(25400),pr=1,sf=h,sid="{sid}",sn={sn},st=v,'
        f"sta={STEPS[sn]},ts={now_ms + sn * 400},v=2"
        for sn in range(first_sn, first_sn + BATCH)
    ).encode()


class Player(threading.Thread):
    """Reports session after session over one connection, as fast as reports are acknowledged."""

    def __init__(self, number: int, port: int, ends: float) -> None:
        super().__init__()
        self.number, self.port, self.ends = number, port, ends
        self.acknowledged = self.sessions = 0
        self.refused: dict[int, int] = {}
        self.latencies: list[float] = []

    def run(self) -> None:
        """Report until the time is over; a session that was begun is told to its end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while time.monotonic() < self.ends:
            sid = f"session-{self.number}-{self.sessions}-{os.getpid()}"
            began_ms = time.time_ns() // 1_000_000 - 60_000
            for batch in range(BATCHES_PER_SESSION):
                self.send(connection, report(sid, batch * BATCH, began_ms))
            self.sessions += 1

    def send(self, connection: http.client.HTTPConnection, body: bytes) -> None:
        """Send one report, as often as it takes."""
        while not self.sent(connection, body):
            pass

    def sent(self, connection: http.client.HTTPConnection, body: bytes) -> bool:
        """Send one report once, and say whether it was acknowledged."""
        began = time.perf_counter()
        connection.request("POST", "/ingest/cmcd?player=hls.js", body, {"Content-Type": "application/cmcd"})
        answer = connection.getresponse()
        answer.read()
        self.latencies.append(time.perf_counter() - began)
        if answer.status == http.client.NO_CONTENT:
            self.acknowledged += BATCH
            return True
        self.refused[answer.status] = self.refused.get(answer.status, 0) + 1
        return False


def folded(engine: sa.Engine) -> tuple[int, int, int]:
    """Return how many events were folded, how many wait, and how many plays were counted."""
    with engine.connect() as connection:
        done = connection.scalar(sa.select(TallyRow.count).where(TallyRow.reason == "folded")) or 0
        waiting = connection.scalar(sa.select(sa.func.sum(InboxRow.event_count))) or 0
        plays = connection.scalar(sa.select(TotalRow.count).where(TotalRow.metric == "join_time")) or 0
    return int(done), int(waiting), int(plays)


def quantile(values: Sequence[float], q: float) -> float:
    """Return a quantile of measured values."""
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def main() -> None:
    """Print how many events a second were acknowledged and folded, and that none was lost or counted twice."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    os.sched_setaffinity(0, {CLIENT_CORE} if (os.cpu_count() or 1) > 1 else {0})
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        with product(folder, port):
            engine = make_engine(f"sqlite:///{folder / 'greenlight.db'}")
            began = time.monotonic()
            players = [Player(i, port, began + seconds) for i in range(PLAYERS)]
            for player in players:
                player.start()
            for player in players:
                player.join()
            acknowledged_after = time.monotonic() - began
            total = sum(p.acknowledged for p in players)
            wait_for(lambda: folded(engine)[:2] == (total, 0), "everything is folded", 120)
            folded_after = time.monotonic() - began
            plays = folded(engine)[2]
            engine.dispose()
    latencies = [value for p in players for value in p.latencies]
    sessions = sum(p.sessions for p in players)
    print(f"{total:,} events of {sessions:,} sessions, {BATCH} a report, {PLAYERS} connections")
    folded_rate = total / folded_after
    print(f"acknowledged: {total / acknowledged_after:,.0f} events/s; with folding: {folded_rate:,.0f} events/s")
    print(f"a report took p50 {quantile(latencies, 0.5) * 1e3:.1f} ms, p99 {quantile(latencies, 0.99) * 1e3:.1f} ms")
    refused = {status: sum(p.refused.get(status, 0) for p in players) for p in players for status in p.refused}
    print(f"refused: {refused or 'none'}; plays counted: {plays:,} of {sessions:,}")
    print(f"ratio: events/s on one core to the bar of {BAR:,}: {folded_rate / BAR:.2f}")
    if plays != sessions or folded_rate < BAR:
        raise SystemExit("ingest is slower than promised, or plays were lost or counted twice")


if __name__ == "__main__":
    main()

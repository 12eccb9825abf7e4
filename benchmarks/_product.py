"""What several benchmarks need: ports, waiting, the product as `manage.py up` runs it, and pages full of figures."""

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from demo.history import tell_history as tell_past
from demo.rhythm import Rhythm
from processes.demo_data import seed_history
from services.infra.migrate import migrate
from services.infra.settings import read
from services.metrics import SqlMetricStore
from services.wiring import wire
from tools.paths import PYTHON, ROOT


def free_port() -> int:
    """Return a loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, port: int, **own: str) -> dict[str, str]:
    """Return the environment of a product with these settings and no others of ours."""
    told = {"DATA_DIR": str(folder), "PORT": str(port), "LOG_LEVEL": "warning"} | own
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GREENLIGHT_")}  # noqa: TID251 -- handed on
    return kept | {f"GREENLIGHT_{k}": v for k, v in told.items()} | {"PYTHONPATH": str(ROOT)}


def answers(port: int, path: str = "/health/live") -> bool:
    """Say whether the web process answers well."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], what: str, deadline_seconds: float) -> None:
    """Wait until a condition holds.

    Raises: TimeoutError, naming what did not come.
    """
    pause, ends = threading.Event(), time.monotonic() + deadline_seconds
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {deadline_seconds:g} s")
        pause.wait(0.02)


def tell_history(folder: Path, plays_a_day: float | None = None) -> None:
    """Fill an installation with the demo's ninety days, so that its pages weigh what they weigh in use.

    With fewer plays it is told sooner, and pages weigh the same.
    """
    settings = read({"GREENLIGHT_DATA_DIR": str(folder), "GREENLIGHT_DEMO": "true"})
    migrate(settings.database_url)
    wired = wire(settings)
    if plays_a_day is None:
        seed_history(wired, lambda _: None)
    else:
        store, now = SqlMetricStore(wired.uow), wired.clock.now()
        tell_past(wired.recording, store, now, lambda _: None, rhythm=Rhythm(plays_a_day=plays_a_day))
    wired.engine.dispose()
    wired.client.close()


@contextmanager
def running(
    command: list[str], env: Mapping[str, str], port: int, path: str, deadline_seconds: float
) -> Iterator[float]:
    """Run a command until its web process answers, yield how many seconds that took, and stop it in good order."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(lambda: answers(port, path), "the first page", deadline_seconds)
        yield time.monotonic() - began
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def product(folder: Path, port: int, **own: str) -> Iterator[float]:
    """Run the whole product in production settings, and yield how many seconds it took to the first page."""
    command = [str(PYTHON), "manage.py", "up"]
    with running(command, environment(folder, port, **own), port, "/status/", 300) as seconds:
        yield seconds

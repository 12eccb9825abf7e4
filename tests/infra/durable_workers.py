"""Background processes of the small shop, as tests start, watch and end them."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.infra.durable_house import House
from tests.servers.waiting import until

DEADLINE = 40


class Worker:
    """A background process of the house, seen from outside."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid = pid
        self._exit = folder / f"exit-{pid}"

    def code(self) -> int | None:
        """Return the exit code, negative for a signal, once the process has ended."""
        return int(text) if self._exit.exists() and (text := self._exit.read_text()) else None

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        until(lambda: self.code() is not None, f"the end of worker {self.pid}", DEADLINE)
        code = self.code()
        assert code is not None
        return code

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def close(self) -> None:
        """End the process, in whatever state it is."""
        if self.code() is None:
            self.send(signal.SIGKILL)
            self.wait()


class Workers:
    """Background processes of the house."""

    def __init__(self, house: House, forge: subprocess.Popen[str]) -> None:
        self.house, self.forge = house, forge
        self.started: list[Worker] = []

    def start(self, slot: str = "a", **options: object) -> Worker:
        """Start a worker and wait until it works, or has died of it."""
        folder = self.house.folder
        given = {"url": self.house.settings.database_url, "folder": str(folder), "slot": slot, **options}
        assert self.forge.stdin
        assert self.forge.stdout
        self.forge.stdin.write(f"{json.dumps(given)}\n")
        self.forge.stdin.flush()
        worker = Worker(int(self.forge.stdout.readline()), folder)
        self.started.append(worker)
        started = folder / f"started-{worker.pid}"
        until(lambda: started.exists() or worker.code() is not None, f"the start of worker {slot}", DEADLINE)
        return worker

    def close(self) -> None:
        """End all workers."""
        for worker in self.started:
            worker.close()


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    until(condition, what, DEADLINE)


def settled(house: House) -> Callable[[], bool]:
    """Tell whether no work waits or runs."""
    return lambda: not house.client.listed(["PENDING", "ENQUEUED", "DELAYED"], limit=10)

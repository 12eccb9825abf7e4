"""Hands the servers of a test run to whoever asks, starting each at the first request."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers.waiting import until
from tools.paths import ROOT

START_SECONDS = 90.0

_keepers: list[subprocess.Popen[bytes]] = []  # they end when this process has ended: there is nobody to wait


class SharedServers:
    """The servers of one test run, found through descriptors in a folder that all workers see."""

    def __init__(self, folder: Path, run_pid: int) -> None:
        self.folder, self.run_pid = folder, run_pid

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Let one worker at a time do what `name` stands for."""
        with (self.folder / f"{name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def once(self, name: str, work: Callable[[], None]) -> None:
        """Do `work` in the first worker that asks, and in no other; the others wait until it is done."""
        done = self.folder / f"{name}.done"
        with self.locked(name):
            if not done.exists():
                work()
                done.touch()

    def port(self, kind: str) -> int:
        """Return the port of the run's server, starting it first where nobody has.

        Raises: RuntimeError with the server's words where it cannot start.
        """
        descriptor = self.folder / f"{kind}.json"
        with self.locked(kind):
            if not descriptor.exists():
                self._start_keeper(kind, descriptor)
                until(descriptor.exists, kind, START_SECONDS)
        content: dict[str, Any] = json.loads(descriptor.read_text())
        if "error" in content:
            raise RuntimeError(f"{kind} did not start: {content['error']}")
        return int(content["port"])

    def _start_keeper(self, kind: str, descriptor: Path) -> None:
        # A session of its own: the terminal's Ctrl-C reaches pytest, whose end then ends the keeper.
        with (self.folder / f"{kind}.log").open("wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "tests.servers.keeper", kind, str(self.run_pid), str(descriptor)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _keepers.append(keeper)


def of_this_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SharedServers:
    """Return the servers of the running pytest, the same in all its workers."""
    if hasattr(request.config, "workerinput"):
        folder, pid = tmp_path_factory.getbasetemp().parent, os.getppid()
    else:
        folder, pid = tmp_path_factory.getbasetemp(), os.getpid()
    return SharedServers(folder, pid)

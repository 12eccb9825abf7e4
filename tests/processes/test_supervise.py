"""The supervisor with real processes: output, restarts, giving up, and no orphan whoever is killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.process import accepts, free_port
from tests.servers.waiting import until

ROOT = Path(__file__).parents[2]

SUPERVISE = """
import json, pathlib, sys
from processes.supervise import Command, Policy, Supervisor
given = json.loads(sys.argv[1])
commands = [Command(**command) for command in given["commands"]]
ready = (lambda: "all is ready" if pathlib.Path(given["ready"]).exists() else None) if given["ready"] else None
sys.exit(Supervisor(commands, policy=Policy(**given["policy"]), ready=ready).run())
"""

# Notes its pid, starts a grandchild that ignores SIGTERM, and ends both in good order when asked.
POLITE = """
import os, pathlib, signal, subprocess, sys
folder = pathlib.Path(sys.argv[1])
stubborn = subprocess.Popen([sys.executable, "-c", "import signal; signal.signal(15, signal.SIG_IGN); signal.pause()"])
def end(*_):
    stubborn.kill()
    print("ended in good order", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
(folder / f"{os.getpid()}.leader").touch()
(folder / f"{stubborn.pid}.follower").touch()
print("at work", flush=True)
while True:
    signal.pause()
"""

# Ends at once when asked, and leaves its grandchild behind.
CARELESS = POLITE.replace("    stubborn.kill()\n", "")

STUBBORN = """
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
(pathlib.Path(sys.argv[1]) / f"{os.getpid()}.leader").touch()
while True:
    signal.pause()
"""

GRANIAN = (
    *(sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--workers-kill-timeout", "5"),
    "--respawn-failed-workers",
)


class Supervised:
    """A supervisor as a process of its own, with its output in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "up.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *commands: dict[str, object], ready: Path | None = None, **policy: float) -> None:
        given = json.dumps({"commands": commands, "policy": policy, "ready": str(ready or "")})
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISE, given], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def script(self, name: str, text: str, **more: object) -> dict[str, object]:
        return {"name": name, "argv": [sys.executable, "-c", text, str(self.folder)], **more}

    def pids(self, kind: str = "*") -> set[int]:
        return {int(path.stem) for path in self.folder.glob(f"*.{kind}") if path.stem.isdigit()}

    @property
    def output(self) -> str:
        return self.log.read_text()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, seconds: float = 30) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def close(self) -> None:
        for pid in (*self.pids(), *([self.process.pid] if self.process else [])):
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits to be buried by init does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def group(pid: int) -> set[int]:
    """Return the living members of a process group."""
    members = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getpgid(int(entry.name)) == pid and alive(int(entry.name)):
                members.add(int(entry.name))
        except ProcessLookupError:
            continue
    return members


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    running = Supervised(tmp_path)
    yield running
    running.close()


def gone(pids: set[int]) -> Callable[[], bool]:
    return lambda: not any(alive(pid) for pid in pids)


def test_every_line_of_a_child_carries_its_name(supervised: Supervised) -> None:
    talking = "import sys; print('one'); print('two', file=sys.stderr); sys.stdout.write('unfinished')"
    supervised.start(supervised.script("web", talking, optional=True), supervised.script("background", POLITE))
    until(lambda: "unfinished" in supervised.output and "at work" in supervised.output, "output of both")
    supervised.signal(signal.SIGTERM)
    assert supervised.wait() == 0
    lines = set(supervised.output.splitlines())
    assert {"web        | one", "web        | two", "web        | unfinished", "background | at work"} <= lines
    assert "background | ended in good order" in lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_request_to_stop_ends_every_process_of_every_group(supervised: Supervised, number: signal.Signals) -> None:
    supervised.start(supervised.script("web", CARELESS), supervised.script("background", POLITE))
    pids = until(lambda: len(supervised.pids()) == 4 and supervised.pids(), "both children and their children")
    assert isinstance(pids, set)
    supervised.signal(number)
    assert supervised.wait() == 0
    until(gone(pids), "an end of all")


def test_a_child_that_ignores_the_request_is_killed_after_the_grace(supervised: Supervised) -> None:
    supervised.start(supervised.script("web", STUBBORN), grace_seconds=0.3)
    until(supervised.pids, "the child")
    supervised.signal(signal.SIGTERM)
    assert supervised.wait() == 0
    assert "did not end in time; killing it" in supervised.output
    assert not any(alive(pid) for pid in supervised.pids())


def test_a_killed_child_is_started_again_and_its_leftovers_are_killed(supervised: Supervised) -> None:
    supervised.start(supervised.script("web", POLITE), supervised.script("background", POLITE), first_wait_seconds=0.05)
    first = until(lambda: len(supervised.pids()) == 4 and supervised.pids(), "both children")
    assert isinstance(first, set)
    victim = min(supervised.pids("leader"))
    its_group = group(victim)
    os.kill(victim, signal.SIGKILL)
    until(gone(its_group), "the end of the killed child's group")
    until(lambda: len(supervised.pids("leader")) == 3, "a new child")
    assert "ended (killed by SIGKILL); starting it again" in supervised.output
    assert all(alive(pid) for pid in first - its_group), "the other child lives on"
    supervised.signal(signal.SIGTERM)
    assert supervised.wait() == 0
    until(gone(supervised.pids()), "an end of all")


def test_a_child_that_dies_again_and_again_ends_everything_with_an_error(supervised: Supervised) -> None:
    failing = supervised.script("web", "import sys; print('no port'); sys.exit(2)")
    supervised.start(
        failing,
        supervised.script("background", POLITE),
        first_wait_seconds=0.02,
        longest_wait_seconds=0.05,
        quick_deaths_max=3,
    )
    assert supervised.wait() == 1
    assert supervised.output.count("no port") == 3
    assert "web died 3 times in a row; stopping everything" in supervised.output
    until(gone(supervised.pids()), "an end of all")


def test_a_child_that_says_that_it_cannot_run_is_not_started_again(supervised: Supervised) -> None:
    supervised.start(supervised.script("web", "raise SystemExit(78)"), supervised.script("background", POLITE))
    assert supervised.wait() == 1
    assert "web cannot run (exit code 78)" in supervised.output
    until(gone(supervised.pids()), "an end of all")


def test_an_optional_child_may_end_in_peace(supervised: Supervised) -> None:
    supervised.start(supervised.script("demo", "print('done')", optional=True), supervised.script("web", POLITE))
    until(lambda: "done" in supervised.output and supervised.pids(), "both children")
    supervised.signal(signal.SIGTERM)
    assert supervised.wait() == 0
    assert "starting it again" not in supervised.output


def test_an_optional_child_waits_until_the_others_are_ready(supervised: Supervised) -> None:
    mark = supervised.folder / "ready"
    demo = supervised.script("demo", "print('demo begins')", optional=True)
    supervised.start(demo, supervised.script("web", POLITE), ready=mark)
    until(lambda: "at work" in supervised.output, "the web process")
    assert "demo begins" not in supervised.output
    mark.touch()
    until(lambda: "demo begins" in supervised.output, "the demo")
    assert supervised.output.index("all is ready") < supervised.output.index("demo begins")
    supervised.signal(signal.SIGTERM)
    assert supervised.wait() == 0


def test_a_killed_supervisor_leaves_no_orphan(supervised: Supervised) -> None:
    supervised.start(supervised.script("web", POLITE), supervised.script("background", POLITE))
    pids = until(lambda: len(supervised.pids()) == 4 and supervised.pids(), "both children")
    assert isinstance(pids, set)
    supervised.signal(signal.SIGKILL)
    supervised.wait()
    until(gone(pids), "an end of all")


@pytest.mark.parametrize("victim", ["supervisor", "master", "worker"])
def test_granian_leaves_no_orphan_and_serves_again_whichever_process_is_killed(
    supervised: Supervised, victim: str
) -> None:
    port = free_port()
    (supervised.folder / "app.py").write_text(
        "def app(environ, start):\n    start('200 OK', [('content-length', '2')])\n    return [b'ok']\n"
    )
    argv = [*GRANIAN, "--port", str(port), "--working-dir", str(supervised.folder), "app:app"]
    supervised.start({"name": "web", "argv": argv}, first_wait_seconds=0.05)
    until(lambda: accepts(port), "the web server")
    assert supervised.process is not None
    master = int(Path(f"/proc/{supervised.process.pid}/task/{supervised.process.pid}/children").read_text().split()[0])
    members = until(lambda: len(group(master)) >= 3 and group(master), "two workers")
    assert isinstance(members, set)
    if victim == "supervisor":
        supervised.signal(signal.SIGKILL)
        supervised.wait()
        until(gone(members), "an end of all")
        return
    killed = master if victim == "master" else max(members - {master})
    os.kill(killed, signal.SIGKILL)
    until(gone(members if victim == "master" else {killed}), "the end of the killed")
    until(lambda: accepts(port), "the web server again")
    supervised.signal(signal.SIGTERM)
    assert supervised.wait() == 0
    until(gone(members), "an end of all")
    assert not accepts(port)

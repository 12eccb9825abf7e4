"""One terminal, several processes: starts them, names their output, restarts what dies, and leaves no orphan.

Each child leads a session of its own, so the terminal's Ctrl-C reaches only the supervisor, which asks every child once
and kills whole groups after a grace: a web server's workers outlive a killed master and ignore SIGTERM. Should the
supervisor be killed, the kernel asks the children in its place (PR_SET_PDEATHSIG).

Source: prctl(2), setsid(2).
"""

import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

PR_SET_PDEATHSIG = 1
EXIT_HOPELESS = 78
"""A child that ends with this code (EX_CONFIG) says that starting it again cannot help."""
CHUNK_BYTES = 65_536
LINE_BYTES_MAX = 65_536


@dataclass(frozen=True, slots=True)
class Command:
    """What is supervised: a command with the variables that it gets beside ours.

    An `optional` one waits until the others are ready, so that it does not slow down their start, and may end in
    peace: it is started again only where it failed.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient the supervisor is."""

    grace_seconds: float = 30.0
    quick_seconds: float = 10.0
    quick_deaths_max: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 15.0


@dataclass(slots=True)
class _Child:
    command: Command
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    due: float | None = 0.0
    rest: bytes = b""


class Supervisor:
    """Runs commands until it is asked to stop or one of them cannot be kept alive."""

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        policy: Policy | None = None,
        out: IO[bytes] | None = None,
        ready: Callable[[], str | None] | None = None,
    ) -> None:
        self._children = [_Child(command) for command in commands]
        self._policy = policy or Policy()
        self._out = out or sys.stdout.buffer
        self._ready = ready
        self._width = max(len(command.name) for command in commands)
        self._selector = selectors.DefaultSelector()
        self._asked = 0
        self._hopeless = False

    def run(self) -> int:
        """Supervise; return 0 after a request to stop, and 1 where a command could not be kept alive."""
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.settimeout(0)
        self._selector.register(wake, selectors.EVENT_READ, None)
        signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            while not self._asked and not self._hopeless:
                self._start_due()
                self._announce()
                self._listen(self._wait_seconds(), wake)
                self._bury()
        finally:
            self._end_all(wake)
            signal.set_wakeup_fd(-1)
            self._selector.close()
            wake.close()
            woken.close()
        return 1 if self._hopeless else 0

    def _ask(self, *_: object) -> None:
        self._asked += 1

    def _wait_seconds(self) -> float:
        now = time.monotonic()
        waits = [child.due - now for child in self._children if child.process is None and child.due is not None]
        return max(0.05, min([0.5, *waits]))

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            waits = child.command.optional and self._ready is not None
            if child.process is None and child.due is not None and child.due <= now and not waits:
                self._start(child)

    def _start(self, child: _Child) -> None:
        ours = os.environ  # noqa: TID251 -- children inherit it
        process = subprocess.Popen(  # noqa: S603 -- the caller's own commands
            list(child.command.argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**ours, "PYTHONUNBUFFERED": "1", **child.command.environment},
            start_new_session=True,
            preexec_fn=_end_with_parent(),  # noqa: PLW1509 -- the supervisor has one thread
        )
        child.process, child.started, child.due, child.rest = process, time.monotonic(), None, b""
        output = _output(process)
        os.set_blocking(output.fileno(), False)
        self._selector.register(output, selectors.EVENT_READ, child)

    def _announce(self) -> None:
        if self._ready is not None and (text := self._ready()) is not None:
            self._ready = None
            self._print(text.encode() + b"\n")

    def _listen(self, wait_seconds: float, wake: socket.socket) -> None:
        for key, _ in self._selector.select(wait_seconds):
            if key.data is None:
                _drain(wake)
            else:
                self._read(key.data)

    def _read(self, child: _Child) -> None:
        """Print the whole lines of a child; one that never ends is cut."""
        if child.process is None:
            return
        output = _output(child.process)
        try:
            chunk = os.read(output.fileno(), CHUNK_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self._selector.unregister(output)
        *lines, child.rest = (child.rest + chunk).split(b"\n")
        if child.rest and (not chunk or len(child.rest) > LINE_BYTES_MAX):
            lines.append(child.rest)
            child.rest = b""
        for line in lines:
            self._print(f"{child.command.name:<{self._width}} | ".encode() + line + b"\n")

    def _bury(self) -> None:
        """Find the dead, end what their groups still hold, and decide whether to start them again."""
        for child in self._children:
            if child.process is None or not _ended(child.process):
                continue
            lived = time.monotonic() - child.started
            code = self._close(child)
            if code == 0 and child.command.optional:
                continue
            if code == EXIT_HOPELESS:
                self._say(f"{child.command.name} cannot run ({_reason(code)}); stopping everything")
                self._hopeless = True
                continue
            child.quick_deaths = child.quick_deaths + 1 if lived < self._policy.quick_seconds else 0
            if child.quick_deaths >= self._policy.quick_deaths_max:
                self._say(f"{child.command.name} died {child.quick_deaths} times in a row; stopping everything")
                self._hopeless = True
                continue
            longest, first = self._policy.longest_wait_seconds, self._policy.first_wait_seconds
            wait = min(longest, first * 2 ** max(0, child.quick_deaths - 1))
            child.due = time.monotonic() + wait
            self._say(f"{child.command.name} ended ({_reason(code)}); starting it again in {wait:g} s")

    def _close(self, child: _Child) -> int:
        """Kill what a child's group still holds, print what it still had to say, and return its exit code."""
        if child.process is None:
            return 0
        _kill_group(child.process)
        output = _output(child.process)
        while output in self._selector.get_map():
            before = child.rest
            self._read(child)
            if child.rest == before and not _readable(output):
                if output in self._selector.get_map():
                    self._selector.unregister(output)
                break
        output.close()
        code = child.process.wait()
        child.process = None
        return code

    def _end_all(self, wake: socket.socket) -> None:
        """Ask each child once, wait for a grace or for a second request, and kill whole groups."""
        self._say("stopping …")
        for child in self._living():
            if child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + self._policy.grace_seconds
        asked = self._asked
        while self._living() and time.monotonic() < deadline and self._asked <= asked:
            self._listen(0.1, wake)
        for child in self._children:
            if child.process is not None and not _ended(child.process):
                self._say(f"{child.command.name} did not end in time; killing it")
            self._close(child)
        self._say("stopped")

    def _living(self) -> list[_Child]:
        return [c for c in self._children if c.process is not None and not _ended(c.process)]

    def _say(self, text: str) -> None:
        self._print(f"{'up':<{self._width}} | {text}\n".encode())

    def _print(self, line: bytes) -> None:
        try:
            self._out.write(line)
            self._out.flush()
        except (BrokenPipeError, ValueError):
            self._out = open(os.devnull, "wb")  # noqa: SIM115, PTH123 -- nobody listens any more; the children still run


def _end_with_parent() -> Callable[[], None]:
    """Return what a child runs before `exec`: the kernel asks it to end when we are gone, in whatever way."""
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def before_exec() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

    return before_exec


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a child has ended, without reaping it: until its group is killed, its id must stay taken."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _output(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise RuntimeError("The child was started without a pipe.")
    return process.stdout


def _readable(output: IO[bytes]) -> bool:
    with selectors.DefaultSelector() as once:
        once.register(output, selectors.EVENT_READ)
        return bool(once.select(0))


def _drain(wake: socket.socket) -> None:
    try:
        while wake.recv(4096):
            pass
    except BlockingIOError:
        return


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _reason(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"

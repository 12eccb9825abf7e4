"""A real server as a child process that cannot outlive whoever started it."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.servers.waiting import until

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 15.0
UNPRIVILEGED = ("postgres", "nobody")
FOLDER_PREFIX = "greenlight-test-"


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    """Say whether something listens on the loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def unprivileged_user() -> pwd.struct_passwd | None:
    """Return the account for servers that refuse to run as root; nothing where we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(names[name] for name in UNPRIVILEGED if name in names)


def end_with_parent() -> None:
    """Ask the kernel to kill this process when the thread that started it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def die_with_parent() -> Callable[[], None]:
    """Return what a child runs before `exec`, so that it cannot outlive us."""
    parent = os.getpid()

    def before_exec() -> None:
        end_with_parent()
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def remove_abandoned_folders() -> None:
    """Remove the folders of servers whose test process was killed before it could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).split("-")[0]
        if not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)


class ServerProcess:
    """A server that is started, killed and restarted on the same port and folder."""

    stop_signal = signal.SIGTERM
    start_seconds = 60.0

    def __init__(self, name: str, *, user: pwd.struct_passwd | None = None) -> None:
        self.name = name
        self.port = free_port()
        # Not below pytest's own folder, which another account may not enter.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-{name}-"))
        self.log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._uid = user.pw_uid if user else None
        self._gid = user.pw_gid if user else None
        self._groups: list[str | int] | None = [] if user else None
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid

    def command(self) -> Sequence[str]:
        """Return the command that runs the server in the foreground."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str] | None:
        """Return the server's environment; by default ours."""
        return None

    def ready(self) -> bool:
        """Say whether the server takes requests."""
        return accepts(self.port)

    def run_as_user(self, command: Sequence[str]) -> None:
        """Run a preparing command to its end, under the server's account."""
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            user=self._uid,
            group=self._gid,
            extra_groups=self._groups,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")

    def start(self) -> Self:
        """Start the server and wait until it takes requests.

        Raises: RuntimeError with the server's own words where it ends instead.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                list(self.command()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment(),
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 -- no threads run when tests start servers
                user=self._uid,
                group=self._gid,
                extra_groups=self._groups,
            )
        try:
            until(self._ready_or_dead, f"{self.name} on port {self.port}", self.start_seconds)
        except (RuntimeError, TimeoutError):
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Ask the server to end, and insist after a while."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the server and whatever it started, at once."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready_or_dead(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self._process.returncode}: {self.log.read_text()[-2000:]}")
        return self.ready()

"""Keeps one server for a whole test run, shared by xdist's workers, and ends it with the run.

Usage: python -m tests.servers.keeper {postgresql,redis} PID DESCRIPTOR

The keeper starts the server, writes its port to DESCRIPTOR, and waits until the process PID ends in whatever way.
The server is the keeper's child and dies with it, so neither outlives a killed test run.
"""

import json
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

from tests.servers.postgresql import PostgresServer
from tests.servers.process import ServerProcess
from tests.servers.redis import RedisServer

KINDS: dict[str, Callable[[], ServerProcess]] = {"postgresql": PostgresServer, "redis": RedisServer}


def _publish(descriptor: Path, content: dict[str, object]) -> None:
    draft = descriptor.with_suffix(".draft")
    draft.write_text(json.dumps(content))
    draft.rename(descriptor)


def keep(kind: str, pid: int, descriptor: Path) -> None:
    """Run a server until the process `pid` has ended."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    server = KINDS[kind]()
    try:
        server.start()
        _publish(descriptor, {"port": server.port, "pid": server.pid})
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        poll.poll()
    except (OSError, RuntimeError) as error:
        _publish(descriptor, {"error": str(error)})
    finally:
        server.close()


if __name__ == "__main__":
    keep(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))

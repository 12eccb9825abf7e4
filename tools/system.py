"""The programs that tests and benchmarks need from Debian; `make run` needs none of them."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.stamps import say

POSTGRESQL_HOMES = "/usr/lib/postgresql"
POLICY = Path("/usr/sbin/policy-rc.d")


@dataclass(frozen=True)
class Program:
    """A program and the Debian package that brings it."""

    name: str
    package: str
    reason: str


TEST_PROGRAMS = (
    Program("postgres", "postgresql", "every database test runs on it too"),
    Program("redis-server", "redis-server", "rate limits and invalidation across processes"),
    Program("prometheus", "prometheus", "the scale-out metric store, and the scraper of /metrics"),
    Program("nginx", "nginx", "delivers video that a probe watches; the peer of the public page's benchmark"),
    Program("chromium", "chromium", "browser journeys"),
    Program("chromedriver", "chromium-driver", "tests of our own Dash components"),
    Program("nginx", "nginx", "serves the static copy of the status page, and is the peer of its benchmark"),
)
BENCH_PROGRAMS = (Program("wrk", "wrk", "load for the public page's benchmark"),)


def find(name: str) -> str | None:
    """Return the program's path; looks where Debian keeps PostgreSQL's servers and system daemons, too."""
    homes = sorted(Path(POSTGRESQL_HOMES).glob("*/bin"), reverse=True) if Path(POSTGRESQL_HOMES).is_dir() else []
    return shutil.which(name, path=os.pathsep.join([*map(str, homes), *os.get_exec_path(), "/usr/sbin"]))


def missing(programs: tuple[Program, ...]) -> list[Program]:
    """Return those that this machine lacks."""
    return [program for program in programs if find(program.name) is None]


@contextmanager
def _no_services_start() -> Iterator[None]:
    """Keep Debian from starting what it installs: tests start their own servers on free ports."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _apt(arguments: list[str], environment: Mapping[str, str]) -> None:
    command = ["apt-get", "-qq", "-o=Dpkg::Use-Pty=0", *arguments]
    subprocess.run(command, check=True, env=dict(environment), stdin=subprocess.DEVNULL)


def ensure(programs: tuple[Program, ...]) -> list[Program]:
    """Install what is missing where that is allowed; return what is missing still."""
    lacking = missing(programs)
    if not lacking:
        say("system programs: present")
        return []
    packages = [program.package for program in lacking]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        for program in lacking:
            say(f"MISSING {program.name}: {program.reason}")
        say(f"install by hand: sudo apt-get install {' '.join(packages)}")
        return lacking
    say(f"installing from Debian: {' '.join(packages)} …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _no_services_start():
        _apt(["update"], environment)
        _apt(["install", "-y", "--no-install-recommends", *packages], environment)
    return missing(programs)

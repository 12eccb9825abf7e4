"""Runs the stages of the gate, says which failed, and prints the capability table over all of them.

Usage: python -m tools.check [lint|tests|dash|e2e|soak|screenshots ...]   (without a name: lint tests dash e2e)
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools import capability_table, system
from tools.paths import PYTHON, RESULTS, ROOT, VENV

LIMIT_SECONDS = 2400
ENDING_SECONDS = 30


@dataclass(frozen=True)
class Outcome:
    """How a stage ended."""

    stage: str
    ok: bool
    seconds: float


def _say(message: str) -> None:
    print(message, flush=True)


def _execute(command: list[str]) -> int:
    # A group of its own, so that a stage over its time limit leaves nothing behind.
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            return process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            _say(f"stopped after {LIMIT_SECONDS} s: {' '.join(command)}")
            return 124
        finally:
            if process.poll() is None:
                _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # pytest then says what it has found so far
    for last in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(ENDING_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, last)


def _lint() -> bool:
    tools = VENV / "bin"
    checks = {
        "ruff check": [str(tools / "ruff"), "check", "."],
        "ruff format": [str(tools / "ruff"), "format", "--check", "--quiet", "."],
        "mypy": [str(PYTHON), "-m", "mypy", "."],
        "import rules": [str(tools / "lint-imports"), "--no-cache"],
    }
    good = True
    for name, command in checks.items():
        started = time.monotonic()
        ok = _execute(command) == 0
        _say(f"lint: {name}: {'ok' if ok else 'FAILED'} ({time.monotonic() - started:.0f} s)")
        good = good and ok
    return good


def _pytest(name: str, *arguments: str) -> bool:
    required = [] if system.missing(system.TEST_PROGRAMS) else ["--require-servers"]
    command = [str(PYTHON), "-m", "pytest", f"--result-name={name}", *required, *arguments]
    return _execute(command) == 0


def _tests() -> bool:
    return _pytest("tests", "tests", "-n", "2", "--dist", "loadgroup", "--durations=10")


def _dash() -> bool:
    # Dash's own plugin breaks warnings-as-errors, so these tests are a run of their own.
    own = ["-o", "addopts=--import-mode=importlib --strict-markers -ra", "-o", "filterwarnings="]
    return _pytest("dash", *own, "tests/dash", "--headless")


def _e2e() -> bool:
    return _pytest("e2e", "e2e", "--durations=10")


def _soak() -> bool:
    return _pytest("soak", "-m", "soak", *(folder for folder in ("tests", "e2e") if (ROOT / folder).is_dir()))


def _screenshots() -> bool:
    return _pytest("screenshots", "-m", "screenshots", "e2e")


STAGES: dict[str, tuple[Callable[[], bool], Path | None]] = {
    "lint": (_lint, None),
    "tests": (_tests, ROOT / "tests"),
    "dash": (_dash, ROOT / "tests" / "dash"),
    "e2e": (_e2e, ROOT / "e2e"),
    "soak": (_soak, ROOT / "tests"),
    "screenshots": (_screenshots, ROOT / "e2e"),
}


def _run(stage: str) -> Outcome | None:
    work, folder = STAGES[stage]
    if folder is not None and not folder.is_dir():
        _say(f"== {stage}: the tree has no {folder.relative_to(ROOT)}/")
        return None
    _say(f"== {stage}")
    started = time.monotonic()
    ok = work()
    return Outcome(stage, ok, time.monotonic() - started)


def main() -> int:
    """Run the stages that are named, all of the gate without a name."""
    names = sys.argv[1:] or ["lint", "tests", "dash", "e2e"]
    if unknown := [name for name in names if name not in STAGES]:
        _say(f"no such stage: {', '.join(unknown)}; there are: {', '.join(STAGES)}")
        return 2
    for stale in RESULTS.glob("*.json"):
        stale.unlink()
    outcomes = [outcome for name in names if (outcome := _run(name))]
    runs = capability_table.load(RESULTS)
    if runs:
        _say(capability_table.render(capability_table.merge(runs)))
    if lacking := system.missing(system.TEST_PROGRAMS):
        _say(f"NOT PROVED HERE, program missing: {', '.join(program.name for program in lacking)}")
    for outcome in outcomes:
        _say(f"{outcome.stage:12} {'passed' if outcome.ok else 'FAILED':7} {outcome.seconds:6.0f} s")
    failed = [outcome.stage for outcome in outcomes if not outcome.ok]
    if failed:
        _say(f"FAILED: {', '.join(failed)}")
    if runs:
        _say(capability_table.closing_line(runs))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Remembers by content, not by time, which set-up steps are done: a fresh checkout touches every file."""

import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tools.paths import ROOT, STAMPS


def say(message: str) -> None:
    """Print one line of progress at once."""
    print(f"setup: {message}", flush=True)


def digest(files: Iterable[Path]) -> str:
    """Return the hash of the files' names and contents; a missing file counts as absent."""
    whole = hashlib.sha256()
    for file in sorted(files):
        if file.is_file():
            whole.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
            whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def is_done(name: str, content: str) -> bool:
    """Say whether the step was finished with just this content."""
    stamp = STAMPS / name
    return stamp.is_file() and stamp.read_text() == content


def mark_done(name: str, content: str) -> None:
    """Remember that the step is finished with this content."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(content)


def step(name: str, content: str, work: Callable[[], None], *, present: bool = True) -> None:
    """Run `work` unless it was finished with this content and what it made is still present."""
    if present and is_done(name, content):
        say(f"{name}: up to date")
        return
    (STAMPS / name).unlink(missing_ok=True)
    say(f"{name} …")
    started = time.monotonic()
    work()
    mark_done(name, content)
    say(f"{name}: done in {time.monotonic() - started:.1f} s")

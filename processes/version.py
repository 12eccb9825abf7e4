"""Notes which version went live, so that charts can mark it."""

import subprocess
from datetime import datetime
from pathlib import Path
from typing import Final

from services.kernel.clock import require_utc
from services.kernel.context import JobActor
from services.kernel.errors import Invalid
from services.wiring import Wired

_ROOT: Final = Path(__file__).parent.parent
_DEPLOYER: Final = JobActor("command line", frozenset({"releases.note", "releases.read"}))
_UNNAMED: Final = "dev"
"""The release by default, which names none."""
_GIT_WAIT_SECONDS: Final = 5


def note_version(wired: Wired) -> str | None:
    """Note the version that starts now where it is another than the last one, and return it.

    It is the setting `release`, or what git calls this tree; where there is neither, nothing is noted.
    """
    version = wired.settings.release if wired.settings.release != _UNNAMED else _described()
    if not version:
        return None
    last = wired.services.releases.newest(_DEPLOYER)
    if last is None or last.version != version:
        wired.services.releases.note(_DEPLOYER, version=version)
    return version


def note_deploy(wired: Wired, version: str, note: str, at: str) -> str:
    """Note a version by hand and return the note's id.

    Raises: Invalid.
    """
    try:
        deployed_at = require_utc(datetime.fromisoformat(at)) if at else None
    except ValueError:
        raise Invalid("instant_invalid", "Write an instant as 2026-11-24T12:00:00+00:00.") from None
    return wired.services.releases.note(_DEPLOYER, version=version, note=note, deployed_at=deployed_at)


def _described() -> str:
    try:
        told = subprocess.run(
            ["git", "describe", "--tags", "--always"],  # noqa: S607 -- by its name on PATH, as everywhere
            cwd=_ROOT,
            capture_output=True,
            text=True,
            timeout=_GIT_WAIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""

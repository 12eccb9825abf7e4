"""The folder of a copy: one link to the version that is served, turned at once, and never to half of one."""

import fcntl
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from services.kernel.errors import Conflict

SITE: Final = "site"
"""The link that a web server's root is to be."""
_VERSIONS: Final = "versions"
_DRAFT: Final = "draft-"


class Draft:
    """A version that is being written."""

    def __init__(self, folder: Path, before: Path | None) -> None:
        self._folder, self._before = folder, before

    def write(self, file: str, body: bytes) -> None:
        """Write a file; one that is as before stays the same file, so that its time tells when it changed."""
        path = self._folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        before = self._before / file if self._before else None
        with suppress(OSError):
            if before is not None and before.read_bytes() == body:
                path.hardlink_to(before)
                return
        path.write_bytes(body)

    def read(self, file: str) -> bytes:
        """Return what was written."""
        return (self._folder / file).read_bytes()

    def replace(self, file: str, body: bytes) -> None:
        """Write a file of this version anew."""
        (self._folder / file).unlink()
        self.write(file, body)


class CopyFolder:
    """Holds the version that is served and the one before; whatever happens meanwhile, one of them is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def site(self) -> Path:
        """What a web server serves."""
        return self.path / SITE

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """Write a version, and serve it from then on; where the writing fails, what was served stays.

        Raises: Conflict where another process writes one; OSError where the folder cannot be written.
        """
        versions = self.path / _VERSIONS
        versions.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict("copy_running", f"Another process is writing a copy into {self.path}.") from None
            before = self.site.resolve() if self.site.is_symlink() else None
            self._sweep(before)
            name = secrets.token_hex(8)
            written = versions / f"{_DRAFT}{name}"
            try:
                written.mkdir()
                yield Draft(written, before)
                self._turn_to(written.rename(versions / name))
                self._sweep(versions / name)
            except BaseException:
                shutil.rmtree(written, ignore_errors=True)
                raise

    def _turn_to(self, version: Path) -> None:
        link = self.path / f".{SITE}-{version.name}"
        link.symlink_to(version.relative_to(self.path))
        try:
            link.replace(self.site)
        except OSError:
            link.unlink(missing_ok=True)
            shutil.rmtree(version, ignore_errors=True)
            raise

    def _sweep(self, served: Path | None) -> None:
        """Drop what a process that died has left, and the versions that nobody reads any more."""
        for left in self.path.glob(f".{SITE}-*"):
            left.unlink(missing_ok=True)
        versions = [each for each in (self.path / _VERSIONS).iterdir() if each.is_dir() and each != served]
        whole = sorted(
            (each for each in versions if not each.name.startswith(_DRAFT)), key=lambda each: each.stat().st_mtime
        )
        for each in versions:
            # Readers may still be at the version before, with its scripts and styles.
            if each not in whole[-1:]:
                shutil.rmtree(each, ignore_errors=True)

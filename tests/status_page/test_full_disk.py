"""The public pages of the whole product while the disk of its data folder is full."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.servers.product import Product
from tests.servers.waiting import until
from tests.status_page.test_outage import Load
from tests.status_page.test_sqlite_outage import beacon

DISK_BYTES = 64 << 20


@contextmanager
def disk_of_its_own(folder: Path) -> Iterator[None]:
    """Put a folder on a small disk; whatever was in it stays beneath."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"this account cannot mount a small disk: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder.parent, ignore_errors=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """The disk of a folder, full to its last byte."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * (1 << 20))
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x")
    yield
    filler.unlink()


@pytest.mark.capability("STATUS-9")
def test_no_page_fails_while_the_disk_is_full_and_measurements_are_taken_again_once_it_is_not() -> None:
    product = Product(demo=False)
    with disk_of_its_own(product.data), product:
        load = Load(product.url)
        with load.going_on():
            until(lambda: load.answers["200"] > 100, "the pages are known")
            assert beacon(product.url) == httpx.codes.NO_CONTENT
            with filled(product.data):
                answers = [beacon(product.url) for _ in range(20)]
                before = load.answers["200"]
                until(lambda: load.answers["200"] > before + 300, "readers went on", 60)
                assert httpx.get(f"{product.url}/metrics", timeout=30, trust_env=False).status_code == httpx.codes.OK
            until(lambda: beacon(product.url) == httpx.codes.NO_CONTENT, "measurements are taken again", 30)
        assert dict(load.answers).keys() == {"200"}, load.answers
        assert set(answers) <= {httpx.codes.NO_CONTENT, httpx.codes.SERVICE_UNAVAILABLE}, answers
        assert httpx.codes.SERVICE_UNAVAILABLE in answers

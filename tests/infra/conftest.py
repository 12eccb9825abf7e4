"""The small shop with durable work, and its background processes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.durable_house import House
from tests.infra.durable_workers import Workers

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def forge() -> Iterator[subprocess.Popen[str]]:
    """A process that has imported everything and forks workers."""
    command = [sys.executable, "-m", "tests.infra.durable_house"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as made:
        yield made


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    made = House(database_url, tmp_path)
    made.create()
    yield made
    made.close()


@pytest.fixture
def workers(house: House, forge: subprocess.Popen[str]) -> Iterator[Workers]:
    made = Workers(house, forge)
    yield made
    made.close()

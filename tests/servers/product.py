"""Greenlight itself, started as an operator starts it, on a free port with a data folder of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import httpx
import pytest

from tests.servers.process import ServerProcess
from tools.paths import ROOT

MEDIA = ROOT / "var" / "test-media"  # videos are made once, not once a run
_PERSON = re.compile(
    r"^  (?P<role>[a-z]+) +(?P<email>\S+@\S+) +(?P<password>\S+) +.*?(secret (?P<totp_secret>\w+)|none)"
)


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in to the demo."""

    role: str
    email: str
    password: str
    totp_secret: str | None


class Product(ServerProcess):
    """`manage.py up`, with settings by environment; `demo` adds people, titles and traffic."""

    start_seconds = 180.0

    def __init__(self, *, demo: bool = True, **settings: object) -> None:
        super().__init__("product")
        self.demo = demo
        self.data = self.folder / "var"
        self.settings = {f"GREENLIGHT_{name.upper()}": str(value) for name, value in settings.items()}
        self.data.mkdir()
        MEDIA.mkdir(parents=True, exist_ok=True)
        (self.data / "media").symlink_to(MEDIA)

    def command(self) -> Sequence[str]:
        """Return the operator's command."""
        return [sys.executable, str(ROOT / "manage.py"), "up", *(["--demo"] if self.demo else [])]

    def environment(self) -> Mapping[str, str]:
        """Return our environment without its settings, and with the product's own."""
        environment = os.environ  # noqa: TID251 - handed on to a child
        ours = {name: value for name, value in environment.items() if not name.startswith("GREENLIGHT_")}
        own = {"GREENLIGHT_PORT": str(self.port), "GREENLIGHT_DATA_DIR": str(self.data), "PYTHONUNBUFFERED": "1"}
        return ours | own | self.settings

    def ready(self) -> bool:
        """Say whether the product serves, with everything that it needs."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    @property
    def url(self) -> str:
        """Where the product is, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        """Run an operator's routine on this installation, as in a second terminal, and return what it says."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=self.environment(), check=True, capture_output=True, text=True).stdout

    def people(self) -> dict[str, Person]:
        """Return the people that the demo announced, by role."""
        found = (_PERSON.match(line) for line in self.log.read_text().splitlines())
        return {m["role"]: Person(m["role"], m["email"], m["password"], m["totp_secret"]) for m in found if m}


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """The product with its demo, for all journeys of the run."""
    with Product() as running:
        yield running

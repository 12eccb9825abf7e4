"""The beacon door as a server process: Granian with one worker."""

import os
import sys
from collections.abc import Mapping, Sequence

import httpx

from tests.servers.process import ServerProcess
from tools.paths import ROOT


class IngestServer(ServerProcess):
    """Takes beacons into a database that has its tables already."""

    def __init__(self, database_url: str, **settings: object) -> None:
        super().__init__("ingest")
        self.settings = {f"GREENLIGHT_{name.upper()}": str(value) for name, value in settings.items()}
        self.settings |= {"GREENLIGHT_DATABASE_URL": database_url, "GREENLIGHT_DATA_DIR": str(self.folder)}

    def command(self) -> Sequence[str]:
        """Return the server's command."""
        return [
            sys.executable, "-m", "granian", "tests.api.ingest_app:app", "--interface", "wsgi",
            "--working-dir", str(ROOT), "--host", "127.0.0.1", "--port", str(self.port),
            "--workers", "1", "--blocking-threads", "8", "--workers-kill-timeout", "5",
            "--no-ws", "--log-level", "warning",
        ]  # fmt: skip

    def environment(self) -> Mapping[str, str]:
        """Return our environment without its settings, and with the server's own."""
        environment = os.environ  # noqa: TID251 -- handed on to a child
        ours = {name: value for name, value in environment.items() if not name.startswith("GREENLIGHT_")}
        return ours | self.settings | {"PYTHONPATH": str(ROOT)}

    def ready(self) -> bool:
        """Say whether the server takes beacons."""
        try:
            return httpx.get(f"{self.url}/health/live", timeout=2, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    @property
    def url(self) -> str:
        """Where the server is, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

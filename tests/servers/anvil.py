"""A real node of a chain of its own: anvil, which npm brings."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

from tests.servers.process import ServerProcess
from tools.paths import ROOT

CHAIN_ID = 31_337


def program() -> str | None:
    """Return the node's program, where npm has one for this machine."""
    found = sorted((ROOT / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil"))
    return str(found[0]) if found else None


class AnvilServer(ServerProcess):
    """anvil on a free loopback port; makes a block when it is asked to, and none by itself."""

    def __init__(self) -> None:
        super().__init__("anvil")

    def command(self) -> Sequence[str]:
        """Return the node's command."""
        found = program()
        if found is None:
            raise FileNotFoundError("anvil is not there: `make test` brings it by npm")
        return [found, "--host", "127.0.0.1", "--port", str(self.port), "--chain-id", str(CHAIN_ID), "--silent"]

    def ready(self) -> bool:
        """Say whether the node answers."""
        try:
            return bool(self.ask("eth_chainId") == hex(CHAIN_ID))
        except httpx.HTTPError:
            return False

    def ask(self, method: str, *parameters: object) -> Any:
        """Ask the node, and return its result."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        answer = httpx.post(
            self.url, content=body, headers={"Content-Type": "application/json"}, timeout=5, trust_env=False
        )
        return answer.json()["result"]

    @property
    def url(self) -> str:
        """Where the node is."""
        return f"http://127.0.0.1:{self.port}"

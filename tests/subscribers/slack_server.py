"""A server that speaks Slack's API for incoming webhooks, as strictly as Slack does.

Source: Slack API reference, "Incoming webhooks" and Block Kit: what is refused, and with which words.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class SlackServer:
    """Channels by their webhook's path; `say` makes every post be answered so."""

    port: int = 0
    channels: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    say: tuple[int, str, dict[str, str]] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hook(self, name: str) -> str:
        """Make a channel, and return its webhook's address."""
        path = f"/services/T00000001/B00000001/{name}"
        self.channels[path] = []
        return f"{self.url}{path}"


def _wrong(message: dict[str, Any]) -> str | None:
    """Return Slack's word for what is wrong with a message, or nothing."""
    if unknown := set(message) - {"text", "blocks", "unfurl_links", "unfurl_media", "attachments", "response_type"}:
        return f"invalid_payload {unknown}"
    if not message.get("text") and not message.get("blocks"):
        return "no_text"
    blocks = message.get("blocks", [])
    return "invalid_blocks" if len(blocks) > 50 or any(_wrong_block(block) for block in blocks) else None


def _wrong_block(block: dict[str, Any]) -> bool:
    limits = {"header": 150, "section": 3_000}
    if block["type"] in limits:
        text = block["text"]
        kinds = {"plain_text"} if block["type"] == "header" else {"plain_text", "mrkdwn"}
        return text["type"] not in kinds or not 1 <= len(str(text["text"])) <= limits[block["type"]]
    if block["type"] == "context":
        return not 1 <= len(block["elements"]) <= 10
    return str(block["type"]) != "divider"


@contextmanager
def slack() -> Iterator[SlackServer]:
    """Serve until the end."""
    known = SlackServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, words, headers = known.say or self._taken(raw)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(words.encode())

        def _taken(self, raw: bytes) -> tuple[int, str, dict[str, str]]:
            if not self.headers.get("Content-Type", "").startswith("application/json"):
                return 400, "invalid_payload", {}
            if self.path not in known.channels:
                return 404, "no_service", {}
            message = json.loads(raw)
            if (wrong := _wrong(message)) is not None:
                known.refusals.append(wrong)
                return 400, wrong, {}
            known.channels[self.path].append(message)
            return 200, "ok", {}

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        known.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()

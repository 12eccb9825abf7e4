"""A site of somebody else: pages with players of their own, on another origin than the product."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

from tools.paths import ROOT

PAGES = Path(__file__).parent
PACKAGES = ROOT / "node_modules"


class _Handler(SimpleHTTPRequestHandler):
    """Serves our pages, and below the packages' names what npm installed."""

    def translate_path(self, path: str) -> str:
        name = urlsplit(path).path.lstrip("/")
        return str((PAGES if (PAGES / name).is_file() else PACKAGES) / name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names it so
        """Keep quiet."""


class PlayerSite:
    """The site on a free port; `page` is the address of a player's page with what it is to play and where to report."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(PAGES)))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def page(self, player: str, *, product_url: str, hls_path: str, session_id: str, build: str = "") -> str:
        asked = {
            "source": f"{product_url}/media/{hls_path}",
            "collector": f"{product_url}/ingest/cmcd",
            "sid": session_id,
            "build": build,
        }
        return f"{self.url}/{player}.html?{urlencode(asked)}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

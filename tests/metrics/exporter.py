"""A tiny exporter of the measurements, for Prometheus to scrape."""

import threading
from collections.abc import Callable
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from services.metrics.exposition import Family
from services.vendors.prometheus_exposition import ExpositionCollector


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Exporter:
    """Serves `/metrics` on a free loopback port until it is closed."""

    def __init__(self, read: Callable[[], tuple[Family, ...]]) -> None:
        registry = CollectorRegistry()
        registry.register(ExpositionCollector(read))
        self._server = make_server("127.0.0.1", 0, make_wsgi_app(registry), handler_class=_Quiet)
        self.target = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

"""What Prometheus scrapes: the shell's own figures, merged over web workers, beside those that others bring."""

import contextlib
import hmac
import ipaddress
import os
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.values import ValueClass

from services.kernel.errors import Forbidden, Unauthenticated
from web.shell.config import ShellConfig
from web.shell.ports import MetricSource
from web.shell.routes import PUBLIC, route

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_ROOM_BYTES: Final = {"counter": 1 << 16, "histogram": 1 << 22}
"""What the figures of one worker may come to, by prometheus_client's name of their kind."""


class RequestMetrics:
    """The shell's own figures.

    Several workers share `folder`, named to prometheus_client before it is imported (PROMETHEUS_MULTIPROC_DIR, set by
    whoever starts the workers); without it the figures are this process's.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.registry = CollectorRegistry()
        self._folder = folder if _is_shared() else None
        if self._folder is not None:
            _take_room(self._folder)
        self._seconds = Histogram(
            "greenlight_http_request_duration_seconds",
            "Time until the headers of an answer stood, by route and status.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._cached = Counter(
            "greenlight_http_cached_answers",
            "Answers that the micro-cache gave without asking the application.",
            registry=self.registry,
        )

    def observe(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Take in one request's figures."""
        known = method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
        self._seconds.labels(known, route, str(status)).observe(seconds)

    def add_cached(self, answers: int) -> None:
        """Count answers that the micro-cache gave."""
        self._cached.inc(answers)

    def exposition(self, sources: tuple[MetricSource, ...]) -> bytes:
        """Return everything in Prometheus's text format."""
        registry = CollectorRegistry()
        if self._folder is None:
            registry.register(self.registry)
        else:
            MultiProcessCollector(registry, path=str(self._folder))
        for source in sources:
            registry.register(source)
        return generate_latest(registry)

    def forget_worker(self, pid: int) -> None:
        """Drop the gauges of a worker that ended; its counts stay."""
        if self._folder is not None:
            mark_process_dead(pid, path=str(self._folder))


def _is_shared() -> bool:
    return getattr(ValueClass, "__name__", "") == "MmapedValue"


def _take_room(folder: Path) -> None:
    """Take the disk space of this worker's figures now.

    prometheus_client maps files that have holes, and on a full disk writing into a hole ends the process (SIGBUS).
    """
    for kind, size in _ROOM_BYTES.items():
        with contextlib.suppress(OSError), (folder / f"{kind}_{os.getpid()}.db").open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def blueprint(config: ShellConfig, metrics: RequestMetrics, sources: tuple[MetricSource, ...]) -> Blueprint:
    """Return the routes of this module."""
    views = Blueprint("metrics", __name__)

    @route(views, "/metrics", access=PUBLIC)
    def scrape() -> Response:
        """Show the figures to this machine, or to whoever has the token."""
        _permit(config)
        return Response(metrics.exposition(sources), content_type=CONTENT_TYPE_LATEST)

    return views


def _permit(config: ShellConfig) -> None:
    if config.metrics_token:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {config.metrics_token}".encode()):
            raise Unauthenticated("metrics_token_required", "Send the metrics token as a bearer token.")
        return
    # Behind a proxy on this machine every caller seems to be local: its forwarding headers give it away.
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    if forwarded or not _is_loopback(request.remote_addr):
        raise Forbidden("metrics_local_only", "Read the figures on this machine, or set GREENLIGHT_METRICS_TOKEN.")


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False

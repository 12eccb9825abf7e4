"""The shell behind the server that the product runs on, with several workers."""

import re
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import pytest

from tests.servers.process import ServerProcess
from tests.servers.waiting import until

ROOT = Path(__file__).resolve().parents[3]
WORKERS, THREADS = 2, 4
ECHO = b"POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class Served(ServerProcess):
    """Granian with the test product."""

    def __init__(self) -> None:
        super().__init__("shell")
        (self.folder / "metrics").mkdir()

    def command(self) -> Sequence[str]:
        return [
            sys.executable, "-m", "granian", "tests.web.shell.served:app", "--interface", "wsgi",
            "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(WORKERS),
            "--blocking-threads", str(THREADS), "--no-ws", "--workers-kill-timeout", "5",
        ]  # fmt: skip

    def environment(self) -> Mapping[str, str]:
        return {
            "PYTHONPATH": str(ROOT),
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder / "metrics"),
            "PATH": "/usr/bin:/bin",
        }

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask over a connection of its own, so that any worker may answer."""
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, trust_env=False, timeout=20)

    def post(self, path: str, body: object) -> httpx.Response:
        """Send a body."""
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", json=body, trust_env=False, timeout=20)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as server:
        until(lambda: server.get("/health/live").is_success, "a living worker")
        yield server


def _raw(served: Served, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(data)
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                break
            received += piece
        return received


def test_every_worker_tells_the_figures_of_all(served: Served) -> None:
    asked = 40
    for _ in range(asked):
        assert served.get("/api/v1/fail/gone").status_code == 410
    pattern = r'request_duration_seconds_count\{[^}]*route="/api/v1/fail/<kind>",status="410"\} ([0-9.]+)'
    for _ in range(10):
        found = re.search(pattern, served.get("/metrics").text)
        assert found is not None
        assert float(found[1]) == asked


def test_answers_from_copies_are_counted_over_all_workers(served: Served) -> None:
    def counted() -> float:
        found = re.search(r"^greenlight_http_cached_answers_total ([0-9.]+)", served.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    before = counted()
    with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", trust_env=False) as client:
        until(lambda: client.get("/status/").is_success and counted() > before + 5, "counted copies")


@pytest.mark.capability("ERR-1", "ERR-2")
@pytest.mark.parametrize(("kilobytes", "statuses"), [(48, {431}), (4096, {400, 431, 0})])
def test_headers_that_are_too_large_are_refused_and_harm_nobody(
    served: Served, kilobytes: int, statuses: set[int]
) -> None:
    request = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * (kilobytes * 1024) + b"\r\n\r\n"
    try:
        answer = _raw(served, request)
    except ConnectionError:
        answer = b""
    status = int(answer.split()[1]) if answer else 0
    assert status in statuses
    assert served.get("/health/live").is_success


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /nothing\x00here HTTP/1.1",
        b"GET /%00%ff%fe HTTP/1.1",
        b"BREW /health/live HTTP/1.1",
        b"GET http://x/health/live HTTP/1.1",
    ],
)
def test_strange_requests_never_break_the_server(served: Served, request_line: bytes) -> None:
    answer = _raw(served, request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert not answer.split(b"\r\n", 1)[0].split()[1].startswith(b"5")
    assert served.get("/health/live").is_success


def test_callers_that_stall_in_their_headers_keep_nobody_waiting(served: Served) -> None:
    stalled = [socket.create_connection(("127.0.0.1", served.port), timeout=20) for _ in range(60)]
    try:
        for connection in stalled:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        for _ in range(20):
            assert served.get("/health/live").elapsed.total_seconds() < 5
    finally:
        for connection in stalled:
            connection.close()


@pytest.mark.parametrize("rest", [b"Content-Length: 60\r\n\r\n[1,", b"Transfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n"])
def test_callers_that_stall_in_their_bodies_keep_nobody_else_waiting(served: Served, rest: bytes) -> None:
    stalled = [socket.create_connection(("127.0.0.1", served.port), timeout=20) for _ in range(24)]
    try:
        for connection in stalled:
            connection.sendall(ECHO + rest)
        for _ in range(10):
            assert served.get("/api/v1/fail/gone").elapsed.total_seconds() < 5
    finally:
        for connection in stalled:
            connection.close()
    until(lambda: served.post("/api/v1/echo", 1).is_success, "a free slot for a body")


def test_a_body_larger_than_declared_limits_is_refused_before_it_is_read(served: Served) -> None:
    answer = _raw(served, ECHO + b"Content-Length: 99999999\r\n\r\n[1,")
    assert answer.split()[1] == b"413"


def test_one_document_has_one_tag_in_every_worker(served: Served) -> None:
    tags = {served.get("/status/").headers["ETag"] for _ in range(20)}
    assert len(tags) == 1


@pytest.mark.capability("ERR-2")
def test_correlation_ids_never_repeat_over_workers(served: Served) -> None:
    seen = [served.get("/status/").headers["X-Correlation-Id"] for _ in range(60)]
    assert len(set(seen)) == 60

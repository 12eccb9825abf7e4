"""The beacon door on the wire: bodies of unknown, false and enormous length, and players that hang up."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.kernel.clock import SystemClock, to_epoch_ms
from tests.api.ingest_server import IngestServer

CMCD = {"Content-Type": "application/cmcd"}


@pytest.fixture(scope="module")
def ingest(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestServer]:
    file = tmp_path_factory.mktemp("wire") / "greenlight.db"
    file.write_bytes(sqlite_template.read_bytes())
    with IngestServer(f"sqlite:///{file}") as server:
        yield server


def report(sid: str) -> bytes:
    return f'e=ps,sf=h,sid="{sid}",sn=0,sta=s,ts={to_epoch_ms(SystemClock().now())},v=2'.encode()


def post(ingest: IngestServer, content: bytes | Iterator[bytes]) -> httpx.Response:
    return httpx.post(f"{ingest.url}/ingest/cmcd", content=content, headers=CMCD, trust_env=False, timeout=30)


def say(ingest: IngestServer, *parts: bytes) -> bytes:
    """Say bytes on a connection of its own, hang up our side, and return what comes back."""
    with socket.create_connection(("127.0.0.1", ingest.port), timeout=15) as connection:
        answer = b""
        with contextlib.suppress(OSError):
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65_536):
                answer += chunk
        return answer


def head(length: str) -> bytes:
    lines = ("POST /ingest/cmcd HTTP/1.1", "Host: localhost", "Content-Type: application/cmcd", length, "", "")
    return "\r\n".join(lines).encode()


def test_a_body_in_chunks_is_taken(ingest: IngestServer) -> None:
    body = report("chunks")
    assert post(ingest, iter([body[:10], body[10:]])).status_code == 204


def test_ten_megabytes_of_named_length_are_refused(ingest: IngestServer) -> None:
    answer = say(ingest, head("Content-Length: 10000000"), b"x" * 10_000_000)
    assert not answer or answer.startswith(b"HTTP/1.1 413")
    assert post(ingest, report("after")).status_code == 204


def test_ten_megabytes_in_chunks_are_refused(ingest: IngestServer) -> None:
    answer = post(ingest, iter([b"x" * 100_000] * 100))
    assert (answer.status_code, answer.json()["code"]) == (413, "report_too_large")
    assert post(ingest, report("after-chunks")).status_code == 204


@pytest.mark.parametrize("length", ["Content-Length: 5000", "Content-Length: -1", "Content-Length: many"])
def test_a_length_that_is_a_lie_takes_nothing_and_harms_nobody(ingest: IngestServer, length: str) -> None:
    assert b" 204 " not in say(ingest, head(length), report("liar")).split(b"\r\n", 1)[0]
    assert post(ingest, report("honest")).status_code == 204


def test_a_player_that_hangs_up_in_the_middle_harms_nobody(ingest: IngestServer) -> None:
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", ingest.port), timeout=15) as connection:
            connection.sendall(head("Content-Length: 5000") + b"e=ps,")
    assert post(ingest, report("patient")).status_code == 204

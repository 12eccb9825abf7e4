import threading
from collections.abc import Iterable
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Request, Response

from web.shell.body_gate import BodyGate
from web.shell.problems import Problems


def _echo(environ: Any, start_response: Any) -> Iterable[bytes]:
    return Response(Request(environ).get_data())(environ, start_response)


class Stalled:
    """A body that comes when the test lets it."""

    def __init__(self) -> None:
        self.reading, self.sent = threading.Event(), threading.Event()

    def read(self, size: int = -1) -> bytes:
        self.reading.set()
        assert self.sent.wait(20)
        return b"x" * size


def _gate(threads: int) -> BodyGate:
    return BodyGate(_echo, Problems("http://localhost"), threads=threads, whole_bytes=1000)


def _send(gate: BodyGate, body: Stalled, address: str) -> threading.Thread:
    environ = EnvironBuilder("/", method="POST", environ_base={"REMOTE_ADDR": address}).get_environ()
    environ.update({"wsgi.input": body, "CONTENT_LENGTH": "10"})
    thread = threading.Thread(target=lambda: run_wsgi_app(gate, environ))
    thread.start()
    assert body.reading.wait(20)
    return thread


def test_a_body_reaches_the_application_whole() -> None:
    client = Client(_gate(4))
    assert client.post("/", data=b"hello").data == b"hello"
    assert client.get("/").data == b""
    assert client.post("/", data=b"y" * 5000).data == b"y" * 5000


def test_a_caller_who_dawdles_costs_its_own_slots_only() -> None:
    gate = _gate(8)  # six slots, three for each caller
    bodies = [Stalled() for _ in range(3)]
    threads = [_send(gate, body, "203.0.113.1") for body in bodies]
    client = Client(gate)
    refused = client.post("/", data=b"again", environ_base={"REMOTE_ADDR": "203.0.113.1"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert refused.json is not None
    assert refused.json["code"] == "bodies_waiting"
    assert client.post("/", data=b"other", environ_base={"REMOTE_ADDR": "203.0.113.2"}).data == b"other"
    assert client.get("/", environ_base={"REMOTE_ADDR": "203.0.113.1"}).status_code == 200
    for body in bodies:
        body.sent.set()
    for thread in threads:
        thread.join(20)
    assert client.post("/", data=b"again", environ_base={"REMOTE_ADDR": "203.0.113.1"}).data == b"again"
    assert dict(gate._taken) == {}


def test_many_callers_who_dawdle_leave_threads_for_pages() -> None:
    gate = _gate(4)  # three slots, one for each caller
    bodies = [Stalled() for _ in range(3)]
    threads = [_send(gate, body, f"203.0.113.{n}") for n, body in enumerate(bodies)]
    client = Client(gate)
    assert client.post("/", data=b"x", environ_base={"REMOTE_ADDR": "198.51.100.1"}).status_code == 503
    assert client.get("/").status_code == 200
    for body in bodies:
        body.sent.set()
    for thread in threads:
        thread.join(20)


@pytest.mark.parametrize("length", ["", "-5", "ten", "1e3"])
def test_a_length_that_is_no_number_is_no_body(length: str) -> None:
    environ = EnvironBuilder("/", method="POST").get_environ()
    environ["CONTENT_LENGTH"] = length
    _, status, _ = run_wsgi_app(_gate(4), environ)
    assert status.startswith("200")

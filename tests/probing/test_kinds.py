"""Each kind of probe against a real server that is killed and restored."""

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from collectors.probing.attempt import Look, look
from collectors.probing.looking import Tools
from services.infra.outbound import Outbound
from services.infra.targets import Opening, OutboundPolicy
from services.probes.views import Assignment
from tests.servers.postgresql import PostgresServer
from tests.servers.process import free_port
from tests.servers.prometheus import PrometheusServer
from tests.servers.redis import RedisServer
from tests.servers.waiting import until

pytestmark = pytest.mark.capability("STATUS-4")

TOOLS = Tools(Outbound(OutboundPolicy(openings=Opening.parse("127.0.0.0/8"), any_port=True)))


def ask(
    kind: str,
    target: str,
    settings: Mapping[str, Any] | None = None,
    *,
    tools: Tools = TOOLS,
    secret: str = "",
    timeout: float = 3.0,
) -> Look:
    """Look once at a target, as a prober does."""
    assignment = Assignment(
        probe_id="prb_1",
        kind=kind,
        target=target,
        settings=settings or {},
        interval_seconds=10,
        timeout_seconds=timeout,
        retries=0,
        enabled=True,
        asked_at=None,
        secret=secret,
    )
    return look(assignment, tools)


@contextmanager
def serving(answer: bytes, status: int = 200, port: int = 0) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("X-Part", "web")
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 -- the base class names it so

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_http_down_and_up() -> None:
    port = free_port()
    assert ask("http", f"http://127.0.0.1:{port}/").reason == "no connection"
    with serving(b'{"status":{"indicator":"none"},"n":[{"id":1}]}', port=port):
        url = f"http://127.0.0.1:{port}/"
        good = {
            "contains": "none",
            "matches": "ind.cator",
            "json_path": "n[0].id",
            "json_value": 1,
            "answer_headers": {"X-Part": "web"},
        }
        assert ask("http", url, good).outcome == "up"
        for change, reason in (
            ({"contains": "nope"}, "the expected text is missing"),
            ({"matches": "^nope$"}, "the expected pattern is missing"),
            ({"json_value": True}, "a JSON value is not as expected"),
            ({"json_path": "n[1].id"}, "the expected JSON value is missing"),
            ({"statuses": "500-599"}, "answers 200"),
            ({"answer_headers": {"X-Other": "a"}}, "a header is not as expected"),
        ):
            assert ask("http", url, good | change).reason == reason
    assert ask("http", f"http://127.0.0.1:{port}/").outcome == "down"


def test_http_secret_is_never_shown() -> None:
    with serving(b"the key hunter2hunter2 is wrong", status=403) as port:
        found = ask("http", f"http://127.0.0.1:{port}/{{secret}}", secret="hunter2hunter2")
    assert found.reason == "answers 403"
    assert "hunter2" not in repr(found)


def test_refused_address_is_unknown() -> None:
    strict = Tools(Outbound(OutboundPolicy(any_port=True)))
    assert ask("http", "http://127.0.0.1:8000/", tools=strict).outcome == "unknown"
    assert ask("tcp", "169.254.169.254:80").outcome == "unknown"


def test_a_pattern_without_end_is_cut_off() -> None:
    with serving(b"a" * 60_000 + b"b") as port:
        found = ask("http", f"http://127.0.0.1:{port}/", {"matches": r"(a|aa)+$"})
    assert found.reason in {"the pattern takes too long to match", "timeout"}


def test_redis() -> None:
    with RedisServer() as server:
        target = f"redis://127.0.0.1:{server.port}/0"
        assert ask("redis", target).outcome == "up"
        server.kill()
        assert ask("redis", target).outcome == "down"
        server.start()
        assert ask("redis", target).outcome == "up"
        assert ask("tcp", f"127.0.0.1:{server.port}").outcome == "up"


def test_postgresql(tmp_path: Path) -> None:
    with PostgresServer() as server:
        target = f"postgresql://greenlight@127.0.0.1:{server.port}/postgres"
        assert ask("sql", target).outcome == "up"
        server.kill()
        assert ask("sql", target).reason == "the database does not answer"
        server.start()
        assert ask("sql", target).outcome == "up"
    file = tmp_path / "a.db"
    own = Tools(TOOLS.outbound, own_database_url=f"sqlite:///{file}")
    assert ask("sql", "own", tools=own).outcome == "down"
    assert ask("sql", "own").outcome == "unknown"


def test_prometheus() -> None:
    with PrometheusServer() as server:
        up = {"query": "vector(5)", "operator": ">", "threshold": 1}
        assert ask("prometheus", server.url, up).outcome == "up"
        assert ask("prometheus", server.url, up | {"threshold": 9}).outcome == "down"
        for query in ("nothing_here", "vector(0)/vector(0)", "((", "scalar(nothing_here)"):
            assert ask("prometheus", server.url, up | {"query": query}).outcome == "unknown"
        assert (
            ask("prometheus", server.url, {"query": "scalar(vector(3))", "operator": "==", "threshold": 3}).outcome
            == "up"
        )
        server.kill()
        assert ask("prometheus", server.url, up).outcome == "unknown"


@pytest.mark.capability("MON-3")
def test_what_prometheus_scraped_tells_whether_its_target_is_up() -> None:
    port = free_port()
    with PrometheusServer([f"127.0.0.1:{port}"]) as server:
        up = {"query": 'up{job="greenlight"}', "operator": "==", "threshold": 1}
        orders = {"query": "shop_orders_waiting", "operator": "<", "threshold": 10}

        def found(settings: dict[str, Any], outcome: str) -> bool:
            return ask("prometheus", server.url, settings).outcome == outcome

        with serving(b"shop_orders_waiting 7\n", port=port):
            until(lambda: found(up, "up"), "the target is scraped")
            until(lambda: found(orders, "up"), "its series is there")
        until(lambda: found(up, "down"), "the target is away")
        with serving(b"shop_orders_waiting 70\n", port=port):
            until(lambda: found(orders, "down"), "too many wait")
            until(lambda: found(up, "up"), "the target is back")

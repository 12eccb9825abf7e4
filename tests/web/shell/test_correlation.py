import logging

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.capability("ERR-2")

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def _trace_id(client: FlaskClient, **headers: str) -> str:
    response = client.post("/api/v1/echo", json=1, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert response.get_json()["trace_id"] == response.headers["X-Trace-Id"]
    return response.headers["X-Trace-Id"]


@pytest.mark.parametrize("path", ["/health/live", "/nothing", "/status", "/fail/unexpected", "/admin/", "/stream"])
def test_every_answer_names_its_correlation_id(client: FlaskClient, path: str) -> None:
    given = client.get(path, headers={"X-Correlation-Id": "order-4711-retry"})
    assert given.headers["X-Correlation-Id"] == "order-4711-retry"
    fresh = {client.get(path).headers["X-Correlation-Id"] for _ in range(3)}
    assert len(fresh) == 3


def test_an_unchanged_document_names_its_correlation_id_too(client: FlaskClient) -> None:
    tag = client.get("/status/summary.json").headers["ETag"]
    unchanged = client.get("/status/summary.json", headers={"If-None-Match": tag, "X-Correlation-Id": "order-4711"})
    assert unchanged.status_code == 304
    assert unchanged.headers["X-Correlation-Id"] == "order-4711"


@pytest.mark.parametrize(
    "bad", ["short", "with space inside", "x" * 65, "-leading-dash", "new\tline-here", "üñïçödé-id"]
)
def test_a_malformed_correlation_id_is_replaced(client: FlaskClient, bad: str) -> None:
    got = client.get("/health/live", headers={"X-Correlation-Id": bad}).headers["X-Correlation-Id"]
    assert got != bad
    assert got.startswith("cor_")


def test_a_view_and_its_streamed_body_run_under_the_request_s_ids(client: FlaskClient) -> None:
    response = client.post("/api/v1/echo", json=1, headers={"X-Correlation-Id": "order-4711"})
    assert response.get_json()["correlation_id"] == "order-4711"
    assert client.get("/stream", headers={"X-Correlation-Id": "order-4711"}).text == "order-4711"


def test_the_access_line_carries_the_ids_the_route_and_no_query(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "greenlight.web.access"):
        response = client.get("/api/v1/fail/conflict?token=secret", headers={"X-Correlation-Id": "order-4711"})
    (line,) = [r for r in caplog.records if r.name == "greenlight.web.access"]
    facts = vars(line)
    assert (facts["correlation_id"], facts["trace_id"]) == ("order-4711", response.headers["X-Trace-Id"])
    assert (facts["method"], facts["route"], facts["status"]) == ("GET", "/api/v1/fail/<kind>", 409)
    assert "secret" not in str(facts)


@pytest.mark.parametrize(
    "traceparent",
    [
        f"00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-00",
        f"00-{TRACE}-{PARENT}-03",
        # A higher version is read as far as version 00 goes.
        f"cc-{TRACE}-{PARENT}-01",
        f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like",
        f"cc-{TRACE}-{PARENT}-01.what-the-future-will-be-like"[:55],
    ],
)
def test_a_valid_trace_is_continued(client: FlaskClient, traceparent: str) -> None:
    assert _trace_id(client, traceparent=traceparent) == TRACE


@pytest.mark.parametrize(
    "traceparent",
    [
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE[:-1]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT[:-1]}-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-0g",
        f"0-{TRACE}-{PARENT}-01",
        f"cc-{TRACE}-{PARENT}-01.what",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-01,00-{TRACE}-{PARENT}-01",
        "hello",
        "",
    ],
)
def test_an_invalid_trace_is_ignored_and_a_new_one_begins(client: FlaskClient, traceparent: str) -> None:
    first, second = (_trace_id(client, traceparent=traceparent) for _ in range(2))
    assert TRACE not in {first, second}
    assert first != second

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.web.shell.product import make_product
from web.shell.ports import Probe


def _broken() -> str | None:
    raise OSError("no route to host 10.0.0.7")


def _with_probes(tmp_path: Path, *probes: Probe) -> FlaskClient:
    return make_product(tmp_path, ports=lambda p: replace(p, probes=probes)).test_client()


def test_a_process_lives_whatever_else_is_gone(tmp_path: Path) -> None:
    client = _with_probes(tmp_path, Probe("database", _broken))
    assert client.get("/health/live").get_json() == {"status": "live"}


def test_a_process_is_ready_when_every_probe_is_met(tmp_path: Path) -> None:
    ready = _with_probes(tmp_path, Probe("database", lambda: None)).get("/health/ready")
    assert ready.status_code == 200
    assert ready.get_json() == {"status": "ready", "checks": [{"name": "database", "ok": True, "reason": None}]}


@pytest.mark.capability("ERR-1")
def test_a_process_that_is_not_ready_says_why(tmp_path: Path) -> None:
    probes = (
        Probe("database", _broken),
        Probe("background", lambda: "is silent since 90 s"),
        Probe("disk", lambda: None),
    )
    refused = _with_probes(tmp_path, *probes).get("/health/ready")
    problem = refused.get_json()
    assert (refused.status_code, problem["code"], problem["retryable"]) == (503, "not_ready", True)
    assert refused.headers["Retry-After"]
    assert problem["detail"] == "Not ready: database does not answer; background is silent since 90 s."
    assert [c["ok"] for c in problem["checks"]] == [False, False, True]
    assert "10.0.0.7" not in refused.text


class Extra:
    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("greenlight_queue_depth", "Waiting work.", value=3)


def _samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families for s in f.samples}


def test_figures_of_requests_stand_by_route_and_status(tmp_path: Path) -> None:
    client = make_product(tmp_path, ports=lambda p: replace(p, metrics=(Extra(),))).test_client()
    for _ in range(3):
        client.get("/api/v1/fail/conflict")
    client.get("/api/v1/no-such-thing-4711")
    client.open("/nothing", method="BREW")
    samples = _samples(client.get("/metrics").text)
    name = "greenlight_http_request_duration_seconds_count"
    labels = (("method", "GET"), ("route", "/api/v1/fail/<kind>"), ("status", "409"))
    assert samples[name, labels] == 3
    assert samples[name, (("method", "GET"), ("route", "none"), ("status", "404"))] == 1
    assert samples[name, (("method", "other"), ("route", "none"), ("status", "404"))] == 1
    assert samples["greenlight_queue_depth", ()] == 3
    # Invented paths and methods must not grow the label space.
    assert "4711" not in str(samples)


def test_figures_are_for_this_machine_only(tmp_path: Path) -> None:
    client = make_product(tmp_path).test_client()
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 403
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": ""}).status_code == 403
    # A proxy on this machine: the caller is somebody else.
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert client.get("/metrics", headers={header: "203.0.113.9"}).status_code == 403


def test_figures_with_a_token_are_for_whoever_has_it(tmp_path: Path) -> None:
    client = make_product(tmp_path, metrics_token="t" * 20).test_client()
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", environ_base=far, headers={"Authorization": f"Bearer {'t' * 20}"}).status_code == 200
    for given in ("", "Bearer", "Bearer wrong", "Basic dDp0", f"Bearer {'t' * 21}", "Bearer ünïcode"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 401


def test_the_small_public_files_are_there(client: FlaskClient) -> None:
    robots = client.get("/robots.txt")
    assert robots.mimetype == "text/plain"
    assert "Disallow: /admin/" in robots.text
    assert client.get("/favicon.ico").mimetype == "image/svg+xml"


def test_the_address_for_vulnerabilities_is_told_where_it_is_set(tmp_path: Path) -> None:
    told = make_product(tmp_path, security_contact="mailto:security@status.example").test_client()
    lines = dict(line.split(": ", 1) for line in told.get("/.well-known/security.txt").text.splitlines())
    assert lines["Contact"] == "mailto:security@status.example"
    assert lines["Expires"].endswith("Z")
    assert make_product(tmp_path).test_client().get("/.well-known/security.txt").status_code == 404

"""The beacon door over HTTP, behind the real shell: statuses that players act on, other sites, limits, no traces."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.beacons import REGION_HEADER, blueprint
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import JobActor
from services.metrics import Door, DoorPolicy, Intake, SqlMetricStore, Window
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports

METER = JobActor("tests", frozenset({"metrics.run", "metrics.read"}))
CMCD = {"Content-Type": "application/cmcd"}


class Beacons:
    """A client of the door, and the hands that fold."""

    def __init__(self, client: FlaskClient, intake: Intake, clock: FixedClock) -> None:
        self.client, self.intake, self.clock = client, intake, clock

    def body(self, sid: str = "a", *states: str) -> bytes:
        now_ms = to_epoch_ms(self.clock.now())
        lines = (
            f'e=ps,sf=h,sid="{sid}",sn={sn},sta={state},ts={now_ms - 5_000 + 1_000 * sn},v=2'
            for sn, state in enumerate(states or ("s", "p", "q"))
        )
        return "\n".join(lines).encode()

    def post(self, body: bytes, path: str = "/ingest/cmcd", headers: dict[str, str] | None = None) -> TestResponse:
        return self.client.post(path, data=body, headers=CMCD | (headers or {}))


@pytest.fixture
def policy() -> DoorPolicy:
    return DoorPolicy("k" * 32, regions={"europe"}, body_bytes=16_384, events_per_second=100, sessions_per_minute=60)


@pytest.fixture
def beacons(uow: UnitOfWork, clock: FixedClock, policy: DoorPolicy, tmp_path: Path) -> Iterator[Beacons]:
    intake = Intake(uow)
    server = make_server(ShellConfig("secret", "http://localhost", tmp_path), Ports(), clock=clock)
    server.register_blueprint(blueprint(Door(intake, policy, clock), intake))
    with server.test_client() as client:
        yield Beacons(client, intake, clock)


def test_a_report_is_taken_without_a_body_a_cookie_or_a_token(beacons: Beacons) -> None:
    answer = beacons.post(beacons.body())
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Set-Cookie" not in answer.headers
    assert beacons.intake.fold(METER).events == 3


@pytest.mark.capability("STATUS-3")
def test_the_region_is_what_the_proxy_in_front_names(
    beacons: Beacons, policy: DoorPolicy, uow: UnitOfWork, clock: FixedClock
) -> None:
    beacons.post(beacons.body(), headers={REGION_HEADER: "Europe", "Authorization": f"Bearer {policy.demo_key}"})
    beacons.intake.fold(METER)
    today = Window(clock.now() - timedelta(days=1), clock.now() + timedelta(minutes=1))
    assert set(SqlMetricStore(uow).split(METER, "join_time", today, "region")) == {"europe"}


@pytest.mark.parametrize("media_type", ["application/cmcd", "text/cmcd", "text/plain;charset=UTF-8"])
def test_the_media_types_of_players_are_taken(beacons: Beacons, media_type: str) -> None:
    assert beacons.post(beacons.body(), headers={"Content-Type": media_type}).status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
    ],
)
def test_other_media_types_are_refused(beacons: Beacons, headers: dict[str, str]) -> None:
    answer = beacons.post(beacons.body(), headers=headers)
    assert (answer.status_code, answer.json["code"]) == (415, "report_media_type")  # type: ignore[index] # a problem


@pytest.mark.capability("ERR-1")
def test_a_malformed_report_is_refused_with_its_line_and_nothing_is_stored(beacons: Beacons) -> None:
    answer = beacons.post(beacons.body() + b"\ne=ps,sid=", headers={"X-Correlation-Id": "cor_from_the_player"})
    problem = answer.json
    assert problem is not None
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert (problem["code"], problem["retryable"]) == ("cmcd_malformed", False)
    assert "line 4" in problem["detail"]
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"] == "cor_from_the_player"
    assert beacons.intake.fold(METER).events == 0


@pytest.mark.parametrize("body", [b"", b"\x00\xff" * 50, b"<html>", b'{"e":"ps"}', b"e=ps," * 500])
def test_what_is_no_report_is_refused(beacons: Beacons, body: bytes) -> None:
    assert beacons.post(body).status_code == 400


def test_a_body_that_is_too_large_is_refused_before_it_is_read(beacons: Beacons) -> None:
    answer = beacons.post(b"x" * 10_000_000)
    assert (answer.status_code, answer.json["code"]) == (413, "report_too_large")  # type: ignore[index] # a problem


def test_too_many_events_are_told_when_to_go_on(beacons: Beacons) -> None:
    body = beacons.body("a", *"sp" * 40)
    answers = [beacons.post(body) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [204, 204, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


def test_a_client_that_invents_sessions_is_stopped(beacons: Beacons) -> None:
    statuses = [beacons.post(beacons.body(f"invented-{i}", "s")).status_code for i in range(80)]
    assert statuses.count(204) == 60
    assert statuses.count(429) == 20


@pytest.mark.parametrize("body", [b"", b"nonsense"])
def test_errors_too_may_be_read_by_pages_of_other_sites(beacons: Beacons, body: bytes) -> None:
    for answer in (beacons.post(body), beacons.post(beacons.body(), headers={"Origin": "https://elsewhere.example"})):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_report_from_another_site_is_taken(beacons: Beacons) -> None:
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert beacons.post(beacons.body(), headers=headers).status_code == 204


def test_a_browser_that_asks_first_is_let_in(beacons: Beacons) -> None:
    answer = beacons.client.options(
        "/ingest/cmcd",
        headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status_code == 204
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_wrong_demo_key_is_refused(beacons: Beacons) -> None:
    assert beacons.post(beacons.body(), headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert beacons.post(beacons.body(), headers={"Authorization": f"Bearer {'k' * 32}"}).status_code == 204


def test_a_session_can_be_read_by_its_id_once_it_is_folded(beacons: Beacons) -> None:
    path = "/ingest/cmcd/sessions/a"
    assert beacons.client.get(path).status_code == 404
    beacons.post(beacons.body("a", "s", "p"), "/ingest/cmcd?player=hls.js")
    beacons.intake.fold(METER)
    answer = beacons.client.get(path)
    assert answer.json is not None
    assert answer.headers["Cache-Control"] == "no-store"
    assert {k: answer.json[k] for k in ("state", "join_time_ms", "stall_ms", "stalls")} == {
        "state": "playing",
        "join_time_ms": 1_000,
        "stall_ms": 0,
        "stalls": 0,
    }
    assert answer.json["recorded_at"] == "2026-11-24T12:00:00+00:00"
    assert beacons.client.get(f"/ingest/cmcd/sessions/{'x' * 200}").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_access_log_does_not_hold_a_sessions_id(
    beacons: Beacons, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    with caplog.at_level(logging.INFO, "greenlight.web.access"):
        beacons.client.open("/ingest/cmcd/sessions/very-secret-session", method=method)
    lines = [str(vars(record)) for record in caplog.records if record.name == "greenlight.web.access"]
    assert len(lines) == 1
    assert "very-secret-session" not in lines[0]
    assert "/ingest/cmcd/" in lines[0]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(beacons: Beacons, method: str) -> None:
    answer = beacons.client.open("/ingest/cmcd", method=method)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


class TestClosed:
    """A door that is closed by a setting."""

    @pytest.fixture
    def policy(self) -> DoorPolicy:
        return DoorPolicy(demo_key="", enabled=False)

    def test_players_are_told_to_stop(self, beacons: Beacons) -> None:
        answer = beacons.post(beacons.body())
        assert (answer.status_code, answer.json["code"]) == (410, "ingest_off")  # type: ignore[index] # a problem

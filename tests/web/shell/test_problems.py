import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import BaseModel, ConfigDict, Field, HttpUrl
from werkzeug.test import TestResponse

from web.shell.problem_kinds import BY_STATUS, KINDS
from web.shell.problems import problem_of

pytestmark = pytest.mark.capability("ERR-1")

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class FieldErrorDocument(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    field: str
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457's members and ours; nothing else, except what a kind adds."""

    model_config = ConfigDict(extra="forbid")
    type: HttpUrl
    title: str = Field(min_length=3)
    status: int = Field(ge=400, le=599)
    detail: str = Field(min_length=3)
    instance: str = Field(pattern=r"^/")
    code: str = Field(pattern=r"^[a-z][a-z0-9_]+$")
    correlation_id: str = Field(min_length=8)
    trace_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    retryable: bool
    errors: list[FieldErrorDocument]
    checks: list[dict[str, Any]] | None = None


def conforming(response: TestResponse) -> ProblemDocument:
    """Check everything that every problem has in common, and return it."""
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    problem = ProblemDocument.model_validate(response.get_json())
    assert problem.status == response.status_code
    assert problem.correlation_id == response.headers["X-Correlation-Id"]
    assert problem.trace_id == response.headers["X-Trace-Id"]
    return problem


@pytest.mark.parametrize(
    ("kind", "status", "code", "retryable"),
    [
        ("invalid", 422, "cap_wrong", False),
        ("bad", 400, "body_unreadable", False),
        ("unauthenticated", 401, "sign_in_required", False),
        ("forbidden", 403, "forbidden", False),
        ("missing", 404, "refund_unknown", False),
        ("conflict", 409, "already_refunded", False),
        ("gone", 410, "link_used", False),
        ("large", 413, "file_too_large", False),
        ("media", 415, "media_unknown", False),
        ("limited", 429, "slow_down", True),
        ("unavailable", 503, "database_locked", True),
        ("unexpected", 500, "unexpected", True),
    ],
)
def test_every_error_of_the_domain_becomes_a_problem(
    client: FlaskClient, kind: str, status: int, code: str, *, retryable: bool
) -> None:
    problem = conforming(client.get(f"/api/v1/fail/{kind}"))
    assert (problem.status, problem.code, problem.retryable) == (status, code, retryable)
    assert problem.instance == f"/api/v1/fail/{kind}"


def test_wrong_fields_are_named_with_what_is_wrong(client: FlaskClient) -> None:
    problem = conforming(client.get("/api/v1/fail/invalid"))
    assert [(e.field, e.message) for e in problem.errors] == [("cap", "must be positive")]


@pytest.mark.parametrize(("kind", "seconds"), [("limited", "7"), ("unavailable", "3")])
def test_what_passes_says_when_to_come_back(client: FlaskClient, kind: str, seconds: str) -> None:
    assert client.get(f"/api/v1/fail/{kind}").headers["Retry-After"] == seconds


def test_a_missing_sign_in_names_the_scheme_that_would_do(client: FlaskClient) -> None:
    assert client.get("/api/v1/fail/unauthenticated").headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/api/v1/fail/unexpected", "/fail/unexpected"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_an_unexpected_error_tells_nothing_but_its_reference_and_is_logged_under_it(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str, accept: str
) -> None:
    with caplog.at_level(logging.ERROR):
        response = client.get(path, headers={"Accept": accept})
    assert response.status_code == 500
    assert "hunter2" not in response.text
    assert "RuntimeError" not in response.text
    reference = response.headers["X-Correlation-Id"]
    assert reference in response.text
    logged = [r for r in caplog.records if getattr(r, "correlation_id", None) == reference and r.exc_info]
    assert len(logged) == 1


def _post_large(client: FlaskClient) -> TestResponse:
    return client.post("/api/v1/echo", data=b"[" + b"1," * 200 + b"1]", content_type="application/json")


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda c: c.get("/api/v1/nothing-here"), 404),
        (lambda c: c.get("/api/v1/echo"), 405),
        (_post_large, 413),
        (lambda c: c.post("/api/v1/echo", data="{", content_type="application/json"), 400),
        (lambda c: c.post("/api/v1/echo", data="hello", content_type="text/plain"), 415),
        (lambda c: c.get("/api/v1/fail/bad?" + "x" * 9000), 414),
        (lambda c: c.get("/api/v1/fail/bad", headers={"X-Long": "x" * 40_000}), 431),
        (lambda c: c.get("/status/_dash-nothing"), 404),
        (lambda c: c.get("/admin/_dash-layout"), 401),
    ],
)
def test_what_the_framework_refuses_is_a_problem_too(
    client: FlaskClient, ask: Callable[[FlaskClient], TestResponse], status: int
) -> None:
    response = ask(client)
    problem = conforming(response)
    assert problem.status == status
    assert problem.detail == BY_STATUS[status].advice or status in {401, 404}
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"]


def test_a_refused_method_names_the_allowed_ones(client: FlaskClient) -> None:
    assert "POST" in client.get("/api/v1/echo").headers["Allow"]


@pytest.mark.parametrize("path", ["/nothing-here", "/fail/conflict", "/status/nothing-here"])
def test_people_get_a_page_with_the_same_words(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers=HTML)
    document = client.get(path, headers={"Accept": "application/json"}).get_json()
    assert page.status_code == document["status"]
    assert page.content_type == "text/html; charset=utf-8"
    for words in (document["title"], document["detail"], document["code"], page.headers["X-Correlation-Id"]):
        assert words in page.text


@pytest.mark.parametrize(
    ("path", "accept", "is_page"),
    [
        ("/nothing", "text/html", True),
        ("/nothing", "*/*", False),
        ("/nothing", "", False),
        ("/nothing", "text/html;q=0.5, application/json", False),
        ("/nothing", "application/problem+json", False),
        ("/api/v1/nothing", "text/html", False),
        ("/ingest/nothing", "text/html", False),
        ("/admin/_dash-layout", "text/html", False),
    ],
)
def test_programs_get_json_and_people_pages(client: FlaskClient, path: str, accept: str, *, is_page: bool) -> None:
    response = client.get(path, headers={"Accept": accept} if accept else {})
    assert response.content_type.startswith("text/html") is is_page


def test_a_page_of_a_problem_repeats_no_input(client: FlaskClient) -> None:
    page = client.get("/<script>alert(1)</script>?q=<b>", headers=HTML)
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text


def test_every_problem_type_is_documented_where_its_link_leads(client: FlaskClient) -> None:
    page = client.get("/docs/errors").text
    for kind in KINDS:
        assert f'id="{kind.slug}"' in page
    link = conforming(client.get("/api/v1/fail/conflict")).type
    assert f'id="{link.fragment}"' in page
    assert link.path == "/docs/errors"


def test_kinds_have_one_slug_and_one_status_each() -> None:
    assert len({kind.slug for kind in KINDS}) == len(KINDS) == len(BY_STATUS)


def test_a_redirect_is_no_problem(client: FlaskClient) -> None:
    assert client.get("/status").status_code == 308


def test_an_unknown_status_keeps_its_name() -> None:
    from werkzeug.exceptions import ImATeapot  # noqa: PLC0415 - wanted by this test alone

    problem = problem_of(ImATeapot())
    assert (problem.status, problem.kind.title) == (418, "I'm a teapot")

import logging
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.shell.product import make_product
from web.shell.headers import policy, refuse_unsafe

pytestmark = pytest.mark.capability("GO-4")

PATHS = ["/health/live", "/status/", "/status/summary.json", "/nothing", "/fail/unexpected", "/status", "/robots.txt"]


def _directives(text: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in text.split(";")}


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_secure_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"]
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert "Cache-Control" in headers


@pytest.mark.parametrize("path", PATHS)
def test_no_policy_lets_any_script_run(client: FlaskClient, path: str) -> None:
    directives = _directives(client.get(path).headers["Content-Security-Policy"])
    assert directives["default-src"] == ["'self'"]
    scripts = directives["script-src"]
    assert scripts[0] == "'self'"
    assert all(source.startswith("'sha256-") for source in scripts[1:])
    assert directives["frame-ancestors"] == ["'none'"]
    assert directives["object-src"] == ["'none'"]
    assert directives["base-uri"] == ["'none'"]
    assert directives["form-action"] == ["'self'"]
    assert directives["report-uri"] == ["/csp-report"]


def test_a_surface_allows_its_own_inline_scripts_and_no_other_page_s(client: FlaskClient) -> None:
    scripts = _directives(client.get("/status/").headers["Content-Security-Policy"])["script-src"]
    plain = _directives(client.get("/health/live").headers["Content-Security-Policy"])["script-src"]
    assert len(scripts) > 2
    assert plain == ["'self'"]


@pytest.mark.parametrize("source", ["'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:"])
def test_a_source_that_would_open_scripts_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="would let any script run"):
        refuse_unsafe("script-src", [source])


def test_a_new_directive_keeps_our_own_files() -> None:
    assert _directives(policy({"media-src": ["blob:"]}))["media-src"] == ["'self'", "blob:"]


@pytest.mark.parametrize(("public_url", "promised"), [("http://localhost", False), ("https://localhost", True)])
def test_https_only_is_promised_only_over_https(tmp_path: Path, public_url: str, *, promised: bool) -> None:
    client = make_product(tmp_path, public_url=public_url).test_client()
    assert ("Strict-Transport-Security" in client.get("/health/live").headers) is promised


def test_private_answers_are_not_stored(product: Flask) -> None:
    client = product.test_client()
    client.set_cookie("greenlight-session", "token-operator")
    for path in ("/admin/", "/account/profile", "/admin/_dash-layout"):
        assert client.get(path).headers["Cache-Control"] == "no-store"


def test_an_answer_with_a_cookie_is_not_stored(client: FlaskClient) -> None:
    form = client.get("/account/sign-in")
    assert form.headers["Set-Cookie"]
    assert form.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/csp-report", b'{"csp-report": {"blocked-uri": "inline", "effective-directive": "script-src"}}'),
        (
            "application/reports+json",
            b'[{"type": "csp-violation", "body": {"blockedURL": "inline", "effectiveDirective": "script-src-elem"}}]',
        ),
    ],
)
def test_what_the_policy_stopped_is_logged(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, content_type: str, body: bytes
) -> None:
    with caplog.at_level(logging.WARNING, "greenlight.web.csp"):
        assert client.post("/csp-report", data=body, content_type=content_type).status_code == 204
    (line,) = [r for r in caplog.records if r.name == "greenlight.web.csp"]
    assert "inline" in str(vars(line)["report"])


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"not json", "application/csp-report", 204),
        (b"[1, null, []]", "application/reports+json", 204),
        (b'{"csp-report": 7}', "application/csp-report", 204),
        (b"{}", "text/plain", 415),
        (b"x" * 20_000, "application/csp-report", 413),
    ],
)
def test_a_report_of_nonsense_does_no_harm(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, body: bytes, content_type: str, status: int
) -> None:
    assert client.post("/csp-report", data=body, content_type=content_type).status_code == status
    assert not [r for r in caplog.records if r.name == "greenlight.web.csp"]


def test_a_trusted_proxy_s_word_on_scheme_counts_and_nobody_s_on_the_host(tmp_path: Path) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "status.example", "X-Forwarded-For": "203.0.113.9"}
    trusting = make_product(tmp_path, trusted_proxies=1).test_client()
    assert trusting.get("/status", headers=forwarded).location == "https://localhost/status/"
    wary = make_product(tmp_path).test_client()
    assert wary.get("/status", headers=forwarded).location == "http://localhost/status/"

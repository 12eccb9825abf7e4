from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from tests.web.shell.product import make_product
from web.shell.routes import PUBLIC, SIGNED_IN, CachedDocument, declarations, declared_rules, route
from web.shell.sessions import safe_next

pytestmark = pytest.mark.capability("GO-4")

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
AsRole = Callable[[str], FlaskClient]


def test_an_undeclared_view_answers_as_if_it_were_not_there(client: FlaskClient) -> None:
    assert client.get("/forgotten").status_code == 404
    assert "nobody declared me" not in client.get("/forgotten").text


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/settings",
        "/admin/settings/",
        "/admin/nothing",
        "/admin/_dash-layout",
        "/admin/_dash-dependencies",
    ],
)
def test_a_visitor_sees_nothing_of_the_staff_surface(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers=PAGE)
    if "_dash-" in path:
        assert page.status_code == 401
    else:
        assert page.status_code == 302
        assert parse_qs(urlsplit(page.location).query) == {"next": [path]}
        assert urlsplit(page.location).path == "/account/sign-in"
    assert client.get(path).status_code == 401
    assert "Incidents" not in page.text


def test_the_way_to_sign_in_keeps_the_whole_address(client: FlaskClient) -> None:
    location = client.get("/admin/settings?tab=limits&day=1", headers=PAGE).location
    assert parse_qs(urlsplit(location).query) == {"next": ["/admin/settings?tab=limits&day=1"]}


@pytest.mark.parametrize("path", ["/admin/", "/admin/_dash-layout", "/admin/_dash-dependencies"])
def test_a_role_without_the_permission_is_refused(as_role: AsRole, path: str) -> None:
    assert as_role("fan").get(path, headers=PAGE).status_code == 403
    assert as_role("operator").get(path, headers=PAGE).status_code == 200


def test_a_page_can_ask_for_more_than_its_surface(as_role: AsRole) -> None:
    assert as_role("compliance").get("/admin/").status_code == 200
    assert as_role("compliance").get("/admin/settings").status_code == 403
    assert as_role("operator").get("/admin/settings").status_code == 200
    assert as_role("operator").get("/admin/nothing").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/admin/assets/x.css", "/admin/_reload-hash", "/admin/_favicon.ico", "/admin/_dash-component-suites/dash/x.js"],
)
def test_addresses_of_dash_that_no_page_needs_stay_shut(as_role: AsRole, path: str) -> None:
    assert as_role("operator").get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "//admin/",
        "/ADMIN/",
        "/admin/./",
        "/admin/../admin/",
        "/admin%2f",
        "/status/../admin/",
        "/admin;x/",
        "/./admin/",
    ],
)
def test_other_spellings_of_an_address_open_nothing(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=PAGE)
    assert response.status_code in {302, 308, 404}
    assert "Incidents" not in response.text


def test_whoever_owes_a_second_factor_is_led_there_and_nowhere_else(as_role: AsRole) -> None:
    staff = as_role("operator-pending")
    page = staff.get("/admin/", headers=PAGE)
    assert (page.status_code, page.location) == (302, "/account/second-factor?next=%2Fadmin%2F")
    assert staff.get("/account/second-factor").status_code == 200
    for path in ("/account/profile", "/admin/_dash-layout"):
        refused = staff.get(path)
        assert (refused.status_code, refused.get_json()["code"]) == (401, "second_factor_required")
    assert staff.get("/status/").status_code == 200


def test_an_unknown_or_overlong_session_is_nobody_s(product: Flask) -> None:
    for token in ("token-nobody", "x" * 3000, ""):
        client = product.test_client()
        client.set_cookie("greenlight-session", token)
        assert client.get("/account/profile").status_code == 401


def test_an_anonymous_view_ignores_who_is_signed_in(as_role: AsRole) -> None:
    client = as_role("operator")
    assert "usr_operator" not in client.get("/status/").text
    assert "Set-Cookie" not in client.get("/status/").headers


def test_every_rule_of_the_product_is_declared_or_shut(product: Flask) -> None:
    shut = {str(rule) for rule, declared in declared_rules(product) if declared is None}
    suites = "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
    dash = {
        f"{p}{n}"
        for p in ("/status/", "/admin/")
        for n in ("_reload-hash", "_favicon.ico", "assets/<path:filename>", suites)
    }
    assert shut == {"/forgotten"} | dash


def test_an_endpoint_cannot_be_declared_twice_with_different_access(product: Flask) -> None:
    doors = Blueprint("again", __name__)
    route(doors, "/one", access=PUBLIC, endpoint="same")(lambda: "")
    route(doors, "/two", access=SIGNED_IN, endpoint="same")(lambda: "")
    with pytest.raises(ValueError, match=r"again\.same is declared twice"):
        product.register_blueprint(doors)


def test_a_private_document_cannot_be_cached_for_everybody(product: Flask) -> None:
    with pytest.raises(ValueError, match="only a public document"):
        route(product, "/mine", access=SIGNED_IN, cache=CachedDocument())(lambda: "")


def test_a_permission_needs_a_name(product: Flask) -> None:
    with pytest.raises(ValueError, match="Name a permission"):
        route(product, "/mine", access="")(lambda: "")


def test_a_nested_blueprint_is_declared_under_its_full_name(tmp_path: Path) -> None:
    outer, inner = Blueprint("outer", __name__, url_prefix="/outer"), Blueprint("inner", __name__, url_prefix="/inner")
    route(inner, "/page", access=SIGNED_IN, endpoint="page")(lambda: "")
    outer.register_blueprint(inner)
    server = make_product(tmp_path)
    server.register_blueprint(outer)
    declared = declarations(server).find("outer.inner.page")
    assert declared is not None
    assert declared.access == SIGNED_IN
    assert server.test_client().get("/outer/inner/page").status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "javascript:alert(1)",
        "/a\\b",
        "/a\nb",
        "",
        None,
        "a",
    ],
)
def test_after_signing_in_nobody_is_sent_to_another_site(target: str | None) -> None:
    assert safe_next(target, "/start") == "/start"


def test_after_signing_in_people_return_to_where_they_were() -> None:
    assert safe_next("/admin/settings?tab=limits#x") == "/admin/settings?tab=limits#x"


def test_a_session_cookie_is_closed_to_scripts_and_other_sites(tmp_path: Path) -> None:
    for public_url, name, secure in (
        ("http://localhost", "greenlight-session", False),
        ("https://localhost", "__Host-greenlight-session", True),
    ):
        client = make_product(tmp_path, public_url=public_url).test_client()
        base = "https://localhost" if secure else "http://localhost"
        form = client.get("/account/sign-in", base_url=base)
        token = form.text.split('value="')[1].split('"')[0]
        done = client.post("/account/sign-in", data={"_csrf_token": token}, base_url=base)
        (cookie,) = [c for c in done.headers.getlist("Set-Cookie") if c.startswith(f"{name}=")]
        flags = {part.strip().split("=")[0].lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite", "path", "max-age"} <= flags
        assert "domain" not in flags
        assert ("secure" in flags) is secure
        assert "SameSite=Lax" in cookie


def test_signing_out_takes_the_cookie_away(as_role: AsRole) -> None:
    client = as_role("fan")
    token = client.get("/account/second-factor").text.split('value="')[1].split('"')[0]
    done = client.post("/account/sign-out", data={"_csrf_token": token})
    assert done.status_code == 200
    assert client.get_cookie("greenlight-session") is None
    assert done.headers["Clear-Site-Data"] == '"storage"'

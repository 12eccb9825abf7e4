from pathlib import Path

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from services.kernel.errors import RateLimited
from tests.web.shell.product import make_product
from web.shell import api_keys
from web.shell.routes import PUBLIC, SIGNED_IN, route

pytestmark = pytest.mark.capability("GO-4")

DOOR = "/api/v1/written"


def _bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


def test_a_good_key_acts_without_cookie_or_token(client: FlaskClient) -> None:
    answer = client.post(DOOR, headers=_bearer("good", Origin="https://elsewhere.test"))
    assert answer.get_json() == {"actor": "key_good", "kind": "api_key"}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("header", ["", "Basic Z29vZA==", "Bearer", "Bearer ", "good"])
def test_no_key_is_told_to_send_one(client: FlaskClient, header: str) -> None:
    answer = client.get(DOOR, headers={"Authorization": header, "Accept": "text/html"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="greenlight"'
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["code"] == "key_required"


@pytest.mark.parametrize("token", ["wrong", "Good", "good good", "g" * 5000, "gööd".encode().decode("latin-1")])
def test_a_key_that_is_not_good_is_refused(client: FlaskClient, token: str) -> None:
    answer = client.get(DOOR, headers=_bearer(token))
    assert answer.status_code == 401
    assert answer.get_json()["code"] == "key_invalid"
    assert token not in answer.text


def test_a_key_without_the_permission_is_refused(client: FlaskClient) -> None:
    answer = client.get(DOOR, headers=_bearer("bare"))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "key_lacks_permission")


def test_a_browser_s_session_opens_no_door_for_programs(product: Flask) -> None:
    browser = product.test_client()
    browser.set_cookie("greenlight-session", "token-operator")
    assert browser.get(DOOR).get_json()["code"] == "key_required"


def test_a_key_opens_no_door_for_people(client: FlaskClient) -> None:
    assert client.get("/admin/", headers=_bearer("good")).status_code == 401


def test_one_client_s_wrong_key_is_soon_refused_unread_and_another_key_of_theirs_is_not(client: FlaskClient) -> None:
    seen = [client.get(DOOR, headers=_bearer("wrong")).status_code for _ in range(api_keys.FAILURES_PER_KEY + 1)]
    assert seen == [401] * api_keys.FAILURES_PER_KEY + [429]
    limited = client.get(DOOR, headers=_bearer("wrong"))
    assert 0 < int(limited.headers["Retry-After"]) <= api_keys.WINDOW_SECONDS
    assert client.get(DOOR, headers=_bearer("good")).status_code == 200


def test_a_client_that_guesses_is_refused_whatever_it_sends(client: FlaskClient) -> None:
    for guess in range(api_keys.FAILURES_PER_CLIENT):
        assert client.get(DOOR, headers=_bearer(f"guess-{guess}")).status_code == 401
    assert client.get(DOOR, headers=_bearer("another")).status_code == 429
    elsewhere = client.get(DOOR, headers=_bearer("good"), environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert elsewhere.status_code == 200


def test_what_is_remembered_of_failures_is_bounded() -> None:
    failures = api_keys.Failures()
    for number in range(20_000):
        failures.add(f"client-{number}", "k")
    assert len(failures._lanes) <= 10_000
    for _ in range(api_keys.FAILURES_PER_KEY):
        failures.add("last", "k")
    with pytest.raises(RateLimited):
        failures.check("last", "k")


@pytest.mark.parametrize("access", [PUBLIC, SIGNED_IN])
def test_a_door_for_keys_must_name_a_permission(tmp_path: Path, access: object) -> None:
    doors = Blueprint("more", __name__)
    route(doors, "/x", access=access, api_key=True, endpoint="x")(lambda: "")  # type: ignore[arg-type] # on purpose
    with pytest.raises(ValueError, match="names the permission"):
        make_product(tmp_path).register_blueprint(doors)

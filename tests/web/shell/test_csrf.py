from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

pytestmark = pytest.mark.capability("GO-4")

AsRole = Callable[[str], FlaskClient]
DashPost = Callable[..., Any]

OPEN = {
    "output": "incident-said.children",
    "outputs": {"id": "incident-said", "property": "children"},
    "inputs": [{"id": "incident-open", "property": "n_clicks", "value": 1}],
    "state": [{"id": "incident-title", "property": "value", "value": "x"}],
    "changedPropIds": ["incident-open.n_clicks"],
}
ASK = {
    "output": "live-answer.children",
    "outputs": {"id": "live-answer", "property": "children"},
    "inputs": [{"id": "live-ask", "property": "n_clicks", "value": 1}],
    "state": [],
    "changedPropIds": ["live-ask.n_clicks"],
}


def _form_token(client: FlaskClient) -> str:
    return client.get("/account/sign-in").text.split('value="')[1].split('"')[0]


def test_a_form_with_its_own_token_is_taken(client: FlaskClient) -> None:
    assert client.post("/account/sign-in", data={"_csrf_token": _form_token(client)}).text == "welcome"


def test_two_pages_of_one_browser_both_work(client: FlaskClient) -> None:
    first, second = _form_token(client), _form_token(client)
    assert first != second
    for token in (second, first):
        assert client.post("/account/sign-in", data={"_csrf_token": token}, headers={}).status_code == 200
        client.delete_cookie("greenlight-session")


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "WyJhIiwiYiJd.AAAA"])
def test_a_form_without_a_true_token_is_refused(client: FlaskClient, token: str | None) -> None:
    _form_token(client)
    refused = client.post("/account/sign-in", data={} if token is None else {"_csrf_token": token})
    assert refused.status_code == 403
    assert refused.get_json()["code"].startswith("csrf_token_")


def test_another_browser_s_token_is_refused(product: Flask, client: FlaskClient) -> None:
    stolen = _form_token(product.test_client())
    _form_token(client)
    assert client.post("/account/sign-in", data={"_csrf_token": stolen}).get_json()["code"] == "csrf_token_invalid"


def test_a_token_from_before_signing_in_is_void_afterwards(client: FlaskClient) -> None:
    token = _form_token(client)
    assert client.post("/account/sign-in", data={"_csrf_token": token}).status_code == 200
    assert client.post("/account/sign-out", data={"_csrf_token": token}).get_json()["code"] == "csrf_token_invalid"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "https://evil.test"}, "csrf_foreign_origin"),
        ({"Origin": "null"}, "csrf_foreign_origin"),
        ({"Origin": "http://localhost:81"}, "csrf_foreign_origin"),
        ({"Origin": "http://localhost.evil.test"}, "csrf_foreign_origin"),
        ({"Sec-Fetch-Site": "cross-site"}, "csrf_cross_site"),
        ({"Sec-Fetch-Site": "same-site"}, "csrf_cross_site"),
    ],
)
def test_another_site_is_refused_even_with_a_true_token(
    client: FlaskClient, headers: dict[str, str], code: str
) -> None:
    refused = client.post("/account/sign-in", data={"_csrf_token": _form_token(client)}, headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (403, code)


def test_our_own_origin_is_taken(client: FlaskClient) -> None:
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    taken = client.post("/account/sign-in", data={"_csrf_token": _form_token(client)}, headers=headers)
    assert taken.status_code == 200


def test_a_form_sent_as_plain_text_has_no_token(client: FlaskClient) -> None:
    token = _form_token(client)
    refused = client.post("/account/sign-in", data=f"_csrf_token={token}", content_type="text/plain")
    assert refused.status_code == 403


def test_a_door_without_a_browser_s_authority_needs_no_token(client: FlaskClient) -> None:
    taken = client.post(
        "/api/v1/echo", json=1, headers={"Origin": "https://player.example", "Sec-Fetch-Site": "cross-site"}
    )
    assert taken.status_code == 200


def test_a_callback_with_the_token_of_its_layout_runs(as_role: AsRole, dash_post: DashPost) -> None:
    done = dash_post(as_role("operator"), "/admin/", OPEN)
    assert done.status_code == 200
    assert done.get_json()["response"]["incident-said"]["children"].startswith("x by usr_operator")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-CSRFToken": ""}, 403),
        ({"X-CSRFToken": "x"}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_forged_callback_is_refused(
    as_role: AsRole, dash_post: DashPost, headers: dict[str, str], status: int
) -> None:
    assert dash_post(as_role("operator"), "/admin/", OPEN, **headers).status_code == status


def test_a_callback_s_token_is_one_browser_s_own(as_role: AsRole, dash_post: DashPost) -> None:
    attacker = as_role("fan")
    attacker.set_cookie("greenlight-session", "token-operator")
    attacker.get("/admin/_dash-layout")
    cookie = attacker.get_cookie("greenlight-csrf")
    assert cookie is not None
    victim = as_role("compliance")
    # Planted cookie and header agree, and are signed by us, but for another session.
    victim.set_cookie("greenlight-csrf", cookie.decoded_value)
    refused = victim.post("/admin/_dash-update-component", json=OPEN, headers={"X-CSRFToken": cookie.decoded_value})
    assert refused.get_json()["code"] == "csrf_token_invalid"


def test_a_callback_sent_as_plain_text_is_refused(as_role: AsRole) -> None:
    client = as_role("operator")
    client.get("/admin/_dash-layout")
    cookie = client.get_cookie("greenlight-csrf")
    assert cookie is not None
    refused = client.post(
        "/admin/_dash-update-component",
        data="{}",
        content_type="text/plain",
        headers={"X-CSRFToken": cookie.decoded_value},
    )
    assert refused.status_code == 415


def test_the_public_surface_needs_no_cookie_since_it_has_nobody_s_authority(as_role: AsRole) -> None:
    client = as_role("operator")
    done = client.post("/status/_dash-update-component", json=ASK)
    assert done.get_json()["response"]["live-answer"]["children"] == "asked as visitor"
    assert client.get("/status/_dash-layout").headers.getlist("Set-Cookie") == []
    assert (
        client.post("/status/_dash-update-component", json=ASK, headers={"Origin": "https://evil.test"}).status_code
        == 403
    )


def test_dash_s_cookie_is_kept_while_it_is_true(as_role: AsRole) -> None:
    client = as_role("operator")
    assert client.get("/admin/_dash-layout").headers.getlist("Set-Cookie")
    assert not client.get("/admin/_dash-layout").headers.getlist("Set-Cookie")
    client.set_cookie("greenlight-csrf", "tampered")
    assert client.get("/admin/_dash-layout").headers.getlist("Set-Cookie")

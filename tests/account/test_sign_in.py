import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask

from services.identity import Identity, Role

from .conftest import ADMIN, PASSWORD, Browser, Somebody

pytestmark = pytest.mark.capability("GO-4")
SESSION = "greenlight-session"
WRONG = "wrong and long"


def test_a_person_signs_in_without_script_and_lands_where_they_work(
    browser: Browser, join: Callable[..., Somebody]
) -> None:
    join(Role.FAN)
    answer = browser.sign_in("ada@example.com")
    assert answer.status_code == 303
    browser.get(answer.location)
    assert browser.get("/account/sign-in").location == "/shop/"
    assert "Ada Byron" in browser.get("/account/security").get_data(as_text=True)


def test_one_gets_where_one_wanted_to_go(browser: Browser, join: Callable[..., Somebody]) -> None:
    join(Role.FAN)
    asked = browser.get("/account/security?done=name")
    assert (asked.status_code, asked.location) == (302, "/account/sign-in?next=%2Faccount%2Fsecurity%3Fdone%3Dname")
    browser.get(asked.location)
    answer = browser.send("/account/sign-in", email="ada@example.com", password=PASSWORD)
    assert browser.get(answer.location).location == "/account/security?done=name"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//evil.example",
        "/%0d%0aX: y",
    ],
)
def test_nobody_is_sent_to_another_site(browser: Browser, join: Callable[..., Somebody], target: str) -> None:
    join(Role.FAN)
    answer = browser.sign_in("ada@example.com", to=quote(target))
    onward = browser.get(answer.location)
    assert onward.location.startswith("/")
    assert not onward.location.startswith(("//", "/\\"))
    assert "evil.example" not in onward.location or onward.location.startswith("/%0d") is False
    assert "X" not in onward.headers


def test_a_wrong_password_is_said_in_the_form_and_the_address_stays(
    browser: Browser, join: Callable[..., Somebody]
) -> None:
    join(Role.FAN)
    answer = browser.sign_in("ada@example.com", WRONG)
    assert answer.status_code == 401
    assert 'value="ada@example.com"' in browser.page
    assert browser.page.count("E-mail address and password do not fit together.") == 2
    assert 'href="#password"' in browser.page
    assert 'aria-invalid="true"' in browser.page
    assert "<title>Error: Sign in" in browser.page
    assert WRONG not in browser.page
    assert browser.cookie(SESSION) is None


def test_the_page_of_an_unknown_account_is_the_same(
    browser: Browser, new_browser: Callable[[], Browser], join: Callable[..., Somebody]
) -> None:
    join(Role.FAN)
    other = new_browser()
    browser.sign_in("ada@example.com", WRONG)
    other.sign_in("eve@example.com", WRONG)

    def bare(page: str) -> str:
        return re.sub(r'value="[^"]*"', "", page)

    assert bare(browser.page) == bare(other.page)


def test_guessing_is_slowed_down_with_how_long_to_wait(browser: Browser, join: Callable[..., Somebody]) -> None:
    join(Role.FAN)
    for _ in range(6):
        assert browser.sign_in("ada@example.com", WRONG).status_code == 401
    assert browser.sign_in("ada@example.com", PASSWORD).status_code == 429
    assert "Too many tries. Try again in 1 second." in browser.page


def test_the_session_cookie_is_for_http_only_and_new_at_each_sign_in(
    browser: Browser, join: Callable[..., Somebody]
) -> None:
    join(Role.FAN)
    answer = browser.sign_in("ada@example.com")
    cookies = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith(SESSION)]
    assert len(cookies) == 1
    assert "HttpOnly" in cookies[0]
    assert "SameSite=Lax" in cookies[0]
    first = browser.cookie(SESSION)
    browser.get("/account/sign-in")
    browser.http.delete_cookie(SESSION)
    browser.sign_in("ada@example.com")
    assert browser.cookie(SESSION) != first


def test_a_planted_session_token_is_not_taken_over(
    browser: Browser, join: Callable[..., Somebody], server: Flask
) -> None:
    join(Role.FAN)
    planted = "p" * 43
    browser.http.set_cookie(SESSION, planted)
    browser.sign_in("ada@example.com")
    assert browser.cookie(SESSION) not in {None, planted}
    thief = server.test_client()
    thief.set_cookie(SESSION, planted)
    assert thief.get("/account/security", headers={"Accept": "text/html"}).status_code == 302


def test_signing_in_as_somebody_else_ends_the_session_before(
    browser: Browser, join: Callable[..., Somebody], server: Flask
) -> None:
    join(Role.FAN)
    join(Role.FAN, email="eve@example.com")
    browser.sign_in("ada@example.com")
    before = browser.cookie(SESSION)
    assert before
    browser.get("/account/security")
    browser.http.post(
        "/account/sign-in", data={"_csrf_token": browser.token, "email": "eve@example.com", "password": PASSWORD}
    )
    ghost = server.test_client()
    ghost.set_cookie(SESSION, before)
    assert ghost.get("/account/security", headers={"Accept": "text/html"}).status_code == 302


def test_signing_out_ends_the_session_on_the_server(
    browser: Browser, join: Callable[..., Somebody], server: Flask
) -> None:
    join(Role.FAN)
    browser.sign_in("ada@example.com")
    token = browser.cookie(SESSION)
    assert token
    browser.get("/account/security")
    answer = browser.send("/account/sign-out")
    assert (answer.status_code, browser.cookie(SESSION)) == (303, None)
    assert "You are signed out." in browser.get(answer.location).get_data(as_text=True)
    ghost = server.test_client()
    ghost.set_cookie(SESSION, token)
    assert ghost.get("/account/security", headers={"Accept": "text/html"}).status_code == 302


def test_a_link_cannot_sign_anybody_out(browser: Browser, join: Callable[..., Somebody]) -> None:
    join(Role.FAN)
    browser.sign_in("ada@example.com")
    assert browser.get("/account/sign-out").status_code == 405
    assert browser.http.post("/account/sign-out").status_code == 403
    assert browser.get("/account/security").status_code == 200


@pytest.mark.parametrize("path", ["/account/sign-in", "/account/reset", "/account/sign-out"])
def test_a_form_without_its_token_is_refused(browser: Browser, path: str) -> None:
    assert browser.http.post(path, data={"email": "ada@example.com", "password": PASSWORD}).status_code == 403


def test_a_revoked_session_is_over_at_the_next_request(
    browser: Browser, join: Callable[..., Somebody], identity: Identity
) -> None:
    fan = join(Role.FAN)
    browser.sign_in("ada@example.com")
    assert browser.get("/account/security").status_code == 200
    identity.sessions.end_all_of(ADMIN, user_id=fan.user_id)
    assert browser.get("/account/security").location.startswith("/account/sign-in")


def test_pages_are_kept_by_no_cache_and_framed_by_no_site(browser: Browser, join: Callable[..., Somebody]) -> None:
    join(Role.FAN)
    browser.sign_in("ada@example.com")
    for path in ("/account/sign-in", "/account/reset", "/account/security"):
        headers = browser.get(path).headers
        assert "no-store" in headers["Cache-Control"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-inline" not in headers["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]


def test_password_managers_find_their_way(browser: Browser) -> None:
    browser.get("/account/sign-in")
    assert 'autocomplete="username"' in browser.page
    assert 'autocomplete="current-password"' in browser.page
    assert browser.get("/.well-known/change-password").location == "/account/security"


def test_overlong_input_is_refused_like_any_wrong_one(browser: Browser) -> None:
    assert browser.sign_in("a" * 5_000 + "@example.com", "x" * 100_000).status_code == 401

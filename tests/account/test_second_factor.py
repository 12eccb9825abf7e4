from collections.abc import Callable

import pytest

from services.identity import Role
from services.identity.rules import current_code
from services.kernel.clock import FixedClock

from .conftest import Browser, Somebody

pytestmark = pytest.mark.capability("GO-4")
SESSION = "greenlight-session"
VERIFY, SET_UP = "/account/second-factor", "/account/second-factor/set-up"


def test_staff_give_their_code_before_anything_opens(browser: Browser, join: Callable[..., Somebody]) -> None:
    staff = join(Role.OPERATOR, enrolled=True)
    answer = browser.sign_in("ada@example.com")
    assert answer.location == VERIFY
    assert browser.get("/account/security").location.startswith(VERIFY)
    before = browser.cookie(SESSION)
    browser.get(VERIFY)
    answer = browser.send(VERIFY, code=staff.code())
    assert answer.status_code == 303
    assert browser.cookie(SESSION) != before
    assert browser.get("/account/sign-in").location == "/admin/"


def test_one_gets_where_one_wanted_to_go_through_the_second_factor(
    browser: Browser, join: Callable[..., Somebody]
) -> None:
    staff = join(Role.OPERATOR, enrolled=True)
    answer = browser.sign_in("ada@example.com", to="/admin/work")
    assert answer.location == f"{VERIFY}?next=%2Fadmin%2Fwork"
    browser.get(answer.location)
    browser.send(VERIFY, code="000000")
    answer = browser.send(VERIFY, code=staff.code())
    assert browser.get(answer.location).location == "/admin/work"


def test_a_wrong_code_is_said_in_the_form(browser: Browser, join: Callable[..., Somebody]) -> None:
    join(Role.OPERATOR, enrolled=True)
    browser.sign_in("ada@example.com")
    browser.get(VERIFY)
    answer = browser.send(VERIFY, code="000000")
    assert answer.status_code == 422
    assert "This code is wrong or was used already." in browser.page
    assert 'autocomplete="one-time-code"' in browser.page


def test_guessing_codes_is_slowed_down(browser: Browser, join: Callable[..., Somebody]) -> None:
    join(Role.OPERATOR, enrolled=True)
    browser.sign_in("ada@example.com")
    browser.get(VERIFY)
    statuses = [browser.send(VERIFY, code="000000").status_code for _ in range(7)]
    assert statuses == [422] * 6 + [429]


def test_staff_set_up_an_app_before_anything_opens(
    browser: Browser, join: Callable[..., Somebody], clock: FixedClock
) -> None:
    join(Role.OPERATOR)
    assert browser.sign_in("ada@example.com").location == SET_UP
    assert browser.get("/account/security").location.startswith(VERIFY)
    assert browser.get(VERIFY).location == SET_UP
    browser.get(SET_UP)
    assert "<svg" not in browser.page.partition('role="img"')[2][:10]
    browser.get(browser.send("/account/second-factor/begin").location)
    key = browser.key
    assert 'aria-label="QR code for your authenticator app"' in browser.page
    assert browser.send(SET_UP, code="000000").status_code == 422
    assert browser.key == key
    answer = browser.send(SET_UP, code=current_code(key, clock.now()))
    assert answer.status_code == 200
    assert len(browser.codes) == 10
    assert browser.get("/account/sign-in").location == "/admin/"


def test_a_recovery_code_signs_in_once(
    browser: Browser, new_browser: Callable[[], Browser], join: Callable[..., Somebody], clock: FixedClock
) -> None:
    join(Role.OPERATOR)
    browser.sign_in("ada@example.com")
    browser.get(SET_UP)
    browser.get(browser.send("/account/second-factor/begin").location)
    browser.send(SET_UP, code=current_code(browser.key, clock.now()))
    code = browser.codes[0]
    for expected in (303, 422):
        other = new_browser()
        other.sign_in("ada@example.com")
        other.get(f"{VERIFY}?with=recovery")
        assert "Recovery code" in other.page
        assert other.send(VERIFY, code=code).status_code == expected


def test_somebody_else_can_take_over_the_browser(browser: Browser, join: Callable[..., Somebody]) -> None:
    join(Role.OPERATOR, enrolled=True)
    browser.sign_in("ada@example.com")
    browser.get(VERIFY)
    assert browser.send("/account/sign-out").status_code == 303
    assert browser.cookie(SESSION) is None


def test_the_key_is_on_no_page_of_a_session_that_has_not_given_the_present_code(
    browser: Browser, join: Callable[..., Somebody]
) -> None:
    join(Role.OPERATOR, enrolled=True)
    browser.sign_in("ada@example.com")
    assert browser.get(SET_UP).location == VERIFY
    browser.get(VERIFY)
    for path in ("/account/second-factor/begin", SET_UP):
        assert browser.http.post(path, data={"_csrf_token": browser.token, "code": "1"}).status_code == 403

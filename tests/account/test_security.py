from collections.abc import Callable

import pytest

from services.identity import Role
from services.identity.rules import current_code
from services.kernel.clock import FixedClock

from .conftest import NEW, PASSWORD, Browser, Somebody

pytestmark = pytest.mark.capability("GO-4")
SECURITY = "/account/security"


def test_changing_the_password_keeps_this_browser_and_ends_the_others(
    browser: Browser, new_browser: Callable[[], Browser], join: Callable[..., Somebody]
) -> None:
    join(Role.FAN)
    other = new_browser()
    other.sign_in("ada@example.com")
    browser.sign_in("ada@example.com")
    before = browser.cookie("greenlight-session")
    browser.get(SECURITY)
    answer = browser.send(f"{SECURITY}/password", old=PASSWORD, new=NEW)
    assert answer.location == f"{SECURITY}?done=password"
    assert browser.cookie("greenlight-session") != before
    assert "Your password is changed" in browser.get(answer.location).get_data(as_text=True)
    assert other.get(SECURITY).status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "control"),
    [("wrong and long", NEW, "old"), (PASSWORD, "short", "new"), (PASSWORD, "ada@example.com", "new")],
)
def test_a_wrong_field_is_said_at_its_control(
    browser: Browser, join: Callable[..., Somebody], old: str, new: str, control: str
) -> None:
    join(Role.FAN)
    browser.sign_in("ada@example.com")
    browser.get(SECURITY)
    assert browser.send(f"{SECURITY}/password", old=old, new=new).status_code == 422
    assert f'id="{control}-error"' in browser.page
    assert f'href="#{control}"' in browser.page
    assert old not in browser.page


def test_renaming_oneself(browser: Browser, join: Callable[..., Somebody]) -> None:
    join(Role.FAN)
    browser.sign_in("ada@example.com")
    browser.get(SECURITY)
    assert browser.send(f"{SECURITY}/name", name="  ").status_code == 422
    browser.get(SECURITY)
    browser.send(f"{SECURITY}/name", name="Ada <i>Lovelace</i>")
    browser.get(SECURITY)
    assert "Ada &lt;i&gt;Lovelace" in browser.page


def test_sign_ins_are_listed_and_ended(
    browser: Browser, new_browser: Callable[[], Browser], join: Callable[..., Somebody]
) -> None:
    join(Role.FAN)
    other, third = new_browser(), new_browser()
    other.sign_in("ada@example.com")
    browser.sign_in("ada@example.com")
    browser.get(SECURITY)
    ends = [line for line in browser.page.split('action="') if line.startswith(f"{SECURITY}/sign-ins/ses_")]
    assert len(ends) == 2
    answer = browser.send(ends[0].partition('"')[0])
    assert answer.location == f"{SECURITY}?done=ended"
    third.sign_in("ada@example.com")
    browser.get(SECURITY)
    browser.send(f"{SECURITY}/sign-ins/others")
    assert [b.get(SECURITY).status_code for b in (browser, other, third)] == [200, 302, 302]


def test_another_persons_sign_in_is_not_found(
    browser: Browser, new_browser: Callable[[], Browser], join: Callable[..., Somebody]
) -> None:
    join(Role.FAN)
    join(Role.FAN, email="eve@example.com")
    other = new_browser()
    other.sign_in("ada@example.com")
    other.get(SECURITY)
    browser.sign_in("eve@example.com")
    browser.get(SECURITY)
    theirs = next(part for part in other.page.split('action="') if part.startswith(f"{SECURITY}/sign-ins/ses_"))
    answer = browser.http.post(theirs.partition('"')[0], data={"_csrf_token": browser.token})
    assert answer.status_code == 404
    assert other.get(SECURITY).status_code == 200


def test_a_second_factor_is_set_up_replaced_and_taken_off(
    browser: Browser, join: Callable[..., Somebody], clock: FixedClock
) -> None:
    join(Role.FAN)
    browser.sign_in("ada@example.com")
    keys = []
    for begin in ("/account/second-factor/begin", f"{SECURITY}/second-factor/replace"):
        clock.advance(seconds=60)
        browser.get(SECURITY)
        browser.get(browser.send(begin, proof=PASSWORD).location)
        keys.append(browser.key)
        assert (
            browser.send("/account/second-factor/set-up", code=current_code(keys[-1], clock.now())).status_code == 200
        )
    assert keys[0] != keys[1]
    browser.get(SECURITY)
    assert "10 left" in browser.page
    browser.send(f"{SECURITY}/recovery-codes", proof="not my password")
    assert "This is not your present password." in browser.page
    browser.send(f"{SECURITY}/recovery-codes", proof=PASSWORD)
    assert len(browser.codes) == 10
    browser.get(SECURITY)
    assert browser.send(f"{SECURITY}/second-factor/remove", proof=PASSWORD).location == f"{SECURITY}?done=removed"
    assert "not set up" in browser.get(SECURITY).get_data(as_text=True)


def test_staff_are_offered_no_way_to_take_it_off(browser: Browser, join: Callable[..., Somebody]) -> None:
    staff = join(Role.OPERATOR, enrolled=True)
    browser.sign_in("ada@example.com")
    browser.get("/account/second-factor")
    browser.send("/account/second-factor", code=staff.code())
    browser.get(SECURITY)
    assert "second-factor/remove" not in browser.page
    assert "Replace the app" in browser.page

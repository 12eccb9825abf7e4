from collections.abc import Callable

import pytest

from services.events.identity import PasswordResetRequested
from services.identity import Identity, Role
from services.kernel.clock import FixedClock

from .conftest import ADMIN, NEW, PASSWORD, Browser, RememberingOutbox, Somebody

pytestmark = pytest.mark.capability("GO-4")


def reset_path(identity: Identity, outbox: RememberingOutbox) -> str:
    fact = [f for f in outbox.facts if isinstance(f, PasswordResetRequested)][-1]
    return f"/account/reset/{identity.passwords.links.token(fact.reset_id)}"


@pytest.mark.parametrize(
    ("role", "next_page"), [(Role.CREATOR, "/account/sign-in"), (Role.ADMIN, "/account/second-factor/set-up")]
)
def test_an_invited_person_makes_an_account_and_is_in(
    browser: Browser, identity: Identity, role: Role, next_page: str
) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=role)
    path = f"/account/invitation/{issued.token}"
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (200, "same-origin")
    assert "ada@example.com" in browser.page
    answer = browser.send(path, name="Ada Byron", password="short")
    assert answer.status_code == 422
    assert 'value="Ada Byron"' in browser.page
    assert "Use at least 12 characters" in browser.page
    answer = browser.send(path, name="Ada Byron", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, next_page)
    assert browser.cookie("greenlight-session")
    assert browser.get(path).status_code == 410


def test_looking_at_an_invitation_does_not_use_it_up(browser: Browser, identity: Identity) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    for _ in range(3):
        assert browser.get(f"/account/invitation/{issued.token}").status_code == 200


@pytest.mark.parametrize("kind", ["invitation", "reset"])
@pytest.mark.parametrize("token", ["x", "inv_0.1", "a" * 500, "%00", "..%2f..", "<script>alert(1)</script>"])
def test_a_forged_link_leads_nowhere(browser: Browser, kind: str, token: str) -> None:
    answer = browser.get(f"/account/{kind}/{token}")
    assert answer.status_code == 404
    assert "<script>alert" not in browser.page


def test_an_expired_invitation_says_so(browser: Browser, identity: Identity, clock: FixedClock) -> None:
    issued = identity.invitations.invite(ADMIN, email="ada@example.com", role=Role.FAN)
    path = f"/account/invitation/{issued.token}"
    browser.get(path)
    clock.advance(days=7)
    assert browser.send(path, name="Ada", password=PASSWORD).status_code == 410
    assert "Ask for a new one" in browser.page


def test_a_forgotten_password_is_replaced_by_link(
    browser: Browser,
    new_browser: Callable[[], Browser],
    join: Callable[..., Somebody],
    identity: Identity,
    outbox: RememberingOutbox,
) -> None:
    join(Role.FAN)
    other = new_browser()
    other.sign_in("ada@example.com")
    browser.get("/account/reset")
    assert browser.send("/account/reset", email="ada@example.com").status_code == 200
    path = reset_path(identity, outbox)
    assert browser.get(path).headers["Referrer-Policy"] == "same-origin"
    assert browser.send(path, password="password1234").status_code == 422
    answer = browser.send(path, password=NEW)
    assert answer.location == "/account/sign-in?done=password"
    assert "Your password is changed." in browser.get(answer.location).get_data(as_text=True)
    assert other.get("/account/security").status_code == 302
    assert browser.sign_in("ada@example.com").status_code == 401
    assert browser.sign_in("ada@example.com", NEW).status_code == 303
    assert browser.get(path).status_code == 410


def test_the_answer_to_a_reset_tells_nothing(
    browser: Browser, new_browser: Callable[[], Browser], join: Callable[..., Somebody]
) -> None:
    join(Role.FAN)
    pages = []
    for email in ("ada@example.com", "eve@example.com"):
        one = new_browser()
        one.get("/account/reset")
        assert one.send("/account/reset", email=email).status_code == 200
        pages.append(one.page)
    assert pages[0] == pages[1]


def test_what_is_no_address_is_said_in_the_form(browser: Browser) -> None:
    browser.get("/account/reset")
    assert browser.send("/account/reset", email="nonsense").status_code == 422
    assert "Write an e-mail address" in browser.page


def test_asking_without_end_is_slowed_down(browser: Browser) -> None:
    browser.get("/account/reset")
    statuses = []
    for n in range(12):
        browser.get("/account/reset")
        statuses.append(browser.send("/account/reset", email=f"user{n}@example.com").status_code)
    assert statuses == [200] * 11 + [429]

"""A person's own account in the browser: another password, lost phones, forgotten passwords, other devices."""

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import (
    Letter,
    Opens,
    create_account,
    give_password,
    recovery_codes,
    send_invitation,
    set_up_app,
)
from tests.servers.product import Product

ADDRESS = "rosa@studio.example"
FIRST, SECOND, THIRD = "four patient geese march", "nine honest foxes sing", "two modest whales drift"


def sign_in_by_recovery_code(page: Page, product: Product, password: str, code: str) -> None:
    give_password(page, product, ADDRESS, password)
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(code)
    page.get_by_role("button", name="Continue").click()


def choose_anew_after_forgetting(page: Page, letter: Letter, password: str) -> None:
    """Ask for a link on the open page of the sign-in, and choose another password by it."""
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(ADDRESS)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    page.goto(letter(ADDRESS, "/account/reset"))
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.capability("GO-4")
def test_somebody_changes_the_password_loses_the_phone_forgets_the_password_and_is_back_each_time(
    opened: Opens, product: Product, letter: Letter
) -> None:
    admin = opened("admin").new_page()
    admin.goto(f"{product.url}/admin/people")
    send_invitation(admin, ADDRESS, "operator")
    page = opened().new_page()
    create_account(page, letter(ADDRESS, "/account/invitation"), "Rosa Ferreira", FIRST)
    codes = set_up_app(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    assert len(codes) == len(set(codes)) == 10

    page.goto(f"{product.url}/account/security")
    page.get_by_label("Present password", exact=True).fill("not this one at all")
    page.get_by_label("New password").fill(SECOND)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_label("Present password", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Present password", exact=True).fill(FIRST)
    page.get_by_label("New password").fill(SECOND)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()

    elsewhere = opened(width=390).new_page()
    sign_in_by_recovery_code(elsewhere, product, SECOND, codes[0])
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Overview")
    page.reload()
    expect(page.get_by_text("9 left")).to_be_visible()
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("That sign-in has ended.")).to_be_visible()
    elsewhere.goto(f"{product.url}/admin/")
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in_by_recovery_code(elsewhere, product, SECOND, codes[0])
    expect(elsewhere.get_by_label("Recovery code")).to_have_attribute("aria-invalid", "true")

    page.get_by_label("Present password, to change any of this").fill(SECOND)
    page.get_by_role("button", name="New recovery codes").click()
    fresh = recovery_codes(page)
    assert not set(fresh) & set(codes)
    page.goto(f"{product.url}/account/security")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()

    choose_anew_after_forgetting(page, letter, THIRD)
    sign_in_by_recovery_code(page, product, THIRD, fresh[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")

"""A person's own account in the browser: another password, lost phones, forgotten passwords, other devices."""

import re
from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Opens
from services.kernel.clock import SystemClock
from tests.servers.product import Product

ADDRESS = "rosa@studio.example"
FIRST, SECOND, THIRD = "four patient geese march", "nine honest foxes sing", "two modest whales drift"
Letter = Callable[[str, str], str]


def invite(admin: Page, product: Product) -> None:
    admin.goto(f"{product.url}/admin/people")
    admin.get_by_role("button", name="Invite").click()
    admin.get_by_label("E-mail address").fill(ADDRESS)
    admin.get_by_label("Role").select_option("operator")
    admin.get_by_role("button", name="Send invitation").click()
    expect(admin.get_by_text("Invitation queued")).to_be_visible()


def join(page: Page, link: str) -> list[str]:
    """Accept an invitation with an app, and return the recovery codes."""
    page.goto(link)
    page.get_by_label("Your name").fill("Rosa Ferreira")
    page.get_by_label("Password").fill(FIRST)
    page.get_by_role("button", name="Create the account").click()
    page.get_by_role("button", name="Show the QR code").click()
    page.get_by_text("You cannot scan it?").click()
    secret = "".join(page.locator("details code").inner_text().split())
    page.get_by_label("2. Type the code that it shows").fill(pyotp.TOTP(secret).at(SystemClock().now()))
    page.get_by_role("button", name="Confirm").click()
    codes = codes_shown(page)
    page.get_by_role("link", name="I have kept them").click()
    return codes


def codes_shown(page: Page) -> list[str]:
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep your recovery codes")
    return page.locator("main li code").all_inner_texts()


def sign_in(page: Page, product: Product, password: str, code: str) -> None:
    page.goto(f"{product.url}/account/sign-in")
    page.get_by_label("E-mail").fill(ADDRESS)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(code)
    page.get_by_role("button", name="Continue").click()


@pytest.mark.capability("GO-4")
def test_somebody_changes_the_password_loses_the_phone_forgets_the_password_and_is_back_each_time(
    opened: Opens, product: Product, letter: Letter
) -> None:
    invite(opened("admin").new_page(), product)
    page = opened().new_page()
    codes = join(page, letter(ADDRESS, "/account/invitation"))
    assert len(codes) == len(set(codes)) == 10

    page.goto(f"{product.url}/account/security")
    page.get_by_label("Present password").fill("not this one at all")
    page.get_by_label("New password").fill(SECOND)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_label("Present password")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Present password").fill(FIRST)
    page.get_by_label("New password").fill(SECOND)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()

    elsewhere = opened(width=390).new_page()
    sign_in(elsewhere, product, SECOND, codes[0])
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Overview")
    page.reload()
    expect(page.get_by_text("9 left")).to_be_visible()
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("That sign-in has ended.")).to_be_visible()
    elsewhere.goto(f"{product.url}/admin/")
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(elsewhere, product, SECOND, codes[0])
    expect(elsewhere.get_by_label("Recovery code")).to_have_attribute("aria-invalid", "true")

    page.get_by_role("button", name="New recovery codes").click()
    fresh = codes_shown(page)
    assert not set(fresh) & set(codes)
    page.goto(f"{product.url}/account/security")
    page.get_by_role("button", name="Sign out").click()

    page.goto(f"{product.url}/account/sign-in")
    page.get_by_role("link", name=re.compile("orgot")).click()
    page.get_by_label("E-mail").fill(ADDRESS)
    page.get_by_role("button", name="Send the link").click()
    page.goto(letter(ADDRESS, "/account/reset"))
    page.get_by_label("New password").fill(THIRD)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    sign_in(page, product, THIRD, fresh[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")

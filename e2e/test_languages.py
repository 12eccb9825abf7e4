"""The public pages in German, in a real browser: they fit, axe finds no fault, and the script speaks German too."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from e2e.conftest import Letter, Opens, heard_beside, listen
from e2e.proving import Prover, walk_by_keyboard
from e2e.test_investor import make_link
from e2e.test_pages import PROOFS, WIDTHS
from tests.servers.product import Product

pytestmark = pytest.mark.capability("STATUS-5")
PAGES = sorted(name for name, proof in PROOFS.items() if proof.where.startswith("/status/") and proof.role == "visitor")
GERMAN: dict[str, Any] = {"locale": "de-DE", "timezone_id": "Europe/Berlin"}


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_german_keeps_what_every_page_keeps(
    opened: Opens, request: pytest.FixtureRequest, product: Product, prove: Prover, name: str, size: str
) -> None:
    proof = PROOFS[name]
    house: Product = request.getfixturevalue("bare_product") if proof.bare else product
    page = opened(width=WIDTHS[size], **GERMAN).new_page()
    heard = listen(page)
    answer = page.goto(f"{house.url}{proof.where}")
    assert answer is not None
    assert answer.status == proof.status
    expect(page.locator("html")).to_have_attribute("lang", "de")
    prove(page, f"{name}-german", size)
    assert heard_beside(heard, proof.status) == []


@pytest.mark.parametrize("size", WIDTHS)
def test_incidents_and_the_view_of_an_investor_in_german_keep_the_same(
    browser: Browser,
    opened: Opens,
    signed_in_state: Callable[[str], Any],
    product: Product,
    prove: Prover,
    size: str,
) -> None:
    page = opened(width=WIDTHS[size], **GERMAN).new_page()
    heard = listen(page)
    for name, where in (("incident", "/status/history/"), ("maintenance-one", "/status/maintenance/")):
        page.goto(f"{product.url}{where}")
        page.locator(".incident h3 a").first.click()
        expect(page.get_by_role("heading", name="Was wir gemeldet haben")).to_be_visible()
        prove(page, f"{name}-german", size)
    staff = browser.new_context(storage_state=signed_in_state("admin"))
    address = make_link(staff.new_page(), product, f"Nordfonds {size}")
    staff.close()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Servicelevel nach Monaten")
    prove(page, "shared-german", size)
    assert heard == []


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (390, False)], ids=["desktop", "phone without scripts"])
def test_a_visitor_subscribes_and_leaves_in_german(
    opened: Opens, product: Product, letter: Letter, *, width: int, scripts: bool
) -> None:
    page = opened(width=width, java_script_enabled=scripts, **GERMAN).new_page()
    heard = listen(page)
    address = f"leser-{width}@example.com"
    page.goto(f"{product.url}/status/")
    page.get_by_role("link", name="Abonnieren").click()
    page.get_by_label("Ihre E-Mail-Adresse").fill(address)
    page.get_by_role("button", name="Bestätigungslink senden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sehen Sie in Ihr Postfach")
    page.goto(letter(address, "/status/subscribe/confirm"))
    page.get_by_role("button", name="Bestätigen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sie haben abonniert")
    page.get_by_role("link", name="das Abo verwalten").click()
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Ihre Auswahl ist gespeichert")).to_be_visible()
    page.get_by_role("button", name="Anhalten").click()
    expect(page.get_by_text("angehalten", exact=True)).to_be_visible()
    page.get_by_role("button", name="Abo beenden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihr Abo ist beendet")
    assert heard == []


def test_the_switch_is_reached_by_keyboard_and_the_choice_is_kept(opened: Opens, product: Product) -> None:
    page = opened(**GERMAN).new_page()
    page.goto(f"{product.url}/status/history/")
    expect(page.locator("html[data-ready]")).to_have_count(1)
    stops = walk_by_keyboard(page)
    assert sum("hreflang=" in stop for stop in stops) == 2
    page.get_by_role("navigation", name="Sprache").get_by_role("link", name="English").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("History")
    page.get_by_role("link", name="How we measure").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How we measure")
    page.get_by_role("navigation", name="Language").get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wie wir messen")
    page.get_by_role("link", name="Abonnieren").click()
    page.get_by_role("link", name="Webhook", exact=True).click()
    expect(page.get_by_label("Webhook-Adresse")).to_be_visible()


def test_ages_and_days_are_said_in_the_page_s_language_while_it_is_open(opened: Opens, product: Product) -> None:
    for options, path, aged, named in (
        (GERMAN, "/status/", r"^aktualisiert vor \d+\sSek\.$", ", Tag für Tag"),
        (GERMAN, "/status/?lang=en", r"^updated \d+\ss ago$", ", day by day"),
        ({"locale": "en-US"}, "/status/?lang=de", r"^aktualisiert vor \d+\sSek\.$", ", Tag für Tag"),
    ):
        page = opened(**options).new_page()
        page.goto(f"{product.url}{path}")
        expect(page.locator("html[data-ready]")).to_have_count(1)
        age = page.locator(".verdict .live time")
        first = age.text_content()
        assert first is not None
        expect(age).not_to_have_text(first)
        expect(age).to_have_text(re.compile(aged))
        expect(page.locator(".uptime-bars").first).to_have_attribute("aria-label", re.compile(f"{named}$"))
        page.close()

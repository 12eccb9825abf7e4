"""Staff and readers at work, each really signed in: what they do takes effect, and is found again."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import (
    Letter,
    MailServer,
    Opens,
    create_account,
    listen,
    send_invitation,
    set_up_app,
    sign_in,
)
from tests.servers.product import Person, Product
from tests.servers.waiting import until

PASSWORD = "seven quiet herons wait"


def open_page(page: Page, product: Product, path: str, heading: str) -> list[str]:
    """Open a page of a surface, wait until it is drawn, and return what the browser complains about."""
    heard = listen(page)
    page.goto(f"{product.url}{path}")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    return heard


def show_people(page: Page, purpose: str) -> None:
    page.get_by_label("Why do you need to see this?").fill(purpose)
    page.keyboard.press("Enter")


@pytest.mark.capability("GO-4")
def test_an_admin_invites_an_operator_who_sets_up_the_account_and_sees_its_pages_only(
    opened: Opens, product: Product, letter: Letter
) -> None:
    page = opened("admin").new_page()
    heard = open_page(page, product, "/admin/", "Overview")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    purpose = page.get_by_label("Why do you need to see this?")
    purpose.press("Enter")
    expect(purpose).to_have_attribute("aria-invalid", "true")
    expect(purpose).to_have_accessible_description(re.compile("Say in a few words why you need this"))
    expect(purpose).to_be_focused()
    send_invitation(page, "nora@studio.example", "operator")
    show_people(page, "an operator joins")
    expect(page.get_by_role("row").filter(has_text="nora@studio.example")).to_contain_text("operator")
    link = letter("nora@studio.example", "/account/invitation")

    guest = opened().new_page()
    create_account(guest, link, "Nora Lindqvist", PASSWORD)
    set_up_app(guest)
    expect(guest.get_by_role("heading", level=1)).to_have_text("Overview")
    places = guest.get_by_role("navigation", name="Main")
    expect(places.get_by_role("link", name="Background work")).to_be_visible()
    expect(places.get_by_role("link", name="People")).to_have_count(0)
    answer = guest.goto(f"{product.url}/admin/people")
    assert answer is not None
    assert answer.status == 403
    assert opened().new_page().goto(link).status == 410  # type: ignore[union-attr] # it is answered
    assert heard == []


@pytest.mark.capability("GO-4")
@pytest.mark.parametrize(("button", "said"), [("End sign-ins", "Ended"), ("Suspend", "Suspended")])
def test_ending_somebody_s_sign_ins_takes_effect_at_their_next_request(
    opened: Opens, product: Product, people: dict[str, Person], button: str, said: str
) -> None:
    theirs = opened().new_page()
    sign_in(theirs, product, people["affiliate"])
    theirs.goto(f"{product.url}/account/security")
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Your account")

    page = opened("admin").new_page()
    open_page(page, product, "/admin/people", "People")
    show_people(page, "their device was stolen")
    row = page.get_by_role("row").filter(has_text=people["affiliate"].email)
    row.get_by_role("button", name="Manage").click()
    dialog = page.get_by_role("dialog", name=re.compile("Rivera"))
    dialog.get_by_role("button", name=button).click()
    expect(dialog.get_by_text(said)).to_have_count(0)
    page.locator("dialog#sure").get_by_role("button", name=button).click()
    expect(dialog.get_by_role("status").get_by_text(said)).to_be_visible()

    theirs.reload()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Sign in")
    if button == "Suspend":
        theirs.get_by_label("E-mail").fill(people["affiliate"].email)
        theirs.get_by_label("Password").fill(people["affiliate"].password)
        theirs.get_by_role("button", name="Sign in").click()
        expect(theirs.locator("main")).to_contain_text("do not fit together")
        expect(row.get_by_text("suspended")).to_be_visible()
        dialog.get_by_role("button", name="Reinstate").click()
        expect(dialog.get_by_role("button", name="Suspend")).to_be_visible()


def test_what_is_wrong_with_an_invitation_is_said_at_its_fields(opened: Opens, product: Product) -> None:
    page = opened("admin").new_page()
    heard = open_page(page, product, "/admin/people", "People")
    page.get_by_role("button", name="Invite").click()
    dialog = page.get_by_role("dialog", name="Invite a person")
    email, role = dialog.get_by_label("E-mail address"), dialog.get_by_label("Role")
    email.fill("tom@studio.example")
    expect(role).to_have_value("")
    email.press("Enter")
    expect(role).to_have_accessible_description(re.compile("Choose a role"))
    expect(role).to_be_focused()
    role.select_option("agency")
    expect(dialog.get_by_label("Company")).to_be_visible()
    email.fill("no address")
    email.press("Enter")
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(role).to_have_attribute("aria-invalid", "false")
    email.fill("fan@greenlight.example")
    dialog.get_by_label("Company").select_option(label="Nordlicht Talent (demo)")
    email.press("Enter")
    expect(email).to_have_accessible_description(re.compile("has an account already"))
    email.fill("tom@studio.example")
    email.press("Enter")
    expect(page.get_by_text("Invitation queued")).to_be_visible()
    expect(dialog).to_be_hidden()
    assert heard == []


@pytest.mark.capability("GO-4")
def test_an_admin_takes_a_lost_factor_off_and_gives_and_withdraws_roles_in_a_company_that_they_entered(
    opened: Opens, product: Product, letter: Letter
) -> None:
    page = opened("admin").new_page()
    heard = open_page(page, product, "/admin/people", "People")
    send_invitation(page, "lena@studio.example", "operator")
    theirs = opened().new_page()
    create_account(theirs, letter("lena@studio.example", "/account/invitation"), "Lena Lost", PASSWORD)
    set_up_app(theirs)
    page.get_by_role("button", name="New company").click()
    page.get_by_role("dialog", name="New company").get_by_label("Name").fill("<b>Fjord & Co</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Companies")).to_contain_text("<b>Fjord & Co</b>")

    page.get_by_label("Only this person").fill("lena@studio.example")
    show_people(page, "Lena lost her phone")
    row = page.get_by_role("table", name="People").get_by_role("row").filter(has_text="Lena Lost")
    row.get_by_role("button", name="Manage").click()
    dialog, sure = page.get_by_role("dialog", name="Lena Lost"), page.locator("dialog#sure")
    dialog.get_by_role("button", name="Take off second factor").click()
    sure.get_by_role("button", name="Take it off").click()
    expect(dialog.get_by_role("status")).to_contain_text("Second factor taken off")
    expect(row.get_by_text("not set up")).to_be_attached()
    dialog.get_by_role("button", name="Give role").click()
    expect(dialog.get_by_label("Role")).to_have_accessible_description(re.compile("Choose a role"))
    dialog.get_by_label("Role").select_option("affiliate")
    dialog.get_by_label("Company").select_option(label="<b>Fjord & Co</b>")
    dialog.get_by_role("button", name="Give role").click()
    given = dialog.get_by_role("listitem").filter(has_text="Fjord & Co")
    expect(given).to_contain_text("affiliate")
    dialog.get_by_role("listitem").filter(has_text="operator").get_by_role("button", name="Withdraw").click()
    sure.get_by_role("button", name="Withdraw the role").click()
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    theirs.reload()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert heard == []


def test_an_id_in_the_audit_trail_leads_to_who_that_is(
    opened: Opens, product: Product, people: dict[str, Person]
) -> None:
    page = opened("compliance").new_page()
    open_page(page, product, "/dashboards/evidence", "Audit trail")
    page.get_by_role("link", name=re.compile("^Who is usr_")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    wanted = page.get_by_label("Only this person").input_value()
    show_people(page, "who changed this")
    shown = page.get_by_role("table", name="People")
    expect(shown.get_by_role("row")).to_have_count(2)
    expect(shown.get_by_role("button", name=f"Copy {wanted}")).to_be_visible()


@pytest.mark.capability("ERR-2")
def test_compliance_finds_a_change_by_the_reference_that_its_answer_carried(
    opened: Opens, product: Product, people: dict[str, Person]
) -> None:
    fan = opened().new_page()
    sign_in(fan, product, people["fan"])
    fan.goto(f"{product.url}/account/security")
    fan.get_by_label("Name", exact=True).fill("Fay of the Fens")
    with fan.expect_response(lambda response: response.url.endswith("/security/name")) as answered:
        fan.get_by_role("button", name="Save").click()
    reference = answered.value.headers["x-correlation-id"]

    page = opened("compliance").new_page()
    heard = open_page(page, product, "/dashboards/evidence", "Audit trail")
    page.get_by_label("Any id, or how a verb begins").fill(reference)
    page.get_by_role("button", name="Search", exact=True).click()
    row = page.get_by_role("row").filter(has_text="rename_self")
    expect(row).to_have_count(1)
    expect(page.get_by_role("row")).to_have_count(2)
    assert "Fay of the Fens" not in page.locator("main").inner_text()
    page.get_by_label("Before (UTC)").fill("2026-01-01T00:00")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("Nothing found")).to_be_visible()
    expect(page.get_by_label("Before (UTC)")).to_have_value("2026-01-01T00:00")
    page.get_by_label("From (UTC)").fill("2026-01-01T00:00")
    page.get_by_label("Before (UTC)").fill("")
    page.get_by_role("button", name="Search", exact=True).click()
    row.locator("a[title^=aud_]").click()
    expect(page).to_have_url(re.compile("search=aud_"))
    expect(page.get_by_role("row").filter(has_text="rename_self")).to_have_count(1)
    assert heard == []


@pytest.mark.capability("STATUS-1")
def test_an_operator_changes_span_and_split_of_the_playback_dashboard(opened: Opens, product: Product) -> None:
    page = opened("operator").new_page()
    heard = open_page(page, product, "/dashboards/", "Playback")
    expect(page.locator(".js-plotly-plot .scatterlayer").first).to_be_visible()
    page.get_by_role("link", name="90 d").click()
    expect(page.get_by_role("heading", name="By player, 90 d")).to_be_visible()
    expect(page.get_by_role("heading", name="Last 90 d")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="hls.js")).to_be_visible()
    page.get_by_role("link", name="Origin").click()
    expect(page.get_by_role("heading", name="By origin, 90 d")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?days=90&by=origin$"))
    page.reload()
    expect(page.get_by_role("heading", name="By origin, 90 d")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="By player, 90 d")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name="By origin, 90 d")).to_be_visible()
    plays = page.get_by_role("row").filter(has_text=re.compile("^demo")).get_by_role("cell").first.inner_text()
    assert int(plays.replace(",", "")) > 5_000
    assert heard == []


@pytest.mark.capability("GO-4")
def test_a_fan_is_refused_with_a_reference_and_a_visitor_comes_back_where_they_wanted_to_go(
    opened: Opens, product: Product, people: dict[str, Person]
) -> None:
    fan = opened("fan").new_page()
    answer = fan.goto(f"{product.url}/admin/work")
    assert answer is not None
    assert answer.status == 403
    assert answer.headers["x-correlation-id"] in fan.locator("main").inner_text()
    visitor = opened().new_page()
    sign_in(visitor, product, people["creator"], wanted="/dashboards/?days=7")
    assert visitor.url == f"{product.url}/dashboards/?days=7"


def test_the_palette_leads_by_keyboard_and_the_frame_signs_out(
    opened: Opens, product: Product, people: dict[str, Person]
) -> None:
    page = opened().new_page()
    sign_in(page, product, people["agency"])
    heard = open_page(page, product, "/dashboards/", "Playback")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("shop")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shop/")
    page.goto(f"{product.url}/dashboards/")
    page.locator(".rail").get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto(f"{product.url}/dashboards/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert heard == []


@pytest.mark.capability("GO-4")
def test_a_tab_goes_on_after_another_one_signed_out_and_in_again(
    opened: Opens, product: Product, people: dict[str, Person]
) -> None:
    context = opened()
    first = context.new_page()
    sign_in(first, product, people["creator"])
    open_page(first, product, "/dashboards/", "Playback")
    second = context.new_page()
    open_page(second, product, "/dashboards/", "Playback")
    second.locator(".rail").get_by_role("button", name="Sign out").click()
    first.get_by_role("link", name="7 d").click()
    expect(first.locator(".toast").get_by_role("link", name="Sign in again")).to_be_visible()
    sign_in(second, product, people["creator"])
    first.get_by_role("link", name="30 d").click()
    expect(first.get_by_role("heading", name="By player, 30 d")).to_be_visible()


def test_a_mail_that_was_refused_stands_among_failed_work_and_goes_out_when_tried_again(
    opened: Opens, bare_product: Product, first_admin: Page, mail_server: MailServer
) -> None:
    page = first_admin
    open_page(page, bare_product, "/admin/people", "People")
    send_invitation(page, "otto@studio.example", "compliance")
    open_page(page, bare_product, "/admin/messages", "Messages")
    invitation = page.get_by_role("row").filter(has_text="invitation").first
    expect(invitation).to_contain_text("failed", timeout=30_000)
    correlation_id = next(word for word in invitation.inner_text().split() if word.startswith("cor_"))
    open_page(page, bare_product, "/admin/work", "Background work")
    # The letters about the administrator's own account were refused as well.
    row = page.get_by_role("row").filter(has_text="notifications.deliver").filter(has_text=correlation_id)
    expect(row).to_contain_text("The mail server refuses the message.", timeout=30_000)
    mail_server.takes = True
    row.get_by_role("button", name="Try again").click()
    until(lambda: mail_server.taken, "the mail")
    open_page(page, bare_product, "/admin/messages", "Messages")
    expect(page.get_by_role("row").filter(has_text="invitation").first).to_contain_text("sent", timeout=30_000)

"""Every page of the product in a real browser: no fault for axe, nothing outside, nothing complained about."""

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from e2e.conftest import Letter, Opens, heard_beside, listen, send_invitation
from e2e.proving import Prover
from tests.access.product import make_product
from tests.servers.product import Person, Product
from web.shell.dash_surface import surfaces
from web.shell.routes import declared_rules

pytestmark = pytest.mark.capability("GO-4")

WIDTHS = {"desktop": 1280, "phone": 390}


@dataclass(frozen=True)
class Proof:
    """A page as somebody sees it, and the rule of the product that it stands for."""

    rule: str
    path: str = ""
    role: str = "visitor"
    status: int = 200
    bare: bool = False

    @property
    def where(self) -> str:
        """The path that is opened."""
        return self.path or self.rule


PROOFS = {
    "status": Proof("/status/"),
    "status-empty": Proof("/status/", bare=True),
    "history": Proof("/status/history/"),
    "history-empty": Proof("/status/history/", bare=True),
    "maintenance": Proof("/status/maintenance/"),
    "maintenance-empty": Proof("/status/maintenance/", bare=True),
    "service-levels": Proof("/status/service-levels/"),
    "service-levels-empty": Proof("/status/service-levels/", bare=True),
    "component": Proof("/status/components/<component_id>/", "/status/components/checkout0001/"),
    "component-empty": Proof("/status/components/<component_id>/", "/status/components/checkout0001/", bare=True),
    "component-unknown": Proof("/status/components/<component_id>/", "/status/components/nothing/", status=404),
    "group": Proof("/status/groups/<group_id>/", "/status/groups/platform0001/"),
    "group-empty": Proof("/status/groups/<group_id>/", "/status/groups/platform0001/", bare=True),
    "shared-over": Proof("/status/shared/<token>/", "/status/shared/guessed/", status=404),
    "figure": Proof("/status/figures/<name>/", "/status/figures/join_time_p95/?days=30"),
    "figure-empty": Proof("/status/figures/<name>/", "/status/figures/rebuffer_ratio/", bare=True),
    "method": Proof("/status/how-we-measure/"),
    "widget": Proof("/status/widget/"),
    "widget-empty": Proof("/status/widget/", bare=True),
    "method-empty": Proof("/status/how-we-measure/", bare=True),
    "subscribe": Proof("/status/subscribe/"),
    "subscribe-webhook": Proof("/status/subscribe/", "/status/subscribe/?by=webhook"),
    "subscribe-slack": Proof("/status/subscribe/", "/status/subscribe/?by=slack"),
    "subscribe-sent": Proof("/status/subscribe/sent/"),
    "subscribe-over": Proof("/status/subscribe/confirm/<token>/", "/status/subscribe/confirm/x/", status=404),
    "subscription-over": Proof("/status/subscribe/manage/<token>/", "/status/subscribe/manage/x/", status=404),
    "unsubscribe": Proof("/status/subscribe/stop/<token>/", "/status/subscribe/stop/x/"),
    "shop": Proof("/shop/"),
    "shop-empty": Proof("/shop/", bare=True),
    "watch": Proof("/shop/watch/<slug>", "/shop/watch/good-morning"),
    "buy": Proof("/shop/buy/<slug>", "/shop/buy/good-morning"),
    "order-unknown": Proof("/shop/orders/<key>", "/shop/orders/x", status=404),
    "errors": Proof("/docs/errors"),
    "sign-in": Proof("/account/sign-in"),
    "reset": Proof("/account/reset"),
    "reset-link-over": Proof("/account/reset/<token>", "/account/reset/pwr_0.0", status=404),
    "invitation-link-over": Proof("/account/invitation/<token>", "/account/invitation/inv_0.0", status=404),
    "security-fan": Proof("/account/security", role="fan"),
    "security-staff": Proof("/account/security", role="compliance"),
    "set-up": Proof("/account/second-factor/set-up", role="fan"),
    "mailbox": Proof("/account/mailbox", role="admin"),
    "overview": Proof("/admin/", role="admin"),
    "incidents": Proof("/admin/incidents", role="admin"),
    "incident-unknown": Proof("/admin/incidents/<incident_id>", "/admin/incidents/nothing", role="admin", status=404),
    "maintenances": Proof("/admin/maintenance", role="admin"),
    "maintenances-compliance": Proof("/admin/maintenance", role="compliance"),
    "templates": Proof("/admin/templates", role="admin"),
    "slas": Proof("/admin/slas", role="admin"),
    "slas-compliance": Proof("/admin/slas", role="compliance"),
    "components": Proof("/admin/components", role="admin"),
    "components-compliance": Proof("/admin/components", role="compliance"),
    "component-arranged": Proof("/admin/components/<component_id>", "/admin/components/checkout0001", role="admin"),
    "component-compliance": Proof(
        "/admin/components/<component_id>", "/admin/components/checkout0001", role="compliance"
    ),
    "component-arranged-unknown": Proof(
        "/admin/components/<component_id>", "/admin/components/nothing", role="admin", status=404
    ),
    "orders": Proof("/admin/orders", role="operator"),
    "order-nowhere": Proof("/admin/orders/<order_id>", "/admin/orders/nothing", role="compliance", status=404),
    "payouts": Proof("/admin/payouts", role="operator"),
    "payouts-compliance": Proof("/admin/payouts", role="compliance"),
    "probes": Proof("/admin/probes", role="admin"),
    "probes-compliance": Proof("/admin/probes", role="compliance"),
    "probe-unknown": Proof("/admin/probes/<probe_id>", "/admin/probes/nothing", role="admin", status=404),
    "vantages": Proof("/admin/vantages", role="admin"),
    "vantages-compliance": Proof("/admin/vantages", role="compliance"),
    "imports": Proof("/admin/imports", role="operator"),
    "work": Proof("/admin/work", role="admin"),
    "people": Proof("/admin/people", role="admin"),
    "keys": Proof("/admin/keys", role="admin"),
    "shares": Proof("/admin/shares", role="admin"),
    "messages": Proof("/admin/messages", role="admin"),
    "subscribers": Proof("/admin/subscribers", role="admin"),
    "deliveries": Proof("/admin/deliveries", role="admin"),
    "gallery": Proof("/admin/gallery", role="admin"),
    "playback": Proof("/dashboards/", role="operator"),
    "evidence": Proof("/dashboards/evidence", role="compliance"),
    "forbidden": Proof("403", "/admin/", role="fan", status=403),
    "not-found": Proof("404", "/status/nothing-here", status=404),
    "not-found-inside": Proof("404", "/admin/nothing-here", role="admin", status=404),
}
REACHED = {
    "/status/incidents/<incident_id>/",
    "/account/second-factor",
    "/account/invitation/<token>",
    "/account/reset/<token>",
    "/account/mailbox/<name>",
}
"""Pages to which a link in a mail, a half sign-in or another page leads; tests go there."""
NO_PAGES = {
    "/",
    "/.well-known/change-password",
    "/account/",
    "/api/probes/assignments",
    "/api/v1/component-groups/<group_id>",
    "/api/v1/components",
    "/api/v1/components/<component_id>",
    "/api/v1/components/<component_id>/words",
    "/api/v1/incidents",
    "/api/v1/incidents/<incident_id>",
    "/api/v1/maintenance-series",
    "/api/v1/maintenances",
    "/api/v1/maintenances/<maintenance_id>",
    "/api/v1/templates",
    "/favicon.ico",
    "/health/live",
    "/health/ready",
    "/ingest/cmcd/sessions/<sid>",
    "/media/<path:path>",
    "/metrics",
    "/static/<file_hash>/<name>",
    "/static/dash/<version>/<package>/<path:path>",
}
"""What answers a GET with a file, a document for programs, or the way to a page."""
FILES = (".atom", ".csv", ".ics", ".js", ".json", ".pdf", ".png", ".rss", ".svg", ".txt")
"""How the names of files and documents end, which are no pages either."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_product(tmp_path_factory.mktemp("product"))[1]


def test_every_page_of_the_product_is_proved_here(server: Flask) -> None:
    drawn = [app.surface for app in surfaces(server).values()]
    pages = {surface.prefix + page.path for surface in drawn for page in surface.pages}
    prefixes = tuple(surface.prefix for surface in drawn)
    documents = {
        rule.rule
        for rule, declared in declared_rules(server)
        if declared is not None and "GET" in (rule.methods or ()) and not _of_dash(rule.rule, prefixes)
    }
    documents = {each for each in documents if not each.endswith(FILES)}
    assert pages | documents - NO_PAGES == {proof.rule for proof in PROOFS.values()} - {"403", "404"} | REACHED


def _of_dash(rule: str, prefixes: tuple[str, ...]) -> bool:
    return any(rule in {prefix, f"{prefix}<path:path>"} or rule.startswith(f"{prefix}_") for prefix in prefixes)


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("name", PROOFS)
def test_a_page_fits_is_open_to_everybody_and_complains_about_nothing(
    opened: Opens,
    request: pytest.FixtureRequest,
    product: Product,
    prove: Prover,
    name: str,
    size: str,
) -> None:
    proof = PROOFS[name]
    house: Product = request.getfixturevalue("bare_product") if proof.bare else product
    page = opened(proof.role, width=WIDTHS[size]).new_page()
    heard = listen(page)
    answer = page.goto(f"{house.url}{proof.where}")
    assert answer is not None
    assert answer.status == proof.status
    if name == "people":
        page.get_by_label("Why do you need to see this?").fill("a proof of this page")
        page.get_by_role("button", name="Show people").click()
        expect(page.get_by_role("heading", name="Open invitations")).to_be_visible()
    prove(page, name, size)
    assert heard_beside(heard, proof.status) == []


@pytest.mark.parametrize("size", WIDTHS)
def test_the_pages_behind_links_of_mails_keep_the_same(
    opened: Opens, product: Product, letter: Letter, prove: Prover, size: str
) -> None:
    admin = opened("admin").new_page()
    admin.goto(f"{product.url}/admin/people")
    send_invitation(admin, f"proof-{size}@studio.example", "operator")
    page = opened(width=WIDTHS[size]).new_page()
    heard = listen(page)
    page.goto(letter(f"proof-{size}@studio.example", "/account/invitation"))
    prove(page, "invitation", size)

    page.goto(f"{product.url}/account/reset")
    page.get_by_label("E-mail").fill("agency@greenlight.example")
    page.locator("form").get_by_role("button").first.click()
    prove(page, "reset-sent", size)
    page.goto(letter("agency@greenlight.example", "/account/reset"))
    prove(page, "reset-link", size)

    reader = opened("admin", width=WIDTHS[size]).new_page()
    reader.goto(f"{product.url}/account/mailbox")
    reader.locator("table a").first.click()
    expect(reader.get_by_role("link", name="All mails")).to_be_visible()
    prove(reader, "mail", size)
    assert heard == []


@pytest.mark.parametrize("size", WIDTHS)
def test_the_half_signed_in_pages_keep_the_same(
    browser: Browser, opened: Opens, product: Product, people: dict[str, Person], prove: Prover, size: str
) -> None:
    page = opened(width=WIDTHS[size]).new_page()
    heard = listen(page)
    page.goto(f"{product.url}/account/sign-in")
    page.get_by_label("E-mail").fill(people["operator"].email)
    page.get_by_label("Password").fill(people["operator"].password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("second-factor"))
    prove(page, "second-factor", size)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_visible()
    prove(page, "second-factor-wrong", size)
    assert heard_beside(heard, 422) == []


@pytest.mark.parametrize("size", WIDTHS)
def test_a_house_where_nothing_happened_yet_keeps_the_same(
    bare_product: Product, first_admin: Page, prove: Prover, size: str
) -> None:
    page = first_admin.context.new_page()
    page.set_viewport_size({"width": WIDTHS[size], "height": 900})
    for name, path in (("overview", "/admin/"), ("work", "/admin/work"), ("playback", "/dashboards/")):
        page.goto(f"{bare_product.url}{path}")
        prove(page, f"{name}-empty", size)
    page.close()

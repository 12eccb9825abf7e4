"""The gallery: every component in every state, and a specimen of each frame. It is also the screenshot test."""

from collections.abc import Callable
from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from web.ui import feedback, figures, forms, frames, layout
from web.ui.controls import Option, button, link, segmented_links
from web.ui.document import Document
from web.ui.frames import NavItem, NavSection, Person
from web.ui.gallery import acting, reading
from web.ui.nodes import Node
from web.ui.static import StaticManifest
from web.ui.theme import State

SECTIONS = (
    NavSection(
        "Operate",
        [
            NavItem("Incidents", "#incidents", "siren", "1", urgent=True),
            NavItem("Flags", "#flags", "toggle-right"),
            NavItem("Errors", "#errors", "bug", "12"),
        ],
    ),
    NavSection(
        "Money",
        [
            NavItem("Payments", "#payments", "credit-card"),
            NavItem("Payouts", "#payouts", "banknote"),
            NavItem("A place with a name that is far too long", "#long", "tag", "1,204"),
        ],
    ),
    NavSection("Trust", [NavItem("Privacy requests", "#privacy", "user-x"), NavItem("Evidence", "#evidence", "stamp")]),
)
PERSON = Person("Mara Okafor", "Operations", "#account", "#sign-out", "sample-token")


def _section(title: str, children: list[Node], *, lead: str | None = None) -> Component:
    words = [html.H2(title), html.P(lead, className="dim")] if lead else [html.H2(title)]
    return html.Section([html.Header(words), layout.stack(children)], className="stack")


def gallery(now: datetime) -> Component:
    """All components as one tree, without a frame; `now` sets the ages."""
    head = layout.page_head(
        "Gallery",
        lead="Every component in every state. All figures on this page are samples.",
        actions=button("Open dialog", opens="gallery-confirm"),
    )
    forms_row = layout.columns([acting.fresh_form(), acting.refused_form()], least="half")
    charts: list[Node] = [
        reading.trend(now),
        layout.columns(reading.small_trends(now), least="half"),
        reading.availability(now),
    ]
    return layout.stack(
        [
            head,
            _section(
                "Figures",
                [
                    layout.columns(reading.tiles(now)),
                    layout.columns(reading.odd_tiles(now)),
                    layout.columns(reading.kpis()),
                    reading.words(now),
                ],
            ),
            _section("Charts", charts),
            _section("Panels", reading.panel_states(now), lead="Loading, empty, stale, failed, present."),
            _section("Tables", reading.tables()),
            _section("Controls and forms", [acting.buttons(), forms_row]),
            _section("Messages", [*acting.banners(), layout.columns(acting.messages(), least="half")]),
            _section("Icons", [acting.icons()]),
            acting.confirm(shown=False),
        ],
        gap="large",
    )


def gallery_page(now: datetime) -> Component:
    """The gallery in the signed-in frame."""
    return frames.signed_in_frame(
        gallery(now), name="Greenlight", home_href="#", sections=SECTIONS, path="#flags", person=PERSON
    )


def public_page(now: datetime) -> Component:
    """A specimen of the public frame, with the words of a status page."""
    content: list[Node] = [
        layout.verdict(
            "Operating, payouts slower than usual",
            State.WARN,
            lead="Measured from 48,212 plays, 3,904 checkouts and 211 payouts in the last 24 hours.",
            live=figures.timestamp(now - timedelta(seconds=6), now=now, prefix="updated"),
        ),
        layout.columns(reading.tiles(now), heading="Figures"),
        reading.availability(now),
        segmented_links("Range", [Option("90", "90 days", href="#90"), Option("30", "30 days", href="#30")], "90"),
    ]
    nav = [("Now", "#now"), ("History", "#history"), ("Service levels", "#levels"), ("How we measure", "#method")]
    return frames.public_frame(
        content,
        name="Northlight",
        suffix="status",
        home_href="#",
        path="#now",
        nav=[NavItem(label, href) for label, href in nav],
        action=button("Subscribe", icon_name="bell", href="#subscribe"),
        foot_left=["Every figure can be recomputed: ", html.A("CSV", href="#csv"), ", ", html.A("JSON", href="#json")],
        foot_right=[html.A("RSS", href="#rss"), html.A("Atom", href="#atom"), html.A("Calendar", href="#ics")],
        demo=feedback.demo_banner(remove_command="./manage.py demo remove", href="#demo"),
    )


def sign_in_page(_now: datetime) -> Component:
    """A specimen of the focused frame: a sign-in that was refused."""
    mail = forms.text_input(
        "E-mail", id="sign-in-mail", type="email", value="mara@example.org", autoComplete="username"
    )
    password = forms.text_input("Password", id="sign-in-password", type="password", autoComplete="current-password")
    form = forms.form(
        [mail, password],
        errors={"": "The e-mail address and the password do not belong together."},
        action="#",
        csrf_token="sample-token",  # noqa: S106 - a sample
        actions=button("Sign in", kind="primary", submit=True, busy_label="Signing in…"),
    )
    reset = html.P(link("Forgotten your password?", "#reset"), className="small")
    return frames.focus_frame(
        [html.H1("Sign in"), layout.card(layout.stack([form, reset]))],
        name="Greenlight",
        home_href="#",
        foot=["Signing in is logged. ", html.A("What we keep", href="#privacy")],
    )


PAGES: dict[str, Callable[[datetime], Component]] = {
    "components": gallery_page,
    "public": public_page,
    "sign-in": sign_in_page,
}
"""The specimens by name."""


def document(name: str, manifest: StaticManifest, now: datetime) -> str:
    """A specimen as a whole HTML document that needs no server.

    Raises: KeyError for a name that is not in PAGES.
    """
    return Document(manifest, f"Gallery: {name}", style="app.css", standalone=True).html(PAGES[name](now))

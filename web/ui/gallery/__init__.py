"""The gallery: every component in every state, and a specimen of each frame. It is also the screenshot test."""

from collections.abc import Callable
from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from web.ui import feedback, figures, forms, frames, layout
from web.ui import format as fmt
from web.ui.charts.uptime import uptime, uptimes
from web.ui.controls import Option, button, link, segmented_links
from web.ui.document import Document
from web.ui.frames import NavItem, NavSection, Person
from web.ui.gallery import parts, samples
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


def gallery(now: datetime) -> Component:
    """All components as one tree, without a frame; `now` sets the ages."""
    return layout.stack(
        [
            layout.page_head(
                "Gallery",
                lead="Every component in every state. All figures on this page are samples.",
                actions=button("Open dialog", opens="gallery-confirm"),
            ),
            parts.section("Figures", [parts.tiles(now), parts.kpis(), parts.words(now)]),
            parts.section("Charts", parts.charts(now)),
            parts.section("Panels", parts.panel_states(now), lead="Loading, empty, stale, failed, present."),
            parts.section("Tables", parts.tables()),
            parts.section("Controls and forms", [parts.buttons(), parts.form_states()]),
            parts.section("Messages", parts.messages()),
            parts.section("Icons", parts.icons()),
            parts.confirm(shown=False),
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
    today = fmt.utc(now).date()
    ranges = [Option("90", "90 days", href="#90"), Option("30", "30 days", href="#30")]
    rows = [
        uptime(
            "Playback",
            samples.days(today, bad={58: State.WARN, 57: State.BAD}),
            state_label=figures.state_word("Operational", State.GOOD),
            availability=0.99982,
        ),
        uptime(
            "Creator payouts",
            samples.days(today, bad={4: State.WARN}, unmeasured=12),
            state_label=figures.state_word("Slower than usual", State.WARN),
            availability=0.9997,
        ),
    ]
    return frames.public_frame(
        [
            layout.verdict(
                "Operating, payouts slower than usual",
                State.WARN,
                lead="Measured from 48,212 plays, 3,904 checkouts and 211 payouts in the last 24 hours.",
                live=figures.timestamp(now - timedelta(seconds=6), now=now, prefix="updated"),
            ),
            parts.tiles(now),
            layout.card(
                [uptimes(rows), layout.note("Hatched days have no measurement. They count neither as up nor as down.")],
                title="Components",
                aside=segmented_links("Range", ranges, "90"),
            ),
        ],
        name="Northlight",
        suffix="status",
        home_href="#",
        path="#now",
        nav=[
            NavItem("Now", "#now"),
            NavItem("History", "#history"),
            NavItem("Service levels", "#levels"),
            NavItem("How we measure", "#method"),
        ],
        action=button("Subscribe", icon_name="bell", href="#subscribe"),
        foot_left=[
            "Every figure here can be recomputed: ",
            html.A("CSV", href="#csv"),
            ", ",
            html.A("JSON", href="#json"),
        ],
        foot_right=[html.A("RSS", href="#rss"), html.A("Atom", href="#atom"), html.A("Calendar", href="#ics")],
        demo=feedback.demo_banner(remove_command="python manage.py demo remove", href="#demo"),
    )


def sign_in_page(_now: datetime) -> Component:
    """A specimen of the focused frame: a sign-in that was refused."""
    words = "The e-mail address and the password do not belong together."
    return frames.focus_frame(
        layout.card(
            [
                html.H1("Sign in"),
                forms.form(
                    [
                        forms.text_input(
                            "E-mail", id="sign-in-mail", type="email", value="mara@example.org", autoComplete="username"
                        ),
                        forms.text_input(
                            "Password", id="sign-in-password", type="password", autoComplete="current-password"
                        ),
                    ],
                    errors={"": words},
                    action="#",
                    csrf_token="sample-token",  # noqa: S106 - a sample
                    actions=[button("Sign in", kind="primary", submit=True, busy_label="Signing in…")],
                ),
                html.P(link("Forgotten your password?", "#reset"), className="small"),
            ]
        ),
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

"""The frame of the staff surface: navigation, and who is signed in."""

from collections.abc import Callable

from dash.development.base_component import Component

from web.shell.guard import allows
from web.shell.pages import Frame
from web.shell.person import commands_of, person_of
from web.ui import NavItem, NavSection, demo_banner, signed_in_frame

PREFIX = "/admin/"
_SECTIONS = (
    (
        "Operate",
        (
            ("Overview", "", "layout-dashboard"),
            ("Incidents", "incidents", "siren"),
            ("Maintenance", "maintenance", "wrench"),
            ("Templates", "templates", "file-text"),
            ("Components", "components", "server"),
            ("Import", "imports", "upload"),
            ("Probes", "probes", "activity"),
            ("Vantages", "vantages", "radio-tower"),
            ("Service levels", "slas", "gauge"),
            ("Background work", "work", "workflow"),
        ),
    ),
    (
        "Money",
        (
            ("Orders", "orders", "shopping-bag"),
            ("Payouts", "payouts", "banknote"),
        ),
    ),
    (
        "People",
        (
            ("People", "people", "users"),
            ("API keys", "keys", "key-round"),
            ("Share links", "shares", "link"),
            ("Messages", "messages", "mail"),
            ("Subscribers", "subscribers", "bell"),
            ("Webhook deliveries", "deliveries", "webhook"),
        ),
    ),
    ("Product", (("Gallery", "gallery", "shapes"),)),
)
_ELSEWHERE = NavSection(
    "Elsewhere",
    (
        NavItem("Status page", "/status/", "radio"),
        NavItem("Dashboards", "/dashboards/", "chart-line"),
        NavItem("Shop", "/shop/", "play"),
    ),
)


def frame(*, demo: bool) -> Callable[[Frame], Component]:
    """Return what draws the frame around a page; places that this person may not see are left out."""

    def draw(framed: Frame) -> Component:
        open_paths = {page.path for page in framed.pages if allows(page.access, framed.visit.signed_in)}
        sections = [
            NavSection(label, [NavItem(name, PREFIX + path, icon) for name, path, icon in items if path in open_paths])
            for label, items in _SECTIONS
        ]
        return signed_in_frame(
            framed.children,
            name="Greenlight",
            home_href=PREFIX,
            sections=[*(s for s in sections if s.items), _ELSEWHERE],
            path=framed.visit.path,
            person=person_of(framed.visit),
            commands=commands_of(framed.visit),
            demo=demo_banner(remove_command="./manage.py demo-forget") if demo else None,
        )

    return draw

"""The reading surface."""

from dash.development.base_component import Component

from dashboards.pages import evidence, playback
from services.facade import Services
from web.shell.guard import allows
from web.shell.pages import Frame, Surface
from web.shell.person import commands_of, person_of
from web.ui import NavItem, NavSection, demo_banner, signed_in_frame

PREFIX = "/dashboards/"
_ITEMS = (("Playback", "", "chart-line"), ("Audit trail", "evidence", "stamp"))


def surface(services: Services) -> Surface:
    """Return the surface, reading through these services."""
    return Surface(
        name="dashboards",
        prefix=PREFIX,
        title="Greenlight dashboards",
        access="dashboards.enter",
        pages=(playback.page(services), evidence.page(services)),
        frame=lambda framed: _frame(framed, demo=services.demo),
        graphs=True,
    )


def _frame(framed: Frame, *, demo: bool) -> Component:
    person = framed.visit.signed_in
    open_paths = {page.path for page in framed.pages if allows(page.access, person)}
    items = [NavItem(name, PREFIX + path, icon) for name, path, icon in _ITEMS if path in open_paths]
    elsewhere = [NavItem("Status page", "/status/", "radio"), NavItem("Shop", "/shop/", "play")]
    if person and "admin.enter" in person.actor.permissions:
        elsewhere.append(NavItem("Operations", "/admin/", "layout-dashboard"))
    return signed_in_frame(
        framed.children,
        name="Greenlight",
        home_href=PREFIX,
        sections=[NavSection("Read", items), NavSection("Elsewhere", elsewhere)],
        path=framed.visit.path,
        person=person_of(framed.visit),
        commands=commands_of(framed.visit),
        demo=demo_banner(remove_command="./manage.py demo-forget") if demo else None,
    )

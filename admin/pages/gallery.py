"""The gallery: every component of the design system in every state."""

from dash.development.base_component import Component

from services.facade import Services
from web.shell.pages import Page, Visit
from web.ui.gallery import gallery


def page(services: Services) -> Page:
    """Return the page; what it shows are examples, and it says so."""

    def layout(_: Visit) -> Component:
        return gallery(services.clock.now())

    return Page("gallery", "Gallery", "admin.enter", layout)

"""The staff surface."""

from admin.frame import PREFIX, frame
from admin.pages import gallery, messages, overview, people, work
from services.facade import Services
from web.shell.pages import Surface


def surface(services: Services) -> Surface:
    """Return the surface, reading and acting through these services."""
    return Surface(
        name="admin",
        prefix=PREFIX,
        title="Greenlight operations",
        access="admin.enter",
        pages=tuple(page(services) for page in (overview.page, work.page, people.page, messages.page, gallery.page)),
        frame=frame(demo=services.demo),
        graphs=True,
    )

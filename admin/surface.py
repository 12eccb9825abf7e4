"""The staff surface."""

from admin.frame import PREFIX, frame
from admin.pages import (
    component,
    components,
    deliveries,
    gallery,
    imports,
    incident,
    incidents,
    keys,
    maintenance,
    messages,
    order,
    orders,
    overview,
    payouts,
    people,
    probe,
    probes,
    shares,
    slas,
    subscribers,
    templates,
    vantages,
    work,
)
from services.facade import Services
from web.shell.pages import Surface

_PAGES = (
    overview,
    incidents,
    incident,
    maintenance,
    templates,
    components,
    component,
    orders,
    order,
    payouts,
    probes,
    probe,
    vantages,
    imports,
    slas,
    work,
    people,
    keys,
    shares,
    messages,
    subscribers,
    deliveries,
    gallery,
)


def surface(services: Services) -> Surface:
    """Return the surface, reading and acting through these services."""
    return Surface(
        name="admin",
        prefix=PREFIX,
        title="Greenlight operations",
        access="admin.enter",
        pages=tuple(each.page(services) for each in _PAGES),
        frame=frame(demo=services.demo),
        graphs=True,
    )

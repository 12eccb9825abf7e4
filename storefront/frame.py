"""What stands around every page of the shop."""

from typing import Final

from dash.development.base_component import Component

from storefront.ports import Storefront
from web.ui import NavItem, Node, button, demo_banner, public_frame
from web.ui.document import Document

HOME: Final = "/shop/"
NAVIGATION: Final = (NavItem("Watch", HOME), NavItem("Service status", "/status/"))
STYLE: Final = "storefront.css"
PLAYER_SCRIPTS: Final = ("hls.min.js", "storefront.js")


def shop_frame(shop: Storefront, children: Node, *, path: str, wide: bool = False) -> Component:
    """The header, the page and the footer; on a demo installation also its label."""
    return public_frame(
        children,
        name="Greenlight",
        suffix="shop",
        home_href=HOME,
        nav=NAVIGATION,
        path=path,
        wide=wide,
        action=button("Account", href="/account/"),
        foot_left="Every play here is measured, and counts in the public figures.",
        demo=demo_banner() if shop.demo else None,
    )


def shop_document(
    shop: Storefront, tree: Node, *, title: str, description: str, scripts: tuple[str, ...] = (), image: str = ""
) -> str:
    """Return the whole page; `image` is the picture that shows before anything else, fetched early."""
    links = [{"rel": "stylesheet", "href": shop.manifest.url(STYLE)}]
    if image:
        links.append({"rel": "preload", "href": image, "as": "image", "fetchpriority": "high"})
    document = Document(
        shop.manifest, f"{title} · Greenlight", description, scripts=("ui.js", *scripts), links=tuple(links)
    )
    return document.html(tree)

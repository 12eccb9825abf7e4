"""The storefront's routes: the shop, its titles, and their files."""

from flask import Blueprint, Flask

from storefront.checkout import checkout_blueprint
from storefront.frame import HOME, PLAYER_SCRIPTS, shop_document, shop_frame
from storefront.media import media_blueprint, media_url
from storefront.pages.shop import shop_page, watch_path
from storefront.pages.watch import watch_page
from storefront.ports import Storefront
from web.shell.headers import allow
from web.shell.routes import PUBLIC, CachedDocument, route
from web.shell.sessions import current_actor
from web.ui.document import csp_hashes

CACHE = CachedDocument(ttl_seconds=5.0)


def register(server: Flask, shop: Storefront) -> None:
    """Put the storefront on a server."""
    server.register_blueprint(shop_blueprint(shop))
    server.register_blueprint(media_blueprint(shop.media_folder))
    server.register_blueprint(checkout_blueprint(shop))


def shop_blueprint(shop: Storefront) -> Blueprint:
    """Return the pages of the shop; they are the same for everybody."""
    blueprint = Blueprint("storefront", __name__)

    @route(blueprint, HOME, access=PUBLIC, cache=CACHE)
    def start() -> str:
        allow("script-src", *csp_hashes(shop.manifest))
        tree = shop_frame(shop, shop_page(shop.titles.titles(current_actor())), path=HOME)
        return shop_document(shop, tree, title="Watch", description="Short films and moving pictures, free to watch.")

    @route(blueprint, watch_path("<slug>"), access=PUBLIC, cache=CACHE)
    def watch(slug: str) -> str:
        actor = current_actor()
        title = shop.titles.title(actor, slug)
        allow("script-src", *csp_hashes(shop.manifest))
        allow("media-src", "blob:")  # hls.js hands the video over by Media Source Extensions
        offer = shop.checkout.prices.offer(actor, slug) if shop.checkout is not None else None
        page = watch_page(title, shop.titles.titles(actor), offer)
        tree = shop_frame(shop, page, path=watch_path(slug), wide=True)
        return shop_document(
            shop,
            tree,
            title=title.title,
            description=title.description,
            scripts=PLAYER_SCRIPTS,
            image=media_url(title.poster_path),
        )

    return blueprint

"""What stands around every public page, and the route that writes it: HTML that is complete before any script runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dash import html
from dash.development.base_component import Component
from flask import Blueprint, Response, request

from services.kernel.errors import DomainError
from services.public import PublicServices
from status_page.languages import kept, script_words, switch
from status_page.shown import Shown
from status_page.snapshot import Snapshot
from status_page.wording import moment
from web.shell.headers import allow
from web.shell.routes import PUBLIC, CachedDocument, route
from web.ui import NavItem, Node, attrs, banner, button, demo_banner, link, public_frame, timestamp
from web.ui.document import Document, csp_hashes
from web.ui.frames import MAIN_ID
from web.ui.icons import icon
from web.ui.language import _, filled, later
from web.ui.nodes import classes, flatten
from web.ui.static import StaticManifest
from web.ui.theme import State

PREFIX: Final = "/status/"
TITLE: Final = later("Greenlight status")
SCRIPTS: Final = ("status.js",)
NAVIGATION: Final = (
    NavItem(later("Now"), PREFIX),
    NavItem(later("History"), f"{PREFIX}history/"),
    NavItem(later("Maintenance"), f"{PREFIX}maintenance/"),
    NavItem(later("Service levels"), f"{PREFIX}service-levels/"),
    NavItem(later("How we measure"), f"{PREFIX}how-we-measure/"),
)
FEEDS: Final = (
    ("RSS", f"{PREFIX}feed.rss", "application/rss+xml"),
    ("Atom", f"{PREFIX}feed.atom", "application/atom+xml"),
    (later("Calendar"), f"{PREFIX}calendar.ics", "text/calendar"),
    ("JSON", "/api/v2/summary.json", "application/json"),
)
READERS: Final = (*FEEDS[:2], (later("JSON feed"), f"{PREFIX}feed.json", "application/feed+json"))
"""What feed readers find by themselves on every page."""
KEPT: Final = CachedDocument(
    ttl_seconds=5.0, query=frozenset({"days", "bars", "after", "month", "component"}), translated=True
)
"""Copies are made anew at once when something public changes; measurements are some seconds old at the most."""


COPY_STALE_SECONDS: Final = 300
"""From when on a copy is no longer to be believed: several times as long as one that is kept needs to follow."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a view shows: its tree, what stands in the head, and whether it is drawn anew while it is open.

    `under` is the place in the navigation that it belongs to, where its own address does not tell; `framed` is what
    other sites show in a frame, and has nothing around it.
    """

    tree: Node
    title: str
    description: str = ""
    live: bool = True
    under: str = ""
    framed: bool = False


class PublicPages:
    """Writes public pages into their frame; `copied` ones say that they are a copy, and of when."""

    def __init__(
        self, public: PublicServices, snapshot: Snapshot, manifest: StaticManifest, *, copied: bool = False
    ) -> None:
        self._public, self._snapshot, self._manifest, self._copied = public, snapshot, manifest, copied

    def add(self, blueprint: Blueprint, rule: str, draw: Callable[..., Written]) -> None:
        """Serve a page at a rule; `draw` gets the rule's variables."""
        name = draw.__name__

        @route(blueprint, rule, access=PUBLIC, cache=KEPT, endpoint=name)
        def view(**variables: str) -> Response:
            return self.answer(draw(**variables), shown=Shown.of_request())

    def answer(self, written: Written, status: int = 200, *, shown: Shown | None = None) -> Response:
        """Return a page as a response; `shown` is where anybody may find it, which a page of one's own does not say."""
        allow("script-src", *csp_hashes(self._manifest))
        return Response(self.html(written, request.path, shown), status, mimetype="text/html")

    def html(self, written: Written, path: str, shown: Shown | None = None) -> str:
        """Return the whole document of a page."""
        links: list[dict[str, str]] = [{"rel": "icon", "href": "/favicon.ico", "type": "image/svg+xml"}]
        links += [
            {"rel": "alternate", "type": kind, "title": f"{_(TITLE)}, {_(name)}", "href": href}
            for name, href, kind in READERS
        ]
        if shown:
            links.append({"rel": "canonical", "href": shown.url})
        if shown and not self._copied:
            links += shown.alternates()
        title = f"{written.title} · {_(TITLE)}"
        document = Document(
            self._manifest,
            title,
            written.description or None,
            style="status-page.css",
            scripts=(*SCRIPTS, "framed.js") if written.framed else SCRIPTS,
            links=links,
            metas=shown.metas(title, written.description) if shown else (),
            words=script_words(),
            light=True,
        )
        living = self._living(written)
        if written.framed:
            return document.html(kept(html.Div(html.Main(flatten(living), id=MAIN_ID), className="public framed")))
        return document.html(kept(self.frame(living, written.under or path)))

    def _living(self, written: Written) -> Node:
        """The page, with what tells a script that it is to be kept up to date, and how old it is where it is old."""
        try:
            state, tag = self._snapshot.state(), self._snapshot.tag()
        except DomainError:
            return written.tree
        old = None if state.current else _old(state.as_of, self._public.clock.now())
        if self._copied:
            old = _copy(state.as_of, self._public.clock.now(), live=Shown.of_request().url)
        marked = attrs(data_live="true", data_tag=tag) if written.live else {}
        return html.Div(
            flatten([old, written.tree]), className=classes("stack large", not state.current and "old"), **marked
        )

    def frame(self, children: Node, path: str) -> Component:
        """Return the header, the page and the footer; on a demo installation also its label."""
        return public_frame(
            children,
            name="Greenlight",
            suffix=_("status"),
            home_href=PREFIX,
            nav=[NavItem(_(each.label), each.href) for each in NAVIGATION],
            path=path,
            action=button(_("Subscribe"), href=f"{PREFIX}subscribe/", icon_name="bell"),
            foot_left=[
                html.Span(_("Times are UTC."), **attrs(data_zone="true")),
                " ",
                link(_("Watch a video"), href="/shop/"),
                None if self._copied else [" ", switch(KEPT.query)],
            ],
            foot_right=_feeds(),
            demo=demo_banner() if self._public.demo else None,
        )


def _old(as_of: datetime, now: datetime) -> Component:
    said = filled(
        _("What you see is the last known state, of {moment}, {age}."),
        moment=moment(as_of),
        age=timestamp(as_of, now=now),
    )
    return banner(_("Our own database cannot be read just now"), said, state=State.UNKNOWN)


def _copy(as_of: datetime, now: datetime, *, live: str) -> Component:
    """What a copy says of itself; the page's script turns it into a warning once it is too old."""
    # The sign of the unknown stands here, so that the page has it when its script must show it.
    said: list[Node] = [
        icon(State.UNKNOWN.icon or "info", size=14),
        " ",
        filled(
            _("A copy of {moment} ({age}). {live}"),
            moment=moment(as_of),
            age=timestamp(as_of, now=now),
            live=html.A(_("Live page"), href=live),
        ),
    ]
    told = attrs(data_copied=as_of.isoformat(), data_stale_seconds=str(COPY_STALE_SECONDS))
    return html.P(flatten(said), className="copied dim small", **told)


def _feeds() -> Sequence[Component]:
    return [link(_(name), href=href) for name, href, _kind in FEEDS]

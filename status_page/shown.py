"""What a public page says of itself to other sites: its one address, and how a link to it looks when it is shared.

Source: The Open Graph protocol; X, "Cards markup"; RFC 6596 (canonical).
"""

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode

from flask import current_app, request

from status_page.programs.preview import SIZE
from web.shell.languages import PARAMETER, languages_of, named_language
from web.shell.state import current_shell
from web.ui.language import _, later

SITE: Final = "Greenlight"
PICTURE: Final = "/status/preview.png"
DESCRIPTION: Final = later("Live service levels, incidents and maintenance.")
OTHER_PAGES: Final = ("after", "component", "month")
"""Parameters that lead to another page; any other is another view of the same one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Where anybody finds a page.

    `origin` is where people reach us, without a slash at its end; `language` is the one that its address names.
    """

    origin: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    language: str | None = None

    @classmethod
    def of_request(cls) -> Self:
        """Return where the page that is asked for is found."""
        pairs = [(name, request.args[name]) for name in OTHER_PAGES if name in request.args]
        return cls(current_shell().config.public_url, request.path, tuple(pairs), named_language())

    @property
    def url(self) -> str:
        """The page's address in full."""
        return self._in(self.language)

    def alternates(self) -> list[dict[str, str]]:
        """Return where the page stands in each language, and where it is in its reader's own."""
        codes = languages_of(current_app).codes
        found = [{"rel": "alternate", "hreflang": code, "href": self._in(code)} for code in codes]
        return [*found, {"rel": "alternate", "hreflang": "x-default", "href": self._in(None)}]

    def _in(self, code: str | None) -> str:
        query = urlencode([*self.query, *([(PARAMETER, code)] if code else [])])
        return f"{self.origin}{self.path}?{query}" if query else f"{self.origin}{self.path}"

    def metas(self, title: str, description: str) -> list[dict[str, str]]:
        """Return what a link to the page shows elsewhere: its words, and the picture of the state of then."""
        words = description or _(DESCRIPTION)
        width, height = map(str, SIZE)
        graph = {
            "og:type": "website",
            "og:site_name": SITE,
            "og:title": title,
            "og:description": words,
            "og:url": self.url,
            "og:image": f"{self.origin}{PICTURE}",
            "og:image:type": "image/png",
            "og:image:width": width,
            "og:image:height": height,
            "og:image:alt": _("The state of everything at the time that the picture names"),
        }
        card = {"twitter:card": "summary_large_image", "twitter:title": title, "twitter:description": words}
        card["twitter:image"] = graph["og:image"]
        return [
            *({"property": name, "content": value} for name, value in graph.items()),
            *({"name": name, "content": value} for name, value in card.items()),
        ]

"""What a public page says of itself to other sites: its one address, and how a link to it looks when it is shared.

Source: The Open Graph protocol; X, "Cards markup"; RFC 6596 (canonical).
"""

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode

from flask import request

from status_page.programs.preview import SIZE
from web.shell.state import current_shell

SITE: Final = "Greenlight"
PICTURE: Final = "/status/preview.png"
DESCRIPTION: Final = "Live service levels, incidents and maintenance."
OTHER_PAGES: Final = ("after", "component", "month")
"""Parameters that lead to another page; any other is another view of the same one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Where anybody finds a page; `origin` is where people reach us, without a slash at its end."""

    origin: str
    path: str

    @classmethod
    def of_request(cls) -> Self:
        """Return where the page that is asked for is found."""
        query = urlencode([(name, request.args[name]) for name in OTHER_PAGES if name in request.args])
        return cls(current_shell().config.public_url, f"{request.path}?{query}" if query else request.path)

    @property
    def url(self) -> str:
        """The page's address in full."""
        return f"{self.origin}{self.path}"

    def metas(self, title: str, description: str) -> list[dict[str, str]]:
        """Return what a link to the page shows elsewhere: its words, and the picture of the state of then."""
        words = description or DESCRIPTION
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
            "og:image:alt": "The state of everything at the time that the picture names",
        }
        card = {"twitter:card": "summary_large_image", "twitter:title": title, "twitter:description": words}
        card["twitter:image"] = graph["og:image"]
        return [
            *({"property": name, "content": value} for name, value in graph.items()),
            *({"name": name, "content": value} for name, value in card.items()),
        ]

"""A page is a value: where it stands, who may see it, what it shows, which callbacks it has."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from dash.development.base_component import Component

from services.kernel.context import Actor
from web.shell.ports import SignedIn
from web.shell.routes import PUBLIC, Access, AccessLike, CachedDocument, access_of

_VARIABLE = re.compile(r"<([a-z_][a-z0-9_]*)>")
_SEGMENT = r"(?:[a-z0-9_.-]|<[a-z_][a-z0-9_]*>)+"
_PATH = re.compile(rf"(?:{_SEGMENT}(?:/{_SEGMENT})*)?")


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page: by whom, with which path variables, and with which state in the query string."""

    actor: Actor
    path: str
    variables: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    signed_in: SignedIn | None = None


class Callbacks(Protocol):
    """What a page registers its callbacks with; the arguments are those of `dash.Dash.callback`."""

    def callback(self, *dependencies: Any, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # noqa: ANN401 - hands on Dash's arguments
        """Register a callback that the server runs, once it has checked the page's permission."""
        ...

    def clientside_callback(self, source: str, *dependencies: Any, **options: Any) -> None:  # noqa: ANN401 - hands on Dash's arguments
        """Register a callback that the browser runs; its source is allowed by the policy's hash."""
        ...


Layout: TypeAlias = Callable[[Visit], Component]
Title: TypeAlias = str | Callable[[Visit], str]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a surface.

    `path` is relative to the surface and may hold variables: `incidents/<incident_id>`; the empty path is its start.
    A change of the query parameters in `redraw_on` draws the page anew; all others are left to its callbacks.
    A `server_rendered` page is written as HTML first and can be read before any script and without one; its layout
    then has no component that needs Dash. `links` are link elements of its head (feeds, canonical address).
    `subject` reads what the path's variables name; where it raises NotFound, so does the document, with that status.

    Raises: ValueError for a malformed path.
    """

    path: str
    title: Title
    permission: AccessLike
    layout: Layout
    register: Callable[[Callbacks], None] | None = None
    description: str = ""
    server_rendered: bool = False
    redraw_on: frozenset[str] = frozenset()
    links: tuple[Mapping[str, str], ...] = ()
    subject: Callable[[Visit], object] | None = None

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"{self.path!r}: write lower-case words joined by slashes, without one at the ends.")

    @property
    def access(self) -> Access:
        """Who may see the page and run its callbacks."""
        return access_of(self.permission)

    @property
    def pattern(self) -> re.Pattern[str]:
        """What the rest of a path, after the surface's prefix and without a slash at its end, must match."""
        parts = _VARIABLE.split(self.path)
        regex = "".join(f"(?P<{part}>[^/]+)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
        return re.compile(regex)

    def title_of(self, visit: Visit) -> str:
        """The page's title on this visit."""
        return self.title if isinstance(self.title, str) else self.title(visit)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a surface draws around a page: the page's tree, the visit, and the pages that this person may see."""

    children: Component
    visit: Visit
    pages: tuple[Page, ...]


def bare_frame(frame: Frame) -> Component:
    """Draw nothing around the page."""
    return frame.children


@dataclass(frozen=True, slots=True)
class Surface:
    """One area of the product, drawn by one Dash app.

    `access` is what its every document, callback and file needs; each page needs its own permission besides.
    `libraries` names the component packages beyond dash.html and dash.dcc that its pages use; `graphs` brings the basic
    plotly bundle; `style` is the style sheet of the static manifest. `cache` lets the micro-cache keep its documents.
    `csp` adds sources to directives of the content security policy.

    Raises: ValueError for a malformed prefix.
    """

    name: str
    prefix: str
    title: str
    access: AccessLike
    pages: tuple[Page, ...]
    frame: Callable[[Frame], Component] = bare_frame
    libraries: frozenset[str] = frozenset()
    graphs: bool = False
    style: str = "app.css"
    cache: CachedDocument | None = None
    csp: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"/[a-z0-9-]+/", self.prefix):
            raise ValueError(f"{self.prefix!r}: a surface stands below a word of its own, such as /admin/.")
        if self.cache and not self.public:
            raise ValueError(f"{self.name}: only a public surface may be cached for everybody.")

    @property
    def public(self) -> bool:
        """Whether everybody may see it; it then ignores sessions and sets no cookie."""
        return access_of(self.access) == PUBLIC

    def find(self, pathname: str) -> tuple[Page, dict[str, str]] | None:
        """Return the page at a path and the path's variables, or nothing."""
        if not pathname.startswith(self.prefix):
            return None
        rest = pathname.removeprefix(self.prefix).rstrip("/")
        for page in self.pages:
            found = page.pattern.fullmatch(rest)
            if found:
                return page, found.groupdict()
        return None

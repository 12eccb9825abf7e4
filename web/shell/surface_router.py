"""Which page a surface shows: drawn by address, with refusals and failures as pages of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from dash import dcc, html
from dash.development.base_component import Component

from services.kernel.context import correlation
from services.kernel.errors import Forbidden, NotFound, Unauthenticated
from web.shell.guard import allows, permit
from web.shell.pages import Frame, Page, Surface, Visit
from web.shell.problems import Problem, log_problem, problem_of
from web.shell.sessions import current_actor, signed_in
from web.ui.feedback import toasts
from web.ui.nodes import attrs

LOCATION: Final = "shell-location"
DRAWN: Final = "shell-drawn"
PAGE: Final = "shell-page"
ANNOUNCER: Final = "shell-announcer"
_OK: Final = 200
_QUERY_PAIRS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as it was drawn: its tree within the surface's frame, and what the browser is told of it."""

    tree: Component
    title: str
    path: str
    status: int = 200
    redraw_key: str = ""

    def facts(self) -> dict[str, Any]:
        """Return what is kept in the browser's store."""
        return {"title": self.title, "path": self.path, "status": self.status, "key": self.redraw_key}


def root_layout() -> Component:
    """Return the tree that stands while pages come and go inside it."""
    return html.Div(
        [
            dcc.Location(id=LOCATION, refresh=False),
            dcc.Store(id=DRAWN),
            html.Div(id=ANNOUNCER, className="sr-only", role="status", **attrs(aria_live="polite")),
            html.Div(id=PAGE),
        ]
    )


def visit_of(surface: Surface, pathname: str, search: str) -> tuple[Page, Visit]:
    """Return the page at an address and the visit to it.

    Raises: NotFound where there is no page or nothing that it could be about, Unauthenticated or Forbidden where it is
    not for this person.
    """
    found = surface.find(pathname)
    if found is None:
        raise NotFound("page_unknown", "There is no page at this address.")
    page, variables = found
    person = None if surface.public else signed_in()
    permit(page.access, person)
    query = dict(parse_qsl(search.removeprefix("?"), max_num_fields=_QUERY_PAIRS_MAX))
    visit = Visit(current_actor(), pathname, variables, query, person)
    if page.subject is not None:
        page.subject(visit)
    return page, visit


def draw(surface: Surface, pathname: str, search: str) -> Drawn:
    """Draw the page at an address; whatever refuses or fails becomes a page that says so, inside the same frame."""
    try:
        page, visit = visit_of(surface, pathname, search)
        tree = framed(surface, page.layout(visit), visit)
        title = f"{page.title_of(visit)} · {surface.title}"
        return Drawn(tree, title, pathname, redraw_key=redraw_key(page, visit))
    except Exception as error:  # noqa: BLE001 -- the frame must stand, whatever one page does
        problem = problem_of(error)
        log_problem(problem, error)
        tree = _framed_problem(surface, pathname, problem)
        return Drawn(tree, f"{problem.kind.title} · {surface.title}", pathname, problem.status)


def framed(surface: Surface, children: Component, visit: Visit) -> Component:
    """Draw the surface's frame around a page, naming the pages that this person may see."""
    seen = tuple(page for page in surface.pages if allows(page.access, visit.signed_in))
    return surface.frame(Frame(children, visit, seen))


def _framed_problem(surface: Surface, pathname: str, problem: Problem) -> Component:
    tree = problem_tree(problem, surface.prefix)
    try:
        visit = Visit(current_actor(), pathname, signed_in=None if surface.public else signed_in())
        return framed(surface, tree, visit)
    except Exception as error:  # noqa: BLE001 -- where even the frame fails, the words still reach the reader
        log_problem(problem_of(error), error)
        return html.Div([html.Main(tree, id="main"), toasts()])


def redraw_key(page: Page, visit: Visit) -> str:
    """Return what, when it changes under the same path, means that the page is drawn anew."""
    return "&".join(f"{name}={visit.query.get(name, '')}" for name in sorted(page.redraw_on))


def same_page(surface: Surface, pathname: str, search: str, drawn: Mapping[str, Any] | None) -> bool:
    """Tell whether an address shows the page that is drawn already, so that its callbacks deal with the change."""
    if not drawn or drawn.get("path") != pathname or drawn.get("status") != _OK:
        return False
    try:
        page, visit = visit_of(surface, pathname, search)
    except (NotFound, Forbidden, Unauthenticated):
        return False
    return drawn.get("key") == redraw_key(page, visit)


def clean_path(pathname: str | None, prefix: str) -> str:
    """Return the browser's path as the server sees it."""
    return unquote(pathname or prefix)


def problem_tree(problem: Problem, home: str) -> Component:
    """Return a problem as the content of a page."""
    ids = correlation()
    return html.Section(
        [
            html.H1(problem.kind.title),
            html.P(problem.detail),
            html.P(["Reference: ", html.Code(ids.correlation_id)], className="dim small"),
            html.P(html.A("Go to the start of this area", href=home, className="btn")),
        ],
        className="problem",
        role="alert",
        **attrs(data_problem=problem.code),
    )

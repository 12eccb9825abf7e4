"""The one factory of Dash apps: every surface is made here, closed by default, light, and under the same policy."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import dash
from dash import Input, Output, State, no_update, set_props
from dash.exceptions import InvalidResourceError
from flask import Flask, Response
from flask import request as flask_request
from werkzeug.wrappers import Response as WerkzeugResponse

from services.kernel.context import correlation
from services.kernel.errors import DomainError, NotFound
from web.shell import csrf, headers
from web.shell.bundles import bundles_of
from web.shell.callback_gate import check_shape, guarded, known_output
from web.shell.guard import SIGN_IN_PATH, permit
from web.shell.pages import Surface
from web.shell.ports import SignedIn
from web.shell.problems import log_problem, problem_of
from web.shell.routes import Access, CachedDocument, Declaration, access_of, declarations
from web.shell.sessions import signed_in
from web.shell.state import current_shell, shell_of
from web.shell.surface_document import RENDERER, SurfaceDocument, as_script_json, scripts_of, trimmed_config
from web.shell.surface_router import (
    ANNOUNCER,
    DRAWN,
    LOCATION,
    PAGE,
    clean_path,
    draw,
    framed,
    root_layout,
    same_page,
    visit_of,
)
from web.ui.feedback import TOASTS_ID, toast
from web.ui.render import to_html
from web.ui.theme import State as LookState

_EXTENSION: Final = "greenlight_surfaces"
_DEPENDENCIES_KEPT: Final = CachedDocument(ttl_seconds=60)
_log = logging.getLogger("greenlight.web.surface")


class SurfaceApp(dash.Dash):
    """The Dash app of one surface.

    `callback_access` tells for every callback that the server runs who may run it.
    """

    def __init__(self, server: Flask, surface: Surface) -> None:
        self.surface = surface
        self.callback_access: dict[str, Access] = {}
        self._made: tuple[SurfaceDocument, tuple[str, ...]] | None = None
        self._flask = server
        super().__init__(
            surface.name,
            server=server,  # type: ignore[arg-type] # a Flask server is what Dash documents
            routes_pathname_prefix=surface.prefix,
            requests_pathname_prefix=surface.prefix,
            title=surface.title,
            # Dash would write "Updating..." into the title, which screen readers read out.
            update_title="",
            assets_folder="no-assets",
            include_assets_files=False,
            pages_folder="",
            use_pages=False,
            compress=False,
            # Pages come and go, so a callback's components need not be there at the start.
            suppress_callback_exceptions=True,
            add_log_handler=False,
            enable_mcp=False,
            on_error=_say_error,
            csrf_token_name=csrf.cookie_for_dash(server),
            csrf_header_name=csrf.HEADER,
        )
        self.renderer = RENDERER

    def index(self, *_args: object, **_kwargs: object) -> Any:  # noqa: ANN401 -- Dash's own signature
        """Write the document of the page at the requested address.

        Raises: NotFound, Unauthenticated, Forbidden where there is none for this person.
        """
        document, hashes = self._document()
        headers.allow("script-src", *hashes)
        for directive, sources in self.surface.csp.items():
            headers.allow(directive, *sources)
        page, visit = visit_of(self.surface, flask_request.path, flask_request.query_string.decode("latin-1"))
        body = to_html(framed(self.surface, page.layout(visit), visit)) if page.server_rendered else None
        title = f"{page.title_of(visit)} · {self.surface.title}"
        text = document.html(title=title, body=body, description=page.description, links=page.links)
        return Response(text, mimetype="text/html")

    def serve_layout(self) -> WerkzeugResponse:
        """Give the tree around the pages, and with it the cookie by which callbacks prove where they come from."""
        if not self.surface.public:
            csrf.want_dash_cookie()
        response: WerkzeugResponse = super().serve_layout()  # type: ignore[no-untyped-call] # Dash types none of its methods
        return response

    def _initialize_context(self, body: Any) -> Any:  # noqa: ANN401 -- Dash's own signature
        output = known_output(self.callback_map, body)
        permit(self.callback_access[output], _person(self.surface))
        check_shape(self.callback_map[output], body)
        return super()._initialize_context(body)

    def _execute_callback(self, func: Any, args: Any, outputs_list: Any, g: Any) -> Any:  # noqa: ANN401 - Dash's own signature
        return guarded(super()._execute_callback(func, args, outputs_list, g))  # type: ignore[no-untyped-call] # Dash types none of its methods

    def prepare(self) -> None:
        """Make what all documents share, and open the files that they name."""
        self._document()

    def _document(self) -> tuple[SurfaceDocument, tuple[str, ...]]:
        """Return what all documents of the surface share, made once every callback is registered."""
        if self._made is None:
            static, bundles = shell_of(self._flask).ports.static, bundles_of(self._flask)
            generated = self._generate_scripts_html()
            for package in ("dash", *sorted(self.surface.libraries)):
                bundles.register(package, set(self.registered_paths[package]))
            scripts = scripts_of(self.surface, generated, bundles, static)
            config = as_script_json(trimmed_config(self.surface, self._config()))  # type: ignore[no-untyped-call] # Dash types none of its methods
            document = SurfaceDocument(self.surface, scripts, config, SIGN_IN_PATH, static)
            self._made = document, (*self.csp_hashes(), *document.csp_hashes())
        return self._made


class PageCallbacks:
    """Registers the callbacks of one page with its surface's app, under the page's permission."""

    def __init__(self, app: SurfaceApp, access: Access) -> None:
        self._app, self._access = app, access

    def callback(self, *dependencies: Any, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # noqa: ANN401 - hands on Dash's arguments
        """Register a callback that the server runs, once it has checked the page's permission."""
        register = self._app.callback(*dependencies, **options)

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            before = set(self._app.callback_access)
            registered: Callable[..., Any] = register(function)
            for output, entry in self._app.callback_map.items():
                if "callback" in entry and output not in before:
                    self._app.callback_access[output] = self._access
            return registered

        return decorate

    def clientside_callback(self, source: str, *dependencies: Any, **options: Any) -> None:  # noqa: ANN401 - hands on Dash's arguments
        """Register a callback that the browser runs; its source is allowed by the policy's hash."""
        self._app.clientside_callback(source, *dependencies, **options)  # type: ignore[no-untyped-call] # Dash types none of its methods


def make_surface(server: Flask, surface: Surface) -> SurfaceApp:
    """Return a surface's app, standing on the server with all its pages, and declared to the guard."""
    app = SurfaceApp(server, surface)
    access = access_of(surface.access)
    _declare(server, surface, access)
    app.layout = root_layout
    _register_router(app, PageCallbacks(app, access))
    for page in surface.pages:
        if page.register is not None:
            page.register(PageCallbacks(app, page.access))
    # Dash has just registered handlers of its own for these; ours speak the same language as everything else.
    server.register_error_handler(InvalidResourceError, _unknown_resource)
    surfaces(server)[surface.name] = app
    # Made now and not at the first document: a worker may be asked for a script whose page another one wrote.
    app.prepare()
    return app


def surfaces(server: Flask) -> dict[str, SurfaceApp]:
    """Return the surfaces of a server by name."""
    found: dict[str, SurfaceApp] = server.extensions.setdefault(_EXTENSION, {})
    return found


def _declare(server: Flask, surface: Surface, access: Access) -> None:
    """Open exactly the addresses of Dash that a surface needs; its assets, suites and reloader stay shut."""
    kept = {
        "": surface.cache,
        "<path:path>": surface.cache,
        "_dash-layout": _DEPENDENCIES_KEPT if surface.public else None,
        "_dash-dependencies": _DEPENDENCIES_KEPT if surface.public else None,
        "_dash-update-component": None,
    }
    for name, cache in kept.items():
        declarations(server).add(Declaration(f"{surface.prefix}{name}", access, cache=cache, anonymous=surface.public))


def _register_router(app: SurfaceApp, callbacks: PageCallbacks) -> None:
    surface = app.surface

    @callbacks.callback(
        Output(PAGE, "children"),
        Output(DRAWN, "data"),
        Input(LOCATION, "pathname"),
        Input(LOCATION, "search"),
        State(DRAWN, "data"),
    )
    def show(pathname: str | None, search: str | None, drawn: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - what a callback may return to Dash
        path = clean_path(pathname, surface.prefix)
        if same_page(surface, path, search or "", drawn):
            return no_update, no_update
        page = draw(surface, path, search or "")
        return page.tree, page.facts()

    callbacks.clientside_callback(
        "function(facts){return window.dash_clientside.shell.drew(facts);}",
        Output(ANNOUNCER, "children"),
        Input(DRAWN, "data"),
    )


def _person(surface: Surface) -> SignedIn | None:
    return None if surface.public else signed_in()


def _say_error(error: Exception) -> None:
    """Tell the person that a callback failed or was refused, with the reference under which it is logged."""
    problem = problem_of(error)
    log_problem(problem, error)
    if isinstance(error, DomainError):
        _log.info("callback_refused", extra={"code": error.code, "correlation_id": correlation().correlation_id})
    look = LookState.BAD if problem.status >= 500 else LookState.WARN  # noqa: PLR2004 - the first status that is our fault
    reference = dash.html.Small(["Reference: ", dash.html.Code(correlation().correlation_id)])
    set_props(TOASTS_ID, {"children": [toast(problem.kind.title, problem.detail, state=look, action=reference)]})


def _unknown_resource(_error: InvalidResourceError) -> WerkzeugResponse:
    error = NotFound("file_unknown", "There is no such file; reload the page.")
    return current_shell().problems.respond(flask_request.environ, problem_of(error))

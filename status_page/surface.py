"""The public surface: its pages, their frame, and what keeps them live."""

from dash import Input, Output
from dash.development.base_component import Component

from services.public import PublicServices
from status_page.documents import days_of
from status_page.pages.figure import FigureHistory, figure_page
from status_page.pages.method import method_page
from status_page.pages.now import LIVE_ID, TICK_ID, live, now_page
from status_page.snapshot import Snapshot
from status_page.state import StatusState
from web.shell.pages import Callbacks, Frame, Page, Surface, Visit
from web.shell.routes import PUBLIC, CachedDocument
from web.ui import NavItem, button, demo_banner, fmt, link, public_frame

PREFIX = "/status/"
_DAYS_SHOWN = 90
_NAV = (
    NavItem("Now", PREFIX),
    NavItem("How we measure", f"{PREFIX}how-we-measure/"),
)


def surface(public: PublicServices, snapshot: Snapshot) -> Surface:
    """Return the surface, reading through these services."""

    def now(_: Visit) -> Component:
        state = snapshot.state()
        return now_page(state, _histories(public, state) if state.current else [], public.clock.now())

    def keep_live(callbacks: Callbacks) -> None:
        @callbacks.callback(Output(LIVE_ID, "children"), Input(TICK_ID, "n_intervals"), prevent_initial_call=True)
        def refresh(_: int | None) -> Component:
            return live(snapshot.state(), public.clock.now())

    def figure(visit: Visit) -> Component:
        name, days = visit.variables["name"], days_of(visit.query.get("days"))
        view = public.figures.figure(public.visitor, name)
        return figure_page(
            FigureHistory(view, public.figures.history(public.visitor, name, days), days), public.clock.now()
        )

    def figure_title(visit: Visit) -> str:
        return public.figures.figure(public.visitor, visit.variables["name"]).title

    def method(_: Visit) -> Component:
        return method_page(snapshot.state().figures)

    return Surface(
        name="status_page",
        prefix=PREFIX,
        title="Greenlight status",
        access=PUBLIC,
        pages=(
            Page("", "Status", PUBLIC, now, keep_live, server_rendered=True,
                 description="Live service levels of video playback: join time and rebuffering, with their targets."),
            Page("figures/<name>", figure_title, PUBLIC, figure, server_rendered=True, redraw_on=frozenset({"days"})),
            Page("how-we-measure", "How we measure", PUBLIC, method, server_rendered=True),
        ),
        frame=lambda frame: _frame(frame, public),
        style="public.css",
        cache=CachedDocument(query=frozenset({"days"})),
    )  # fmt: skip


def _histories(public: PublicServices, state: StatusState) -> list[FigureHistory]:
    return [
        FigureHistory(figure, public.figures.history(public.visitor, figure.name, _DAYS_SHOWN), _DAYS_SHOWN)
        for figure in state.figures
    ]


def _frame(frame: Frame, public: PublicServices) -> Component:
    return public_frame(
        frame.children,
        name="Greenlight",
        suffix="status",
        home_href=PREFIX,
        nav=_NAV,
        path=frame.visit.path,
        action=button("Watch a video", href="/shop/", icon_name="play"),
        foot_left=f"Times are UTC. Page made {fmt.instant(public.clock.now())}.",
        foot_right=[link("JSON", href="/status/figures.json"), link("How we measure", href=f"{PREFIX}how-we-measure/")],
        demo=demo_banner() if public.demo else None,
    )

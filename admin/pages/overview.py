"""The first page of the staff surface: what needs somebody now."""

from dash import Input, Output, dcc, html
from dash.development.base_component import Component

from admin.pages.people_ref import person_ref
from services.evidence import AuditEntryView
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.paging import PageRequest
from services.metrics import FigureView
from services.metrics.units import target_text, value_unit
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    columns,
    data_grid,
    fmt,
    kpi,
    link,
    mono,
    page_head,
    panel,
    stack,
    timestamp,
    with_sub,
)

_ids = Ids("overview")
_REFRESH_MS = 10_000
_SHOWN = 8


def page(services: Services) -> Page:
    """Return the page, reading through these services."""

    def body(actor: Actor) -> list[Component]:
        parts = (("metrics.read", _figures), ("work.read", _work), ("evidence.read", _changes))
        return [draw(services, actor) for permission, draw in parts if permission in actor.permissions]

    def layout(visit: Visit) -> Component:
        return stack([
            page_head("Overview", lead="What needs somebody now, and what changed last."),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            html.Div(body(visit.actor), id=_ids.part("body"), className="stack normal"),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        @callbacks.callback(
            Output(_ids.part("body"), "children"), Input(_ids.part("tick"), "n_intervals"), prevent_initial_call=True
        )
        def refresh(_: int | None) -> list[Component]:
            return body(current_actor())

    return Page("", "Overview", "admin.enter", layout, register)


def _figures(services: Services, actor: Actor) -> Component:
    return panel(
        lambda: Loaded(services.figures.figures(actor), services.clock.now()),
        lambda figures: columns([_figure(figure) for figure in figures]),
        title="Service levels",
        now=services.clock.now(),
        aside=link("Status page", "/status/", arrow=True),
    )


def _figure(figure: FigureView) -> Component:
    unit = value_unit(figure)
    samples = fmt.plural(figure.samples, figure.sample_noun)
    note = f"target {target_text(figure)}, {samples}"
    return kpi(figure.title, str(fmt.quantity(unit.shown(figure.value), unit.sign)), note=note)


def _work(services: Services, actor: Actor) -> Component:
    now = services.clock.now()
    return panel(
        lambda: Loaded(services.work.counts(actor), now),
        lambda counts: columns([
            kpi("Failed", fmt.count(counts.failed), note="wait for a person"),
            kpi("Retrying", fmt.count(counts.retrying), note="will be tried again by themselves"),
            kpi("Processes alive", fmt.count(counts.processes_alive), note="that run this work"),
        ]),
        title="Background work",
        now=now,
        aside=link("All of it", "/admin/work", arrow=True),
    )  # fmt: skip


def _changes(services: Services, actor: Actor) -> Component:
    now = services.clock.now()
    grid = [
        Column[AuditEntryView]("verb", "What", lambda r: with_sub(r.verb, mono(r.id))),
        Column[AuditEntryView](
            "actor", "Who", lambda r: with_sub(r.actor_kind, person_ref(actor, r.actor_id)), priority=2
        ),
        Column[AuditEntryView]("at", "When", lambda r: timestamp(r.at, now=now)),
    ]
    return panel(
        lambda: Loaded(services.evidence.entries(actor, PageRequest(size=_SHOWN)).items, now),
        lambda rows: data_grid(rows, grid, caption="Latest changes", noun="overview-changes", row_key=lambda r: r.id),
        title="Latest changes",
        now=now,
        flush=True,
        aside=link("Audit trail", "/dashboards/evidence", arrow=True),
        empty=Empty("Nothing changed yet", "Every change is written here in the transaction that makes it."),
    )

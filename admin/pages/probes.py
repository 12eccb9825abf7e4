"""Probes: what is watched, what each comes to, and how many vantages agree."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import Input, Output, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.probe_forms import FORM, form_states, kind_word, probe_dialog, read_form, register_form, say_wrong
from admin.pages.probe_parts import known_within, quorum_words, verdict_chip
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError
from services.kernel.paging import PageRequest
from services.probes import ProbeView
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    button,
    columns,
    data_grid,
    fmt,
    kpi,
    link,
    page_head,
    panel,
    stack,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID

_ids = Ids("probes")
_REFRESH_MS = 5_000
_SHOWN = 200


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        may = "probes.manage" in visit.actor.permissions
        opener = button("New probe", kind="primary", icon_name="plus", opens=FORM.part("dialog")) if may else None
        return stack([
            page_head("Probes", lead="Components stand as these find them. A vantage that is silent says nothing.",
                      actions=opener),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            html.Div(_body(services, visit.actor), id=_ids.part("body"), className="stack normal"),
            probe_dialog(services, visit.actor) if may else None,
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_refresh(services, callbacks)
        _register_make(services, callbacks)
        register_form(callbacks)

    return Page("probes", "Probes", "probes.read", layout, register)


def _register_refresh(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(Output(_ids.part("body"), "children"), Input(_ids.part("tick"), "n_intervals"))
    def refresh(_: int | None) -> list[Component]:
        return _body(services, current_actor())


def _register_make(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(FORM.part("dialog"), "open"),
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(FORM.part("make"), "n_clicks"),
        *form_states(),
        prevent_initial_call=True,
    )
    def make(clicks: int | None, *values: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401 -- Dash hands over one value per field
        if not clicks:
            return no_update, no_update, no_update
        actor = current_actor()
        try:
            services.probes.definitions.create(actor, read_form(values))
        except DomainError as refusal:
            return no_update, no_update, say_wrong(refusal, title="Not made")
        say_wrong()
        return False, _body(services, actor), toast("Made", "Every vantage looks within seconds.")


def _body(services: Services, actor: Actor) -> list[Component]:
    now = services.clock.now()
    found = services.probes.reads.probes(actor, PageRequest(size=_SHOWN))
    watched = services.components.reads.named(actor, [v.component_id for v in found.items if v.component_id])
    names = {component_id: each.name for component_id, each in watched.items()}
    return [_counts(services, actor, found.items), _list(found.items, names, now, more=found.next_cursor is not None)]


def _counts(services: Services, actor: Actor, views: Sequence[ProbeView]) -> Component:
    running = [view for view in views if view.enabled]
    vantages = services.probes.vantages.vantages(actor)
    silent = sum(1 for each in vantages if each.state != "watching")
    said = {
        verdict: sum(1 for view in running if view.verdict == verdict) for verdict in ("down", "partial", "unknown")
    }
    return columns([
        kpi("Down", fmt.count(said["down"]), note=f"of {fmt.count(len(running))} that run"),
        kpi("Below quorum", fmt.count(said["partial"]), note="some vantages see it down, too few to say so"),
        kpi("Unknown", fmt.count(said["unknown"]), note="nobody can tell: neither up nor down"),
        kpi("Vantages", fmt.count(len(vantages)), note=f"{silent} not watching" if silent else "all of them watch"),
    ], heading="Now")  # fmt: skip


def _list(views: Sequence[ProbeView], names: Mapping[str, str], now: datetime, *, more: bool) -> Component:
    grid = [
        Column[ProbeView]("name", "Probe", lambda v: with_sub(link(v.name, f"/admin/probes/{v.id}"), _what(v))),
        Column[ProbeView]("verdict", "State", lambda v: with_sub(verdict_chip(v), v.explanation)),
        Column[ProbeView]("since", "Since", lambda v: _since(v, now), priority=2),
        Column[ProbeView]("quorum", "Quorum", quorum_words, priority=2),
        Column[ProbeView]("component", "Tells of", lambda v: names.get(v.component_id or "", "no component"),
                          priority=3),
        Column[ProbeView]("within", "Known within", known_within, numeric=True, priority=3),
    ]  # fmt: skip
    shown = panel(
        lambda: Loaded(views, now),
        lambda rows: data_grid(rows, grid, caption="Probes", noun="probes-list", row_key=lambda v: v.id),
        title="All probes",
        now=now,
        flush=True,
        empty=Empty("Nothing is watched", "Make a probe, and say of which component it tells."),
    )
    return stack([shown, html.P(f"The first {_SHOWN} by name.", className="hint") if more else None])


def _what(view: ProbeView) -> str:
    return f"{kind_word(view.kind)}, {view.target}"


def _since(view: ProbeView, now: datetime) -> Component | str:
    return timestamp(view.verdict_since_at, now=now) if view.enabled and view.verdict_since_at else fmt.NO_DATA

"""Vantages: places from where probes look; each acts by a key of its own, and a silent one counts as unknown."""

from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.probe_parts import STATES
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError
from services.probes import VantageView
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    banner,
    button,
    cancel_button,
    chip,
    data_grid,
    dialog,
    fmt,
    mono,
    page_head,
    panel,
    stack,
    text_input,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ids = Ids("vantages")
_ADD = _ids.part("add")
_REFRESH_MS = 5_000
_MAY = frozenset({"probes.report"})


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        may = "partners.manage" in visit.actor.permissions
        opener = button("Add vantage", kind="primary", icon_name="plus", opens=_ADD) if may else None
        return stack([
            page_head("Vantages", lead="Places from where probes look. A silent one is unknown, and never down.",
                      actions=opener),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            html.Div(id=_ids.part("made")),
            html.Div(_list(services, visit.actor), id=_ids.part("body")),
            _dialog() if may else None,
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_refresh(services, callbacks)
        _register_add(services, callbacks)
        _register_remove(services, callbacks)

    return Page("vantages", "Vantages", "probes.read", layout, register)


def _dialog() -> Component:
    return dialog(
        "Add a vantage",
        [text_input("Name", id=_ids.part("name"), maxLength=32, autoComplete="off", placeholder="eu-1",
                    hint="Lower-case letters, digits and dashes.")],
        id=_ADD,
        lead="It gets an API key of its own, which is shown once and may only fetch its probes and hand in results.",
        actions=[cancel_button(), button("Add", kind="primary", id=_ids.part("send"))],
    )  # fmt: skip


def _register_refresh(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(Output(_ids.part("body"), "children"), Input(_ids.part("tick"), "n_intervals"))
    def refresh(_: int | None) -> Component:
        return _list(services, current_actor())


def _register_add(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ADD, "open"),
        Output(_ids.part("name"), "value"),
        Output(_ids.part("made"), "children"),
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("send"), "n_clicks"),
        State(_ids.part("name"), "value"),
        prevent_initial_call=True,
    )
    def add(clicks: int | None, name: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks:
            return (no_update,) * 5
        actor, label = current_actor(), (name or "").strip()
        try:
            token = _added(services, actor, label)
        except DomainError as refusal:
            return no_update, no_update, no_update, no_update, toast("Not added", refusal.message, state=Colour.BAD)
        return False, "", _shown_once(label, token), _list(services, actor), no_update


def _added(services: Services, actor: Actor, name: str) -> str:
    """Make a vantage and its key, and return the key; where there can be no such vantage there is no key either."""
    made = services.keys.create(actor, name=f"Vantage {name}", permissions=_MAY)
    try:
        services.probes.vantages.add(actor, name=name, key_id=made.id)
    except DomainError:
        services.keys.revoke(actor, key_id=made.id)
        raise
    return made.token


def _shown_once(name: str, token: str) -> Component:
    steps: list[Component | str] = [
        "Where it shall look from, set ", mono("GREENLIGHT_PROBER_SERVER"), " to our address and ",
        mono("GREENLIGHT_PROBER_KEY"), " to the key, and run ", mono(f"./manage.py prober --vantage {name}"),
    ]  # fmt: skip
    shown = stack([mono(token), html.P(steps)], gap="small")
    return banner("Copy this key now: it is shown once", shown, state=Colour.GOOD)


def _register_remove(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.each("revoke"), "n_clicks"),
        prevent_initial_call=True,
    )
    def revoke(_: list[int | None]) -> tuple[Any, Any]:
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return no_update, no_update
        actor = current_actor()
        try:
            key_id = services.probes.vantages.remove(actor, name=ctx.triggered_id["key"])
            if key_id is not None:
                services.keys.revoke(actor, key_id=key_id)
        except DomainError as refusal:
            return _list(services, actor), toast("Not removed", refusal.message, state=Colour.BAD)
        return _list(services, actor), toast("Removed", "Its key opens nothing any more; what it said counts no more.")


def _list(services: Services, actor: Actor) -> Component:
    now, may = services.clock.now(), "partners.manage" in actor.permissions
    grid = [
        Column[VantageView]("name", "Vantage", lambda v: with_sub(v.name, "built in" if v.built_in else "its own key")),
        Column[VantageView]("state", "State", lambda v: chip(*STATES[v.state])),
        Column[VantageView]("seen", "Last seen", lambda v: timestamp(v.seen_at, now=now) if v.seen_at else "never"),
        Column[VantageView]("waiting", "Results that wait there", lambda v: fmt.count(v.waiting), numeric=True,
                            priority=2),
        Column[VantageView]("release", "Release", lambda v: v.release or fmt.NO_DATA, priority=3),
        Column[VantageView]("added", "Added", lambda v: timestamp(v.added_at), priority=3),
        Column[VantageView]("actions", "Actions", lambda v: _actions(v) if may else None, label_hidden=True),
    ]  # fmt: skip
    return panel(
        lambda: Loaded(services.probes.vantages.vantages(actor), now),
        lambda rows: data_grid(rows, grid, caption="Vantages", noun="vantages-list", row_key=lambda v: v.name),
        title="All vantages",
        now=now,
        flush=True,
        empty=Empty("No vantage yet", "The built-in one appears once the background process runs."),
    )


def _actions(view: VantageView) -> Component | None:
    return None if view.built_in else button("Revoke", id=_ids.one("revoke", view.name), kind="danger")

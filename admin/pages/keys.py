"""API keys: make one, see it once, revoke it."""

from datetime import datetime, timedelta
from typing import Any

from dash import Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError, Invalid
from services.kernel.paging import PageRequest
from services.partners import KeyView
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Control,
    Empty,
    Ids,
    Loaded,
    Option,
    Question,
    banner,
    button,
    cancel_button,
    chip,
    data_grid,
    dialog,
    mono,
    page_head,
    panel,
    select,
    stack,
    text_input,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ids = Ids("keys")
_CREATE = _ids.part("create")
_PLACES = {"name": _ids.part("name"), "lasts": _ids.part("lasts"), "expires_at": _ids.part("lasts")}
_STATES = {"active": Colour.GOOD, "expired": Colour.PLAIN, "revoked": Colour.BAD}
_LASTS = {"90": "90 days", "365": "One year", "30": "30 days", "": "Until it is revoked"}


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        opener = button("New key", kind="primary", icon_name="key-round", opens=_CREATE)
        return stack([
            page_head("API keys", lead="Programs act by a key: never more than whoever made it may give.",
                      actions=opener),
            html.Div(id=_ids.part("made")),
            html.Div(_list(services, visit.actor), id=_ids.part("body")),
            _dialog(services, visit.actor),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_create(services, callbacks)
        _register_revoke(services, callbacks)

    return Page("keys", "API keys", "partners.manage", layout, register)


def _dialog(services: Services, actor: Actor) -> Component:
    offered = services.keys.offered(actor)
    choices = [
        html.Label([Control(id=_ids.one("may", name), type="checkbox", checked=False), with_sub(words, mono(name))],
                   className="check")
        for name, words in offered.items()
    ]  # fmt: skip
    return dialog(
        "New API key",
        [
            text_input("Name", id=_ids.part("name"), maxLength=80, autoComplete="off",
                       hint="Which program, and where it runs."),
            html.Fieldset([html.Legend("What it may do"), *choices], className="field"),
            select("Good for", [Option(value, label) for value, label in _LASTS.items()], id=_ids.part("lasts"),
                   value="90"),
        ],
        id=_CREATE,
        lead="Its secret is shown once, right after.",
        actions=[cancel_button(), button("Make key", kind="primary", id=_ids.part("make"))],
    )  # fmt: skip


def _register_create(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_CREATE, "open"),
        Output(_ids.part("name"), "value"),
        Output(_ids.part("made"), "children"),
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("make"), "n_clicks"),
        State(_ids.part("name"), "value"),
        State(_ids.each("may"), "id"),
        State(_ids.each("may"), "checked"),
        State(_ids.part("lasts"), "value"),
        prevent_initial_call=True,
    )
    def create(
        clicks: int | None, name: str | None, offered: list[dict[str, str]], ticked: list[bool | None], lasts: str
    ) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks:
            return (no_update,) * 5
        actor = current_actor()
        try:
            ends_at = _end_of(lasts, services.clock.now())
            chosen = frozenset(each["key"] for each, on in zip(offered, ticked, strict=True) if on)
            made = services.keys.create(actor, name=name or "", permissions=chosen, expires_at=ends_at)
        except DomainError as refusal:
            say_at_fields(_PLACES, refusal, otherwise="name")
            return (no_update,) * 5
        say_at_fields(_PLACES, otherwise="name")
        return False, "", _shown_once(made.token), _list(services, actor), no_update


def _register_revoke(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("body"), "children"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.each("revoke"), "n_clicks"),
        prevent_initial_call=True,
    )
    def revoke(_: list[int | None]) -> tuple[Any, Any]:
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return no_update, no_update
        actor = current_actor()
        try:
            services.keys.revoke(actor, key_id=ctx.triggered_id["key"])
        except DomainError as refusal:
            return _list(services, actor), toast("Not revoked", refusal.message, state=Colour.BAD)
        return _list(services, actor), toast("Revoked", "The key opens nothing any more.")


def _end_of(lasts: str, now: datetime) -> datetime | None:
    if lasts not in _LASTS:
        raise Invalid("key_lasts", "Choose how long it is good.", fields={"lasts": "is not offered"})
    return now + timedelta(days=int(lasts)) if lasts else None


def _shown_once(token: str) -> Component:
    return banner("Copy this key now: it is shown once", mono(token), state=Colour.GOOD)


def _list(services: Services, actor: Actor) -> Component:
    now = services.clock.now()
    grid = [
        Column[KeyView]("name", "Key", lambda r: with_sub(r.name, mono(r.id))),
        Column[KeyView]("permissions", "May", lambda r: [chip(p) for p in r.permissions], priority=2),
        Column[KeyView]("state", "State", lambda r: chip(r.state, _STATES[r.state])),
        Column[KeyView]("expires", "Good until", lambda r: _instant(r.expires_at, "no end"), priority=2),
        Column[KeyView]("used", "Last used", lambda r: _instant(r.last_used_at, "not yet", now=now), priority=3),
        Column[KeyView]("made", "Made", lambda r: with_sub(timestamp(r.made_at, now=now), mono(r.made_by)), priority=3),
        Column[KeyView]("actions", "Actions", _actions, label_hidden=True),
    ]
    return panel(
        lambda: Loaded(services.keys.keys(actor, PageRequest(size=200)).items, now),
        lambda rows: data_grid(rows, grid, caption="API keys", noun="keys-list", row_key=lambda r: r.id),
        title="Keys",
        now=now,
        flush=True,
        empty=Empty("No keys yet", "Make one for each program, so that each can be revoked by itself."),
    )


def _instant(at: datetime | None, otherwise: str, *, now: datetime | None = None) -> Component | str:
    return otherwise if at is None else timestamp(at, now=now)


def _actions(row: KeyView) -> Component | None:
    asks = Question(f"Revoke the key {row.name}?", "Programs that use it are refused from now on, for good.", "Revoke")
    return button("Revoke", id=_ids.one("revoke", row.id), kind="danger", asks=asks) if row.state == "active" else None

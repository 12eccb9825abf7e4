"""Share links: make one for a partner or an investor, see it once, see how often it was used, revoke it."""

from datetime import datetime, timedelta
from typing import Any

from dash import Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError, Invalid
from services.kernel.paging import PageRequest
from services.shares import ShareView
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.shell.state import current_shell
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Option,
    Question,
    banner,
    button,
    cancel_button,
    chip,
    copyable,
    data_grid,
    dialog,
    fmt,
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

_ids = Ids("shares")
_CREATE = _ids.part("create")
_PLACES = {"label": _ids.part("label"), "lasts": _ids.part("lasts"), "expires_at": _ids.part("lasts")}
_STATES = {"active": Colour.GOOD, "expired": Colour.PLAIN, "revoked": Colour.BAD}
_LASTS = {"30": "30 days", "90": "90 days", "365": "One year"}


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        opener = button("New link", kind="primary", icon_name="link", opens=_CREATE)
        lead = "Unlisted links to the investor view: service levels by month, with the report as PDF."
        return stack([
            page_head("Share links", lead=lead, actions=opener),
            html.Div(id=_ids.part("made")),
            html.Div(_list(services, visit.actor), id=_ids.part("body")),
            _dialog(),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_create(services, callbacks)
        _register_revoke(services, callbacks)

    return Page("shares", "Share links", "shares.manage", layout, register)


def _dialog() -> Component:
    return dialog(
        "New share link",
        [
            text_input("Whom it is for", id=_ids.part("label"), maxLength=80, autoComplete="off",
                       hint="They read it on the page."),
            select("Good for", [Option(value, label) for value, label in _LASTS.items()], id=_ids.part("lasts"),
                   value="90"),
        ],
        id=_CREATE,
        lead="Whoever has the link can read. It is shown once, right after.",
        actions=[cancel_button(), button("Make link", kind="primary", id=_ids.part("make"))],
    )  # fmt: skip


def _register_create(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_CREATE, "open"),
        Output(_ids.part("label"), "value"),
        Output(_ids.part("made"), "children"),
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("make"), "n_clicks"),
        State(_ids.part("label"), "value"),
        State(_ids.part("lasts"), "value"),
        prevent_initial_call=True,
    )
    def create(clicks: int | None, label: str | None, lasts: str) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks:
            return (no_update,) * 5
        actor = current_actor()
        try:
            if lasts not in _LASTS:
                raise Invalid("share_end", "Choose how long it is good.", fields={"lasts": "is not offered"})
            ends_at = services.clock.now() + timedelta(days=int(lasts))
            made = services.shares.create(actor, label=label or "", expires_at=ends_at)
        except DomainError as refusal:
            say_at_fields(_PLACES, refusal, otherwise="label")
            return (no_update,) * 5
        say_at_fields(_PLACES, otherwise="label")
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
            services.shares.revoke(actor, share_id=ctx.triggered_id["key"])
        except DomainError as refusal:
            return _list(services, actor), toast("Not revoked", refusal.message, state=Colour.BAD)
        return _list(services, actor), toast("Revoked", "The link opens nothing any more.")


def _shown_once(token: str) -> Component:
    path = f"/status/shared/{token}/"
    whole = copyable(f"{current_shell().config.public_url}{path}")
    return banner("Copy this link now: it is shown once", [whole, " ", html.A("Open it", href=path)], state=Colour.GOOD)


def _list(services: Services, actor: Actor) -> Component:
    now = services.clock.now()
    grid = [
        Column[ShareView]("label", "For", lambda r: with_sub(r.label, mono(r.id))),
        Column[ShareView]("state", "State", lambda r: chip(r.state, _STATES[r.state])),
        Column[ShareView]("views", "Views", lambda r: fmt.count(r.views), numeric=True),
        Column[ShareView]("reports", "Reports", lambda r: fmt.count(r.reports), numeric=True, priority=2),
        Column[ShareView]("seen", "Last seen", lambda r: _instant(r.last_viewed_at, now=now), priority=2),
        Column[ShareView]("expires", "Good until", lambda r: timestamp(r.expires_at), priority=2),
        Column[ShareView](
            "made", "Made", lambda r: with_sub(timestamp(r.made_at, now=now), mono(r.made_by)), priority=3
        ),
        Column[ShareView]("actions", "Actions", _actions, label_hidden=True),
    ]
    return panel(
        lambda: Loaded(services.shares.shares(actor, PageRequest(size=200)).items, now),
        lambda rows: data_grid(rows, grid, caption="Share links", noun="shares-list", row_key=lambda r: r.id),
        title="Links",
        now=now,
        flush=True,
        empty=Empty("No links yet", "Make one for each reader, so that each can be revoked by itself."),
    )


def _instant(at: datetime | None, *, now: datetime) -> Component | str:
    return "not yet" if at is None else timestamp(at, now=now)


def _actions(row: ShareView) -> Component | None:
    asks = Question(f"Revoke the link for {row.label}?", "It opens nothing from now on, for good.", "Revoke")
    return button("Revoke", id=_ids.one("revoke", row.id), kind="danger", asks=asks) if row.state == "active" else None

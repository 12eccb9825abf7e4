"""Messages: what was queued, sent and not delivered, without what they say."""

from typing import Any

from dash import Input, Output, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.people_ref import person_ref
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.paging import PageRequest
from services.notifications.views import MessageState, MessageView
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Node,
    Option,
    button,
    chip,
    data_grid,
    mono,
    page_head,
    panel,
    segmented,
    stack,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State

_ids = Ids("messages")
_REFRESH_MS = 5_000
_LOOK = {"sent": State.GOOD, "failed": State.BAD, "retrying": State.WARN}


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def body(actor: Actor, which: str) -> Component:
        now = services.clock.now()
        grid = _columns(services, actor)
        return panel(
            lambda: Loaded(services.messages.latest(actor, PageRequest(), only_failed=which == "failed").items, now),
            lambda rows: data_grid(rows, grid, caption="Messages", noun="messages", row_key=lambda r: r.id),
            title="Messages",
            now=now,
            flush=True,
            empty=Empty("No messages", "Invitations, resets and notices appear here as they are queued."),
        )

    def layout(visit: Visit) -> Component:
        options = [Option("all", "All"), Option("failed", "Failed")]
        return stack([
            page_head("Messages", lead="Mails by state. Recipients and content stay sealed; delivery shows."),
            segmented("Which", options, "all", id=_ids.part("which")),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            html.Div(body(visit.actor, "all"), id=_ids.part("body")),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        @callbacks.callback(
            Output(_ids.part("body"), "children"),
            Output(TOASTS_ID, "children", allow_duplicate=True),
            Input(_ids.part("tick"), "n_intervals"),
            Input(_ids.part("which"), "value"),
            Input(_ids.each("retry"), "n_clicks"),
            prevent_initial_call=True,
        )
        def act_and_refresh(_tick: int | None, which: str, _clicks: list[int | None]) -> tuple[Component, Any]:
            actor = current_actor()
            said: Any = no_update
            if isinstance(ctx.triggered_id, dict) and ctx.triggered[0]["value"]:
                services.messages.send_again(actor, message_id=ctx.triggered_id["key"])
                said = toast("Queued again", "It goes out with the same message id.")
            return body(actor, which), said

    return Page("messages", "Messages", "notifications.read", layout, register)


def _cause(row: MessageView) -> Node:
    if row.state is not MessageState.RETRYING:
        return row.failed_because
    again: Node = "tried again now"
    if row.next_attempt_at is not None:
        again = ["next attempt ", timestamp(row.next_attempt_at)]
    return with_sub(row.failed_because, again)


def _columns(services: Services, actor: Actor) -> list[Column[MessageView]]:
    now, may_retry = services.clock.now(), "notifications.retry" in actor.permissions

    def actions(row: MessageView) -> Component | None:
        if row.state is not MessageState.FAILED or not may_retry:
            return None
        return button("Send again", id=_ids.one("retry", row.id), icon_name="rotate-cw")

    return [
        Column("template", "Message", lambda r: with_sub(r.template.replace("_", " "), mono(r.id))),
        Column("to", "About", lambda r: person_ref(actor, r.subject_id), priority=3),
        Column("state", "State", lambda r: chip(r.state.value, _LOOK.get(r.state.value, State.PLAN))),
        Column("because", "Cause", _cause, priority=2),
        Column("queued_at", "Queued", lambda r: timestamp(r.queued_at, now=now)),
        Column("correlation", "Correlation", lambda r: mono(r.correlation_id), priority=3),
        Column("actions", "Actions", actions, label_hidden=True),
    ]

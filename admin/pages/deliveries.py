"""Deliveries of webhooks: what was sent where, what came back, and sending it again."""

from datetime import timedelta
from typing import Any

from dash import Input, Output, ctx, dcc, html, no_update
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError
from services.kernel.paging import PageRequest
from services.webhooks.rules import DeliveryState
from services.webhooks.views import AttemptView, DeliveryView, EndpointView
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Option,
    button,
    chip,
    data_grid,
    fmt,
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

_ids = Ids("deliveries")
_REFRESH_MS = 5_000
_LOOK = {
    DeliveryState.DELIVERED: State.GOOD,
    DeliveryState.PENDING: State.PLAN,
    DeliveryState.FAILED: State.BAD,
    DeliveryState.DROPPED: State.PLAIN,
}
_WHICH = (
    Option("", "All"),
    Option("pending", "On their way"),
    Option("failed", "Failed"),
    Option("delivered", "Delivered"),
)
REPLAY_SPAN = timedelta(days=7)


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        return stack([
            page_head("Webhook deliveries", lead="Ten attempts over three days, each kept under one id."),
            segmented("Which", _WHICH, "", id=_ids.part("which")),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            html.Div(_body(services, visit.actor, ""), id=_ids.part("body"), className="stack normal"),
            html.Div(id=_ids.part("attempts")),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        @callbacks.callback(
            Output(_ids.part("body"), "children"),
            Output(_ids.part("attempts"), "children"),
            Output(TOASTS_ID, "children", allow_duplicate=True),
            Input(_ids.part("tick"), "n_intervals"),
            Input(_ids.part("which"), "value"),
            *[Input(_ids.each(part), "n_clicks") for part in ("show", "replay", "test", "failed", "enable")],
            prevent_initial_call=True,
        )
        def act_and_refresh(_tick: int | None, which: str, *_clicks: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401 -- Dash hands over one value per input
            actor = current_actor()
            said: Any = no_update
            attempts: Any = no_update
            try:
                if isinstance(ctx.triggered_id, dict) and ctx.triggered[0]["value"]:
                    key, part = ctx.triggered_id["key"], ctx.triggered_id["part"].removeprefix("deliveries-")
                    if part == "show":
                        attempts = _attempts(services, actor, key)
                    else:
                        said = toast(_act(services, actor, part, key))
            except DomainError as refusal:
                said = toast("That was not done", refusal.message, state=State.BAD)
            return _body(services, actor, which), attempts, said

    return Page("deliveries", "Webhook deliveries", "webhooks.read", layout, register)


def _body(services: Services, actor: Actor, which: str) -> list[Component]:
    now, may_act = services.clock.now(), "webhooks.replay" in actor.permissions
    log = _log_columns(services, may_act=may_act)
    endpoints = _endpoint_columns(services, may_act=may_act)
    return [
        panel(
            lambda: Loaded(services.webhooks.deliveries(actor, PageRequest(), state=which).items, now),
            lambda rows: data_grid(rows, log, caption="Messages", noun="deliveries-log", row_key=lambda r: r.id),
            title="Messages",
            now=now,
            flush=True,
            empty=Empty("No messages", "They appear here as subscribers' webhooks are told of something."),
        ),
        panel(
            lambda: Loaded(services.webhooks.endpoints(actor, PageRequest()).items, now),
            lambda rows: data_grid(rows, endpoints, caption="Webhooks", noun="deliveries-ends", row_key=lambda r: r.id),
            title="Webhooks",
            now=now,
            flush=True,
            empty=Empty("No webhooks", "Whoever subscribes by webhook appears here."),
        ),
    ]


def _log_columns(services: Services, *, may_act: bool) -> list[Column[DeliveryView]]:
    now = services.clock.now()

    def actions(row: DeliveryView) -> Component:
        again = may_act and row.state in {DeliveryState.FAILED, DeliveryState.DELIVERED}
        buttons = [button("Attempts", id=_ids.one("show", row.id), kind="quiet")]
        if again:
            buttons.append(button("Send again", id=_ids.one("replay", row.id), icon_name="rotate-cw"))
        return html.Div(buttons, className="acts")

    return [
        Column("kind", "Message", lambda r: with_sub(r.kind, mono(r.id))),
        Column("state", "State", lambda r: chip(r.state.value, _LOOK[r.state])),
        Column("last", "Last answer", _last, priority=2),
        Column("tried", "Attempts", lambda r: fmt.count(r.attempts), numeric=True, priority=2),
        Column("next", "Next", lambda r: timestamp(r.due_at, now=now) if r.due_at else None, priority=3),
        Column("queued", "Queued", lambda r: timestamp(r.queued_at, now=now)),
        Column("endpoint", "Webhook", lambda r: mono(r.endpoint_id), priority=3),
        Column("actions", "Actions", actions, label_hidden=True),
    ]


def _endpoint_columns(services: Services, *, may_act: bool) -> list[Column[EndpointView]]:
    now = services.clock.now()

    def actions(row: EndpointView) -> Component | None:
        if not may_act:
            return None
        if row.disabled_at is not None:
            return button("Switch on", id=_ids.one("enable", row.id), icon_name="power")
        return html.Div(
            [
                button("Send a test", id=_ids.one("test", row.id), icon_name="send"),
                button("Replay a week's failures", id=_ids.one("failed", row.id), icon_name="rotate-cw"),
            ],
            className="acts",
        )

    return [
        Column("id", "Webhook", lambda r: with_sub(mono(r.id), r.owner)),
        Column("state", "State", _standing),
        Column("failures", "Failures in a row", lambda r: fmt.count(r.failures), numeric=True, priority=2),
        Column("success", "Last success", lambda r: timestamp(r.succeeded_at, now=now), priority=2),
        Column("opened", "Since", lambda r: timestamp(r.opened_at, now=now), priority=3),
        Column("actions", "Actions", actions, label_hidden=True),
    ]


def _attempts(services: Services, actor: Actor, message_id: str) -> Component:
    now = services.clock.now()
    grid = [
        Column[AttemptView]("number", "Attempt", lambda r: fmt.count(r.number), numeric=True),
        Column[AttemptView]("at", "When", lambda r: timestamp(r.tried_at, now=now)),
        Column[AttemptView]("status", "Answer", lambda r: _answer(r.status, r.code)),
        Column[AttemptView]("took", "Took", lambda r: fmt.duration(r.duration_seconds), numeric=True, priority=2),
        Column[AttemptView]("excerpt", "Beginning of the answer", lambda r: mono(r.excerpt)),
    ]
    return panel(
        lambda: Loaded(services.webhooks.attempts(actor, message_id), now),
        lambda rows: data_grid(rows, grid, caption="Attempts", noun="deliveries-try", row_key=lambda r: str(r.number)),
        title=f"Attempts of {message_id}",
        now=now,
        flush=True,
        empty=Empty("No attempt yet", "The first one is under way."),
    )


def _act(services: Services, actor: Actor, part: str, key: str) -> str:
    webhooks = services.webhooks
    if part == "replay":
        webhooks.replay(actor, message_id=key)
        return "On its way again, under the same id"
    if part == "test":
        webhooks.test(actor, endpoint_id=key)
        return "A signed test is on its way"
    if part == "enable":
        webhooks.enable(actor, endpoint_id=key)
        return "Switched on; what failed meanwhile can be replayed"
    now = services.clock.now()
    count = webhooks.replay_range(actor, endpoint_id=key, since_at=now - REPLAY_SPAN, until_at=now)
    return f"{fmt.plural(count, 'failed message')} of the last seven days on the way again"


def _standing(row: EndpointView) -> Component:
    if row.disabled_at is not None:
        return chip(f"switched off: {row.disabled_because}", State.BAD)
    if row.rests_until is not None:
        return chip("rests after failures", State.WARN)
    return chip("on", State.GOOD)


def _last(row: DeliveryView) -> Component | None:
    return _answer(row.last_status, row.last_code) if row.attempts else None


def _answer(status: int | None, code: str | None) -> Component:
    return mono(f"HTTP {status}" if status is not None else (code or "").replace("_", " "))

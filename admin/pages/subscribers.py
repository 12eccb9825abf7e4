"""Subscribers: how many there are, and single ones for a stated purpose; ending one, sending its letter again."""

from collections.abc import Sequence
from typing import Any

from dash import Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError, Invalid
from services.subscribers.rules import SubscriberState
from services.subscribers.views import Counts, SubscriberView
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Question,
    button,
    card,
    chip,
    columns,
    data_grid,
    fields,
    fmt,
    kpi,
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

IDS = Ids("subscribers")
_PLACES = {"purpose": IDS.part("purpose"), "text": IDS.part("address")}
_COLOURS = {
    SubscriberState.ACTIVE: Colour.GOOD,
    SubscriberState.PENDING: Colour.PLAN,
    SubscriberState.PAUSED: Colour.WARN,
    SubscriberState.BROKEN: Colour.BAD,
    SubscriberState.ENDED: Colour.PLAIN,
}


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        return stack([
            page_head("Subscribers", lead="Addresses are sealed; opening them is recorded with your reason."),
            html.Div(_counts(services.subscribers.counts(visit.actor)), id=IDS.part("counts")),
            _search(),
            html.Div(id=IDS.part("body"), className="stack normal"),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        @callbacks.callback(
            Output(IDS.part("body"), "children"),
            Output(IDS.part("counts"), "children"),
            Output(TOASTS_ID, "children", allow_duplicate=True),
            Input(IDS.part("show"), "n_clicks"),
            Input(IDS.each("resend"), "n_clicks"),
            Input(IDS.each("disable"), "n_clicks"),
            State(IDS.part("address"), "value"),
            State(IDS.part("purpose"), "value"),
            prevent_initial_call=True,
        )
        def disclose(*values: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401 -- Dash hands over one value per input
            actor = current_actor()
            said: Any = no_update
            address, purpose = str(values[-2] or ""), str(values[-1] or "")
            if not ctx.triggered[0]["value"]:
                return no_update, no_update, no_update
            try:
                if isinstance(ctx.triggered_id, dict):
                    said = toast(_act(services, actor, ctx.triggered_id))
                found = services.subscribers.search(actor, text=address, purpose=purpose)
            except Invalid as refusal:
                say_at_fields(_PLACES, refusal, otherwise="purpose")
                return no_update, no_update, said
            except DomainError as refusal:
                return no_update, no_update, toast("That was not done", refusal.message, state=Colour.BAD)
            say_at_fields(_PLACES, otherwise="purpose")
            return _table(services, actor, found), _counts(services.subscribers.counts(actor)), said

    return Page("subscribers", "Subscribers", "subscribers.read", layout, register)


def _counts(counts: Counts) -> Component:
    ways = ", ".join(f"{fmt.count(number)} by {channel}" for channel, number in counts.by_channel)
    return columns([
        kpi("Running", fmt.count(counts.active), note=ways),
        kpi("Not confirmed yet", fmt.count(counts.pending), note="nothing is sent to them"),
        kpi("Paused", fmt.count(counts.paused), note="by themselves"),
        kpi("Switched off", fmt.count(counts.broken), note="what we sent was not taken"),
    ], heading="Counts")  # fmt: skip


def _search() -> Component:
    return card(
        stack(
            [
                fields([
                    text_input("E-mail address or id", id=IDS.part("address"), required=False, autoComplete="off",
                               maxLength=254, hint="Empty shows the newest hundred."),
                    text_input("Why do you need to see this?", id=IDS.part("purpose"), maxLength=200,
                               autoComplete="off", hint="Stands in the audit trail beside whom you see."),
                ]),
                html.Div(button("Show subscribers", id=IDS.part("show"), icon_name="eye"), className="acts"),
            ],
            gap="small",
        )
    )  # fmt: skip


def _table(services: Services, actor: Actor, found: Sequence[SubscriberView]) -> Component:
    now, may_act = services.clock.now(), "subscribers.manage" in actor.permissions
    grid = [
        Column[SubscriberView]("contact", "Owner", lambda r: with_sub(r.contact or "erased", mono(r.id))),
        Column[SubscriberView]("channel", "Told by", lambda r: with_sub(r.channel.value, r.target)),
        Column[SubscriberView]("hears", "Hears", _hears, priority=2),
        Column[SubscriberView](
            "state", "State", lambda r: with_sub(chip(r.state.value, _COLOURS[r.state]), _because(r))
        ),
        Column[SubscriberView]("asked", "Asked", lambda r: timestamp(r.asked_at, now=now), priority=3),
        Column[SubscriberView]("actions", "Actions", lambda r: _actions(r) if may_act else None, label_hidden=True),
    ]
    return panel(
        lambda: Loaded(found, now),
        lambda rows: data_grid(rows, grid, caption="Subscribers", noun="subscribers-list", row_key=lambda r: r.id),
        title="Subscribers",
        now=now,
        flush=True,
        empty=Empty("Nobody", "No subscription belongs to this address."),
    )


def _hears(row: SubscriberView) -> str:
    what = "everything" if row.everything else "chosen components"
    return what if row.min_impact == "none" else f"{what}, from {row.min_impact} on"


def _because(row: SubscriberView) -> str:
    return (row.ended_because or "").replace("_", " ")


_END = Question(
    "End the subscription?", "Nothing is sent there any more, and the address is erased for good.", "End it"
)


def _actions(row: SubscriberView) -> Component | None:
    if row.state is SubscriberState.ENDED:
        return None
    return html.Div(
        [
            button("Send the link again", id=IDS.one("resend", row.id)),
            button("End", id=IDS.one("disable", row.id), kind="danger", asks=_END),
        ],
        className="acts",
    )


def _act(services: Services, actor: Actor, pressed: dict[str, str]) -> str:
    key, part = pressed["key"], pressed["part"].removeprefix("subscribers-")
    if part == "resend":
        services.subscribers.resend(actor, subscriber_id=key)
        return "The letter with the link is queued"
    services.subscribers.disable(actor, subscriber_id=key)
    return "Ended, and the address erased"

"""One's own subscription: what one hears, what one was told, and how to pause or end it."""

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from dash import html
from dash.development.base_component import Component

from services.components.views import ComponentsView
from services.subscribers import Channel, Choices
from services.subscribers.rules import SubscriberState
from services.subscribers.views import SubscriptionView, ToldView
from status_page.pages.component import table
from status_page.pages.subscribe import CHANNELS, choice_fields, secret_card
from web.ui import (
    Node,
    banner,
    button,
    card,
    chip,
    facts,
    fmt,
    form,
    hidden,
    page_head,
    stack,
    timestamp,
)
from web.ui.controls import ButtonKind
from web.ui.nodes import flatten
from web.ui.theme import State

Act: TypeAlias = Callable[..., Component]
"""Makes a form of one button."""

_LOOKS: Final[Mapping[SubscriberState, tuple[str, State]]] = {
    SubscriberState.ACTIVE: ("running", State.GOOD),
    SubscriberState.PAUSED: ("paused", State.WARN),
    SubscriberState.BROKEN: ("switched off", State.BAD),
}
_TOLD: Final[Mapping[str, tuple[str, State]]] = {
    "sent": ("sent", State.GOOD),
    "delivered": ("delivered", State.GOOD),
    "queued": ("on its way", State.PLAN),
    "pending": ("on its way", State.PLAN),
    "held": ("waits for a digest", State.PLAN),
    "failed": ("failed", State.BAD),
    "dropped": ("nothing left to tell", State.PLAIN),
}
_DONE: Final[Mapping[str, str]] = {
    "choose": "Your choices are saved",
    "pause": "Paused: nothing is sent until you go on",
    "resume": "You are told again from now on",
    "test": "A test message is on its way",
    "replay": "That message is on its way again",
}


def subscription_page(
    view: SubscriptionView,
    components: ComponentsView,
    *,
    action: str,
    csrf_token: str,
    now: datetime,
    done: str = "",
    secret: str | None = None,
    refused: str = "",
    choices: Choices | None = None,
) -> Component:
    """The whole content of the page; `secret` is a new one, shown this once."""
    act = functools.partial(_act, action, csrf_token)
    word, colour = _LOOKS.get(view.state, ("waits to be confirmed", State.PLAIN))
    return stack([
        page_head("Your subscription", lead=f"{CHANNELS[view.channel]}: {view.target or view.contact}",
                  actions=chip(word, colour)),
        banner(_DONE[done], state=State.GOOD) if done in _DONE else None,
        banner("That was not done", refused, state=State.BAD, urgent=True) if refused else None,
        _broken(view),
        secret_card(secret) if secret else None,
        card(form(
            [hidden("action", "choose"), choice_fields(choices or view.choices, components)],
            action=action,
            csrf_token=csrf_token,
            actions=button("Save", kind="primary", submit=True),
        ), title="What you hear"),
        _webhook(view, act) if view.channel is Channel.WEBHOOK else None,
        _told(view, act, now),
        card(stack([
            facts({"Owner": view.contact, "Since": timestamp(view.confirmed_at, now=now)}),
            html.Div([
                act("pause", "Pause", icon_name="pause") if view.state is SubscriberState.ACTIVE
                else act("resume", "Go on", icon_name="play"),
                act("stop", "Unsubscribe", kind="danger", icon_name="x"),
            ], className="acts"),
            html.P("Unsubscribing destroys the key of your address: nothing here can be read any more, by us either.",
                   className="hint"),
        ]), title="Pause or end"),
    ], gap="large")  # fmt: skip


def _act(
    action: str, csrf_token: str, what: str, label: str, *, kind: ButtonKind = "secondary",
    icon_name: str | None = None, **more: str,
) -> Component:  # fmt: skip
    return html.Form(
        [
            hidden("_csrf_token", csrf_token),
            hidden("action", what),
            *(hidden(name, value) for name, value in more.items()),
            button(label, kind=kind, submit=True, icon_name=icon_name),
        ],
        action=action,
        method="post",
    )


def stop_page(action: str, *, ended: bool) -> Component:
    """What the link in a mail leads to: one button, or that it is done."""
    if ended:
        return stack([
            page_head("You are unsubscribed", lead="Nothing more is sent, and your address is destroyed."),
        ])  # fmt: skip
    return stack([
        page_head("Unsubscribe", lead="One click ends this subscription and destroys the address."),
        card(html.Form(
            html.Div(button("Unsubscribe", kind="primary", submit=True), className="acts"), action=action, method="post"
        )),
    ], gap="large")  # fmt: skip


def _broken(view: SubscriptionView) -> Node:
    if view.state is not SubscriberState.BROKEN:
        return None
    because = (view.broken_because or "").replace("_", " ")
    said = f"What we sent was not taken ({because}). Mend it, let it go on, and send again what it missed."
    return banner("Nothing is sent any more", said, state=State.BAD)


def _webhook(view: SubscriptionView, act: Act) -> Component:
    signing = "two secrets, until the old one retires after a day" if view.secrets > 1 else "one secret"
    return card(stack([
        facts({"Address": view.target, "Signed with": signing}),
        html.Div([
            act("test", "Send a test", icon_name="send"),
            act("rotate", "New secret", icon_name="key-round"),
        ], className="acts"),
    ]), title="Webhook")  # fmt: skip


def _told(view: SubscriptionView, act: Act, now: datetime) -> Component:
    if not view.told:
        return card(html.P("Nothing yet: nothing has happened since you subscribed.", className="dim"),
                    title="What you were told")  # fmt: skip
    rows = [html.Tr([
        html.Td(timestamp(each.at, now=now)),
        html.Th(each.title, scope="row"),
        html.Td(flatten([_state(each), html.Span(f" {each.detail}", className="dim small") if each.detail else None])),
        html.Td(act("replay", "Send again", message_id=each.message_id) if each.message_id else fmt.DASH),
    ]) for each in view.told]  # fmt: skip
    heads = ("When", "What", "Outcome", "Again")
    return card(table("What you were told, the newest first", heads, rows), title="What you were told")


def _state(told: ToldView) -> Component:
    word, colour = _TOLD.get(told.state, (told.state, State.PLAIN))
    return chip(word, colour)

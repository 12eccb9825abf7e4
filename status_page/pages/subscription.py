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
from status_page.supplied import said
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
from web.ui.language import _, later
from web.ui.nodes import flatten
from web.ui.theme import State

Act: TypeAlias = Callable[..., Component]
"""Makes a form of one button."""

_LOOKS: Final[Mapping[SubscriberState, tuple[str, State]]] = {
    SubscriberState.ACTIVE: (later("running"), State.GOOD),
    SubscriberState.PAUSED: (later("paused"), State.WARN),
    SubscriberState.BROKEN: (later("switched off"), State.BAD),
}
_TOLD: Final[Mapping[str, tuple[str, State]]] = {
    "sent": (later("sent"), State.GOOD),
    "delivered": (later("delivered"), State.GOOD),
    "queued": (later("on its way"), State.PLAN),
    "pending": (later("on its way"), State.PLAN),
    "held": (later("waits for a digest"), State.PLAN),
    "failed": (later("failed"), State.BAD),
    "dropped": (later("nothing left to tell"), State.PLAIN),
}
_DONE: Final[Mapping[str, str]] = {
    "choose": later("Your choices are saved"),
    "pause": later("Paused: nothing is sent until you go on"),
    "resume": later("You are told again from now on"),
    "test": later("A test message is on its way"),
    "replay": later("That message is on its way again"),
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
    word, colour = _LOOKS.get(view.state, (later("waits to be confirmed"), State.PLAIN))
    return stack([
        page_head(_("Your subscription"),
                  lead=_("{channel}: {address}", channel=_(CHANNELS[view.channel]),
                         address=view.target or view.contact),
                  actions=chip(_(word), colour)),
        banner(_(_DONE[done]), state=State.GOOD) if done in _DONE else None,
        banner(_("That was not done"), refused, state=State.BAD, urgent=True) if refused else None,
        _broken(view),
        secret_card(secret) if secret else None,
        card(form(
            [hidden("action", "choose"), choice_fields(choices or view.choices, components)],
            action=action,
            csrf_token=csrf_token,
            actions=button(_("Save"), kind="primary", submit=True),
        ), title=_("What you hear")),
        _webhook(view, act) if view.channel is Channel.WEBHOOK else None,
        _told(view, act, now),
        card(stack([
            facts({_("Owner"): view.contact, _("Since"): timestamp(view.confirmed_at, now=now)}),
            html.Div([
                act("pause", _("Pause"), icon_name="pause") if view.state is SubscriberState.ACTIVE
                else act("resume", _("Go on"), icon_name="play"),
                act("stop", _("Unsubscribe"), kind="danger", icon_name="x"),
            ], className="acts"),
            html.P(_(
                "Unsubscribing destroys the key of your address: nothing here can be read any more, by us either."
            ), className="hint"),
        ]), title=_("Pause or end")),
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
            page_head(_("You are unsubscribed"), lead=_("Nothing more is sent, and your address is destroyed.")),
        ])  # fmt: skip
    return stack([
        page_head(_("Unsubscribe"), lead=_("One click ends this subscription and destroys the address.")),
        card(html.Form(
            html.Div(button(_("Unsubscribe"), kind="primary", submit=True), className="acts"), action=action,
            method="post",
        )),
    ], gap="large")  # fmt: skip


def _broken(view: SubscriptionView) -> Node:
    if view.state is not SubscriberState.BROKEN:
        return None
    because = (view.broken_because or "").replace("_", " ")
    told = _(
        "What we sent was not taken ({reason}). Mend it, let it go on, and send again what it missed.", reason=because
    )
    return banner(_("Nothing is sent any more"), told, state=State.BAD)


def _webhook(view: SubscriptionView, act: Act) -> Component:
    signing = _("two secrets, until the old one retires after a day") if view.secrets > 1 else _("one secret")
    return card(stack([
        facts({_("Address"): view.target, _("Signed with"): signing}),
        html.Div([
            act("test", _("Send a test"), icon_name="send"),
            act("rotate", _("New secret"), icon_name="key-round"),
        ], className="acts"),
    ]), title=_("Webhook"))  # fmt: skip


def _told(view: SubscriptionView, act: Act, now: datetime) -> Component:
    if not view.told:
        return card(html.P(_("Nothing yet: nothing has happened since you subscribed."), className="dim"),
                    title=_("What you were told"))  # fmt: skip
    rows = [html.Tr([
        html.Td(timestamp(each.at, now=now)),
        html.Th(said(each.title), scope="row"),
        html.Td(flatten([_state(each), html.Span(f" {each.detail}", className="dim small") if each.detail else None])),
        html.Td(act("replay", _("Send again"), message_id=each.message_id) if each.message_id else fmt.DASH),
    ]) for each in view.told]  # fmt: skip
    heads = (_("When"), _("What"), _("Outcome"), _("Again"))
    return card(table(_("What you were told, the newest first"), heads, rows), title=_("What you were told"))


def _state(told: ToldView) -> Component:
    word, colour = _TOLD.get(told.state, (told.state, State.PLAIN))
    return chip(_(word), colour)

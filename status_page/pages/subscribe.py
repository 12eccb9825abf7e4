"""Subscribing: the form, what comes after it, and how receivers verify what we send."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dash import html
from dash.development.base_component import Component

from services.components.views import ComponentsView
from services.subscribers import Channel, Choices
from status_page.frame import PREFIX
from web.ui import (
    Node,
    Option,
    button,
    card,
    checkbox,
    fields,
    form,
    hidden,
    link,
    mono,
    page_head,
    prose,
    segmented_links,
    select,
    stack,
    text_input,
)
from web.ui.nodes import attrs

SUBSCRIBE: Final = f"{PREFIX}subscribe/"
CHANNELS: Final[Mapping[Channel, str]] = {
    Channel.EMAIL: "E-mail",
    Channel.WEBHOOK: "Webhook",
    Channel.SLACK: "Slack",
}
_LEADS: Final[Mapping[Channel, str]] = {
    Channel.EMAIL: "News of incidents and maintenance in your mailbox.",
    Channel.WEBHOOK: "News of incidents, maintenance and components for your own program, signed.",
    Channel.SLACK: "News of incidents and maintenance in a Slack channel.",
}
_IMPACTS: Final = (
    Option("none", "Everything"),
    Option("minor", "Minor impact and worse"),
    Option("major", "Major impact and worse"),
    Option("critical", "Critical impact only"),
)
COMPONENT_FIELD: Final = "c-"
"""What begins the name of a component's checkbox."""
_SINGLE_COMPONENTS_MAX: Final = 60
VERIFYING: Final = """\
from standardwebhooks import Webhook, WebhookVerificationError

def handle(body: bytes, headers: dict[str, str], secret: str) -> dict:
    # body: exactly the bytes that arrived; secret: the whsec_… that was shown once.
    try:
        return Webhook(secret).verify(body, headers)
    except (WebhookVerificationError, ValueError):
        raise PermissionError("not from the status page") from None
"""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody has entered so far, and what is wrong with it (control id to message)."""

    email: str = ""
    target: str = ""
    choices: Choices = field(default_factory=Choices)
    errors: Mapping[str, str] = field(default_factory=dict)


def subscribe_page(channel: Channel, given: Given, components: ComponentsView, csrf_token: str) -> Component:
    """The whole content of the page."""
    ways = [Option(each, label, href=f"?by={each}") for each, label in CHANNELS.items()]
    return stack([
        page_head("Subscribe", lead="Hear of incidents and maintenance when they happen, and of nothing else."),
        segmented_links("How you are told", ways, channel),
        card(
            form(
                [
                    html.P(_LEADS[channel], className="dim"),
                    hidden("channel", channel),
                    *_addresses(channel, given),
                    choice_fields(given.choices, components),
                ],
                action=SUBSCRIBE,
                csrf_token=csrf_token,
                actions=button("Send me the link to confirm", kind="primary", submit=True, icon_name="mail"),
                errors=given.errors,
            ),
            title=CHANNELS[channel],
        ),
        card(
            prose([
                ("You get a letter with a link. Nothing is sent before you follow it, and every letter after that has "
                 "a link that ends it with one click."),
                "Your address is stored encrypted under a key of its own, which is destroyed when you unsubscribe.",
                ["Without an address at all: ", link("RSS", f"{PREFIX}feed.rss"), ", ",
                 link("Atom", f"{PREFIX}feed.atom"), ", ", link("calendar", f"{PREFIX}calendar.ics"), "."],
            ]),
            title="What happens next",
        ),
        _verifying(),
    ], gap="large")  # fmt: skip


def _addresses(channel: Channel, given: Given) -> list[Component]:
    hint = None if channel is Channel.EMAIL else "Confirms and manages the subscription, and hears where it fails."
    email = text_input(
        "Your e-mail address", id="email", type="email", value=given.email, hint=hint, autoComplete="email",
        maxLength=254, error=given.errors.get("email"),
    )  # fmt: skip
    if channel is Channel.EMAIL:
        return [email]
    label, placeholder = ("Webhook address", "https://example.com/hooks/status")
    target_hint = "A public address that takes POST requests and answers 2xx within 20 seconds."
    if channel is Channel.SLACK:
        label, placeholder = "Incoming webhook of your channel", "https://hooks.slack.com/services/…"
        target_hint = "In Slack: Apps, Incoming Webhooks, Add to a channel."
    target = text_input(
        label, id="target", type="url", value=given.target, hint=target_hint, placeholder=placeholder, maxLength=1000,
        spellCheck=False, autoComplete="off", error=given.errors.get("target"),
    )  # fmt: skip
    return [target, email]


def choice_fields(choices: Choices, components: ComponentsView) -> Component:
    """What one wants to hear of: from which severity on, and of which components."""
    return stack([
        select("Incidents", _IMPACTS, id="min_impact", value=choices.min_impact),
        fields(
            [
                checkbox("Planned maintenance", id="maintenance", checked=choices.maintenance),
                checkbox("Changes of single components", id="component_changes", checked=choices.component_changes),
            ],
            legend="Also tell me of",
        ),
        _component_fields(choices.component_ids, components),
    ])  # fmt: skip


def _component_fields(chosen: Collection[str], view: ComponentsView) -> Component | None:
    singles = {each.id: each for each in view.components} if len(view.components) <= _SINGLE_COMPONENTS_MAX else {}
    boxes: list[Component] = []
    for group in view.groups:
        boxes.append(_box(group.id, html.B(group.name), chosen))
        boxes += [_box(each, singles[each].name, chosen) for each in group.component_ids if each in singles]
    boxes += [_box(each.id, each.name, chosen) for each in singles.values() if each.group_id is None]
    if not boxes:
        return None
    summary = f"{len(chosen)} chosen" if chosen else "all of them"
    return html.Details(
        [
            html.Summary(["Only of certain components ", html.Span(f"({summary})", className="dim")]),
            html.P("Leave all unticked to hear of everything.", className="hint"),
            fields(boxes),
        ],
        open="open" if chosen else None,
    )


def _box(component_id: str, label: Node, chosen: Collection[str]) -> Component:
    name = f"{COMPONENT_FIELD}{component_id}"
    return checkbox(label, id=name, name=name, checked=component_id in chosen)


def sent_page() -> Component:
    """What whoever asked reads, whether their address was known or not."""
    return stack([
        page_head("Look into your mailbox"),
        card(prose([
            ("If the address is right, a letter with a link is on its way. It may take a minute; look into the folder "
             "for unwanted mail too. An address gets three such letters a day at the most."),
            [link("Back to the status", PREFIX)],
        ])),
    ], gap="large")  # fmt: skip


def confirm_page(channel: Channel, target: str, action: str, csrf_token: str, *, confirmed: bool) -> Component:
    """The question that the letter's link leads to; asking is left to a button, since mail scanners follow links."""
    said = f"{CHANNELS[channel]}: {target}"
    if confirmed:
        return stack([
            page_head("Confirmed already", lead=said),
            card(prose(["You are subscribed. The newest letter has the link that manages it."])),
        ], gap="large")  # fmt: skip
    return stack([
        page_head("Confirm your subscription", lead=said),
        card(form(
            html.P("From then on you are told of what you chose."),
            action=action,
            csrf_token=csrf_token,
            actions=button("Confirm", kind="primary", submit=True, icon_name="check"),
        )),
    ], gap="large")  # fmt: skip


def confirmed_page(manage_href: str, secret: str | None) -> Component:
    """What follows: the link to manage it, and a webhook's secret, which is shown this once."""
    return stack([
        page_head("You are subscribed", lead="The next incident or maintenance reaches you."),
        secret_card(secret) if secret else None,
        card(prose([
            ["Change, pause or end it: ", link("manage the subscription", manage_href), "."],
            "Every letter has this link too; keep it to yourself.",
        ])),
    ], gap="large")  # fmt: skip


def secret_card(secret: str) -> Component:
    """A webhook's secret, to be copied now."""
    return card(
        stack([
            html.P("Our messages are signed with this. It is shown this once; store it where your receiver reads it."),
            html.P(mono(secret), className="secret"),
        ]),
        title="Signing secret",
    )  # fmt: skip


def over_page(title: str, said: str) -> Component:
    """A link that does not open anything any more."""
    return stack([
        page_head(title, lead=said),
        card(prose([["You can ", link("subscribe anew", SUBSCRIBE), "."]])),
    ], gap="large")  # fmt: skip


def _verifying() -> Component:
    sentences: Sequence[Node] = [
        ["Each message carries ", mono("webhook-id"), ", ", mono("webhook-timestamp"), " and ",
         mono("webhook-signature"), ", as the Standard Webhooks specification says. In Python:"],
    ]  # fmt: skip
    return card(
        stack([
            prose(sentences),
            html.Div(
                html.Pre(VERIFYING, className="mono", tabIndex="0", role="region",
                         **attrs(aria_label="Verifying in Python")),
                className="written",
            ),
            prose([
                ("A message keeps its id at every attempt, so a second copy is known by it. Answer 2xx within 20 "
                 "seconds; a redirect is a failure. We try ten times over three days, then switch the webhook off and "
                 "write to its owner; 410 switches it off at once. While a secret is replaced, both sign for a day."),
            ]),
        ]),
        title="Verify our webhooks",
        id="webhooks",
    )  # fmt: skip

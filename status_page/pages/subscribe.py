"""Subscribing: the form, what comes after it, and how receivers verify what we send."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from web.ui.language import _, filled, later, ngettext
from web.ui.nodes import attrs

SUBSCRIBE: Final = f"{PREFIX}subscribe/"
CHANNELS: Final[Mapping[Channel, str]] = {
    Channel.EMAIL: later("E-mail"),
    Channel.WEBHOOK: later("Webhook"),
    Channel.SLACK: later("Slack"),
}
_LEADS: Final[Mapping[Channel, str]] = {
    Channel.EMAIL: later("News of incidents and maintenance in your mailbox."),
    Channel.WEBHOOK: later("News of incidents, maintenance and components for your own program, signed."),
    Channel.SLACK: later("News of incidents and maintenance in a Slack channel."),
}
_IMPACTS: Final = (
    Option("none", later("Everything")),
    Option("minor", later("Minor impact and worse")),
    Option("major", later("Major impact and worse")),
    Option("critical", later("Critical impact only")),
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
    ways = [Option(each, _(label), href=f"?by={each}") for each, label in CHANNELS.items()]
    return stack([
        page_head(_("Subscribe"),
                  lead=_("Hear of incidents and maintenance when they happen, and of nothing else.")),
        segmented_links(_("How you are told"), ways, channel),
        card(
            form(
                [
                    html.P(_(_LEADS[channel]), className="dim"),
                    hidden("channel", channel),
                    *_addresses(channel, given),
                    choice_fields(given.choices, components),
                ],
                action=SUBSCRIBE,
                csrf_token=csrf_token,
                actions=button(_("Send me the link to confirm"), kind="primary", submit=True, icon_name="mail"),
                errors=given.errors,
            ),
            title=_(CHANNELS[channel]),
        ),
        card(
            prose([
                _("You get a letter with a link. Nothing is sent before you follow it, and every letter after that has "
                  "a link that ends it with one click."),
                _("Your address is stored encrypted under a key of its own, which is destroyed when you unsubscribe."),
                filled(_("Without an address at all: {rss}, {atom}, {calendar}."), rss=link("RSS", f"{PREFIX}feed.rss"),
                       atom=link("Atom", f"{PREFIX}feed.atom"),
                       calendar=link(_("calendar"), f"{PREFIX}calendar.ics")),
            ]),
            title=_("What happens next"),
        ),
        _verifying(),
    ], gap="large")  # fmt: skip


def _addresses(channel: Channel, given: Given) -> list[Component]:
    hint = None if channel is Channel.EMAIL else _("Confirms and manages the subscription, and hears where it fails.")
    email = text_input(
        _("Your e-mail address"), id="email", type="email", value=given.email, hint=hint, autoComplete="email",
        maxLength=254, error=given.errors.get("email"),
    )  # fmt: skip
    if channel is Channel.EMAIL:
        return [email]
    label, placeholder = (_("Webhook address"), "https://example.com/hooks/status")
    target_hint = _("A public address that takes POST requests and answers 2xx within 20 seconds.")
    if channel is Channel.SLACK:
        label, placeholder = _("Incoming webhook of your channel"), "https://hooks.slack.com/services/…"
        target_hint = _("In Slack: Apps, Incoming Webhooks, Add to a channel.")
    target = text_input(
        label, id="target", type="url", value=given.target, hint=target_hint, placeholder=placeholder, maxLength=1000,
        spellCheck=False, autoComplete="off", error=given.errors.get("target"),
    )  # fmt: skip
    return [target, email]


def choice_fields(choices: Choices, components: ComponentsView) -> Component:
    """What one wants to hear of: from which severity on, and of which components."""
    return stack([
        select(_("Incidents"), [replace(each, label=_(each.label)) for each in _IMPACTS], id="min_impact",
               value=choices.min_impact),
        fields(
            [
                checkbox(_("Planned maintenance"), id="maintenance", checked=choices.maintenance),
                checkbox(_("Changes of single components"), id="component_changes", checked=choices.component_changes),
            ],
            legend=_("Also tell me of"),
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
    summary = ngettext("{n} chosen", "{n} chosen", len(chosen), n=len(chosen)) if chosen else _("all of them")
    return html.Details(
        [
            html.Summary([_("Only of certain components"), " ", html.Span(f"({summary})", className="dim")]),
            html.P(_("Leave all unticked to hear of everything."), className="hint"),
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
        page_head(_("Look into your mailbox")),
        card(prose([
            _("If the address is right, a letter with a link is on its way. It may take a minute; look into the folder "
             "for unwanted mail too. An address gets three such letters a day at the most."),
            [link(_("Back to the status"), PREFIX)],
        ])),
    ], gap="large")  # fmt: skip


def confirm_page(channel: Channel, target: str, action: str, csrf_token: str, *, confirmed: bool) -> Component:
    """The question that the letter's link leads to; asking is left to a button, since mail scanners follow links."""
    said = _("{channel}: {address}", channel=_(CHANNELS[channel]), address=target)
    if confirmed:
        return stack([
            page_head(_("Confirmed already"), lead=said),
            card(prose([_("You are subscribed. The newest letter has the link that manages it.")])),
        ], gap="large")  # fmt: skip
    return stack([
        page_head(_("Confirm your subscription"), lead=said),
        card(form(
            html.P(_("From then on you are told of what you chose.")),
            action=action,
            csrf_token=csrf_token,
            actions=button(_("Confirm"), kind="primary", submit=True, icon_name="check"),
        )),
    ], gap="large")  # fmt: skip


def confirmed_page(manage_href: str, secret: str | None) -> Component:
    """What follows: the link to manage it, and a webhook's secret, which is shown this once."""
    return stack([
        page_head(_("You are subscribed"), lead=_("The next incident or maintenance reaches you.")),
        secret_card(secret) if secret else None,
        card(prose([
            filled(_("Change, pause or end it: {manage}."), manage=link(_("manage the subscription"), manage_href)),
            _("Every letter has this link too; keep it to yourself."),
        ])),
    ], gap="large")  # fmt: skip


def secret_card(secret: str) -> Component:
    """A webhook's secret, to be copied now."""
    return card(
        stack([
            html.P(_(
                "Our messages are signed with this. It is shown this once; store it where your receiver reads it."
            )),
            html.P(mono(secret), className="secret"),
        ]),
        title=_("Signing secret"),
    )  # fmt: skip


def over_page(title: str, said: str) -> Component:
    """A link that does not open anything any more."""
    return stack([
        page_head(title, lead=said),
        card(prose([filled(_("You can {subscribe_anew}."), subscribe_anew=link(_("subscribe anew"), SUBSCRIBE))])),
    ], gap="large")  # fmt: skip


def _verifying() -> Component:
    sentences: Sequence[Node] = [
        filled(
            _("Each message carries {id}, {timestamp} and {signature}, as the Standard Webhooks specification says. "
              "In Python:"),
            id=mono("webhook-id"), timestamp=mono("webhook-timestamp"), signature=mono("webhook-signature"),
        ),
    ]  # fmt: skip
    return card(
        stack([
            prose(sentences),
            html.Div(
                html.Pre(VERIFYING, className="mono", tabIndex="0", role="region",
                         **attrs(aria_label=_("Verifying in Python"))),
                className="written",
            ),
            prose([
                _("A message keeps its id at every attempt, so a second copy is known by it. Answer 2xx within 20 "
                 "seconds; a redirect is a failure. We try ten times over three days, then switch the webhook off and "
                 "write to its owner; 410 switches it off at once. While a secret is replaced, both sign for a day."),
            ]),
        ]),
        title=_("Verify our webhooks"),
        id="webhooks",
    )  # fmt: skip

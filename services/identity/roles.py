"""Roles, and what each may do: the one place where permissions are given."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the platform."""

    VISITOR = "visitor"
    """Anybody who is not signed in; never granted, always there."""
    FAN = "fan"
    CREATOR = "creator"
    AFFILIATE = "affiliate"
    AGENCY = "agency"
    OPERATOR = "operator"
    COMPLIANCE = "compliance"
    ADMIN = "admin"


STAFF = frozenset({Role.OPERATOR, Role.COMPLIANCE, Role.ADMIN})
"""Roles that need a second factor before any permission of theirs is granted."""

IN_ORGANISATION = frozenset({Role.AFFILIATE, Role.AGENCY})
"""Roles that a person has in one organisation, not on the platform as a whole."""

PERMISSIONS: Mapping[str, str] = {
    "admin.enter": "Enter the staff surface.",
    "catalogue.publish": "Publish and withdraw titles.",
    "catalogue.read": "See what can be watched.",
    "components.arrange": "Make, name, order, connect and archive components and groups.",
    "components.hear": "Take in what probes, incidents and maintenance say of components.",
    "components.override": "Say by hand how a component stands or stood, with a recorded reason.",
    "components.read": "Read how components stand and stood.",
    "components.review": "See how components are arranged, what was archived, and what was said of them by hand.",
    "components.roll_up": "Store what whole groups of components came to.",
    "components.seed": "Make the first components, import some from elsewhere, and make and remove the demo's.",
    "dashboards.enter": "Enter the reading surface.",
    "evidence.pulse": "Notice that something public changed, without reading what.",
    "evidence.read": "Search the audit trail.",
    "identity.correspond": "Read whom a letter goes to, in order to deliver it.",
    "identity.demo": "Make and remove the demo's people.",
    "identity.found": "From the command line: invite the first administrator, take a lost second factor off.",
    "identity.invite": "Invite people, and see and withdraw open invitations.",
    "identity.manage": "Grant and withdraw roles, suspend, reinstate, sign people out, reset their second factor.",
    "identity.own.enrol": "Set up one's own second factor.",
    "identity.own.leave": "Sign oneself out.",
    "identity.own.secure": "Change one's own password, recovery codes and sign-ins.",
    "identity.people.read": "See who has an account, for a stated purpose that is recorded.",
    "identity.sign_in": "Sign in, accept an invitation, ask for and use a reset link.",
    "identity.tidy": "Drop ended sign-ins, used links and old counters.",
    "identity.verify": "Give the second factor of a sign-in that is under way.",
    "imports.run": "Bring components, incidents, subscribers and probes over from files of other products.",
    "incidents.drafts.read": "See incidents with their drafts, and who changed which word.",
    "incidents.manage": "Declare incidents, post updates, plan maintenance, publish post-mortems.",
    "incidents.read": "Read what is said of incidents and maintenance.",
    "incidents.run": "Open and close incidents of breaches, and let maintenance begin, end and remind by the clock.",
    "metrics.forget": "Remove everything that one origin measured, such as the demo.",
    "metrics.playback.read": "Read playback figures in full detail.",
    "metrics.read": "Read the live figures.",
    "metrics.record": "Write measurements.",
    "metrics.report": "Hand in the reports of a player, and read back one's own session.",
    "metrics.run": "Fold waiting reports into measurements, and drop what is past its keeping.",
    "notifications.deliver": "Compose, send and settle messages.",
    "notifications.read": "See messages and their delivery, without their content.",
    "notifications.retry": "Send a failed message again.",
    "payments.buy": "Place an order, pay it, and read it with its key.",
    "payments.forget": "Remove the orders and payouts of the demo.",
    "payments.notify": "Hand in a notice of the payment processor.",
    "payments.payout.approve": "Approve or reject a payout.",
    "payments.payout.request": "Request a payout for a creator.",
    "payments.price": "Set what a title costs.",
    "payments.read": "See orders and payouts.",
    "payments.settle": "Ask the payment processor, and note what it says.",
    "partners.authenticate": "Be recognised by an API key.",
    "partners.manage": "Make, list and revoke API keys.",
    "probes.demo": "Remove the demo's probes.",
    "probes.manage": "Make, change, pause and remove probes.",
    "probes.read": "See probes and what they found.",
    "probes.report": "Fetch the assignments of a vantage, and hand in its results.",
    "probes.seed": "Make the probes that an installation begins with.",
    "probes.run": "Judge silence, and keep the store of results small.",
    "releases.note": "Note that a version went live.",
    "releases.read": "Read when which version went live.",
    "slas.manage": "Set targets and windows of service levels, and agree on components, each with a recorded reason.",
    "slas.read": "Read what is promised, how it stands, and when it was broken.",
    "slas.review": "See how service levels were set, by whom and why.",
    "slas.run": "Judge service levels, open and close breaches, and keep what maintenance leaves out.",
    "subscribers.manage": "End a subscription, and send its letters again.",
    "subscribers.read": "See who subscribed to what, for a stated purpose that is recorded.",
    "subscribers.run": "Tell subscribers, settle what became of it, and drop what is over.",
    "subscribers.subscribe": "Subscribe to the status page, and manage one's own subscription by its link.",
    "webhooks.read": "See webhooks and what became of their messages.",
    "webhooks.replay": "Send webhook messages again, and tests.",
    "webhooks.run": "Deliver webhook messages, and drop what is over.",
    "shares.follow": "Follow a share link, which is counted.",
    "shares.manage": "Make, list and revoke share links to the investor view.",
    "work.keep": "List work that was set aside, and forget what is long closed.",
    "work.read": "See background work, what waits and what failed.",
    "work.resume": "Resume, rewind or cancel background work.",
}
"""Every permission, and what it allows in words."""

PUBLIC_PERMISSIONS = frozenset(
    {
        "catalogue.read",
        "components.read",
        "identity.sign_in",
        "incidents.read",
        "metrics.read",
        "metrics.report",
        "shares.follow",
        "partners.authenticate",
        "payments.buy",
        "releases.read",
        "slas.read",
        "subscribers.subscribe",
    }
)
"""What anybody may do."""

OWN_PERMISSIONS = PUBLIC_PERMISSIONS | {"identity.own.enrol", "identity.own.leave", "identity.own.secure"}
"""What everybody who is fully signed in may do."""

VERIFYING_PERMISSIONS = PUBLIC_PERMISSIONS | {"identity.verify", "identity.own.leave"}
"""What a sign-in may do whose second factor is still due."""

ENROLLING_PERMISSIONS = PUBLIC_PERMISSIONS | {"identity.own.enrol", "identity.own.leave"}
"""What a member of staff may do before they have set up a second factor."""

_OPERATOR = OWN_PERMISSIONS | {
    "admin.enter",
    "dashboards.enter",
    "components.arrange",
    "components.override",
    "components.review",
    "evidence.read",
    "imports.run",
    "incidents.drafts.read",
    "incidents.manage",
    "metrics.playback.read",
    "notifications.read",
    "notifications.retry",
    "payments.payout.approve",
    "payments.payout.request",
    "payments.price",
    "payments.read",
    "probes.manage",
    "probes.read",
    "releases.note",
    "slas.manage",
    "slas.review",
    "subscribers.manage",
    "subscribers.read",
    "webhooks.read",
    "webhooks.replay",
    "work.read",
    "work.resume",
}

ROLE_PERMISSIONS: Mapping[Role, frozenset[str]] = {
    Role.VISITOR: PUBLIC_PERMISSIONS,
    Role.FAN: OWN_PERMISSIONS,
    Role.CREATOR: OWN_PERMISSIONS | {"dashboards.enter", "metrics.playback.read"},
    Role.AFFILIATE: OWN_PERMISSIONS,
    Role.AGENCY: OWN_PERMISSIONS | {"dashboards.enter", "metrics.playback.read"},
    Role.OPERATOR: _OPERATOR,
    Role.COMPLIANCE: OWN_PERMISSIONS
    | {
        "admin.enter",
        "components.review",
        "dashboards.enter",
        "evidence.read",
        "identity.people.read",
        "incidents.drafts.read",
        "metrics.playback.read",
        "notifications.read",
        "payments.read",
        "slas.review",
        "subscribers.read",
        "probes.read",
        "webhooks.read",
        "work.read",
    },
    Role.ADMIN: _OPERATOR
    | {"identity.invite", "identity.manage", "identity.people.read", "partners.manage", "shares.manage"},
}
"""What each role may do; a person may do what any of their roles may."""


KEY_PERMISSIONS = frozenset(
    {
        "components.arrange",
        "components.override",
        "components.review",
        "incidents.drafts.read",
        "incidents.manage",
        "metrics.playback.read",
    }
)
"""What an API key may be given by somebody who has it themselves."""

MACHINE_PERMISSIONS = frozenset({"probes.report"})
"""What only programs do: whoever manages API keys may give it to one."""


def permissions_of(roles: frozenset[Role]) -> frozenset[str]:
    """Return what somebody with these roles may do."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))


def is_staff(roles: frozenset[Role]) -> bool:
    """Tell whether these roles need a second factor."""
    return bool(roles & STAFF)

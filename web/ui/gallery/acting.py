"""What is done: controls, forms, messages and dialogs in every state."""

from dash import html
from dash.development.base_component import Component

from web.ui import feedback, figures, forms, layout, overlays
from web.ui import format as fmt
from web.ui.controls import Option, Tab, button, segmented, segmented_links, switch, tabs
from web.ui.feedback import Step
from web.ui.gallery.reading import LONG
from web.ui.icons import ICONS, icon
from web.ui.nodes import Node, attrs
from web.ui.theme import State


def buttons() -> Component:
    """Buttons, segmented controls, tabs, facts."""
    ranges = [Option("day", "24 hours", href="#day"), Option("week", "7 days", href="#week")]
    row: list[Component] = [
        button("New flag", kind="primary", icon_name="plus"),
        button("Export", icon_name="download"),
        button("Restore baseline…", kind="danger", icon_name="circle-x", opens="gallery-confirm"),
        button("More", kind="quiet", icon_name="ellipsis", icon_only=True),
        button("Not now", disabled=True),
    ]
    choices: list[Component] = [
        segmented("Range", ranges, "week", id="gallery-range"),
        segmented_links("Range as links", ranges, "day"),
    ]
    items = [
        Tab("timeline", "Timeline", html.P("What happened, minute by minute."), "12"),
        Tab("affected", "Affected", html.P("Who was affected.")),
    ]
    details: dict[str, Node] = {"Owner": "Delivery", "Rolled out": "25 % since 14:02 UTC", "Reason": LONG}
    parts: list[Node] = [
        html.Div(row, className="acts"),
        html.Div(choices, className="acts"),
        tabs("Details", items, id="gallery-tabs"),
        layout.facts(details),
    ]
    return layout.card(layout.stack(parts), title="Controls")


def fresh_form() -> Component:
    """A form that nobody has sent yet."""
    roles = [Option("viewer", "Viewer"), Option("operator", "Operator")]
    ways = [
        Option("mail", "By e-mail", hint="A link that works once, for an hour"),
        Option("app", "By app", hint="Six digits that change every half minute"),
        Option("key", "By security key", hint="Not in this organisation", disabled=True),
    ]
    fields: list[Node] = [
        forms.text_input("E-mail", id="gallery-mail", type="email", hint="Where the invitation goes"),
        forms.select("Role", roles, id="gallery-role", value="operator"),
        forms.text_area("Note", id="gallery-note", required=False, placeholder="What they should know"),
        forms.radio_group("Second factor", ways, id="gallery-way", value="app"),
        forms.checkbox("Require a new password", id="gallery-new", checked=True),
        switch("Notify at once", on=True, id="gallery-notify"),
    ]
    actions: list[Node] = [
        button("Send invitation", kind="primary", submit=True, busy_label="Sending…"),
        button("Cancel", href="#"),
    ]
    return layout.card(forms.form(fields, action="#", csrf_token=None, actions=actions), title="Form")


def refused_form() -> Component:
    """A form that came back with errors."""
    code, policy = "Enter the six digits of your app.", "Tick the box to go on."
    confirm: list[Node] = [
        forms.text_input("Code", id="gallery-code", value="12 34", error=code, inputMode="numeric"),
        forms.text_input("Until", id="gallery-until", type="date"),
    ]
    fields: list[Node] = [
        forms.error_summary({"gallery-code": code, "gallery-policy": policy}, focus=False),
        forms.fields(confirm, legend="Confirm"),
        forms.checkbox("I have read the policy", id="gallery-policy", error=policy),
        forms.text_input("Organisation", id="gallery-org", value="Northlight", disabled=True, required=False),
    ]
    send = button("Confirm", kind="primary", submit=True)
    return layout.card(forms.form(fields, action="#", csrf_token=None, actions=send), title="Refused form")


def banners() -> list[Node]:
    """Banners of each meaning."""
    words: list[Node] = [
        "Checkout success fell by 3.1 points in the treated group. ",
        html.A("See the decision", href="#"),
    ]
    review = button("Review", href="#")
    states = (State.GOOD, State.BAD, State.PLAN, State.PLAIN)
    return [
        feedback.banner("checkout-one-page was rolled back at 14:06", words, actions=review),
        *(feedback.banner(f"A banner that is {state}", "With words under it.", state=state) for state in states),
    ]


def messages() -> list[Node]:
    """Progress, toasts, funnel, incident."""
    steps = [
        Step("Read 48,212 sales", "done", "2.1 s"),
        Step("Compute commissions", "running", "31,020 of 48,212"),
        Step("Write statements", "waiting"),
        Step("Notify bank", "failed", "The bank did not answer; it is tried again at 14:10 UTC"),
    ]
    run = feedback.progress(
        "Payout run of 24 November", 0.64, detail="About 40 s left", steps=steps, actions=button("Stop", kind="danger")
    )
    notices: list[Node] = [
        feedback.progress("Importing", None),
        feedback.toast("Flag saved", "Live everywhere within 10 s.", state=State.GOOD),
        feedback.toast("Saved, but not announced", "Slack did not answer.", state=State.WARN),
        feedback.toast("Not saved", "Somebody else changed it. Reference 7f3a90c2", state=State.BAD),
    ]
    funnel: list[Node] = [
        layout.funnel_row("Clicks", 1, "48,210"),
        layout.funnel_row("Visited a title", 0.661, "31,877", "66.1 %"),
        layout.funnel_row("Paid", 0.081, "3,904", "12.2 %"),
    ]
    meta: list[Node] = ["29 min", html.A("Post-mortem", href="#")]
    incident = layout.incident(
        "Video start slower in Europe",
        day="21 Nov",
        hours=f"14:02 {fmt.DASH} 14:31 UTC",
        badge=figures.chip("resolved"),
        text=LONG,
        meta=meta,
    )
    return [
        layout.card(run, title="Progress"),
        layout.card(layout.stack(notices), title="Toasts"),
        layout.card(funnel, title="From click to sale"),
        layout.card(incident, title="Incidents"),
    ]


def icons() -> Component:
    """All icons with their names."""
    rows = [html.Li([icon(name), html.Span(name)]) for name in sorted(ICONS)]
    return html.Ul(rows, className="iconlist card", **attrs(aria_label="Icons"))


def confirm(*, shown: bool) -> Component:
    """A dialog that asks before a dangerous act."""
    actions: list[Node] = [button("Restore baseline", kind="danger"), overlays.cancel_button()]
    return overlays.dialog(
        "Restore the baseline?",
        forms.text_input("Reason", id="gallery-reason", hint="It is kept in the audit log."),
        id="gallery-confirm",
        lead="All 38 flags go back to the state of 21 Nov 2026, 14:02 UTC. Running experiments end.",
        actions=actions,
        open=shown,
    )

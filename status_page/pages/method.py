"""How we measure: what a figure is, where it comes from, and what we do with what is missing."""

from dash import html
from dash.development.base_component import Component

from services.components.views import UptimePolicy
from services.metrics.views import FigureView
from status_page.presentation import HREF, samples, target, window
from status_page.state import StatusState
from status_page.supplied import said
from web.ui import card, facts, page_head, prose, stack
from web.ui.language import _


def method_page(state: StatusState, policy: UptimePolicy) -> Component:
    """The whole content of the page; `policy` is what the arithmetic of uptime reads."""
    return stack([
        page_head(_("How we measure"), lead=_("What stands behind every figure on these pages.")),
        *[_figure(figure) for figure in state.figures],
        card(
            prose([
                _("Players report what happened to them: they send CMCD version 2 event reports (CTA-5004-B) while "
                "a video plays. A report that we acknowledged is stored before we say so."),
                _("Join time runs from the play instruction to the first frame that moves. Stalls are rebuffering "
                "after the start; seeking and pauses are not stalls. A report that arrives twice counts once; one that "
                "arrives late or out of order is put in its place."),
            ]),
            title=_("Where the measurements come from"),
        ),
        card(
            prose([
                _("Each minute keeps a mergeable quantile sketch, whose quantiles are within 1 % of the exact ones. A "
                "longer window is the merge of its minutes, hours and days. A 95th percentile over a day is therefore "
                "the percentile of all plays of that day, and never an average of smaller percentiles."),
                _("Ratios are sums divided by sums: all time stalled over all time stalled or played."),
            ]),
            title=_("How they are put together"),
        ),
        card(
            prose([
                _("Nothing measured is shown as no data; it is neither zero nor green. With too few plays a figure is "
                "shown and not judged. When nothing new arrives, the figure says how old it is. When our own database "
                "cannot be read, the page shows the last good state with its age."),
                _("Exits before start are counted beside join time, because a service that loses its impatient viewers "
                "would otherwise look faster than it is."),
            ]),
            title=_("What we do with what is missing"),
        ),
        *_accounting(state, policy),
    ], gap="large")  # fmt: skip


def _accounting(state: StatusState, policy: UptimePolicy) -> list[Component]:
    """How components are found to be down, what counts as uptime, and when a promise counts as broken."""
    rules = [html.Span([html.B(f"{said(sla.title)}. "), said(sla.policy)]) for sla in state.slas]
    return [
        card(
            prose([
                _("Components are asked from several places, each a program of its own with its own key. A component "
                "is down once enough places agree; fewer than that are shown as such. A place that falls silent says "
                "nothing: where too few are left to judge, the state is not known, which is neither up nor down."),
                _("One failed answer is no outage: a change counts once it is confirmed, and then from when it began. "
                "Every raw answer is kept."),
                _("Maintenance never hides an outage: what is worse is shown. What a person sets by hand is shown as "
                "set by hand, with the reason."),
            ]),
            title=_("How components are judged"),
        ),
        card(prose([said(each) for each in policy.words]), title=_("What counts as uptime")),
        card(
            prose([
                _("A promise counts as broken by the rate at which its budget burns, never by one bad sample: each "
                "rule looks at a long and a short window, and fires where both burn faster than its factor. A rule "
                "judges once its long window is full; until then the page says so. A breach opens an incident by "
                "itself, and closes it once the long window is healthy."),
                _("What is left of a budget has a sign: below zero more went wrong than was allowed."),
                *rules,
            ]),
            title=_("When a promise counts as broken"),
        ),
    ]  # fmt: skip


def _figure(figure: FigureView) -> Component:
    return card(
        [
            prose([said(figure.definition)]),
            facts({
                _("Target"): target(figure).text,
                _("Window"): _("the last {span}", span=window(figure)),
                _("Judged from"): samples(figure, figure.minimum_samples),
                _("Raw counts and history"): html.A(_("{title} in full", title=said(figure.title)),
                                                      href=HREF.format(name=figure.name)),
            }),
        ],
        title=said(figure.title),
    )  # fmt: skip

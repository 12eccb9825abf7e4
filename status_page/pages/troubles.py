"""Troubles that no incident tells of: over before any rule fired, or not bad enough for one."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from services.components.views import TroubleView
from status_page.supplied import said
from status_page.wording import STATUS_STATES, component_href, span_of, status_word
from web.ui import Node, card, fmt, stack, state_word
from web.ui.language import _
from web.ui.nodes import flatten

SHOWN_MOST = 25
DAYS = 30


def troubles_card(troubles: Sequence[TroubleView]) -> Node:
    """The newest of them, each with its length and cause; nothing where there are none."""
    if not troubles:
        return None
    more = len(troubles) - SHOWN_MOST
    return card(
        stack([
            html.P(_("What components went through and no incident tells of: it was over before any rule fired, or not "
                     "bad enough for one. Each counts in the days and the service levels of its component."),
                   className="small dim"),
            html.Ul([_row(each) for each in troubles[:SHOWN_MOST]], className="lines"),
            html.P(fmt.counted(more, "{n} earlier one on the pages of the components.",
                               "{n} earlier ones on the pages of the components."), className="small dim")
            if more > 0 else None,
        ], gap="small"),
        title=_("Troubles without an incident"),
        aside=html.Span(_("last {n} days", n=DAYS), className="dim small"),
    )  # fmt: skip


def _row(trouble: TroubleView) -> Component:
    time = fmt.duration((trouble.ends_at - trouble.starts_at).total_seconds())
    because: Node = f" {fmt.DASH} {said(trouble.reason)}" if trouble.reason else None
    return html.Li([
        state_word(status_word(trouble.worst), STATUS_STATES[trouble.worst]),
        html.A(trouble.name, href=component_href(trouble.component_id)),
        html.Span(flatten([
            span_of(trouble.starts_at, trouble.ends_at), _(", lasted {time}", time=time), because,
        ]), className="dim"),
    ])  # fmt: skip

"""Troubles that no incident tells of: over before any rule fired, or not bad enough for one."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from services.components.views import TroubleView
from status_page.wording import STATUS_STATES, STATUS_WORDS, component_href, span_of
from web.ui import Node, card, fmt, stack, state_word
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
            html.P("What components went through and no incident tells of: it was over before any rule fired, or not "
                   "bad enough for one. Each counts in the days and the service levels of its component.",
                   className="small dim"),
            html.Ul([_row(each) for each in troubles[:SHOWN_MOST]], className="lines"),
            html.P(f"{fmt.plural(more, 'earlier one')} on the pages of the components.", className="small dim")
            if more > 0 else None,
        ], gap="small"),
        title="Troubles without an incident",
        aside=html.Span(f"last {DAYS} days", className="dim small"),
    )  # fmt: skip


def _row(trouble: TroubleView) -> Component:
    lasted = fmt.duration((trouble.ends_at - trouble.starts_at).total_seconds())
    because: Node = f" {fmt.DASH} {trouble.reason}" if trouble.reason else None
    return html.Li([
        state_word(STATUS_WORDS[trouble.worst], STATUS_STATES[trouble.worst]),
        html.Span(flatten([
            html.A(trouble.name, href=component_href(trouble.component_id)), ", ",
            span_of(trouble.starts_at, trouble.ends_at), f", lasted {lasted}", because,
        ]), className="dim"),
    ])  # fmt: skip

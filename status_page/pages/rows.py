"""Rows that several public pages share: components with their days, groups, incidents in a list."""

import re
from collections.abc import Sequence
from datetime import datetime
from html import unescape

from dash import html
from dash.development.base_component import Component

from services.components.views import ComponentStatus, ComponentView, GroupView
from services.incidents.views import IncidentView
from status_page.supplied import said
from status_page.wording import (
    IMPACT_STATES,
    STATUS_STATES,
    began_at,
    component_href,
    day_states,
    ended_at,
    group_counts,
    impact_chip,
    incident_href,
    lasted,
    moment,
    phase_chip,
    status_word,
)
from web.ui import Markup, Node, fmt, state_word, uptime
from web.ui.language import _, filled
from web.ui.nodes import classes, flatten
from web.ui.theme import State

DAYS = {"90": 90, "30": 30}
"""How many days the bars may show, by the word in the address."""
WORDS_MAX = 280
_TAG = re.compile(r"<[^>]*>")


def component_row(view: ComponentView, days: int = 90) -> Component:
    """A component: its name, state, days, and what is to be said of it."""
    state = state_word(status_word(view.status), STATUS_STATES[view.status])
    title = html.A(view.name, href=component_href(view.id))
    because = reason(view)
    if not view.showcase:
        head = html.Div([html.H3(title, className="name"), state], className="pair")
        return html.Div(flatten([head, because]), className="uptime", id=f"component-{view.id}")
    return uptime(
        view.name,
        day_states(view.days[-days:]),
        state_label=state,
        availability=view.uptime_ratio,
        id=f"component-{view.id}",
        title=title,
        below=because,
    )


def reason(view: ComponentView) -> Node:
    """Why a component stands as it does, where it is not simply well."""
    if view.status is ComponentStatus.OPERATIONAL and not view.overridden:
        return None
    told = _("Set by a person: {reason} Since {moment}.") if view.overridden else _("{reason} Since {moment}.")
    because = filled(told, reason=said(view.status_reason), moment=moment(view.status_since_at))
    return html.P(flatten(because), className="small dim reason")


def group_row(view: GroupView, days: int = 90) -> Component:
    """A group as one row, where it has too many components for one page."""
    href = f"/status/groups/{view.id}/"
    return uptime(
        view.name,
        day_states(view.days[-days:]),
        state_label=state_word(status_word(view.status), STATUS_STATES[view.status]),
        availability=view.uptime_ratio,
        id=f"group-{view.id}",
        title=html.A(view.name, href=href),
        below=html.P(html.A(group_counts(view), href=href), className="small"),
    )


def incident_row(view: IncidentView, now: datetime) -> Component:
    """One incident or maintenance in a list: when, what, for whom, and where to read on.

    While it goes on, its last word is told; afterwards, its first, which says what it was.
    """
    telling = view.updates[-1 if ended_at(view) else 0] if view.updates else None
    meta: list[Node] = [lasted(view, now)]
    if view.affected:
        meta.append(", ".join(each.name for each in view.affected[:4]) + (" …" if len(view.affected) > 4 else ""))  # noqa: PLR2004 -- as many names as a line holds
    if view.automatic:
        meta.append(_("found by the measurements"))
    if view.postmortem_html:
        meta.append(html.A(_("Post-mortem"), href=f"{incident_href(view)}#post-mortem"))
    return html.Article(
        [
            html.Div([html.B(moment(began_at(view), "day")), _hours(view)], className="when"),
            html.Div(
                flatten([
                    html.H3(flatten([html.A(view.name, href=incident_href(view)), " ", phase_chip(view),
                                     [" ", impact_chip(view)] if view.kind == "incident" else None])),
                    html.P(excerpt(telling.body_html)) if telling else None,
                    html.P([html.Span(flatten(each)) for each in meta], className="meta"),
                ])
            ),
        ],
        className="incident",
        id=f"incident-{view.id}",
    )  # fmt: skip


def _hours(view: IncidentView) -> Component:
    end = ended_at(view)
    rest: list[Node] = [" \N{EN DASH} ", moment(end, "hour")] if end else [f" {fmt.DASH} ", _("now")]
    return html.Span(flatten([moment(began_at(view), "hour"), rest]))


def active_card(view: IncidentView, now: datetime) -> Component:
    """An open incident, or maintenance under way, as it stands at the top of the first page."""
    latest = view.updates[0] if view.updates else None
    updated = moment(latest.display_at if latest else view.started_at)
    look = str(State.PLAN if view.kind == "maintenance" else IMPACT_STATES[view.impact])
    badges = flatten([phase_chip(view), impact_chip(view) if view.kind == "incident" else None])
    return html.Section(
        flatten([
            html.Header(
                [
                    html.H2(html.A(view.name, href=incident_href(view))),
                    html.Div(badges, className="acts"),
                ],
                className="cardhead",
            ),
            safe_text(latest.body_html) if latest else None,
            html.P(
                flatten([
                    html.Span(filled(_("updated {moment}"), moment=updated)),
                    html.Span(lasted(view, now)),
                    html.Span(", ".join(each.name for each in view.affected)) if view.affected else None,
                ]),
                className="meta dim small",
            ),
        ]),
        className=classes("card", "active", look),
        id=f"active-{view.id}",
    )  # fmt: skip


def safe_text(body_html: str) -> Component:
    """What somebody wrote, as HTML that the incidents domain has made safe."""
    return Markup(body_html, tag="div", className="prose written")


def excerpt(body_html: str, most: int = WORDS_MAX) -> str:
    """The beginning of a text without its form, cut at a word."""
    plain = " ".join(unescape(_TAG.sub(" ", body_html)).split())
    return plain if len(plain) <= most else f"{plain[:most].rsplit(' ', 1)[0]} …"


def incident_list(views: Sequence[IncidentView], now: datetime) -> list[Component]:
    """Incidents under each other."""
    return [incident_row(view, now) for view in views]

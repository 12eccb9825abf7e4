"""What happened: incidents by month, one incident in full, maintenance."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from dash import html
from dash.development.base_component import Component

from services.components.views import TroubleView
from services.incidents.views import IncidentView, MaintenanceStatus, UpdateView
from status_page.pages.rows import incident_list, safe_text
from status_page.pages.troubles import troubles_card
from status_page.wording import (
    IMPACT_WORDS,
    began_at,
    component_href,
    ended_at,
    impact_chip,
    lasted,
    moment,
    month_words,
    phase,
    phase_chip,
    span_of,
    status_word,
)
from web.ui import Node, card, chip, facts, fmt, link, note, page_head, stack
from web.ui.nodes import flatten
from web.ui.theme import State


def history_page(
    incidents: Sequence[IncidentView],
    now: datetime,
    *,
    next_href: str | None,
    component: str | None = None,
    troubles: Sequence[TroubleView] = (),
) -> Component:
    """The whole content of the history; with `component` that of one, by its name. No incident tells of `troubles`."""
    lead = "Every incident that we told of, newest first. Nothing is taken out."
    if component is not None:
        lead = f"Incidents that concerned {component}, newest first."
    return stack([
        page_head("History", lead=lead, actions=link("Maintenance", "/status/maintenance/", arrow=True)),
        *_months(incidents, now),
        html.P("There is no incident to show.", className="dim") if not incidents else None,
        html.P(link("Earlier incidents", next_href, arrow=True), className="more") if next_href else None,
        troubles_card(troubles),
    ], gap="large")  # fmt: skip


def _months(incidents: Sequence[IncidentView], now: datetime) -> list[Component]:
    by_month = groupby(incidents, key=lambda each: fmt.utc(began_at(each)).replace(day=1).date())
    return [card(incident_list(list(views), now), title=month_words(month)) for month, views in by_month]


def incident_page(view: IncidentView, now: datetime, sla: tuple[str, str] | None = None) -> Component:
    """The whole content of an incident's page; `sla` is the title and address of the agreement that opened it."""
    badges = [phase_chip(view), impact_chip(view) if view.kind == "incident" else None]
    return stack([
        page_head(view.name, lead=_when(view), actions=flatten(badges)),
        card(facts(_facts(view, now, sla)), title="In short"),
        note(f"Marked afterwards as maintenance: {view.note}") if view.note else None,
        _postmortem(view),
        card(html.Ol([_update(each) for each in view.updates], className="timeline") if view.updates
             else html.P("Nothing was told yet.", className="dim"), title="What we told"),
    ], gap="large")  # fmt: skip


def _when(view: IncidentView) -> Node:
    return span_of(began_at(view), ended_at(view))


def _facts(view: IncidentView, now: datetime, sla: tuple[str, str] | None) -> dict[str, Node]:
    told: dict[str, Node] = {}
    if view.kind == "maintenance":
        told["Planned"] = span_of(view.scheduled_for or view.started_at, view.scheduled_until)
        told["State"] = phase(view.status)
        if view.resolved_at is not None and view.status == MaintenanceStatus.COMPLETED.value:
            told["Completed"] = moment(view.resolved_at)
        told["Recurs"] = view.recurs or ("yes, by a rule" if view.series_id else "no")
    else:
        told["Began"] = moment(view.started_at)
        told["Resolved"] = moment(view.resolved_at) if view.resolved_at else "not yet"
        told["Lasted"] = lasted(view, now)
        told["Impact"] = IMPACT_WORDS[view.impact]
        told["Found by"] = "the measurements, automatically" if view.automatic else "people"
    if sla is not None:
        told["Service level"] = html.A(sla[0], href=sla[1])
    told["Affected"] = _affected(view) or "no component named"
    return told


def _affected(view: IncidentView) -> Node:
    linked: list[Node] = []
    for index, each in enumerate(view.affected):
        linked += [", " if index else None, html.A(each.name, href=component_href(each.component_id)),
                   f" ({status_word(each.status).lower()})"]  # fmt: skip
    return linked


def _update(update: UpdateView) -> Component:
    changes = [
        html.Li(f"{each.name}: {status_word(each.old_status).lower()} → {status_word(each.new_status).lower()}")
        for each in update.changes
    ]
    edited = getattr(update, "edited_at", None)
    return html.Li(
        flatten([
            html.Div(
                flatten([
                    chip(phase(update.status), State.PLAIN),
                    html.Span(moment(update.display_at), className="dim small"),
                    html.Span(["edited ", moment(edited)], className="dim small") if edited else None,
                ]),
                className="acts",
            ),
            safe_text(update.body_html),
            html.Ul(changes, className="changes small dim") if changes else None,
        ]),
        id=f"update-{update.id}",
    )  # fmt: skip


def _postmortem(view: IncidentView) -> Node:
    if not view.postmortem_html:
        return None
    aside = html.Span(["published ", moment(view.postmortem_at)], className="dim small") if view.postmortem_at else None
    return card(safe_text(view.postmortem_html), title="Post-mortem", aside=aside, id="post-mortem")


def maintenance_page(
    under_way: Sequence[IncidentView],
    upcoming: Sequence[IncidentView],
    listed: Sequence[IncidentView],
    now: datetime,
    *,
    next_href: str | None,
) -> Component:
    """The whole content of the maintenance page."""
    shown = {each.id for each in (*under_way, *upcoming)}
    past = [each for each in listed if each.id not in shown]
    return stack([
        page_head("Maintenance", lead="What we plan, what is under way, and what was done.",
                  actions=link("Calendar", "/status/calendar.ics", arrow=True)),
        card(incident_list(under_way, now), title="Under way") if under_way else None,
        card(incident_list(upcoming, now) or html.P("Nothing is scheduled.", className="dim"), title="Scheduled"),
        card(incident_list(past, now) or html.P("There was none so far.", className="dim"), title="Past"),
        html.P(link("Earlier maintenance", next_href, arrow=True), className="more") if next_href else None,
    ], gap="large")  # fmt: skip

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
    phase,
    phase_chip,
    span_of,
    status_inside,
)
from web.ui import Node, card, chip, facts, fmt, link, note, page_head, stack
from web.ui.language import _, filled
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
    lead = _("Every incident that we told of, newest first. Nothing is taken out.")
    if component is not None:
        lead = _("Incidents that concerned {name}, newest first.", name=component)
    return stack([
        page_head(_("History"), lead=lead, actions=link(_("Maintenance"), "/status/maintenance/", arrow=True)),
        *_months(incidents, now),
        html.P(_("There is no incident to show."), className="dim") if not incidents else None,
        html.P(link(_("Earlier incidents"), next_href, arrow=True), className="more") if next_href else None,
        troubles_card(troubles),
    ], gap="large")  # fmt: skip


def _months(incidents: Sequence[IncidentView], now: datetime) -> list[Component]:
    by_month = groupby(incidents, key=lambda each: fmt.utc(began_at(each)).replace(day=1).date())
    return [card(incident_list(list(views), now), title=fmt.month(month)) for month, views in by_month]


def incident_page(view: IncidentView, now: datetime, sla: tuple[str, str] | None = None) -> Component:
    """The whole content of an incident's page; `sla` is the title and address of the agreement that opened it."""
    badges = [phase_chip(view), impact_chip(view) if view.kind == "incident" else None]
    return stack([
        page_head(view.name, lead=_when(view), actions=flatten(badges)),
        card(facts(_facts(view, now, sla)), title=_("In short")),
        note(_("Marked afterwards as maintenance: {note}", note=view.note)) if view.note else None,
        _postmortem(view),
        card(html.Ol([_update(each) for each in view.updates], className="timeline") if view.updates
             else html.P(_("Nothing was told yet."), className="dim"), title=_("What we told")),
    ], gap="large")  # fmt: skip


def _when(view: IncidentView) -> Node:
    return span_of(began_at(view), ended_at(view))


def _facts(view: IncidentView, now: datetime, sla: tuple[str, str] | None) -> dict[str, Node]:
    told: dict[str, Node] = {}
    if view.kind == "maintenance":
        told[_("Planned")] = span_of(view.scheduled_for or view.started_at, view.scheduled_until)
        told[_("State")] = phase(view.status)
        if view.resolved_at is not None and view.status == MaintenanceStatus.COMPLETED.value:
            told[_("Completed")] = moment(view.resolved_at)
        told[_("Recurs")] = view.recurs or (_("yes, by a rule") if view.series_id else _("no"))
    else:
        told[_("Began")] = moment(view.started_at)
        told[_("Resolved")] = moment(view.resolved_at) if view.resolved_at else _("not yet")
        told[_("Lasted")] = lasted(view, now)
        told[_("Impact")] = _(IMPACT_WORDS[view.impact])
        told[_("Found by")] = _("the measurements, automatically") if view.automatic else _("people")
    if sla is not None:
        told[_("Service level")] = html.A(sla[0], href=sla[1])
    told[_("Affected")] = _affected(view) or _("no component named")
    return told


def _affected(view: IncidentView) -> Node:
    linked: list[Node] = []
    for index, each in enumerate(view.affected):
        linked += [", " if index else None, html.A(each.name, href=component_href(each.component_id)),
                   f" ({status_inside(each.status)})"]  # fmt: skip
    return linked


def _update(update: UpdateView) -> Component:
    changes = [
        html.Li(f"{each.name}: {status_inside(each.old_status)} → {status_inside(each.new_status)}")
        for each in update.changes
    ]
    edited = getattr(update, "edited_at", None)
    return html.Li(
        flatten([
            html.Div(
                flatten([
                    chip(phase(update.status), State.PLAIN),
                    html.Span(moment(update.display_at), className="dim small"),
                    html.Span(filled(_("edited {moment}"), moment=moment(edited)), className="dim small")
                    if edited else None,
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
    aside = None
    if view.postmortem_at:
        aside = html.Span(filled(_("published {moment}"), moment=moment(view.postmortem_at)), className="dim small")
    return card(safe_text(view.postmortem_html), title=_("Post-mortem"), aside=aside, id="post-mortem")


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
        page_head(_("Maintenance"), lead=_("What we plan, what is under way, and what was done."),
                  actions=link(_("Calendar"), "/status/calendar.ics", arrow=True)),
        card(incident_list(under_way, now), title=_("Under way")) if under_way else None,
        card(incident_list(upcoming, now) or html.P(_("Nothing is scheduled."), className="dim"), title=_("Scheduled")),
        card(incident_list(past, now) or html.P(_("There was none so far."), className="dim"), title=_("Past")),
        html.P(link(_("Earlier maintenance"), next_href, arrow=True), className="more") if next_href else None,
    ], gap="large")  # fmt: skip

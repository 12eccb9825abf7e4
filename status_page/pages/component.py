"""One component in full, and the components of a group, page by page."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from services.components.views import ComponentStatus, ComponentView, DayView, GroupView, StatusSpanView
from services.incidents.views import IncidentView
from services.kernel.paging import Page
from status_page.pages.rows import component_row, incident_list, reason
from status_page.snapshot import Known
from status_page.supplied import said
from status_page.wording import (
    STATUS_STATES,
    component_href,
    components_counted,
    day_states,
    span_of,
    status_word,
)
from web.ui import Node, card, chip, columns, facts, fmt, kpi, link, page_head, stack, state_word
from web.ui.charts.uptime import day_bars
from web.ui.language import _
from web.ui.nodes import attrs, flatten

SPANS_MOST = 50


def component_page(
    view: ComponentView,
    spans: Sequence[StatusSpanView],
    incidents: Sequence[IncidentView],
    names: Mapping[str, str],
    now: datetime,
) -> Component:
    """The whole content of a component's page; `names` are those of other components."""
    measured = _("nothing measured")
    if view.measured_seconds:
        measured = _("{length} measured", length=fmt.duration(view.measured_seconds))
    days = fmt.counted(len(view.days), "{n} day", "{n} days")
    lost = sum(day.major_seconds + day.partial_seconds for day in view.days)
    return stack([
        page_head(view.name, lead=view.description or None,
                  actions=chip(status_word(view.status), STATUS_STATES[view.status])),
        reason(view),
        columns([
            kpi(_("Uptime, {days}", days=days), fmt.availability(view.uptime_ratio), note=measured),
            kpi(_("Down or partly down"), fmt.duration(lost) if view.measured_seconds else fmt.no_data(),
                note=_("in the same days")),
        ], heading=_("Figures")),
        card(flatten([_bars(view), _days_table(view.days)]), title=_("Day by day")),
        _needs(view, names),
        card(_spans(spans), title=_("Changes of state"),
             aside=html.Span(_("last {n} days", n=90), className="dim small")),
        card(incident_list(incidents, now) or html.P(_("No incident concerned it."), className="dim"),
             title=_("Incidents"),
             aside=link(_("All of them"), f"/status/history/?component={view.id}", arrow=True)),
    ], gap="large")  # fmt: skip


def _bars(view: ComponentView) -> Component:
    return html.Div(day_bars(view.name, day_states(view.days)), className="uptime")


def _days_table(days: Sequence[DayView]) -> Node:
    """The days that were not simply well, in words, for those who cannot point at a bar."""
    wrong = [day for day in reversed(days) if day.worst is not ComponentStatus.OPERATIONAL]
    if not wrong:
        return html.P(_("Operational on every one of these days."), className="dim small")
    rows = [
        html.Tr([
            html.Th(moment_day(day), scope="row"),
            html.Td(state_word(status_word(day.worst), STATUS_STATES[day.worst])),
            *[html.Td(fmt.duration(seconds) if seconds else fmt.DASH, className="num") for seconds in (
                day.major_seconds, day.partial_seconds, day.degraded_seconds, day.maintenance_seconds,
                day.unknown_seconds)],
        ])
        for day in wrong
    ]  # fmt: skip
    heads = (_("Day"), _("Worst"), _("Down"), _("Partly down"), _("Degraded"), _("Maintenance"), _("Not measured"))
    return table(_("Days that were not operational throughout"), heads, rows, numeric=range(2, len(heads)))


def moment_day(day: DayView) -> str:
    """A day in words; it is a day of UTC everywhere, since its seconds were counted so."""
    return fmt.day(day.day)


def table(caption: str, heads: Sequence[str], rows: Sequence[Component], *, numeric: Sequence[int] = ()) -> Component:
    """A plain table, which scrolls sideways by itself where it is too wide."""
    head = [
        html.Th(word, scope="col", className="num" if index in numeric else None) for index, word in enumerate(heads)
    ]
    inside = html.Table([
        html.Caption(caption, className="sr-only"), html.Thead(html.Tr(head)), html.Tbody(list(rows)),
    ])  # fmt: skip
    return html.Div(inside, className="sheet scroll", tabIndex="0", role="region", **attrs(aria_label=caption))


def _needs(view: ComponentView, names: Mapping[str, str]) -> Node:
    if not view.depends_on:
        return None
    linked: list[Node] = []
    for index, each in enumerate(view.depends_on):
        linked += [", " if index else None, html.A(names.get(each, each), href=component_href(each))]
    return card(facts({_("Depends on"): linked}), title=_("Dependencies"))


def _spans(spans: Sequence[StatusSpanView]) -> Node:
    if not spans:
        return html.P(_("Nothing is recorded."), className="dim")
    newest = [each for each in reversed(spans) if _worth_telling(each)][:SPANS_MOST]
    rows = [
        html.Li([
            state_word(status_word(each.status), STATUS_STATES[each.status]),
            html.Span(flatten([span_of(each.starts_at, each.ends_at), _length(each), _because(each)]), className="dim"),
        ])
        for each in newest
    ]  # fmt: skip
    return html.Ul(rows, className="lines")


def _length(span: StatusSpanView) -> Node:
    """How long it was, of what was not well: its times are told in minutes, and it may have lasted seconds."""
    if span.ends_at is None or span.status is ComponentStatus.OPERATIONAL:
        return None
    return _(", lasted {time}", time=fmt.duration((span.ends_at - span.starts_at).total_seconds()))


def _worth_telling(span: StatusSpanView) -> bool:
    """Leave out the moments between two that know: they are shorter than the minutes in which times are told."""
    passing = span.ends_at is not None and span.ends_at - span.starts_at < timedelta(minutes=1)
    return not (passing and span.status is ComponentStatus.UNKNOWN)


def _because(span: StatusSpanView) -> Node:
    return f" {fmt.DASH} {said(span.reason)}" if span.reason else None


def group_page(group: GroupView, members: Known[Page[ComponentView]], next_href: str | None) -> Component:
    """The whole content of a group's page."""
    rows = [component_row(each) for each in members.value.items]
    return stack([
        page_head(group.name, lead=group.description or None,
                  actions=chip(status_word(group.status), STATUS_STATES[group.status])),
        card(flatten([
            html.Div(rows, className="uptimes") if rows else html.P(_("No component is shown here."), className="dim"),
            html.P(link(_("More components"), next_href, arrow=True), className="more") if next_href else None,
        ]), title=components_counted(len(group.component_ids))),
    ], gap="large")  # fmt: skip

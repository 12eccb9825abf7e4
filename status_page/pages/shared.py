"""The investor view: service levels by month, for whoever has its unlisted link."""

from collections.abc import Mapping, Sequence
from datetime import date

from dash import html
from dash.development.base_component import Component

from services.metrics.views import FigureView
from services.shares.views import SharedView
from services.slas.views import SlaMonthView
from status_page.pages.component import table
from status_page.pages.service_levels import counted_of, met_chip
from status_page.presentation import value_of, verdict
from status_page.supplied import said
from status_page.wording import moment, ratio_words
from web.ui import Node, card, columns, fmt, kpi, note, page_head, stack
from web.ui.language import _, filled


def shared_page(
    link: SharedView, months: Mapping[date, Sequence[SlaMonthView]], figures: Sequence[FigureView]
) -> Component:
    """The whole content of the page; `months` are the newest first."""
    agreements = {row.name: said(row.title) for rows in months.values() for row in rows}
    return stack([
        page_head(_("Service levels by month"),
                  lead=filled(_("Shared with {reader}. This link ends {moment}."), reader=html.B(link.label),
                              moment=moment(link.expires_at))),
        columns([kpi(said(f.title), str(value_of(f)), note=verdict(f)) for f in figures], heading=_("Figures now")),
        *([_attained(name, title, months) for name, title in agreements.items()]
          or [html.P(_("No service level is agreed yet."), className="dim")]),
        card(_reports(months), title=_("Monthly reports")),
        note(_(
            "Months are calendar months in UTC. A month without measurements is no data, neither kept nor missed."
        )),
    ], gap="large")  # fmt: skip


def _attained(name: str, title: str, months: Mapping[date, Sequence[SlaMonthView]]) -> Component:
    found = [(month, row) for month, rows in months.items() for row in rows if row.name == name]
    rows = [
        html.Tr([
            html.Th(fmt.month(month), scope="row"),
            html.Td(ratio_words(row.target_ratio), className="num"),
            html.Td(ratio_words(row.attained_ratio), className="num"),
            html.Td(counted_of(row.good, row.total), className="num"),
            html.Td(fmt.count(len(row.breaches)), className="num"),
            html.Td(met_chip(row)),
        ])
        for month, row in found
    ]  # fmt: skip
    heads = (_("Month"), _("Promised"), _("Attained"), _("Good of all"), _("Breaches"), _("Kept"))
    promise: Node = html.P(said(found[0][1].promise), className="lead")
    return card([promise, table(_("{title} by month", title=title), heads, rows, numeric=range(1, 5))], title=title)


def _reports(months: Mapping[date, Sequence[SlaMonthView]]) -> Component:
    rows = [
        html.Li(html.A(_("{month}, PDF", month=fmt.month(month)), href=f"report-{month:%Y-%m}.pdf")) for month in months
    ]
    return html.Ul(rows, className="lines")

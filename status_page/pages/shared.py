"""The investor view: service levels by month, for whoever has its unlisted link."""

from collections.abc import Mapping, Sequence
from datetime import date

from dash import html
from dash.development.base_component import Component

from services.metrics.views import FigureView
from services.shares.views import SharedView
from services.slas.views import SlaMonthView
from status_page.pages.component import table
from status_page.presentation import value_of, verdict
from status_page.wording import moment, month_words, ratio_words
from web.ui import Node, card, chip, columns, fmt, kpi, note, page_head, stack
from web.ui.theme import State


def shared_page(
    link: SharedView, months: Mapping[date, Sequence[SlaMonthView]], figures: Sequence[FigureView]
) -> Component:
    """The whole content of the page; `months` are the newest first."""
    agreements = {row.name: row.title for rows in months.values() for row in rows}
    return stack([
        page_head("Service levels by month",
                  lead=["Shared with ", html.B(link.label), ". This link ends ", moment(link.expires_at), "."]),
        columns([kpi(f.title, str(value_of(f)), note=verdict(f)) for f in figures], heading="Figures now"),
        *([_attained(name, title, months) for name, title in agreements.items()]
          or [html.P("No service level is agreed yet.", className="dim")]),
        card(_reports(months), title="Monthly reports"),
        note("Months are calendar months in UTC. A month without measurements is no data, neither kept nor missed."),
    ], gap="large")  # fmt: skip


def _attained(name: str, title: str, months: Mapping[date, Sequence[SlaMonthView]]) -> Component:
    found = [(month, row) for month, rows in months.items() for row in rows if row.name == name]
    rows = [
        html.Tr([
            html.Th(month_words(month), scope="row"),
            html.Td(ratio_words(row.target_ratio), className="num"),
            html.Td(ratio_words(row.attained_ratio), className="num"),
            html.Td(f"{fmt.number(row.good, 0)} of {fmt.number(row.total, 0)}", className="num"),
            html.Td(fmt.count(len(row.breaches)), className="num"),
            html.Td(_kept(row)),
        ])
        for month, row in found
    ]  # fmt: skip
    heads = ("Month", "Promised", "Attained", "Good of all", "Breaches", "Kept")
    promise: Node = html.P(found[0][1].promise, className="lead")
    return card([promise, table(f"{title} by month", heads, rows, numeric=range(1, 5))], title=title)


def _kept(row: SlaMonthView) -> Component:
    if row.met is None:
        return chip("no data", State.UNKNOWN)
    so_far = "" if row.complete else " so far"
    return chip(f"kept{so_far}", State.GOOD) if row.met else chip(f"missed{so_far}", State.BAD)


def _reports(months: Mapping[date, Sequence[SlaMonthView]]) -> Component:
    rows = [html.Li(html.A(f"{month_words(month)}, PDF", href=f"report-{month:%Y-%m}.pdf")) for month in months]
    return html.Ul(rows, className="lines")

"""The page that everybody opens first: whether all is well, and what that is measured from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from services.components.views import ComponentsView, ComponentView, GroupView
from services.metrics.views import FigureView
from status_page.pages.figure import SPANS, FigureHistory, span_words, trend
from status_page.pages.rows import DAYS, active_card, component_row, group_row, incident_list
from status_page.presentation import HREF, figure_tile, samples
from status_page.state import StatusState
from status_page.supplied import said
from status_page.verdict import overall, troubled
from status_page.wording import began_at, incident_href, listed, span_of
from web.ui import Node, Option, card, columns, fmt, link, note, segmented_links, timestamp, verdict
from web.ui.language import _, ngettext
from web.ui.nodes import attrs, flatten

RECENT_DAYS, RECENT_MOST = 90, 5
ROWS_MOST = 60
"""With more components than these, the page shows groups, and leads to their components."""
TROUBLED_MOST = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader chose to see: days in the bars, and days in the trends."""

    bars: int = 90
    trend: int = 90


def now_page(state: StatusState, histories: Sequence[FigureHistory], now: datetime, choice: Choice) -> Component:
    """The whole content of the page; `now` is the instant that ages count from."""
    return html.Div(
        flatten([
            _first_words(state, now),
            [active_card(each, now) for each in state.active],
            columns([figure_tile(figure, now) for figure in state.figures], heading=_("Figures")),
            _components(state.components, choice),
            _upcoming(state),
            _recent(state, now),
            _trends(histories, choice),
            _explained(state.figures),
        ]),
        className="stack large",
        id="status-live",
    )  # fmt: skip


def _first_words(state: StatusState, now: datetime) -> Component:
    title, colour = overall(state)
    live = timestamp(state.as_of, now=now, prefix=_("updated {age}") if state.current else _("last known state, {age}"))
    return verdict(title, colour, lead=_measured_from(state), live=live)


def _measured_from(state: StatusState) -> str:
    counted = [samples(f, f.samples) for f in _distinct(state.figures) if f.samples]
    if not counted:
        return _("Nothing was measured lately.") + " "
    whole = _("Measured from {samples}, each within its window.", samples=listed(counted, most=len(counted)))
    return f"{whole} "


def _distinct(figures: Sequence[FigureView]) -> list[FigureView]:
    """The first figure of each kind of sample: two figures of the same plays are not twice as many plays."""
    found: dict[str, FigureView] = {}
    for figure in figures:
        found.setdefault(figure.sample_noun, figure)
    return list(found.values())


def _components(view: ComponentsView, choice: Choice) -> Node:
    shown = [each for each in view.components if not each.only_show_if_degraded or each in troubled([each])]
    if not shown and not view.groups:
        return None
    toggle = segmented_links(
        _("Days in the bars"),
        [
            Option(
                word,
                ngettext("{n} day", "{n} days", number, n=number),
                href=f"?bars={word}&days={choice.trend}#components",
            )
            for word, number in DAYS.items()
        ],
        str(choice.bars),
    )
    many = not view.complete or len(shown) > ROWS_MOST
    body = _grouped(view, shown, choice) if many else _all(view, shown, choice)
    legend = note(_(
        "Red: down or partly down. Amber: degraded, which counts as up. Hatched: not measured, which counts neither as "
        "up nor as down."
    ))  # fmt: skip
    return card([*body, legend], title=_("Components"), aside=toggle, id="components")


def _all(view: ComponentsView, shown: Sequence[ComponentView], choice: Choice) -> list[Component]:
    loose = [each for each in shown if each.group_id is None]
    blocks: list[Node] = [_rows(loose, choice)] if loose else []
    for group in view.groups:
        members = [each for each in shown if each.group_id == group.id]
        if members:
            blocks.append(_group_block(group, members, choice))
    return [html.Div(flatten(blocks), className="stack large")]


def _group_block(group: GroupView, members: Sequence[ComponentView], choice: Choice) -> Component:
    head = html.Div(
        flatten([
            html.H3(group.name),
            html.P(group.description, className="small dim") if group.description else None,
        ]),
        className="grouphead",
    )  # fmt: skip
    return html.Section([head, _rows(members, choice)], **attrs(aria_label=group.name))


def _rows(members: Sequence[ComponentView], choice: Choice) -> Component:
    return html.Div([component_row(each, choice.bars) for each in members], className="uptimes")


def _grouped(view: ComponentsView, shown: Sequence[ComponentView], choice: Choice) -> list[Component]:
    """Thousands of components: those that are not well, then the groups, each leading to its own pages."""
    wrong = troubled(shown)
    blocks: list[Component] = []
    if wrong:
        more = len(wrong) - TROUBLED_MOST
        rest = (
            html.P(
                ngettext(
                    "{n} more is not well; see the groups.",
                    "{n} more are not well; see their groups.",
                    more,
                    n=fmt.count(more),
                ),
                className="dim small",
            )
            if more > 0
            else None
        )
        blocks.append(
            html.Section(
                flatten([html.Div(html.H3(_("Not well now")), className="grouphead"),
                         _rows(wrong[:TROUBLED_MOST], choice), rest]),
                **attrs(aria_label=_("Not well now")),
            )
        )  # fmt: skip
    blocks.append(html.Div([group_row(group, choice.bars) for group in view.groups], className="uptimes"))
    return [html.Div(blocks, className="stack large")]


def _upcoming(state: StatusState) -> Node:
    if not state.upcoming:
        return None
    rows = [
        html.Li([
            html.A(each.name, href=incident_href(each)),
            html.Span(flatten(span_of(began_at(each), each.scheduled_until)), className="dim"),
        ])
        for each in state.upcoming[:RECENT_MOST]
    ]  # fmt: skip
    return card(
        html.Ul(rows, className="lines"),
        title=_("Scheduled maintenance"),
        aside=link(_("All maintenance"), "/status/maintenance/", arrow=True),
    )


def _recent(state: StatusState, now: datetime) -> Component:
    since = now - timedelta(days=RECENT_DAYS)
    recent = [each for each in state.incidents if each.started_at >= since][:RECENT_MOST]
    body: Node = incident_list(recent, now)
    if not recent:
        body = html.P(_("No incident in the last {n} days.", n=RECENT_DAYS), className="dim")
    return card(
        body, title=_("Incidents"), aside=link(_("All history"), "/status/history/", arrow=True), id="incidents"
    )


def _trends(histories: Sequence[FigureHistory], choice: Choice) -> Node:
    if not histories:
        return None
    spans = segmented_links(
        _("Span of the trends"),
        [Option(str(d), span_words(d), href=f"?days={d}&bars={choice.bars}#trends") for d in SPANS],
        str(choice.trend),
    )
    charts = [
        card(
            trend(history, values_href=f"{HREF.format(name=history.figure.name)}?days={history.days}"),
            title=said(history.figure.title),
            level=3,
        )
        for history in histories
    ]
    head = html.Header([html.H2(_("Trends")), spans], className="cardhead")
    key = note(_("Lines across a chart: incidents in red and amber, maintenance in blue, releases in grey."))
    return html.Section([head, columns(charts, least="half"), key], id="trends", className="later")


def _explained(figures: Sequence[FigureView]) -> Component:
    lead = _(
        "Every figure is one merge over all events of its window, never an average of averages. "
        "Raw counts, history and definition:"
    )
    return note(
        [
            lead,
            *[
                [" · " if f is not figures[0] else " ", html.A(said(f.title), href=HREF.format(name=f.name))]
                for f in figures
            ],
        ]
    )

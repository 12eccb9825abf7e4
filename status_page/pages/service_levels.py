"""Service levels: what is promised, what was attained, what is left, and the arithmetic behind it."""

from collections.abc import Sequence
from datetime import date, datetime

from dash import html
from dash.development.base_component import Component

from services.slas.views import BreachView, BurnView, SlaMonthView, SlaState, SlaView
from status_page.pages.component import table
from status_page.wording import SLA_STATES, SLA_WORDS, component_href, moment, month_words, ratio_words, span_of
from web.ui import Node, Option, card, chip, columns, fmt, kpi, meter, note, page_head, segmented_links, stack
from web.ui.nodes import flatten
from web.ui.theme import State

LITTLE_LEFT = 0.25
"""The last quarter of a budget is worth a warning."""


def service_levels_page(
    slas: Sequence[SlaView],
    breaches: Sequence[BreachView],
    month: tuple[date, Sequence[SlaMonthView]],
    months: Sequence[date],
    now: datetime,
) -> Component:
    """The whole content of the page."""
    titles = {each.name: each.title for each in slas}
    return stack([
        page_head("Service levels", lead="What we promise, what was attained, and how much of what may fail is left."),
        *([_agreement(each) for each in slas] or [html.P("No service level is agreed yet.", className="dim")]),
        _month(month[0], month[1], months),
        card(_breaches(breaches, titles, now), title="Breaches"),
    ], gap="large")  # fmt: skip


def _agreement(view: SlaView) -> Component:
    state = chip(SLA_WORDS[view.state], SLA_STATES[view.state])
    window = fmt.duration(view.window_seconds)
    left = view.budget_left_ratio
    return card(
        [
            html.P(view.promise, className="lead"),
            *([html.P(view.state_reason, className="dim")] if view.state_reason else []),
            columns([
                kpi("Attained", ratio_words(view.attained_ratio), note=f"promised {ratio_words(view.target_ratio)}"),
                kpi("Budget left", fmt.percent(left), note="of what may fail in the window; below zero is overspent"),
                kpi("Good", number(view.good) if view.total else fmt.NO_DATA,
                    note=f"of {number(view.total)} {view.event_unit}, last {window}"),
                kpi("Left out", _length(view.excluded_seconds), note=f"not known: {_length(view.unknown_seconds)}"),
            ]),
            _budget(view),
            _burns(view),
            html.P([html.B("What counts. "), view.policy], className="dim policy"),
            _more(view),
        ],
        title=view.title,
        aside=state,
        id=f"sla-{view.name}",
    )  # fmt: skip


def _counted(good: float, total: float) -> str:
    return f"{number(good)} of {number(total)}" if total else fmt.NO_DATA


def number(value: float) -> str:
    """A count of events, or of seconds, without decimals that nobody reads."""
    return fmt.number(value, 0)


def _length(seconds: float | None) -> str:
    return "nothing" if seconds == 0 else fmt.duration(seconds)


def _budget(view: SlaView) -> Component:
    left = view.budget_left_ratio
    text = f"budget left {fmt.percent(left)}"
    rows: list[Node] = [meter(left, f"Budget left of {view.title}", text=text, state=_look(left))]
    filled = view.window_filled_ratio
    if filled < 1:
        text = f"window not yet full: {fmt.percent(filled, 0)} of it measured"
        rows.append(meter(filled, f"Window of {view.title}", text=text))
    return html.Div(flatten(rows), className="meters")


def _look(left: float | None) -> State:
    if left is None:
        return State.UNKNOWN
    if left <= 0:
        return State.BAD
    return State.GOOD if left > LITTLE_LEFT else State.WARN


def _burns(view: SlaView) -> Node:
    if not view.burns:
        return None
    rows = [
        html.Tr([
            html.Th(each.name, scope="row"),
            html.Td(f"{fmt.duration(each.long_seconds)} and {fmt.duration(each.short_seconds)}"),
            html.Td(fmt.number(each.factor), className="num"),
            html.Td(fmt.number(each.long_burn, 2), className="num"),
            html.Td(fmt.number(each.short_burn, 2), className="num"),
            html.Td(_fires(each)),
        ])
        for each in view.burns
    ]  # fmt: skip
    heads = ("Rule", "Windows", "Fires above", "Burn, long", "Burn, short", "Now")
    return table(f"Burn rates of {view.title}: {view.promise}", heads, rows, numeric=(2, 3, 4))


def _fires(burn: BurnView) -> Component:
    if burn.firing:
        return chip("fires", State.BAD)
    return chip("quiet", State.GOOD) if burn.ready else chip("window not yet full", State.UNKNOWN)


def _more(view: SlaView) -> Node:
    linked: list[Node] = []
    if view.figure:
        linked.append(html.A("Its figure, with raw counts and history", href=f"/status/figures/{view.figure}/"))
    if view.component_id:
        linked.append(html.A("Its component, day by day", href=component_href(view.component_id)))
    if view.state is SlaState.BREACHED and view.breached_since_at is not None:
        linked.append(html.Span(["breached since ", moment(view.breached_since_at)], className="dim"))
    joined = [part for each in linked for part in (each, " · ")][:-1]
    return html.P(flatten(joined), className="small") if linked else None


def _month(month: date, rows: Sequence[SlaMonthView], months: Sequence[date]) -> Component:
    choice = segmented_links(
        "Month", [Option(f"{m:%Y-%m}", f"{m:%b}", href=f"?month={m:%Y-%m}#months") for m in reversed(months)],
        f"{month:%Y-%m}",
    )  # fmt: skip
    title = f"By month: {month_words(month)}"
    if not rows:
        return card(
            html.P("Nothing is recorded for this month.", className="dim"), title=title, aside=choice, id="months"
        )
    body = [
        html.Tr([
            html.Th(each.title, scope="row"),
            html.Td(ratio_words(each.target_ratio), className="num"),
            html.Td(ratio_words(each.attained_ratio), className="num"),
            html.Td(_counted(each.good, each.total), className="num"),
            html.Td(_met(each)),
            html.Td(fmt.count(len(each.breaches)), className="num"),
        ])
        for each in rows
    ]  # fmt: skip
    heads = ("Agreement", "Promised", "Attained", "Good of all", "Kept", "Breaches")
    exclusions = [
        html.Li([html.B(each.title), ": ", *flatten(span_of(e.starts_at, e.ends_at)), f", {e.reason}",
                 " (marked afterwards)" if e.retroactive else ""])
        for each in rows for e in each.exclusions
    ]  # fmt: skip
    left_out: Node = note("Nothing was left out of this month.")
    if exclusions:
        left_out = [html.H3("Left out, and why"), html.Ul(exclusions, className="small dim")]
    found = note(
        "A breach is what a rule found while it went on. Small failures that add up can miss a month without one, and "
        "a past that was entered afterwards has none."
    )
    shown = flatten([table("Agreements in the month", heads, body, numeric=(1, 2, 3, 5)), left_out, found])
    return card(shown, title=title, aside=choice, id="months")


def _met(view: SlaMonthView) -> Component:
    if view.met is None:
        return chip("no data", State.UNKNOWN)
    so_far = "" if view.complete else " so far"
    return chip(f"kept{so_far}", State.GOOD) if view.met else chip(f"missed{so_far}", State.BAD)


def _breaches(breaches: Sequence[BreachView], titles: dict[str, str], now: datetime) -> Node:
    if not breaches:
        return html.P("There was no breach so far.", className="dim")
    rows = [
        html.Li([
            html.B(titles.get(each.sla, each.sla)), " ",
            chip("over", State.PLAIN, icon_name="check") if each.ended_at else chip("open", State.BAD),
            html.P(each.explanation),
            html.P([*flatten(span_of(each.started_at, each.ended_at)), _found(each, now)], className="dim small"),
        ], id=f"breach-{each.id}")
        for each in breaches
    ]  # fmt: skip
    return html.Ul(rows, className="lines tall")


def _found(breach: BreachView, now: datetime) -> str:
    after = fmt.duration((breach.detected_at - breach.started_at).total_seconds())
    lasted = fmt.duration(((breach.ended_at or now) - breach.started_at).total_seconds())
    so_far = "" if breach.ended_at else " so far"
    return f", found after {after} by {breach.rule}, lasted {lasted}{so_far}"

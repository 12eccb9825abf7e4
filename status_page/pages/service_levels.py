"""Service levels: what is promised, what was attained, what is left, and the arithmetic behind it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from dash import html
from dash.development.base_component import Component

from services.slas.views import BreachView, BurnView, SlaMonthView, SlaState, SlaView
from status_page.pages.component import table
from status_page.supplied import said
from status_page.wording import SLA_STATES, SLA_WORDS, component_href, moment, ratio_words, span_of
from web.ui import Node, Option, card, chip, columns, fmt, kpi, meter, note, page_head, segmented_links, stack
from web.ui.language import _, filled, later
from web.ui.nodes import flatten
from web.ui.theme import State

_RULES: Final = {
    "fast": later("fast"),
    "medium": later("medium"),
    "slow": later("slow"),
    "all_failing": later("all_failing"),
    "most_failing": later("most_failing"),
    "nothing_arrives": later("nothing_arrives"),
}
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
    titles = {each.name: said(each.title) for each in slas}
    return stack([
        page_head(_("Service levels"),
                  lead=_("What we promise, what was attained, and how much of what may fail is left.")),
        *([_agreement(each) for each in slas] or [html.P(_("No service level is agreed yet."), className="dim")]),
        _month(month[0], month[1], months),
        card(_breaches(breaches, titles, now), title=_("Breaches")),
    ], gap="large")  # fmt: skip


def _agreement(view: SlaView) -> Component:
    state = chip(_(SLA_WORDS[view.state]), SLA_STATES[view.state])
    window = fmt.duration(view.window_seconds)
    left = view.budget_left_ratio
    return card(
        [
            html.P(said(view.promise), className="lead"),
            *([html.P(said(view.state_reason), className="dim")] if view.state_reason else []),
            columns([
                kpi(_("Attained"), ratio_words(view.attained_ratio),
                    note=_("promised {ratio}", ratio=ratio_words(view.target_ratio))),
                kpi(_("Budget left"), fmt.percent(left),
                    note=_("of what may fail in the window; below zero is overspent")),
                kpi(_("Good"), number(view.good) if view.total else fmt.no_data(),
                    note=_("of {total} {unit}, last {window}", total=number(view.total), unit=said(view.event_unit),
                           window=window)),
                kpi(_("Left out"), _length(view.excluded_seconds),
                    note=_("not known: {length}", length=_length(view.unknown_seconds))),
            ]),
            _budget(view),
            _burns(view),
            html.P([html.B([_("What counts."), " "]), said(view.policy)], className="dim policy"),
            _more(view),
        ],
        title=said(view.title),
        aside=state,
        id=f"sla-{view.name}",
    )  # fmt: skip


def counted_of(good: float, total: float) -> str:
    """Good events of all."""
    return _("{good} of {total}", good=number(good), total=number(total)) if total else fmt.no_data()


def number(value: float) -> str:
    """A count of events, or of seconds, without decimals that nobody reads."""
    return fmt.number(value, 0)


def _length(seconds: float | None) -> str:
    return _("nothing") if seconds == 0 else fmt.duration(seconds)


def _budget(view: SlaView) -> Component:
    left = view.budget_left_ratio
    text = _("budget left {ratio}", ratio=fmt.percent(left))
    rows: list[Node] = [meter(left, _("Budget left of {title}", title=said(view.title)), text=text, state=_look(left))]
    full = view.window_filled_ratio
    if full < 1:
        text = _("window not yet full: {ratio} of it measured", ratio=fmt.percent(full, 0))
        rows.append(meter(full, _("Window of {title}", title=said(view.title)), text=text))
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
            html.Th(_(_RULES.get(each.name, each.name)), scope="row"),
            html.Td(_("{long} and {short}", long=fmt.duration(each.long_seconds),
                      short=fmt.duration(each.short_seconds))),
            html.Td(fmt.number(each.factor), className="num"),
            html.Td(fmt.number(each.long_burn, 2), className="num"),
            html.Td(fmt.number(each.short_burn, 2), className="num"),
            html.Td(_fires(each)),
        ])
        for each in view.burns
    ]  # fmt: skip
    heads = (_("Rule"), _("Windows"), _("Fires above"), _("Burn, long"), _("Burn, short"), _("Now"))
    caption = _("Burn rates of {title}: {promise}", title=said(view.title), promise=said(view.promise))
    return table(caption, heads, rows, numeric=(2, 3, 4))


def _fires(burn: BurnView) -> Component:
    if burn.firing:
        return chip(_("fires"), State.BAD)
    return chip(_("quiet"), State.GOOD) if burn.ready else chip(_("window not yet full"), State.UNKNOWN)


def _more(view: SlaView) -> Node:
    linked: list[Node] = []
    if view.figure:
        linked.append(html.A(_("Its figure, with raw counts and history"), href=f"/status/figures/{view.figure}/"))
    if view.component_id:
        linked.append(html.A(_("Its component, day by day"), href=component_href(view.component_id)))
    if view.state is SlaState.BREACHED and view.breached_since_at is not None:
        since = filled(_("breached since {moment}"), moment=moment(view.breached_since_at))
        linked.append(html.Span(since, className="dim"))
    joined = [part for each in linked for part in (each, " · ")][:-1]
    return html.P(flatten(joined), className="small") if linked else None


def _month(month: date, rows: Sequence[SlaMonthView], months: Sequence[date]) -> Component:
    choice = segmented_links(
        _("Month"),
        [Option(f"{m:%Y-%m}", fmt.month_short(m), href=f"?month={m:%Y-%m}#months") for m in reversed(months)],
        f"{month:%Y-%m}",
    )  # fmt: skip
    title = _("By month: {month}", month=fmt.month(month))
    if not rows:
        return card(
            html.P(_("Nothing is recorded for this month."), className="dim"), title=title, aside=choice, id="months"
        )
    body = [
        html.Tr([
            html.Th(said(each.title), scope="row"),
            html.Td(ratio_words(each.target_ratio), className="num"),
            html.Td(ratio_words(each.attained_ratio), className="num"),
            html.Td(counted_of(each.good, each.total), className="num"),
            html.Td(met_chip(each)),
            html.Td(fmt.count(len(each.breaches)), className="num"),
        ])
        for each in rows
    ]  # fmt: skip
    heads = (_("Agreement"), _("Promised"), _("Attained"), _("Good of all"), _("Kept"), _("Breaches"))
    exclusions = [
        html.Li([html.B(said(each.title)), ": ", *flatten(span_of(e.starts_at, e.ends_at)), f", {e.reason}",
                 " " + _("(marked afterwards)") if e.retroactive else ""])
        for each in rows for e in each.exclusions
    ]  # fmt: skip
    left_out: Node = note(_("Nothing was left out of this month."))
    if exclusions:
        left_out = [html.H3(_("Left out, and why")), html.Ul(exclusions, className="small dim")]
    found = note(_(
        "A breach is what a rule found while it went on. Small failures that add up can miss a month without one, and "
        "a past that was entered afterwards has none."
    ))  # fmt: skip
    shown = flatten([table(_("Agreements in the month"), heads, body, numeric=(1, 2, 3, 5)), left_out, found])
    return card(shown, title=title, aside=choice, id="months")


def met_chip(view: SlaMonthView) -> Component:
    """Whether the promise of a month was kept, so far where the month goes on."""
    if view.met is None:
        return chip(fmt.no_data(), State.UNKNOWN)
    if view.met:
        return chip(_("kept") if view.complete else _("kept so far"), State.GOOD)
    return chip(_("missed") if view.complete else _("missed so far"), State.BAD)


def _breaches(breaches: Sequence[BreachView], titles: dict[str, str], now: datetime) -> Node:
    if not breaches:
        return html.P(_("There was no breach so far."), className="dim")
    rows = [
        html.Li([
            html.B(titles.get(each.sla, each.sla)), " ",
            chip(_("over"), State.PLAIN, icon_name="check") if each.ended_at else chip(_("open"), State.BAD),
            html.P(said(each.explanation)),
            html.P(flatten(_found(each, now)), className="dim small"),
        ], id=f"breach-{each.id}")
        for each in breaches
    ]  # fmt: skip
    return html.Ul(rows, className="lines tall")


def _found(breach: BreachView, now: datetime) -> Node:
    after = fmt.duration((breach.detected_at - breach.started_at).total_seconds())
    lasted = fmt.duration(((breach.ended_at or now) - breach.started_at).total_seconds())
    told = (
        _("{span}, found after {after} by {rule}, lasted {length}")
        if breach.ended_at
        else _("{span}, found after {after} by {rule}, lasted {length} so far")
    )
    span = span_of(breach.started_at, breach.ended_at)
    rule = _(_RULES.get(breach.rule, breach.rule))
    return filled(told, span=flatten(span), after=after, rule=rule, length=lasted)

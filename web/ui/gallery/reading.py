"""What is read: figures, charts, panels and tables in every state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from web.ui import controls, figures, forms, layout, panels
from web.ui import format as fmt
from web.ui.charts.series import Point
from web.ui.charts.trend import Event, Remark, trend_chart
from web.ui.charts.uptime import uptime, uptimes
from web.ui.controls import Option
from web.ui.figures import Change, Target, kpi, tile
from web.ui.gallery import samples
from web.ui.grid import Column, Links, Paging, Sort, data_grid, with_sub
from web.ui.nodes import Node
from web.ui.theme import State

LONG = (
    "Abonnementverlängerungsbenachrichtigungseinstellungen and a title that somebody pasted from a document without "
    "any thought for the width of the column that it would end up in"
)
ARABIC = "زمن بدء تشغيل الفيديو عند المشاهدين في جميع المناطق"
QUANTITY = fmt.quantity


def tiles(now: datetime) -> list[Node]:
    """The tile on ordinary days: meets, with gaps, near, misses."""
    common: dict[str, Any] = {"now": now, "definition_href": "#"}
    recent = now - timedelta(seconds=4)
    return [
        tile("Video start, p95", QUANTITY(1.42, "s"), state=State.GOOD, verdict="meets < 2 s", samples="48,212 plays",
             as_of=recent, points=samples.join_time(now), target=Target(2, "< 2 s"), **common),
        tile("Rebuffering", QUANTITY(0.31, "%"), state=State.GOOD, verdict="meets < 1 %", samples="2,911 h watched",
             as_of=recent, points=samples.with_gaps(now), target=Target(1, "< 1 %"), **common),
        tile("Checkout success", QUANTITY(91.2, "%"), state=State.BAD, verdict="misses > 95 %",
             samples="3,904 attempts", as_of=recent, target=Target(95, "> 95 %"), **common,
             points=samples.falling(now)),
        tile("Payout time, p95", QUANTITY(23.1, "h"), state=State.WARN, verdict="near < 24 h", samples="211 payouts",
             as_of=now - timedelta(minutes=18), points=samples.rising(now), target=Target(24, "< 24 h"), **common),
    ]  # fmt: skip


def odd_tiles(now: datetime) -> list[Node]:
    """The tile on other days: no data, one sample, words that are too long, numbers too large, right to left."""
    common: dict[str, Any] = {"now": now, "definition_href": "#"}
    days = timedelta(days=1)
    arabic = tile(ARABIC, QUANTITY(1.42, "s"), state=State.GOOD, verdict="ضمن الهدف", samples="48,212", as_of=now,
                  points=samples.join_time(now), now=now)  # fmt: skip
    return [
        tile("Search results, p95", QUANTITY(None, "s"), state=State.GOOD, verdict="not measured", samples=None,
             as_of=None, points=[], target=Target(1, "< 1 s"), **common),
        tile("Refund time, p95", QUANTITY(3.4, "h"), state=State.PLAIN, verdict="no target", samples="1 refund",
             as_of=now - 3 * days, points=[Point(now - 3 * days, 3.4)], now=now),
        tile(LONG, QUANTITY(1_234_567_890.5, "ms"), state=State.BAD, verdict="misses a target that has long words",
             samples="48,212,000,000 plays", as_of=now - 400 * days, points=samples.join_time(now), **common),
        html.Div(arabic, dir="rtl", lang="ar", className="stack"),
    ]  # fmt: skip


def kpis() -> list[Node]:
    """Headline numbers."""
    return [
        kpi("Earned this month", "€18,240.55", change=Change("12.4 % on October", up=True, state=State.GOOD)),
        kpi("Payable on 1 Dec", "€11,902.10", note="after 30-day hold"),
        kpi("Reversed", f"{fmt.MINUS}€920.25", change=Change("11 refunds, 1 dispute", up=False, state=State.BAD)),
        kpi("Conversion", fmt.NO_DATA, note="the shop has had no visits yet"),
        kpi("Everything ever", "€999,999,999,999,999.99", note="an absurd number must not break its card"),
    ]


def words(now: datetime) -> Component:
    """Chips, states, meters, ages, links."""
    named = {
        State.GOOD: "operational", State.WARN: "degraded", State.BAD: "down", State.PLAN: "maintenance",
        State.UNKNOWN: "not measured", State.PLAIN: "resolved",
    }  # fmt: skip
    meters: list[Component] = [
        figures.meter(1.0, "Serving", text="everyone"),
        figures.meter(0.25, "Serving", text="25 % · step 3 of 5"),
        figures.meter(0.92, "Budget", state=State.BAD),
        figures.meter(None, "Budget"),
    ]
    ages: list[Component] = [
        figures.timestamp(now - timedelta(seconds=4), now=now, prefix="newest"),
        figures.timestamp(now),
        figures.timestamp(None),
        figures.timestamp(now + timedelta(minutes=3), now=now),
    ]
    prose = html.P([
        layout.mono("usr_0192f3"), " and ", html.Code("./manage.py check"), " and a ",
        html.A("link in running text", href="#"), " and ", controls.link("All history", "#", arrow=True),
    ])  # fmt: skip
    rows: list[Node] = [
        html.Div([figures.chip(word, state) for state, word in named.items()], className="acts"),
        html.Div([figures.state_word(word.capitalize(), state) for state, word in named.items()], className="acts"),
        html.Div(meters, className="acts"),
        html.Div(ages, className="acts"),
        prose,
    ]
    return layout.card(layout.stack(rows), title="States and words")


def trend(now: datetime) -> Component:
    """A trend chart with everything: band, target, events, a remark."""
    peak = samples.join_time_with_peak(now)
    top = max((point for point in peak if point.value is not None), key=lambda point: point.value or 0)
    chart = trend_chart(
        peak,
        title="Video start, p95",
        unit="s",
        target=2.0,
        target_text="2.0 s",
        band=samples.band(now),
        events=[
            Event(now - timedelta(hours=9), "deploy 412"),
            Event(now - timedelta(hours=7), "rolled back", State.BAD, "#"),
            Event(now - timedelta(hours=23, minutes=30), "deploy 411"),
        ],
        remarks=[Remark(top.at, top.value or 0, f"{top.value:.2f} s · INC-118")],
    )
    return layout.card(
        [chart, layout.note("Band: expected for this hour of the week.")],
        title="Video start, p95",
        aside=figures.chip("no regression so far", State.GOOD, icon_name="shield-check"),
    )


def small_trends(now: datetime) -> list[Node]:
    """Trend charts with gaps, and with nothing."""
    gaps = trend_chart(samples.with_gaps(now), title="Rebuffering", unit="%", target=1, target_text="1 %", short=True)
    return [
        layout.card(gaps, title="With gaps"),
        layout.card(trend_chart([], title="Nothing", unit="s", short=True), title="Without data"),
    ]


def availability(now: datetime) -> Component:
    """Uptime bars: with trouble, not yet measured at first, never measured."""
    today = fmt.utc(now).date()
    good = figures.state_word("Operational", State.GOOD)
    slow = figures.state_word("Slower than usual", State.WARN)
    unknown = figures.state_word("Not measured", State.UNKNOWN)
    trouble = {58: State.WARN, 57: State.BAD, 12: State.WARN, 30: State.PLAN}
    rows = [
        uptime("Playback", samples.days(today, bad=trouble), state_label=good, availability=0.999824),
        uptime("Creator payouts", samples.days(today, bad={5: State.WARN, 4: State.WARN}), state_label=slow,
               availability=0.9997),
        uptime("Public API", samples.days(today, unmeasured=12), state_label=good, availability=0.99999999),
        uptime("Search", samples.days(today, unmeasured=90), state_label=unknown, availability=None),
    ]  # fmt: skip
    hint = layout.note("Hatched days have no measurement. They count neither as up nor as down.")
    return layout.card([uptimes(rows), hint], title="Components")


def panel_states(now: datetime) -> list[Node]:
    """The five states of a panel, and the skeletons of each shape."""

    def fail() -> panels.Loaded[list[str]]:
        raise ConnectionError("the sample source is gone")

    def show(rows: list[str]) -> Node:
        return html.Ul([html.Li(row) for row in rows])

    fresh = panels.Loaded(["21 Nov · Video start slower in Europe", "24 Oct · Card payments declined"], now)
    old = panels.Loaded(fresh.value, now - timedelta(minutes=47))
    none: panels.Loaded[list[str]] = panels.Loaded([], now)
    invitation = panels.Empty(
        "No incidents in the last 90 days",
        "When something breaks for visitors, it is told here.",
        controls.button("Subscribe to changes", icon_name="bell", href="#"),
    )
    common: dict[str, Any] = {"now": now, "stale_after_seconds": 300.0}
    return [
        layout.columns(
            [
                panels.panel(lambda: fresh, show, title="Present", **common),
                panels.panel(lambda: old, show, title="Stale", **common),
                panels.panel(lambda: none, show, title="Empty", empty=invitation, **common),
                panels.panel(fail, show, title="Failed", retry_href="#", report=lambda _: "7f3a90c2", **common),
                panels.loading_panel(title="Loading"),
                panels.loading_panel(title="Loading a chart", shape="chart"),
            ],
            least="half",
        ),
        panels.loading_panel(title="Loading a table", shape="table", flush=True),
        panels.skeleton("figures"),
    ]


@dataclass(frozen=True, slots=True)
class _Flag:
    name: str
    about: str
    kind: str
    state: State
    share: float | None
    owner: str
    rate: int | None


_FLAGS = (
    _Flag("passkey-wallets", "Sign in and pay with a passkey", "kill switch", State.BAD, 1.0, "Wallets", 18_204),
    _Flag("steering-v2", "CDN steering by learned policy", "release", State.PLAIN, 0.25, "Delivery", 41_950),
    _Flag("price-display", "Tax-inclusive price in the grid", "experiment", State.PLAN, 0.5, "Growth", 30_442),
    _Flag("unused", LONG, "release", State.PLAIN, None, "Nobody", None),
)


def _switch(row: _Flag) -> Component:
    return controls.switch(row.name, on=row.share is not None, id=f"gallery-{row.name}", hide_label=True)


def _kind(row: _Flag) -> Component:
    shown = {State.BAD: "power", State.PLAN: "flask-conical"}.get(row.state)
    return figures.chip(row.kind, row.state, icon_name=shown)


def _serving(row: _Flag) -> Node:
    return figures.meter(row.share, "Serving") if row.share is not None else html.Span("nobody", className="dim")


_COLUMNS: tuple[Column[_Flag], ...] = (
    Column("on", "On", _switch, label_hidden=True, width="64px"),
    Column("name", "Flag", lambda row: with_sub(layout.mono(row.name), row.about), sortable=True),
    Column("kind", "Kind", _kind, priority=2),
    Column("share", "Serving", _serving, priority=2),
    Column("owner", "Owner", lambda row: row.owner, sortable=True, priority=3),
    Column("rate", "Evaluations / min", lambda row: None if row.rate is None else fmt.count(row.rate), numeric=True,
           sortable=True),
)  # fmt: skip


def tables() -> list[Node]:
    """The data grid: filtered, sorted, paged; and empty."""
    links = Links(sort=lambda sort: f"#sort-{sort.key}-{sort.direction}", page=lambda token: f"#page-{token}")
    kinds = (("all", "All 38"), ("kill", "Kill switches 7"), ("rolling", "Rolling out 3"), ("stale", "Stale 5"))
    options = [Option(key, label, href=f"#{key}") for key, label in kinds]
    grid = data_grid(
        _FLAGS,
        _COLUMNS,
        caption="Flags",
        noun="gallery-flags",
        row_key=lambda row: row.name,
        sort=Sort("rate"),
        paging=Paging(1, 4, 38, next="2"),
        links=links,
    )
    none: list[_Flag] = []
    empty = data_grid(none, _COLUMNS, caption="Experiments", noun="gallery-experiments", row_key=lambda row: row.name)
    search = forms.search_box("Name, owner, tag…", id="gallery-search")
    return [
        forms.toolbar([search, controls.filters("Kind of flag", options, "all")]),
        layout.card(grid, flush=True),
        layout.card(empty, flush=True),
    ]

"""Every component in every state, section by section."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from web.ui import controls, feedback, figures, forms, layout, overlays, panels
from web.ui import format as fmt
from web.ui.charts.series import Point
from web.ui.charts.trend import Event, Remark, trend_chart
from web.ui.charts.uptime import uptime, uptimes
from web.ui.controls import Option, Tab
from web.ui.gallery import samples
from web.ui.grid import Column, Links, Paging, Sort, data_grid, with_sub
from web.ui.icons import ICONS, icon
from web.ui.nodes import Node, attrs
from web.ui.theme import State

LONG = (
    "Abonnementverlängerungsbenachrichtigungseinstellungen and a title that somebody pasted from a document without "
    "any thought for the width of the column that it would end up in"
)
ARABIC = "زمن بدء تشغيل الفيديو عند المشاهدين في جميع المناطق"


def section(title: str, children: Node, *, lead: str | None = None) -> Component:
    """One part of the gallery under its heading."""
    head = html.Header([html.H2(title), html.P(lead, className="dim") if lead else ""])
    return html.Section([head, layout.stack(children)], className="stack")


def tiles(now: datetime) -> Component:
    """The tile: meets, near, misses, no data, never measured, long, huge."""
    seconds = fmt.quantity
    ok: dict[str, Any] = {"now": now, "definition_href": "#"}
    return layout.columns(
        [
            figures.tile(
                "Video start, p95",
                seconds(1.42, "s"),
                state=State.GOOD,
                verdict="meets < 2 s",
                samples="48,212 plays",
                as_of=now - timedelta(seconds=4),
                points=samples.join_time(now),
                target=figures.Target(2, "< 2 s"),
                **ok,
            ),
            figures.tile(
                "Rebuffering",
                seconds(0.31, "%"),
                state=State.GOOD,
                verdict="meets < 1 %",
                samples="2,911 h watched",
                as_of=now - timedelta(seconds=4),
                points=samples.with_gaps(now),
                target=figures.Target(1, "< 1 %"),
                **ok,
            ),
            figures.tile(
                "Payout time, p95",
                seconds(23.1, "h"),
                state=State.WARN,
                verdict="near < 24 h",
                samples="211 payouts",
                as_of=now - timedelta(minutes=18),
                points=samples.day_of(now, lambda i: 15 + i / 12),
                target=figures.Target(24, "< 24 h"),
                **ok,
            ),
            figures.tile(
                "Checkout success",
                seconds(91.2, "%"),
                state=State.BAD,
                verdict="misses > 95 %",
                samples="3,904 attempts",
                as_of=now - timedelta(seconds=11),
                points=samples.day_of(now, lambda i: min(97.0, 97 - (i - 70) / 4.5)),
                target=figures.Target(95, "> 95 %"),
                **ok,
            ),
            figures.tile(
                "Search results, p95",
                seconds(None, "s"),
                state=State.GOOD,
                verdict="not measured",
                samples=None,
                as_of=None,
                points=[],
                target=figures.Target(1, "< 1 s"),
                **ok,
            ),
            figures.tile(
                "Refund time, p95",
                seconds(3.4, "h"),
                state=State.PLAIN,
                verdict="no target",
                samples="1 refund",
                as_of=now - timedelta(days=3),
                points=[Point(now - timedelta(days=3), 3.4)],
                now=now,
            ),
            figures.tile(
                LONG,
                seconds(1_234_567_890.5, "ms"),
                state=State.BAD,
                verdict="misses a target with long words",
                samples="48,212,000,000 plays",
                as_of=now - timedelta(days=400),
                points=samples.join_time(now),
                **ok,
            ),
            html.Div(
                figures.tile(
                    ARABIC,
                    seconds(1.42, "s"),
                    state=State.GOOD,
                    verdict="ضمن الهدف",
                    samples="48,212",
                    as_of=now,
                    points=samples.join_time(now),
                    now=now,
                ),
                dir="rtl",
                lang="ar",
                className="stack",
            ),
        ]
    )


def kpis() -> Component:
    """Headline numbers."""
    return layout.columns(
        [
            figures.kpi(
                "Earned this month", "€18,240.55", change=figures.Change("12.4 % on October", up=True, state=State.GOOD)
            ),
            figures.kpi("Payable on 1 Dec", "€11,902.10", note="after 30-day hold"),
            figures.kpi(
                "Reversed", "−€920.25", change=figures.Change("11 refunds, 1 dispute", up=False, state=State.BAD)
            ),  # noqa: RUF001
            figures.kpi("Conversion", fmt.NO_DATA, note="the shop has had no visits yet"),
            figures.kpi("Everything ever", "€999,999,999,999,999.99", note="an absurd number must not break its card"),
        ]
    )


def words(now: datetime) -> Component:
    """Chips, states, meters, ages."""
    names = {
        State.GOOD: "operational",
        State.WARN: "degraded",
        State.BAD: "down",
        State.PLAN: "maintenance",
        State.UNKNOWN: "not measured",
        State.PLAIN: "resolved",
    }
    row = html.Div
    return layout.card(
        [
            row([figures.chip(word, state) for state, word in names.items()], className="acts"),
            row([figures.state_word(word.capitalize(), state) for state, word in names.items()], className="acts"),
            row(
                [
                    figures.meter(1.0, "Serving", text="everyone"),
                    figures.meter(0.25, "Serving", text="25 % · step 3 of 5"),
                    figures.meter(0.92, "Budget", state=State.BAD),
                    figures.meter(None, "Budget"),
                ],
                className="acts",
            ),
            row(
                [
                    figures.timestamp(now - timedelta(seconds=4), now=now, prefix="newest"),
                    figures.timestamp(now),
                    figures.timestamp(None),
                    figures.timestamp(now + timedelta(minutes=3), now=now),
                ],
                className="acts",
            ),
            html.P(
                [
                    layout.mono("usr_0192f3"),
                    " and ",
                    html.Code("python manage.py check"),
                    " and a ",
                    html.A("link in running text", href="#"),
                    " and ",
                    controls.link("All history", "#", arrow=True),
                ]
            ),
        ],
        title="States and words",
    )


def charts(now: datetime) -> Component:
    """Trend charts and uptime bars."""
    peak = samples.join_time_with_peak(now)
    top = max((point for point in peak if point.value is not None), key=lambda point: point.value or 0)
    today = fmt.utc(now).date()
    return layout.stack(
        [
            layout.card(
                [
                    trend_chart(
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
                    ),
                    layout.note("Band: expected for this hour of the week."),
                ],
                title="Video start, p95",
                aside=figures.chip("no regression so far", State.GOOD, icon_name="shield-check"),
            ),
            layout.columns(
                [
                    layout.card(
                        trend_chart(
                            samples.with_gaps(now),
                            title="Rebuffering",
                            unit="%",
                            target=1,
                            target_text="1 %",
                            short=True,
                        ),
                        title="With gaps",
                    ),
                    layout.card(trend_chart([], title="Nothing", unit="s", short=True), title="Without data"),
                ],
                least="half",
            ),
            layout.card(
                uptimes(
                    [
                        uptime(
                            "Playback",
                            samples.days(today, bad={58: State.WARN, 57: State.BAD, 12: State.WARN}),
                            state_label=figures.state_word("Operational", State.GOOD),
                            availability=0.999824,
                        ),
                        uptime(
                            "Creator payouts",
                            samples.days(today, bad={5: State.WARN, 4: State.WARN}),
                            state_label=figures.state_word("Slower than usual", State.WARN),
                            availability=0.9997,
                        ),
                        uptime(
                            "Public API",
                            samples.days(today, unmeasured=12),
                            state_label=figures.state_word("Operational", State.GOOD),
                            availability=0.99999999,
                        ),
                        uptime(
                            "Search",
                            samples.days(today, unmeasured=90),
                            state_label=figures.state_word("Not measured", State.UNKNOWN),
                            availability=None,
                        ),
                    ]
                ),
                title="Components",
            ),
        ]
    )


def panel_states(now: datetime) -> Component:
    """The five states of a panel, and the skeletons of each shape."""

    def fail() -> panels.Loaded[list[str]]:
        raise ConnectionError("the sample source is gone")

    def show(rows: list[str]) -> Node:
        return html.Ul([html.Li(row) for row in rows])

    fresh = panels.Loaded(["21 Nov · Video start slower in Europe", "24 Oct · Card payments declined"], now)
    old = panels.Loaded(fresh.value, now - timedelta(minutes=47))
    none: panels.Loaded[list[str]] = panels.Loaded([], now)
    to_do = panels.Empty(
        "No incidents in the last 90 days",
        "When something breaks for visitors, it is told here.",
        controls.button("Subscribe to changes", icon_name="bell", href="#"),
    )
    common: dict[str, Any] = {"now": now, "stale_after_seconds": 300.0}
    return layout.stack(
        [
            layout.columns(
                [
                    panels.panel(lambda: fresh, show, title="Present", **common),
                    panels.panel(lambda: old, show, title="Stale", **common),
                    panels.panel(lambda: none, show, title="Empty", empty=to_do, **common),
                    panels.panel(fail, show, title="Failed", retry_href="#", report=lambda _: "7f3a90c2", **common),
                    panels.loading_panel(title="Loading"),
                    panels.loading_panel(title="Loading a chart", shape="chart"),
                ],
                least="half",
            ),
            panels.loading_panel(title="Loading a table", shape="table", flush=True),
            panels.skeleton("figures"),
        ]
    )


@dataclass(frozen=True, slots=True)
class _Flag:
    name: str
    about: str
    kind: str
    state: State
    share: float | None
    owner: str
    rate: int | None


FLAGS = (
    _Flag("passkey-wallets", "Sign in and pay with a passkey", "kill switch", State.BAD, 1.0, "Wallets", 18_204),
    _Flag("steering-v2", "CDN steering by learned policy", "release", State.PLAIN, 0.25, "Delivery", 41_950),
    _Flag("price-display", "Tax-inclusive price in the grid", "experiment", State.PLAN, 0.5, "Growth", 30_442),
    _Flag("unused", LONG, "release", State.PLAIN, None, "Nobody", None),
)


def tables() -> Component:
    """The data grid: sorted, paged, narrow, empty."""
    columns: list[Column[_Flag]] = [
        Column(
            "on",
            "On",
            lambda row: controls.switch(row.name, on=bool(row.share), id=f"gallery-{row.name}", hide_label=True),
            label_hidden=True,
            width="64px",
        ),
        Column("name", "Flag", lambda row: with_sub(layout.mono(row.name), row.about), sortable=True),
        Column(
            "kind",
            "Kind",
            lambda row: figures.chip(row.kind, row.state, icon_name="power" if row.state is State.BAD else None),
            priority=2,
        ),
        Column(
            "share", "Serving", lambda row: figures.meter(row.share, "Serving") if row.share else "nobody", priority=2
        ),
        Column("owner", "Owner", lambda row: row.owner, sortable=True, priority=3),
        Column(
            "rate",
            "Per min",
            lambda row: fmt.count(row.rate) if row.rate is not None else None,
            numeric=True,
            sortable=True,
        ),
    ]
    links = Links(sort=lambda sort: f"#sort-{sort.key}-{sort.direction}", page=lambda token: f"#page-{token}")
    options = [
        Option(key, label, href=f"#{key}")
        for key, label in (("all", "All 38"), ("kill", "Kill switches 7"), ("stale", "Stale 5"))
    ]
    return layout.stack(
        [
            forms.toolbar(
                [
                    forms.search_box("Name, owner, tag…", id="gallery-search"),
                    controls.filters("Kind of flag", options, "all"),
                ]
            ),
            layout.card(
                data_grid(
                    FLAGS,
                    columns,
                    caption="Flags",
                    noun="gallery-flags",
                    row_key=lambda row: row.name,
                    sort=Sort("rate"),
                    paging=Paging(1, 4, 38, next="2"),
                    links=links,
                ),
                flush=True,
            ),
            layout.card(
                data_grid([], columns, caption="Experiments", noun="gallery-experiments", row_key=lambda row: row.name),
                flush=True,
            ),
        ]
    )


def form_states() -> Component:
    """Forms: fresh, and refused with a summary."""
    roles = [Option("viewer", "Viewer"), Option("operator", "Operator")]
    ways = [
        Option("mail", "By e-mail", hint="A link that works once, for an hour"),
        Option("app", "By app", hint="Six digits"),
    ]
    return layout.columns(
        [
            layout.card(
                forms.form(
                    [
                        forms.text_input(
                            "E-mail",
                            id="gallery-mail",
                            type="email",
                            autoComplete="off",
                            hint="Where the invitation goes",
                        ),
                        forms.select("Role", roles, id="gallery-role", value="operator"),
                        forms.text_area("Note", id="gallery-note", required=False),
                        forms.radio_group("Second factor", ways, id="gallery-way", value="app"),
                        forms.checkbox("Require a new password", id="gallery-new", checked=True),
                        controls.switch("Notify at once", on=True, id="gallery-notify"),
                    ],
                    action="#",
                    csrf_token=None,
                    id="gallery-form",
                    actions=[
                        controls.button("Send invitation", kind="primary", submit=True, busy_label="Sending…"),
                        controls.button("Cancel", href="#"),
                    ],
                ),
                title="Form",
            ),
            layout.card(
                forms.form(
                    [
                        forms.fields(
                            [
                                forms.text_input(
                                    "Code",
                                    id="gallery-code",
                                    value="12 34",
                                    error="Enter the six digits of your app.",
                                    inputMode="numeric",
                                    autoComplete="off",
                                ),
                                forms.text_input("Until", id="gallery-until", type="date"),
                            ],
                            legend="Confirm",
                        ),
                        forms.checkbox("I have read the policy", id="gallery-policy", error="Tick the box to go on."),
                        forms.text_input(
                            "Organisation", id="gallery-org", value="Northlight", disabled=True, required=False
                        ),
                    ],
                    errors={
                        "gallery-code": "Enter the six digits of your app.",
                        "gallery-policy": "Tick the box to go on.",
                    },
                    action="#",
                    csrf_token=None,
                    actions=controls.button("Confirm", kind="primary", submit=True),
                ),
                title="Refused form",
            ),
        ],
        least="half",
    )


def buttons() -> Component:
    """Buttons, segmented controls, tabs."""
    ranges = [Option("day", "24 hours"), Option("week", "7 days"), Option("quarter", "90 days")]
    return layout.card(
        [
            html.Div(
                [
                    controls.button("New flag", kind="primary", icon_name="plus"),
                    controls.button("Export", icon_name="download"),
                    controls.button("Restore baseline…", kind="danger", icon_name="circle-x", opens="gallery-confirm"),
                    controls.button("More", kind="quiet", icon_name="ellipsis", icon_only=True),
                    controls.button("Not now", disabled=True),
                    controls.button("Saving", kind="primary", disabled=True),
                ],
                className="acts",
            ),
            html.Div(
                [
                    controls.segmented("Range", ranges, "quarter", id="gallery-range"),
                    controls.segmented_links(
                        "Range", [Option(o.value, o.label, href=f"#{o.value}") for o in ranges], "day"
                    ),
                ],
                className="acts",
            ),
            controls.tabs(
                "Details",
                [
                    Tab("timeline", "Timeline", html.P("What happened, minute by minute."), "12"),
                    Tab("affected", "Affected", html.P("Who was affected.")),
                ],
                id="gallery-tabs",
            ),
            layout.facts({"Owner": "Delivery", "Rolled out": "25 % since 14:02 UTC", "Reason": LONG}),
        ],
        title="Controls",
    )


def messages() -> Component:
    """Banners, toasts, progress, funnel, incident."""
    steps = [
        feedback.Step("Read 48,212 sales", "done", "2.1 s"),
        feedback.Step("Compute commissions", "running", "31,020 of 48,212"),
        feedback.Step("Write statements", "waiting"),
        feedback.Step("Notify bank", "failed", "The bank's door is closed"),
    ]
    body: list[Node] = [
        "Checkout success fell by 3.1 points in the treated group. ",
        html.A("See the decision", href="#"),
    ]
    return layout.stack(
        [
            feedback.banner(
                "checkout-one-page was rolled back at 14:06", body, actions=controls.button("Review", href="#")
            ),
            *[
                feedback.banner(f"A banner that is {state}", "With words under its title.", state=state)
                for state in (State.GOOD, State.BAD, State.PLAN, State.PLAIN)
            ],
            layout.columns(
                [
                    layout.card(
                        feedback.progress(
                            "Payout run of 24 November",
                            0.64,
                            detail="About 40 s left",
                            steps=steps,
                            actions=controls.button("Stop", kind="danger"),
                        ),
                        title="Progress",
                    ),
                    layout.card(
                        [
                            feedback.progress("Importing", None),
                            *[
                                feedback.toast(f"Toast: {state}", "Saved and live everywhere.", state=state)
                                for state in (State.GOOD, State.WARN, State.BAD)
                            ],
                        ],
                        title="Toasts",
                    ),
                    layout.card(
                        [
                            layout.funnel_row("Clicks", 1, "48,210"),
                            layout.funnel_row("Visited a title", 0.661, "31,877", "66.1 %"),
                            layout.funnel_row("Paid", 0.081, "3,904", "12.2 %"),
                        ],
                        title="From click to sale",
                    ),
                    layout.card(
                        [
                            layout.incident(
                                "Video start slower in Europe",
                                day="21 Nov",
                                hours="14:02 – 14:31 UTC",  # noqa: RUF001
                                badge=figures.chip("resolved"),
                                text=LONG,
                                meta=["29 min", html.A("Post-mortem", href="#")],
                            ),
                        ],
                        title="Incidents",
                    ),
                ],
                least="half",
            ),
        ]
    )


def icons() -> Component:
    """All icons with their names."""
    return layout.card(
        html.Ul(
            [html.Li([icon(name), html.Span(name)]) for name in sorted(ICONS)],
            className="iconlist",
            **attrs(aria_label="Icons"),
        ),
        title="Icons",
    )


def confirm(*, shown: bool) -> Component:
    """A dialog that asks before a dangerous act."""
    return overlays.dialog(
        "Restore the baseline?",
        forms.text_input("Reason", id="gallery-reason", hint="It is kept in the audit log."),
        id="gallery-confirm",
        lead="All 38 flags go back to the state of 21 Nov 2026, 14:02 UTC. Running experiments end.",
        actions=[controls.button("Restore baseline", kind="danger"), overlays.cancel_button()],
        open=shown,
    )

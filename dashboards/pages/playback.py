"""Playback quality: the figures over time, by player, delivery and stream, and what stands beside them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from dash import Input, Output, State, dcc, html
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.metrics import FigureView, Summary, Window
from services.metrics.units import SECONDS, display_unit, target_text
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Option,
    columns,
    data_grid,
    fmt,
    kpi,
    page_head,
    panel,
    segmented_links,
    stack,
)
from web.ui.charts import plotly

_ids = Ids("playback")
_REFRESH_MS = 30_000
_SPANS = {"1": "24 h", "7": "7 d", "30": "30 d", "90": "90 d"}
_P95 = 0.95
_SHOWN = ("join_time_p95", "rebuffer_ratio")
_DIMENSIONS = {
    "player": "Player",
    "stream": "Stream",
    "cdn": "Delivery network",
    "region": "Region",
    "origin": "Origin",
}


def page(services: Services) -> Page:
    """Return the page, reading through these services."""

    def body(actor: Actor, days: str, dimension: str) -> list[Component]:
        figures = panel(
            lambda: Loaded(
                [services.figures.figure(actor, name, days=int(days)) for name in _SHOWN], services.clock.now()
            ),
            lambda found: columns([_kpis(figure) for figure in found]),
            title=f"Last {_SPANS[days]}",
            now=services.clock.now(),
        )
        charts = [_history(services, actor, name, int(days)) for name in _SHOWN]
        return [figures, columns(charts, least="half"), _split(services, actor, int(days), dimension)]

    def layout(visit: Visit) -> Component:
        days, dimension = _chosen(visit.query)
        spans = [Option(each, label, href=_address(each, dimension)) for each, label in _SPANS.items()]
        splits = [Option(each, label, href=_address(days, each)) for each, label in _DIMENSIONS.items()]
        return stack([
            page_head("Playback", lead="What viewers' players reported, live."),
            html.Div(
                [
                    segmented_links("Span", spans, days),
                    segmented_links("Split by", splits, dimension),
                ],
                className="filters",
            ),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            dcc.Store(id=_ids.part("chosen"), data={"days": days, "by": dimension}),
            html.Div(body(visit.actor, days, dimension), id=_ids.part("body"), className="stack normal"),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        @callbacks.callback(
            Output(_ids.part("body"), "children"),
            Input(_ids.part("tick"), "n_intervals"),
            State(_ids.part("chosen"), "data"),
            prevent_initial_call=True,
        )
        def redraw(_: int | None, chosen: Mapping[str, str] | None) -> list[Component]:
            return body(current_actor(), *_chosen(chosen or {}))

    return Page("", "Playback", "metrics.playback.read", layout, register, redraw_on=frozenset({"days", "by"}))


def _chosen(asked: Mapping[str, str]) -> tuple[str, str]:
    """Return span and split of an address; the first of each where it names none that there is."""
    days, dimension = asked.get("days", ""), asked.get("by", "")
    return days if days in _SPANS else "1", dimension if dimension in _DIMENSIONS else "player"


def _address(days: str, dimension: str) -> str:
    return f"?{urlencode({'days': days, 'by': dimension})}"


def _kpis(figure: FigureView) -> list[Component]:
    unit = display_unit(figure)
    value = fmt.quantity(unit.shown(figure.value), unit.sign)
    beside = [
        kpi(c.title, fmt.duration(c.value) if c.unit == "seconds" else fmt.count(round(c.value)))
        for c in figure.companions
    ]
    return [
        kpi(figure.title, str(value), note=f"target {target_text(figure)}, {fmt.plural(figure.samples, 'play')}"),
        *beside,
    ]


def _history(services: Services, actor: Actor, name: str, days: int) -> Component:
    now = services.clock.now()

    def load() -> Loaded[tuple[FigureView, pd.DataFrame]]:
        figure = services.figures.figure(actor, name)
        return Loaded((figure, services.figures.history(actor, name, days)), figure.as_of)

    def draw(loaded: tuple[FigureView, pd.DataFrame]) -> Component:
        figure, rows = loaded
        unit = display_unit(figure)
        shown = [None if pd.isna(value) else value * unit.factor for value in rows["value"]]
        instants = [at.isoformat() for at in rows["starts_at"]]
        target = figure.target * unit.factor
        traces: list[dict[str, Any]] = [
            {"type": "scatter", "mode": "lines", "name": figure.title, "x": instants, "y": shown},
            {"type": "scatter", "mode": "lines", "name": "target", "x": instants, "y": [target] * len(instants),
             "line": {"dash": "dash", "width": 1}},
        ]  # fmt: skip
        return plotly.graph(
            traces,
            title=f"{figure.title} over {_SPANS[str(days)]}",
            id=_ids.part(name.replace("_", "-")),
            unit=unit.sign,
        )

    title = "Join time, p95" if name == "join_time_p95" else "Rebuffer ratio"
    return panel(load, draw, title=title, now=now)


def _split(services: Services, actor: Actor, days: int, dimension: str) -> Component:
    now = services.clock.now()
    window = Window(now - timedelta(days=days), now)

    def load() -> Loaded[list[tuple[str, Summary, Mapping[str, Summary]]]]:
        joins = services.metric_store.split(actor, "join_time", window, dimension, quantiles=(_P95,))
        beside = {
            metric: services.metric_store.split(actor, metric, window, dimension)
            for metric in ("stall_time", "play_time", "exits_before_start")
        }
        rows = [
            (value, summary, {m: s[value] for m, s in beside.items() if value in s}) for value, summary in joins.items()
        ]
        return Loaded(sorted(rows, key=lambda row: -row[1].count), now)

    return panel(
        load,
        lambda rows: data_grid(rows, _columns(dimension), caption="Playback", noun="playback", row_key=lambda r: r[0]),
        title=f"By {_DIMENSIONS[dimension].lower()}, {_SPANS[str(days)]}",
        now=now,
        flush=True,
        empty=Empty("Nothing measured", "Play a video in the shop: its figures are here about two seconds later."),
    )


Row = tuple[str, Summary, Mapping[str, Summary]]


def _columns(dimension: str) -> list[Column[Row]]:
    return [
        Column("value", _DIMENSIONS[dimension], lambda r: r[0]),
        Column("plays", "Plays", lambda r: fmt.count(r[1].count), numeric=True),
        Column("join", "Join time, p95", lambda r: _seconds(r[1].quantiles.get(_P95)), numeric=True),
        Column("rebuffer", "Rebuffer ratio", lambda r: fmt.percent(_ratio(r[2])), numeric=True),
        Column("exits", "Exits before start", lambda r: fmt.count(_count(r[2])), numeric=True, priority=2),
    ]


def _seconds(milliseconds: float | None) -> str:
    return str(fmt.quantity(SECONDS.shown(milliseconds), SECONDS.sign))


def _ratio(beside: Mapping[str, Summary]) -> float | None:
    stalled = beside["stall_time"].total if "stall_time" in beside else 0
    played = beside["play_time"].total if "play_time" in beside else 0
    return stalled / (stalled + played) if stalled + played else None


def _count(beside: Mapping[str, Summary]) -> int:
    return beside["exits_before_start"].count if "exits_before_start" in beside else 0

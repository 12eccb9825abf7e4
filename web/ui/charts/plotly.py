"""Large interactive charts: plotly figures whose words and lines follow our tokens through CSS, in both schemes."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from web.ui.nodes import attrs

# Mid-lightness hues that keep 3:1 on both grounds; plotly needs concrete values in its traces.
SERIES_COLOURS = ("#5b72e8", "#3f8fc4", "#c98a16", "#2f9e6e", "#d05c4f", "#8b6cc9")
FONT = '"Inter Variable", "Inter Fallback", "Inter Fallback Wide", system-ui, sans-serif'


_DAY_MS = 86_400_000
_TIME_LABELS = [
    {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b"},
    {"dtickrange": [_DAY_MS, None], "value": "%-d %b"},
]


def layout(*, unit: str = "", height: int = 320, legend: bool = False) -> dict[str, Any]:
    """The layout of our charts: no frame, at most five grid lines, unit on the axis, one readout for all lines."""
    axis: dict[str, Any] = {
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "ticklabelstandoff": 8,
        "automargin": True,
    }
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 16, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12},
        "colorway": list(SERIES_COLOURS),
        "hovermode": "x unified",
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": 1.08, "yanchor": "bottom"},
        "xaxis": {**axis, "showgrid": False, "nticks": 7, "tickformatstops": _TIME_LABELS},
        "yaxis": {**axis, "nticks": 5, "ticksuffix": f" {unit}" if unit else "", "gridwidth": 1},
        "dragmode": "zoom",
        "bargap": 0.18,
        "barcornerradius": 3,
    }


def graph(traces: list[dict[str, Any]], *, title: str, id: str, unit: str = "", height: int = 320) -> Component:
    """An interactive chart (it needs Dash and the basic plotly bundle). Gaps in the data stay gaps.

    Shape: plotly traces of the basic bundle (scatter, bar, pie).
    """
    styled = [
        {"connectgaps": False, "line": {"width": 1.75}, **trace} if trace.get("type") != "bar" else trace
        for trace in traces
    ]
    figure = {"data": styled, "layout": layout(unit=unit, height=height, legend=len(traces) > 1)}
    return html.Div(
        dcc.Graph(
            id=id,
            figure=figure,
            responsive=True,
            style={"height": f"{height}px"},
            config={"displayModeBar": False, "doubleClick": "reset", "showTips": False},
        ),
        className="plotly-chart",
        role="group",
        **attrs(aria_label=title),
    )

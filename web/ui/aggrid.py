"""The grid for many rows and much interaction: AG Grid in our tokens (assets/dash.css sets its variables)."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component
from dash_ag_grid import AgGrid

from web.ui.nodes import attrs


def big_grid(
    rows: Sequence[Mapping[str, Any]],
    column_defs: Sequence[Mapping[str, Any]],
    *,
    id: str,
    label: str,
    height: int = 480,
    options: Mapping[str, Any] | None = None,
) -> Component:
    """AG Grid with our looks; cells are text, never HTML (`dangerously_allow_code` stays off).

    Shape: `rows` are flat mappings, one a row; `column_defs` are AG Grid's.
    """
    defaults = {"sortable": True, "resizable": True, "filter": True, "minWidth": 90, "flex": 1}
    return html.Div(
        AgGrid(
            id=id,
            rowData=[dict(row) for row in rows],
            columnDefs=[dict(column) for column in column_defs],
            defaultColDef=defaults,
            dashGridOptions={"animateRows": False, "rowHeight": 44, "headerHeight": 40, **dict(options or {})},
            style={"height": f"{height}px", "width": "100%"},
            className="ag-greenlight",
            dangerously_allow_code=False,
        ),
        className="aggrid",
        role="group",
        **attrs(aria_label=label),
    )

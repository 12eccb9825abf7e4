"""The data grid: a table that the server pages and sorts, by links in plain pages and by callbacks in Dash."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from dash import html
from dash.development.base_component import Component

from web.ui import format as fmt
from web.ui.icons import icon
from web.ui.ids import Ids
from web.ui.nodes import Node, attrs, classes, flatten
from web.ui.panels import Empty, empty_state

T = TypeVar("T")
Direction = Literal["ascending", "descending"]


@dataclass(frozen=True)  # no slots: Python 3.11 cannot call Column[Row](…) of a frozen class with slots
class Column(Generic[T]):
    """One column: its heading, how a row fills it, and whether the server can sort by it.

    `priority` 3 leaves on tablets; on phones every row is a block of its own, with each value under its label.
    `label_hidden` keeps the heading for screen readers only.
    """

    key: str
    label: str
    cell: Callable[[T], Node]
    numeric: bool = False
    sortable: bool = False
    priority: Literal[1, 2, 3] = 1
    label_hidden: bool = False
    width: str | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column the rows are ordered."""

    key: str
    direction: Direction = "descending"


@dataclass(frozen=True, slots=True)
class Paging:
    """Where in the whole list these rows stand; `previous` and `next` are tokens for the neighbouring pages.

    `first` counts from 1; `total` is `None` where counting would cost too much.
    """

    first: int
    last: int
    total: int | None = None
    previous: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Links:
    """How a plain page asks for another order or page: both give a link."""

    sort: Callable[[Sort], str]
    page: Callable[[str], str]


def data_grid(
    rows: Sequence[T],
    columns: Sequence[Column[T]],
    *,
    caption: str,
    noun: str,
    row_key: Callable[[T], str],
    sort: Sort | None = None,
    paging: Paging | None = None,
    links: Links | None = None,
    empty: Empty | None = None,
) -> Component:
    """A table of these rows. With `links` it works without script; without, its buttons carry Dash ids.

    In Dash, listen to `Ids(noun).each("sort")` (key: the column) and `Ids(noun).each("page")` (key: the page token).
    """
    ids = Ids(noun)
    if not rows:
        return html.Div(
            empty_state(empty or Empty(f"No {caption.lower()}", "Nothing matches. Change the filters to see more.")),
            id=ids.part("grid"),
        )
    # The roles are those that the elements have; said in words, they outlive the stacked rows of a phone.
    headings = [_heading(column, sort, links, ids) for column in columns]
    head = html.Thead(html.Tr(headings, role="row"), role="rowgroup")
    body = html.Tbody(
        [
            html.Tr(
                [_cell(column, row, first=index == 0) for index, column in enumerate(columns)],
                role="row",
                **attrs(data_key=row_key(row)),
            )
            for row in rows
        ],
        role="rowgroup",
    )
    table = html.Table([html.Caption(caption, className="sr-only"), head, body], className="grid", role="table")
    return html.Div(
        flatten([
            html.Div(table, className="scroll", role="region", tabIndex="0", **attrs(aria_label=caption)),
            _pager(paging, links, ids) if paging else None,
        ]),
        className="gridbox",
        id=ids.part("grid"),
    )  # fmt: skip


def with_sub(main: Node, sub: Node) -> Component:
    """A cell with a second, quieter line that explains the first."""
    return html.Span([html.Span(flatten(main), className="main"), html.Span(flatten(sub), className="sub")])


def _look(column: Column[T]) -> str:
    return classes(column.numeric and "num", f"p{column.priority}" if column.priority > 1 else None)


def _heading(column: Column[T], sort: Sort | None, links: Links | None, ids: Ids) -> Component:
    style = {"width": column.width} if column.width else {}
    if not column.sortable:
        words = html.Span(column.label, className="sr-only") if column.label_hidden else column.label
        return html.Th(words, scope="col", role="columnheader", className=_look(column), style=style)
    mine = sort.direction if sort and sort.key == column.key else None
    then: Direction = "ascending" if mine == "descending" else "descending"
    arrow = {None: "chevrons-up-down", "ascending": "arrow-up", "descending": "arrow-down"}[mine]
    content = [html.Span(column.label), icon(arrow, size=13)]
    named = attrs(aria_label=f"Sort by {column.label}, {then}")
    control = (
        html.A(content, href=links.sort(Sort(column.key, then)), className="sort", **named)
        if links
        else html.Button(content, type="button", className="sort", id=ids.one("sort", column.key), **named)
    )
    return html.Th(
        control,
        scope="col",
        role="columnheader",
        className=_look(column),
        style=style,
        **attrs(aria_sort=mine or "none"),
    )


def _cell(column: Column[T], row: T, *, first: bool) -> Component:
    content = column.cell(row)
    filled = flatten(content)
    # A place for buttons stays empty where there are none; a value that is missing says so.
    blank = [] if column.label_hidden else [html.Span(fmt.DASH, className="dim", title=fmt.NO_DATA)]
    inside = html.Div(filled or blank, className="cell")
    named = attrs(data_label=None if column.label_hidden else column.label)
    if first and not column.label_hidden:
        return html.Th(inside, scope="row", role="rowheader", className=_look(column), **named)
    return html.Td(inside, role="cell", className=_look(column), **named)


def _pager(paging: Paging, links: Links | None, ids: Ids) -> Component:
    whole = f" of {fmt.count(paging.total)}" if paging.total is not None else ""
    return html.Nav(
        [
            html.Span(f"{fmt.count(paging.first)} {fmt.DASH} {fmt.count(paging.last)}{whole}", className="num dim"),
            html.Div(
                [
                    _turn("Previous", "chevron-left", paging.previous, links, ids),
                    _turn("Next", "chevron-right", paging.next, links, ids),
                ],
                className="acts",
            ),
        ],
        className="pager",
        **attrs(aria_label="Pages"),
    )


def _turn(label: str, icon_name: str, token: str | None, links: Links | None, ids: Ids) -> Component:
    words = [icon(icon_name, size=15), html.Span(label)]
    if label == "Next":
        words.reverse()
    if links and token is not None:
        return html.A(words, href=links.page(token), className="btn small")
    if links or token is None:
        return html.Button(words, type="button", className="btn small", disabled=True)
    return html.Button(words, type="button", className="btn small", id=ids.one("page", token))

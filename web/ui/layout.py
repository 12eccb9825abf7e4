"""How a page is put together: head, card, columns, rows of figures, notes, incidents, facts."""

from collections.abc import Mapping, Sequence
from typing import Literal

from dash import html
from dash.development.base_component import Component

from web.ui.icons import icon
from web.ui.nodes import ComponentId, Node, attrs, classes, flatten, given
from web.ui.theme import State


def page_head(title: str, *, lead: Node = None, actions: Node = None) -> Component:
    """The page's one first-level heading, a line under it and the page's actions at its right."""
    return html.Header(
        flatten([
            html.Div(flatten([html.H1(title), html.P(flatten(lead)) if lead else None])),
            html.Div(flatten(actions), className="acts") if actions else None,
        ]),
        className="head",
    )  # fmt: skip


def verdict(title: str, state: State, *, lead: Node = None, live: Node = None) -> Component:
    """The public page's first words: whether all is well, and what that is measured from."""
    body = [
        lead,
        " " if live else None,
        html.Span(flatten([icon("radio", size=14), live]), className="live") if live else None,
    ]
    return html.Section(
        [
            html.Div(icon(state.icon or "circle", size=26), className="dot"),
            html.Div([html.H1(title), html.P(flatten(body))]),
        ],
        className=f"verdict {state}",
    )


def card(
    children: Node,
    *,
    title: str | None = None,
    aside: Node = None,
    flush: bool = False,
    level: Literal[2, 3] = 2,
    id: ComponentId | None = None,
) -> Component:
    """A surface with a hairline around it; `flush` lets a table reach its edges."""
    heading = {2: html.H2, 3: html.H3}[level](title) if title else None
    head = html.Header(flatten([heading, aside]), className="cardhead") if heading or aside else None
    return html.Section(
        flatten([head, children]), className=classes("card", "flush" if flush else None), **given(id=id)
    )


def columns(
    children: Node, *, least: Literal["figure", "half", "third"] = "figure", heading: str | None = None
) -> Component:
    """Children side by side where they fit: figures in up to four columns, halves in two, thirds in three.

    `heading` names the group for screen readers; tiles right under a page's first heading need it.
    """
    inside = html.Div(flatten(children), className=f"cols {least}")
    return html.Section([html.H2(heading, className="sr-only"), inside]) if heading else inside


def stack(children: Node, *, gap: Literal["small", "normal", "large"] = "normal") -> Component:
    """Children under each other with one distance between them."""
    return html.Div(flatten(children), className=f"stack {gap}")


def note(children: Node, *, icon_name: str = "info") -> Component:
    """A quiet line that explains what stands above it."""
    return html.P([icon(icon_name, size=14), html.Span(flatten(children))], className="note")


def facts(pairs: Mapping[str, Node]) -> Component:
    """Names and values under each other, as on a detail page."""
    rows = [html.Div([html.Dt(name), html.Dd(flatten(value))]) for name, value in pairs.items()]
    return html.Dl(rows, className="facts")


def prose(paragraphs: Sequence[Node]) -> Component:
    """Running text in a readable width; links in it are underlined."""
    return html.Div([html.P(flatten(each)) for each in paragraphs], className="prose")


def mono(text: str) -> Component:
    """An id or a code in the monospaced face."""
    return html.Span(text, className="mono")


def copyable(text: str) -> Component:
    """An id or a code that a press copies."""
    return html.Button(
        [mono(text), icon("copy", size=12)],
        type="button",
        className="copy",
        title="Copy",
        **attrs(aria_label=f"Copy {text}", data_copy=text),
    )


def ref(an_id: str, href: str | None, *, label: str | None = None) -> Component:
    """An id that leads to what it names, where the reader may go there."""
    if href is None:
        return html.Span(mono(label or an_id), title=an_id)
    return html.A(mono(label or an_id), href=href, title=an_id)


def incident(
    title: str,
    *,
    day: str,
    hours: str,
    badge: Component,
    text: Node,
    meta: Sequence[Node] = (),
    href: str | None = None,
) -> Component:
    """One incident in a list: when, what, for whom, and where to read on."""
    heading = html.A(title, href=href) if href else title
    return html.Article(
        [
            html.Div([html.B(day), html.Span(hours)], className="when"),
            html.Div(
                flatten([
                    html.H3([heading, " ", badge]),
                    html.P(flatten(text)),
                    html.P([html.Span(flatten(each)) for each in meta], className="meta") if meta else None,
                ])
            ),
        ],
        className="incident",
    )  # fmt: skip


def funnel_row(label: str, ratio: float, value: str, share: str | None = None) -> Component:
    """One step of a funnel: its bar, its count, and its share of the step before.

    Units: ratio from 0 to 1 of the widest step.
    """
    width = f"{min(1.0, max(0.0, ratio)) * 100:.2f}%"
    return html.Div(
        [
            html.Span(label),
            html.Div(html.I(style={"width": width}), **attrs(aria_hidden="true")),
            html.B(value),
            html.Em(share or ""),
        ],
        className="fun",
    )

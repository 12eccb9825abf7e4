"""Buttons, links, switches, segmented controls and tabs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component

from web.ui.elements import Choice, Control
from web.ui.icons import icon
from web.ui.ids import slug
from web.ui.language import _
from web.ui.nodes import ComponentId, Node, attrs, classes, flatten, given

ButtonKind = Literal["primary", "secondary", "danger", "quiet"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before a press takes effect: the question, what it leads to, the words of its yes."""

    title: str
    text: str
    yes: str


def button(
    label: str,
    *,
    kind: ButtonKind = "secondary",
    id: ComponentId | None = None,
    icon_name: str | None = None,
    href: str | None = None,
    submit: bool = False,
    opens: str | None = None,
    asks: Question | None = None,
    disabled: bool = False,
    icon_only: bool = False,
    busy_label: str | None = None,
    **values: Any,  # noqa: ANN401 - further properties of html.Button, such as name and value
) -> Component:
    """A button; with `href` a link that looks like one, with `opens` it opens the dialog of that id.

    With `asks` it acts only once the question was answered with yes: for what cannot be taken back.
    `busy_label` replaces the label, and the button refuses a second press, while its form is being sent.
    """
    content = [icon(icon_name, size=15) if icon_name else None, None if icon_only else html.Span(label)]
    named = attrs(aria_label=label if icon_only else None, data_dialog_open=opens, data_busy=busy_label)
    if asks is not None:
        named |= attrs(data_ask=asks.title, data_ask_text=asks.text, data_ask_yes=asks.yes)
    look = classes("btn", kind if kind != "secondary" else None, icon_only and "only")
    if icon_only:
        named["title"] = label
    if href is not None:
        return html.A(flatten(content), href=href, className=look, **given(id=id), **named, **values)
    return html.Button(
        flatten(content),
        className=look,
        type="submit" if submit else "button",
        **given(id=id, disabled=disabled or None),
        **named,
        **values,
    )


def link(label: Node, href: str, *, arrow: bool = False, external: bool = False, quiet: bool = False) -> Component:
    """A link; an external one opens in its own tab and says so."""
    after: Node = None
    if external:
        after = icon("external-link", size=13, label=_("opens in a new tab"))
    elif arrow:
        after = icon("arrow-right", size=14)
    extra: dict[str, Any] = {"target": "_blank", "rel": "noopener noreferrer"} if external else {}
    return html.A(flatten([label, after]), href=href, className=classes("link", quiet and "quiet"), **extra)


def switch(label: str, *, on: bool, id: ComponentId, name: str | None = None, hide_label: bool = False,
           disabled: bool = False, hint: str | None = None) -> Component:  # fmt: skip
    """A switch that takes effect at once; in Dash its `checked` is live."""
    box = Control(
        type="checkbox", checked=on, id=id, name=name, disabled=disabled or None, className="switch", role="switch"
    )
    words = html.Span(
        flatten([label, html.Small(hint, className="hint") if hint else None]),
        className="sr-only" if hide_label else "switch-label",
    )
    return html.Label([box, words], className="switch-row")


@dataclass(frozen=True, slots=True)
class Option:
    """One choice among few: what is sent, what is read, and where it leads if it is a link."""

    value: str
    label: str
    hint: str | None = None
    href: str | None = None
    disabled: bool = False


def segmented(
    legend: str,
    options: Sequence[Option],
    value: str,
    *,
    id: ComponentId,
    name: str | None = None,
) -> Component:
    """A few exclusive choices side by side: a radio group, whose `value` is live in Dash."""
    return Choice(
        id=id,
        legend=legend,
        name=name,
        value=value,
        className="seg",
        options=[given(value=each.value, label=each.label, disabled=each.disabled or None) for each in options],
    )


def segmented_links(label: str, options: Sequence[Option], value: str) -> Component:
    """The same look for pages without script: a list of links, of which one is the current."""
    return html.Nav(
        [
            html.A(each.label, href=each.href, **attrs(aria_current="true" if each.value == value else None))
            for each in options
        ],
        className="seg",
        **attrs(aria_label=label),
    )


def filters(label: str, options: Sequence[Option], value: str, *, id: ComponentId | None = None) -> Component:
    """Filters as pills: links where the options have an `href`, a radio group otherwise."""
    if all(each.href is not None for each in options):
        return html.Nav(
            [
                html.A(
                    each.label,
                    href=each.href,
                    className="pill",
                    **attrs(aria_current="true" if each.value == value else None),
                )
                for each in options
            ],
            className="pills",
            **attrs(aria_label=label),
        )
    return Choice(
        id=id or slug(label),
        legend=label,
        value=value,
        className="pills",
        options=[given(value=each.value, label=each.label) for each in options],
    )


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: its key within the group, its label and what it shows."""

    key: str
    label: str
    content: Node
    count: str | None = None


def tabs(label: str, items: Sequence[Tab], *, id: str, current: str | None = None) -> Component:
    """Tabs with arrow-key movement; all panels are in the page, so switching asks nothing of the server."""
    chosen = current or items[0].key
    heads = [
        html.Button(
            flatten([each.label, html.Span(each.count, className="count") if each.count else None]),
            type="button",
            role="tab",
            id=f"{id}-tab-{each.key}",
            tabIndex="0" if each.key == chosen else "-1",
            **attrs(aria_selected="true" if each.key == chosen else "false", aria_controls=f"{id}-panel-{each.key}"),
        )
        for each in items
    ]
    panels = [
        html.Div(
            flatten(each.content),
            role="tabpanel",
            id=f"{id}-panel-{each.key}",
            tabIndex="0",
            **given(hidden="hidden" if each.key != chosen else None),
            **attrs(aria_labelledby=f"{id}-tab-{each.key}"),
        )
        for each in items
    ]
    return html.Div(
        [html.Div(heads, role="tablist", className="tablist", **attrs(aria_label=label)), *panels],
        className="tabs",
        id=id,
        **attrs(data_tabs="true"),
    )

"""What lies over the page: modal dialogs and the command palette."""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from web.ui.elements import Control, Dialog
from web.ui.icons import icon
from web.ui.nodes import Node, attrs, classes, flatten
from web.ui.theme import State

PALETTE_ID = "palette"
SURE_ID = "sure"


def dialog(
    title: str,
    children: Node,
    *,
    id: str,
    actions: Node = None,
    lead: Node = None,
    open: bool = False,
    state: State = State.PLAIN,
    wide: bool = False,
) -> Component:
    """A modal dialog: focus is held inside and returns where it was; Esc, the backdrop and the cross close it.

    Open it by a `button(opens=id)`, or in Dash by its `open` property.
    """
    close = html.Button(
        icon("x", size=16), type="button", className="btn quiet only", title="Close",
        **attrs(aria_label="Close", data_dialog_close="true"),
    )  # fmt: skip
    return Dialog(
        flatten([
            html.Header([html.H2(title, id=f"{id}-title"), close]),
            html.Div(flatten([html.P(flatten(lead), className="lead") if lead else None, children]), className="body"),
            html.Footer(flatten(actions), className="acts") if actions else None,
        ]),
        id=id,
        open=open,
        className=classes("dialog", str(state), "wide" if wide else None),
        **attrs(aria_labelledby=f"{id}-title"),
    )  # fmt: skip


def cancel_button(label: str = "Cancel") -> Component:
    """A button that closes the dialog around it."""
    return html.Button(html.Span(label), type="button", className="btn", **attrs(data_dialog_close="true"))


def sure_dialog() -> Component:
    """The dialog that asks before a `button(asks=Question(…))` acts; a frame has it once, the script words it."""
    go_on = html.Button(
        html.Span("Go on"), type="button", className="btn danger", id=f"{SURE_ID}-yes", **attrs(data_sure="true")
    )
    return dialog("Are you sure?", None, id=SURE_ID, lead=[html.Span(id=f"{SURE_ID}-text")],
                  actions=[cancel_button(), go_on])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """Somewhere to go or something to do from the palette; `words` are further words by which it is found.

    A `lookup` takes what was typed along, at the end of its `href`, and is offered for whatever was typed.
    """

    label: str
    href: str
    icon_name: str = "arrow-right"
    section: str = "Go to"
    words: str = ""
    lookup: bool = False


def palette(commands: Sequence[Command]) -> Component:
    """The command palette: Ctrl+K or ⌘K opens it, typing narrows it, arrow keys choose, Enter goes."""
    box = Control(
        id=f"{PALETTE_ID}-search",
        type="text",
        placeholder="Search or jump to…",
        autoComplete="off",
        spellCheck="false",
        role="combobox",
        **attrs(
            aria_label="Search or jump to",
            aria_controls=f"{PALETTE_ID}-list",
            aria_expanded="true",
            aria_autocomplete="list",
        ),
    )
    rows = [
        html.Div(
            [icon(each.icon_name, size=16), html.Span(each.label), html.Span(each.section, className="dim small")],
            role="option",
            id=f"{PALETTE_ID}-{index}",
            **attrs(
                aria_selected="false",
                data_href=each.href,
                data_words=f"{each.label} {each.section} {each.words}",
                data_lookup=each.lookup or None,
            ),
        )
        for index, each in enumerate(commands)
    ]
    return Dialog(
        [
            html.Div([icon("search", size=16), box, html.Kbd("Esc")], className="ask"),
            html.Div(rows, role="listbox", id=f"{PALETTE_ID}-list", **attrs(aria_label="Commands")),
            html.P("Nothing matches.", className="none", hidden="hidden"),
        ],
        id=PALETTE_ID,
        className="palette",
        **attrs(aria_label="Command palette", data_palette="true"),
    )

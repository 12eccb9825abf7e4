"""Forms: label, hint, control, error, and a summary of errors; alike in server-written pages and in Dash."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from web.ui.controls import Option
from web.ui.elements import Choice, Control
from web.ui.icons import icon
from web.ui.language import _
from web.ui.nodes import Node, attrs, classes, flatten, given


def field(
    label: str,
    control: Component,
    *,
    hint: str | None = None,
    error: str | None = None,
    optional: bool = False,
) -> Component:
    """A label, its hint, its control and what is wrong with it, tied together for screen readers.

    Raises: TypeError for a control without a plain id.
    """
    control_id = getattr(control, "id", None)
    if not isinstance(control_id, str):
        raise TypeError("A field's control needs a plain id, so that its label can point at it.")
    setattr(control, "aria-describedby", described_by(control_id, hint))
    if error:
        setattr(control, "aria-invalid", "true")
    after: Node = html.Span(_("optional"), className="dim small") if optional else None
    return html.Div(
        flatten([
            html.Label(flatten([label, after]), htmlFor=control_id),
            html.P(hint, className="hint", id=f"{control_id}-hint") if hint else None,
            control,
            error_line(control_id, error),
        ]),
        className=classes("field", "wrong" if error else None),
    )  # fmt: skip


def described_by(control_id: str, hint: str | None) -> str:
    """What describes a control: its hint where there is one, and the place of its error, empty or not."""
    return f"{control_id}-hint {control_id}-error" if hint else f"{control_id}-error"


def error_line(control_id: str, error: str | None) -> Component:
    """The place of what is wrong with a control: hidden while nothing is, so that a callback can fill it."""
    return html.P(error_words(error), className="error", id=f"{control_id}-error", **given(hidden=not error or None))


def error_words(error: str | None) -> list[Component]:
    """What stands in that place."""
    return [icon("circle-alert", size=14), html.Span(error)] if error else []


def text_input(
    label: str,
    *,
    id: str,
    name: str | None = None,
    type: str = "text",
    value: str | None = None,
    hint: str | None = None,
    error: str | None = None,
    required: bool = True,
    **values: Any,  # noqa: ANN401 - further properties of Control, such as autoComplete and maxLength
) -> Component:
    """A line of text: also e-mail, password, number, date by `type`. A password's value is never written back."""
    control = Control(
        id=id,
        name=name or id,
        type=type,
        value=None if type == "password" else value,
        required=required or None,
        className="input",
        **values,
    )
    return field(label, control, hint=hint, error=error, optional=not required)


def text_area(
    label: str,
    *,
    id: str,
    name: str | None = None,
    value: str | None = None,
    rows: int = 4,
    hint: str | None = None,
    error: str | None = None,
    required: bool = True,
    **values: Any,  # noqa: ANN401 - further properties of the element
) -> Component:
    """Several lines of text."""
    control = Control(
        "textarea",
        id=id,
        name=name or id,
        value=value,
        rows=rows,
        required=required or None,
        className="input",
        **values,
    )
    return field(label, control, hint=hint, error=error, optional=not required)


def select(
    label: str,
    options: Sequence[Option],
    *,
    id: str,
    name: str | None = None,
    value: str | None = None,
    hint: str | None = None,
    error: str | None = None,
    required: bool = True,
) -> Component:
    """One choice from a closed list, by the browser's own control."""
    control = Control(
        "select",
        id=id,
        name=name or id,
        value=value,
        required=required or None,
        options=[[each.value, each.label] for each in options],
        className="input",
    )
    return field(label, control, hint=hint, error=error, optional=not required)


def checkbox(
    label: Node,
    *,
    id: str,
    name: str | None = None,
    checked: bool = False,
    hint: str | None = None,
    error: str | None = None,
    required: bool = False,
) -> Component:
    """One yes or no, sent with its form."""
    box = Control(
        id=id, name=name or id, type="checkbox", value="yes", checked=checked, required=required or None,
        **attrs(aria_describedby=described_by(id, hint), aria_invalid="true" if error else None),
    )  # fmt: skip
    return html.Div(
        flatten([
            html.Label([box, html.Span(flatten(label))], className="check"),
            html.P(hint, className="hint", id=f"{id}-hint") if hint else None,
            error_line(id, error),
        ]),
        className=classes("field", "wrong" if error else None),
    )  # fmt: skip


def radio_group(
    legend: str,
    options: Sequence[Option],
    *,
    id: str,
    name: str | None = None,
    value: str | None = None,
) -> Component:
    """One choice among few that need words: each option with its hint."""
    return Choice(
        id=id,
        name=name or id,
        legend=legend,
        value=value,
        className="radios",
        options=[
            given(value=each.value, label=each.label, hint=each.hint, disabled=each.disabled or None)
            for each in options
        ],
    )


def search_box(label: str, *, id: str, name: str = "q", value: str | None = None) -> Component:
    """A search field for a list: its label is its placeholder and is read out."""
    box = Control(
        id=id, name=name, type="search", value=value, placeholder=label, autoComplete="off", className="input",
        **attrs(aria_label=label),
    )  # fmt: skip
    return html.Div([icon("search", size=15), box], className="search")


def toolbar(children: Node) -> Component:
    """What narrows a list, in a row above it."""
    return html.Div(flatten(children), className="toolbar")


def hidden(name: str, value: str) -> Component:
    """A value that travels with the form unseen, such as the CSRF token."""
    return Control(type="hidden", name=name, value=value)


def error_summary(errors: Mapping[str, str], *, title: str = "", focus: bool = True) -> Component | None:
    """The list of what is wrong, each a link to its control (`errors` is control id → message); none without errors.

    A message that belongs to no control stands under the empty id. `focus` takes the reader there at once.
    """
    if not errors:
        return None
    if list(errors) == [""]:
        said: list[Component] = [html.B(errors[""])]
    else:
        said = [html.B(title or _("Please check what you entered")), html.Ul(_messages(errors))]
    return html.Div(
        [icon("circle-alert", size=18), html.Div(said, className="said")],
        className="banner bad errors",
        role="alert",
        tabIndex="-1",
        **attrs(data_focus="true" if focus else None),
    )


def _messages(errors: Mapping[str, str]) -> list[Component]:
    return [
        html.Li(html.A(message, href=f"#{control_id}") if control_id else message)
        for control_id, message in errors.items()
    ]


def form(
    children: Node,
    *,
    action: str,
    csrf_token: str | None,
    actions: Node,
    errors: Mapping[str, str] | None = None,
    method: str = "post",
    csrf_name: str = "_csrf_token",
    id: str | None = None,
) -> Component:
    """A form that the browser sends; `actions` is its row of buttons, the main one first."""
    return html.Form(
        flatten([
            hidden(csrf_name, csrf_token) if csrf_token else None,
            error_summary(errors or {}),
            children,
            html.Div(flatten(actions), className="acts"),
        ]),
        action=action,
        method=method,
        className="form",
        **given(id=id),
    )  # fmt: skip


def fields(children: Node, *, legend: str | None = None) -> Component:
    """Fields that belong together, side by side where there is room."""
    inside = html.Div(flatten(children), className="fields")
    return html.Fieldset([html.Legend(legend), inside]) if legend else inside

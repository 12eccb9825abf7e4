"""Our own Dash components (namespace `greenlight_ui`, drawn by assets/components.js): what dash.html lacks."""

from typing import Any, ClassVar

from dash.development.base_component import Component

from web.ui.nodes import ComponentId, Node, given


class _Element(Component):
    """A component whose Python class is written by hand, not generated."""

    _namespace = "greenlight_ui"
    _children_props: list[str] = []  # noqa: RUF012 - declared so by Dash
    _base_nodes: list[str] = ["children"]  # noqa: RUF012 - declared so by Dash
    _props: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - Dash's own signature
        self._prop_names = ["id", "className", "style", "title", "role", "tabIndex", "hidden", *self._props]
        self._valid_wildcard_attributes = ["data-", "aria-"]
        self.available_properties = self._prop_names
        self.available_wildcard_properties = self._valid_wildcard_attributes
        super().__init__(**given(**values))  # type: ignore[no-untyped-call] # Dash types none of its methods


class Markup(_Element):
    """HTML or SVG made by our server and trusted, put into the page as it is.

    Every value inside must have been escaped by whoever made it; nothing that a person typed may come here raw.
    """

    _type = "Markup"
    _props = ("html", "tag")

    def __init__(self, html: str = "", *, tag: str = "span", **values: Any) -> None:  # noqa: ANN401 - further properties of the element
        super().__init__(html=html, tag=tag, **values)


class Control(_Element):
    """A native form control: `tag` is input, select or textarea. Its `value` (or `checked`) is live in Dash callbacks.

    `n_submit` counts presses of Enter in an input. `options` are (value, label) pairs of a select.
    """

    _type = "Control"
    _props = (
        "accept", "autoComplete", "autoFocus", "checked", "debounce", "disabled", "inputMode", "list", "max",
        "maxLength", "min", "minLength", "multiple", "n_submit", "name", "options", "pattern", "placeholder",
        "readOnly", "required", "rows", "spellCheck", "step", "tag", "type", "value",
    )  # fmt: skip

    def __init__(self, tag: str = "input", **values: Any) -> None:  # noqa: ANN401 - further properties of the element
        super().__init__(tag=tag, **values)


class Choice(_Element):
    """A group of radio buttons with one `value`, drawn as a segmented control or as a list.

    `options` are dictionaries with value and label, and optionally hint and disabled.
    """

    _type = "Choice"
    _props = ("legend", "name", "options", "value", "disabled")


class Dialog(_Element):
    """A native modal dialog: `open` shows it; Esc, the backdrop and close buttons set `open` to false."""

    _type = "Dialog"
    _props = ("children", "open")

    def __init__(self, children: Node = None, *, id: ComponentId, open: bool = False, **values: Any) -> None:  # noqa: ANN401 - further properties of the element
        super().__init__(children=children, id=id, open=open or None, **values)

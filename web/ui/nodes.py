"""The vocabulary of component trees: what a child may be, and attributes with hyphens."""

from collections.abc import Sequence  # noqa: TC003 - the alias is read at run time
from typing import Any, TypeAlias

from dash.development.base_component import Component

Node: TypeAlias = "Component | str | float | Sequence[Node] | None"
"""What a component may contain; `None` draws nothing."""

ComponentId: TypeAlias = str | dict[str, str]
"""A plain id, or the id of one part among many (see `web.ui.ids`)."""


def attrs(**values: str | float | bool | None) -> dict[str, Any]:
    """Turn `aria_label="x"` into `{"aria-label": "x"}`, leaving out what is `None`.

    A trailing underscore is dropped, so that Python's keywords can be written (`for_`).
    """
    return {name.rstrip("_").replace("_", "-"): value for name, value in values.items() if value is not None}


def given(**values: object) -> dict[str, Any]:
    """Keep the properties that have a value: Dash writes every property that it is given, `None` included."""
    return {name: value for name, value in values.items() if value is not None}


def classes(*names: str | bool | None) -> str:
    """Join class names, leaving out what is empty or false."""
    return " ".join(name for name in names if isinstance(name, str) and name)


def flatten(children: Node) -> list[Component | str | int | float]:
    """The children as one flat list without `None`."""
    if children is None:
        return []
    if isinstance(children, (str, int, float, Component)):
        return [children]
    return [leaf for child in children for leaf in flatten(child)]

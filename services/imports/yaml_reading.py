"""Reading YAML of others: plain data, no tags, and no aliases that go round or blow up.

Source: YAML 1.2.2 §3.2, §10.3 (the core schema, without its octal and hexadecimal numbers).
"""

import re
from typing import Any, Final

import yaml

from services.imports.reading import DEPTH_MAX, decoded, unreadable

BYTES_MAX: Final = 2 * 1024 * 1024
NODES_MAX: Final = 200_000
"""How many values a file may come to, each alias counted as what it stands for."""
_MERGE = "tag:yaml.org,2002:merge"
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}")
_FLOAT = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}")


def read_yaml(data: bytes) -> dict[str, Any]:
    """Return a YAML document, whose outermost value is a mapping.

    Raises: Invalid for one that is none, holds tags, or aliases that go round or stand for too much.
    """
    text = decoded(data, most=BYTES_MAX)
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise unreadable(
            f"The file is no YAML: {getattr(error, 'problem', None) or 'it breaks off'}{where}."
        ) from error
    value = _Plain().of(node) if node is not None else None
    if not isinstance(value, dict):
        raise unreadable("The file is no configuration: its outermost value is no mapping.")
    return value


def _check_events(text: str) -> None:
    """Refuse what must not even be composed; this walks flat, however deep the file is."""
    depth = documents = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader), 1):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        tag = getattr(event, "tag", None)
        if tag is not None and not tag.startswith("tag:yaml.org,2002:"):
            raise unreadable(f"The file holds the tag {tag[:40]}: only plain data is read.")
        if tag is not None and tag.startswith("tag:yaml.org,2002:python"):
            raise unreadable("The file holds tags of a programming language: only plain data is read.")
        if depth > DEPTH_MAX:
            raise unreadable(f"The file is nested deeper than {DEPTH_MAX} levels.")
        if count > NODES_MAX or documents > 1:
            raise unreadable("The file is too long, or more than one document: split it.")


class _Plain:
    """Makes plain values of nodes, and counts what aliases come to."""

    def __init__(self) -> None:
        self._count = 0
        self._open: set[int] = set()

    def of(self, node: yaml.Node) -> Any:  # noqa: ANN401 -- whatever a file holds
        """Return the value of a node.

        Raises: Invalid.
        """
        self._count += 1
        if self._count > NODES_MAX:
            raise unreadable(f"Its aliases stand for more than {NODES_MAX} values.")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._open:
            raise unreadable("An alias of the file leads back to itself.")
        self._open.add(id(node))
        made = self._mapping(node) if isinstance(node, yaml.MappingNode) else [self.of(each) for each in node.value]
        self._open.discard(id(node))
        return made

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise unreadable("A key of the file is no word.")
            if key_node.tag == _MERGE:
                value = self.of(value_node)
                for each in value if isinstance(value, list) else [value]:
                    if not isinstance(each, dict):
                        raise unreadable("“<<” merges something that is no mapping.")
                    merged = each | merged
                continue
            if key_node.value in own:
                raise unreadable(f"The key “{key_node.value[:60]}” comes twice (line {key_node.start_mark.line + 1}).")
            own[key_node.value] = self.of(value_node)
        return merged | own


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    value: str = node.value
    if node.style:
        return value  # it stands in quotes, or in lines of its own
    if value in {"", "~", "null", "Null", "NULL"}:
        return None
    if value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if _INTEGER.fullmatch(value):
        return int(value)
    return float(value) if _FLOAT.fullmatch(value) else value

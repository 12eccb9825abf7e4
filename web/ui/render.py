"""A component tree as escaped HTML: the same tree that Dash draws, for pages that the server writes."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from dash._utils import stringify_id
from dash.development.base_component import Component
from markupsafe import escape

from web.ui.nodes import Node

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_TAGS = {"ObjectEl": "object", "MapEl": "map"}
_NAMES = {"className": "class", "htmlFor": "for", "acceptCharset": "accept-charset", "httpEquiv": "http-equiv"}
_DASH_ONLY = frozenset(
    {"children", "key", "n_clicks", "n_clicks_timestamp", "disable_n_clicks", "loading_state", "n_submit", "debounce"}
)
_ENUMERATED = frozenset({"contentEditable", "draggable", "spellCheck"})
_LINKS = frozenset({"href", "src", "action", "formAction", "cite", "poster"})
_WILDCARD = re.compile(r"(?:data|aria)-[A-Za-z][\w.-]*\Z")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel", "blob", "webcal"})
_SAFE_DATA = re.compile(r"data:(?:image/(?:png|jpeg|gif|webp|svg\+xml)|text/csv|application/json)[;,]", re.IGNORECASE)
_UNITLESS = frozenset(
    {"opacity", "zIndex", "flex", "flexGrow", "flexShrink", "order", "lineHeight", "fontWeight", "aspectRatio"}
)
BLOCKED_LINK = "about:blank#blocked"


def to_html(node: Node) -> str:
    """The tree as HTML, with text and attributes escaped and script links blocked.

    Raises: TypeError for a component that has no meaning without Dash, ValueError for a malformed attribute.
    """
    if node is None or isinstance(node, bool):
        return ""
    if isinstance(node, (str, int, float)):
        return str(escape(node))
    if isinstance(node, Component):
        return _component(node)
    return "".join(to_html(child) for child in node)


def safe_link(link: str) -> str:
    """The link, or a dead one where it would run a script."""
    # Browsers drop these characters before they read the scheme.
    plain = re.sub(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028\u2029]", "", link)
    scheme = _SCHEME.match(plain)
    if scheme and scheme[1].lower() not in _SAFE_SCHEMES and not _SAFE_DATA.match(plain):
        return BLOCKED_LINK
    return link


def _component(component: Component) -> str:
    properties: dict[str, Any] = component.to_plotly_json()["props"]
    namespace, kind = component._namespace, component._type  # noqa: SLF001 - Dash has no public name for them
    if namespace == "dash_html_components":
        return _element(_TAGS.get(kind, kind.lower()), properties)
    try:
        draw = _DRAWN[namespace, kind]
    except KeyError:
        raise TypeError(f"{namespace}.{kind} needs Dash; a page written by the server cannot hold it.") from None
    return draw(properties)


def _element(tag: str, properties: Mapping[str, Any], inner: str | None = None) -> str:
    head = f"<{tag}{_attributes(properties)}>"
    if tag in VOID:
        return head
    return f"{head}{to_html(properties.get('children')) if inner is None else inner}</{tag}>"


def _attributes(properties: Mapping[str, Any]) -> str:
    # Sorted, since Dash keeps them in an order that differs between processes, and documents carry entity tags.
    return "".join(
        _attribute(name, value)
        for name, value in sorted(properties.items())
        if value is not None and name not in _DASH_ONLY
    )


def _attribute(name: str, value: Any) -> str:  # noqa: ANN401 - what Dash holds in its properties
    if "-" in name and not _WILDCARD.match(name):
        raise ValueError(f"{name!r} is no attribute name.")
    written = _NAMES.get(name, name if "-" in name else name.lower())
    if name == "style":
        value = _style(value)
    elif name == "id":
        value = stringify_id(value)
    elif name in _LINKS:
        value = safe_link(str(value))
    elif isinstance(value, bool):
        if "-" in name or name in _ENUMERATED:
            value = "true" if value else "false"
        elif value:
            return f" {written}"
        else:
            return ""
    return f' {written}="{escape(value)}"'


def _style(style: Mapping[str, Any]) -> str:
    return ";".join(
        f"{_style_name(name)}:{_style_value(name, value)}" for name, value in style.items() if value is not None
    )


def _style_name(name: str) -> str:
    if name.startswith("--"):
        return name
    return re.sub(r"[A-Z]", lambda letter: f"-{letter[0].lower()}", name)


def _style_value(name: str, value: object) -> str:
    if isinstance(value, (int, float)) and not name.startswith("--") and name not in _UNITLESS and value != 0:
        return f"{value}px"
    text = str(value)
    if re.search(r"[;{}<>]|url\(|expression\(", text, re.IGNORECASE):
        raise ValueError(f"{text!r} is no plain style value.")
    return text


def _markup(properties: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in properties.items() if name not in {"html", "tag"}}
    return _element(properties.get("tag", "span"), rest, inner=properties.get("html", ""))


def _control(properties: Mapping[str, Any]) -> str:
    tag = properties.get("tag", "input")
    rest = {name: value for name, value in properties.items() if name not in {"tag", "options"}}
    if tag == "textarea":
        text = rest.pop("value", None)
        # The parser eats one newline after the tag, so one is given for it to eat.
        return _element(tag, rest, inner="\n" + to_html(text))
    if tag == "select":
        chosen = rest.pop("value", None)
        options = "".join(
            _element("option", {"value": value, "selected": str(value) == str(chosen), "children": label})
            for value, label in properties.get("options", ())
        )
        return _element(tag, rest, inner=options)
    return _element("input", rest)


def _choice(properties: Mapping[str, Any]) -> str:
    name = properties.get("name") or stringify_id(properties.get("id", "choice"))
    disabled = bool(properties.get("disabled"))
    rows = []
    for option in properties.get("options", ()):
        value = option["value"]
        radio = _element(
            "input",
            {
                "type": "radio",
                "name": name,
                "value": value,
                "checked": str(value) == str(properties.get("value")),
                "disabled": disabled or bool(option.get("disabled")),
            },
        )
        hint = _element("small", {"children": option["hint"]}) if option.get("hint") else ""
        rows.append(f"<label>{radio}<span>{to_html(option['label'])}{hint}</span></label>")
    legend = _element("legend", {"children": properties.get("legend")})
    rest = {
        key: value for key, value in properties.items() if key not in {"legend", "options", "value", "name", "disabled"}
    }
    return _element("fieldset", rest, inner=legend + "".join(rows))


def _dialog(properties: Mapping[str, Any]) -> str:
    return _element("dialog", properties)


def _nothing(_properties: Mapping[str, Any]) -> str:
    return ""


_DRAWN: dict[tuple[str, str], Callable[[Mapping[str, Any]], str]] = {
    ("greenlight_ui", "Markup"): _markup,
    ("greenlight_ui", "Control"): _control,
    ("greenlight_ui", "Choice"): _choice,
    ("greenlight_ui", "Dialog"): _dialog,
    ("dash_core_components", "Location"): _nothing,
    ("dash_core_components", "Store"): _nothing,
    ("dash_core_components", "Interval"): _nothing,
}

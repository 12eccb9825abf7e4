"""What public pages need to speak their readers' languages: catalogues, a switch, links that keep it, script words."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component
from flask import current_app, request

from web.shell.languages import PARAMETER, languages_of, named_language, with_language
from web.ui import attrs, fmt, locale_data
from web.ui.language import _, add_catalogues, current, later
from web.ui.nodes import Node

add_catalogues(Path(__file__).parent / "locale")

SCRIPT: Final = {
    "ago": fmt.AGO,
    "ahead": fmt.AHEAD,
    "unsure": later("What is so now is not known here"),
    "lastKnown": later("Last known: {words}."),
    "copyOld": later("This copy is old."),
    "zone": later("Times are in your time zone ({zone}), days in UTC."),
    "dayByDay": later("{name}, day by day"),
    "lost": later("This page cannot reach us just now. What you see is not being updated."),
    "theme": later("Theme: {scheme}"),
    "system": later("system"),
    "light": later("light"),
    "dark": later("dark"),
}
"""What assets/status.js says."""
_UNITS: Final = ("d", "h", "min", "s")
_PAGES: Final = "/status/"
_MORE_QUERY: Final = frozenset({"by"})


def script_words() -> dict[str, object]:
    """Return what the script says, in the language that is spoken."""
    spoken = current()
    words: dict[str, object] = {name: _(text) for name, text in SCRIPT.items()}
    units = {unit: locale_data.length_forms(unit, spoken.locale) for unit in _UNITS}
    return {**words, "units": {unit: {"other": f"{{n}}{fmt.NBSP}{unit}"} for unit in _UNITS} if spoken.plain else units}


def switch(kept_query: Collection[str]) -> Component:
    """Return links to the page in each language."""
    languages = languages_of(current_app)
    query = [(name, value) for name, value in request.args.items() if name in {*kept_query, *_MORE_QUERY}]
    links = [
        html.A(
            languages.get(code).name,
            href=f"?{urlencode([*query, (PARAMETER, code)])}",
            hrefLang=code,
            lang=code,
            **attrs(aria_current="true" if code == current().code else None),
        )
        for code in languages.codes
    ]
    return html.Nav(links, className="languages", **attrs(aria_label=_("Language")))


def kept(tree: Component) -> Component:
    """Return the tree with the language of its address on each link to our pages, where the address names one."""
    if named_language() is None:
        return tree
    for each in _components(tree):
        for name in ("href", "action"):
            address = getattr(each, name, None)
            if isinstance(address, str) and _ours(address):
                setattr(each, name, with_language(address))
    return tree


def _ours(address: str) -> bool:
    """Whether an address is a page of ours that speaks languages; documents for programs have a name with a dot."""
    path = address.partition("#")[0].partition("?")[0]
    named = PARAMETER + "=" in address
    return not named and (address.startswith("?") or (path.startswith(_PAGES) and path.endswith("/")))


def _components(node: Node) -> Iterator[Component]:
    if isinstance(node, Component):
        yield node
        yield from _components(getattr(node, "children", None))
    elif isinstance(node, (list, tuple)):
        for each in node:
            yield from _components(each)

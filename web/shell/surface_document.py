"""The HTML document of a surface: what the server writes before Dash draws."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup, escape

from web.shell.bundles import SHELL_PACKAGE, Bundles
from web.shell.pages import Surface
from web.ui import document
from web.ui.feedback import TOASTS_ID
from web.ui.static import StaticManifest

# Scripts are deferred, so the renderer starts when all of them have run.
RENDERER: Final = "document.addEventListener('DOMContentLoaded',function(){window.renderer=new DashRenderer();});"
_SCRIPT: Final = re.compile(r'<script src="(?P<src>[^"]+)"></script>|<script>(?P<inline>.*?)</script>', re.DOTALL)
_SUITE: Final = re.compile(r".*/_dash-component-suites/(?P<package>[^/]+)/(?P<path>.+)")
_TABLE: Final = re.compile(r"dash/dash_table/")
# Lazy parts of the core components (graphs, dropdowns) need its regeneratorRuntime; public pages have none of them.
_POLYFILL: Final = re.compile(r"dash/deps/polyfill")
_CONFIG_KEPT: Final = frozenset(
    {
        "url_base_pathname", "requests_pathname_prefix", "ui", "props_check", "show_undo_redo", "serve_locally",
        "suppress_callback_exceptions", "update_title", "validate_callbacks", "csrf_token_name", "csrf_header_name",
    }
)  # fmt: skip
_CORE_NAMESPACES: Final = frozenset({"dash_core_components", "dash_html_components", "greenlight_ui"})


@dataclass(frozen=True, slots=True)
class Scripts:
    """The scripts of one surface: tags of files, and the sources that stand in the page."""

    tags: str
    inline: tuple[str, ...]


def scripts_of(surface: Surface, generated: str, bundles: Bundles, static: StaticManifest | None) -> Scripts:
    """Return the scripts that Dash would load, less those that this surface does not use, from the shared addresses."""
    sources, inline = [], []
    for tag in _SCRIPT.finditer(generated):
        if tag["inline"] is not None:
            inline.append(tag["inline"])
            continue
        suite = _SUITE.fullmatch(tag["src"])
        if suite and _wanted(surface, suite["package"], suite["path"]):
            sources.append(bundles.url_of_fingerprinted(suite["package"], suite["path"]))
    own = [bundles.url(SHELL_PACKAGE, "surface.js")]
    if static:
        graph = [static.url("plotly-basic.min.js")] if surface.graphs else []
        own = [*graph, static.url("components.js"), *own]
    tags = "".join(f'<script defer src="{escape(source)}"></script>' for source in [*sources, *own])
    return Scripts(tags, tuple(inline))


def _wanted(surface: Surface, package: str, path: str) -> bool:
    if package == "dash":
        light = surface.public and not surface.graphs
        name = f"{package}/{path}"
        return not (_TABLE.search(name) or (light and _POLYFILL.search(name)))
    return package in surface.libraries


def trimmed_config(surface: Surface, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the renderer needs to know, without versions and without libraries that this surface does not use."""
    kept = {name: value for name, value in config.items() if name in _CONFIG_KEPT}
    namespaces = _CORE_NAMESPACES | surface.libraries
    children: Mapping[str, Mapping[str, Sequence[str]]] = config.get("children_props", {})
    kept["children_props"] = {
        namespace: {name: props for name, props in components.items() if props}
        for namespace, components in children.items()
        if namespace in namespaces
    }
    # Asking a server of plotly's whether Dash is up to date is nobody's wish here.
    kept["disable_version_check"] = True
    return kept


def as_script_json(value: object) -> str:
    """Return JSON that can stand inside a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace("\u2028", "\\u2028")


@dataclass(frozen=True, slots=True)
class SurfaceDocument:
    """Everything of a surface's document that is the same for all its pages."""

    surface: Surface
    scripts: Scripts
    config: str
    sign_in_path: str
    static: StaticManifest | None

    def html(
        self, *, title: str, body: str | None, description: str = "", links: Sequence[Mapping[str, str]] = ()
    ) -> str:
        """Return the document; `body` is the page as trusted HTML where the server writes it first."""
        written = body is not None
        about = Markup('<meta name="description" content="{}">').format(description) if description else ""
        entry = (
            f'<div id="shell-document">{body}</div><div id="react-entry-point" hidden></div>'
            if written
            else "<noscript><p>This area needs JavaScript.</p></noscript>"
            '<div id="react-entry-point"><div class="_dash-loading">Loading</div></div>'
        )
        inline = "".join(f"<script>{source}</script>" for source in self.scripts.inline)
        return (
            f'<!DOCTYPE html>\n<html lang="en"><head>{self._head(inline_style=written)}'
            f"<title>{escape(title)}</title>{about}{_links(links)}"
            f'<link rel="icon" href="/favicon.ico" type="image/svg+xml"></head><body>{entry}'
            f'<script id="shell-config" type="application/json">{self._shell_config()}</script>'
            f'<script id="_dash-config" type="application/json">{self.config}</script>'
            f"{inline}{self._end(body)}{self.scripts.tags}"
            f'<script id="_dash-renderer" type="application/javascript">{RENDERER}</script></body></html>'
        )

    def csp_hashes(self) -> list[str]:
        """Return what the policy must allow besides Dash's own inline scripts."""
        return document.csp_hashes(self.static) if self.static else []

    def _head(self, *, inline_style: bool) -> str:
        if self.static is None:
            return '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        return document.head(self.static, style=self.surface.style, inline=inline_style)

    def _end(self, body: str | None) -> str:
        if self.static is None:
            return ""
        # A public page carries only the icons that it shows; an area where pages change carries all.
        used = None if body is None else sorted(set(re.findall(r'<use href="#i-([a-z0-9-]+)"', body)))
        return document.body_end(self.static, icons=used)

    def _shell_config(self) -> str:
        # Patterns in the browser's dialect: plain groups, anchored.
        pages = [re.sub(r"\(\?P<\w+>", "(", page.pattern.pattern) for page in self.surface.pages]
        return as_script_json(
            {
                "prefix": self.surface.prefix,
                "pages": [f"^{pattern}$" for pattern in pages],
                "signIn": self.sign_in_path,
                "toasts": TOASTS_ID,
            }
        )


def _links(links: Sequence[Mapping[str, str]]) -> str:
    return "".join(
        "<link " + " ".join(f'{escape(name)}="{escape(value)}"' for name, value in link.items()) + ">" for link in links
    )

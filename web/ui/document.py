"""Whole pages: the head, the scheme script, the icons in use, and the scripts at the end."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import escape

from web.ui.charts.uptime import DAY_PATTERNS
from web.ui.critical import critical
from web.ui.language import current
from web.ui.nodes import Node
from web.ui.render import to_html
from web.ui.static import StaticManifest, csp_hash


def theme_script(manifest: StaticManifest) -> str:
    """The inline script that sets the chosen scheme before the first paint."""
    return manifest.text("theme.js").strip()


def csp_hashes(manifest: StaticManifest) -> list[str]:
    """What the content security policy must allow for the inline script of `head`."""
    return [csp_hash(theme_script(manifest))]


def head(manifest: StaticManifest, *, style: str = "public.css", inline: bool = True) -> str:
    """What every page has in its head: viewport, scheme script, preloaded face, style sheet.

    `style` is public.css for pages that the server writes, app.css for pages that Dash draws.
    """
    sheet = (
        f"<style>{manifest.text(style)}</style>" if inline else f'<link rel="stylesheet" href="{manifest.url(style)}">'
    )
    return (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<script>{theme_script(manifest)}</script>"
        f'<link rel="preload" href="{manifest.url("inter.woff2")}" as="font" type="font/woff2" crossorigin>'
        f"{sheet}"
    )


def light_head(manifest: StaticManifest, body: str, *, style: str = "public.css") -> str:
    """The head of a page that is to paint at once: only the styles that it uses, and no face before its words.

    The whole sheet's address stands beside them, for a script that adds what the page did not have at first.
    """
    return (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<script>{theme_script(manifest)}</script>"
        f'<style data-whole="{manifest.url(style)}">{critical(manifest.text(style), body + DAY_PATTERNS)}</style>'
    )


def body_end(
    manifest: StaticManifest, *, icons: Sequence[str] | None = None, scripts: Sequence[str] = ("ui.js",)
) -> str:
    """What every page has at its end: the icons (all, or the named ones) and the deferred scripts."""
    tags = "".join(f'<script src="{manifest.url(name)}" defer></script>' for name in scripts)
    return manifest.sprite(icons, drawn=DAY_PATTERNS) + tags


def _elements(name: str, elements: Sequence[dict[str, str]]) -> str:
    """Return empty elements of the head."""
    said = (" ".join(f'{key}="{escape(value)}"' for key, value in each.items()) for each in elements)
    return "".join(f"<{name} {attributes}>" for attributes in said)


def _said(words: Mapping[str, object]) -> str:
    """Return what scripts say as data, which runs nothing and which the content security policy lets pass."""
    if not words:
        return ""
    told = json.dumps(words, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="words">{told}</script>'


@dataclass(frozen=True, slots=True)
class Document:
    """A page that the server writes whole.

    `links` are further link elements of the head (feeds, canonical address) as attribute mappings, and `metas` its
    further meta elements (what other sites show of the page). `words` is what its scripts say, in the language of the
    page, which is the one that is spoken while it is written.
    """

    manifest: StaticManifest
    title: str
    description: str | None = None
    style: str = "public.css"
    scripts: Sequence[str] = ("ui.js",)
    links: Sequence[dict[str, str]] = field(default_factory=tuple)
    metas: Sequence[dict[str, str]] = field(default_factory=tuple)
    words: Mapping[str, object] = field(default_factory=dict)
    standalone: bool = False
    light: bool = False

    def html(self, tree: Node) -> str:
        """The page around this tree.

        A `standalone` document carries its styles, faces and scripts inside; a `light` one only the styles in use.
        """
        body = to_html(tree)
        used = sorted(set(re.findall(r'<use href="#i-([a-z0-9-]+)"', body)))
        about = f'<meta name="description" content="{escape(self.description)}">' if self.description else ""
        links = _elements("meta", self.metas) + _elements("link", self.links)
        top, end = (
            self._carried(used)
            if self.standalone
            else (self._head(body), body_end(self.manifest, icons=used, scripts=self.scripts))
        )
        return (
            f'<!doctype html>\n<html lang="{escape(current().code)}"><head>{top}'
            f"<title>{escape(self.title)}</title>{about}{links}</head><body>{body}{_said(self.words)}{end}</body></html>"
        )

    def _head(self, body: str) -> str:
        if self.light:
            return light_head(self.manifest, body, style=self.style)
        return head(self.manifest, style=self.style)

    def _carried(self, icons: Sequence[str]) -> tuple[str, str]:
        manifest = self.manifest
        style = manifest.text(self.style)
        for face in ("inter.woff2", "mono.woff2"):
            style = style.replace(manifest.url(face), manifest.data_uri(face))
        top = (
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<script>{theme_script(manifest)}</script><style>{style}</style>"
        )
        scripts = "".join(f"<script>{manifest.text(name)}</script>" for name in self.scripts)
        return top, manifest.sprite(icons, drawn=DAY_PATTERNS) + scripts

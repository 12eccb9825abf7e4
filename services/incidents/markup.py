"""Markdown as written by people and programs, made into HTML that cannot act.

Two fences stand behind each other: the parser takes no HTML and no link but the web's and mail's, and the sanitiser
lets through what is listed here and nothing else. Images are left out: a page of ours loads nothing from elsewhere.
Source: CommonMark 0.31; nh3 (ammonia).
"""

import functools
import re
from typing import Final

import nh3
from markdown_it import MarkdownIt

BODY_MAX: Final = 10_000
"""The longest text of an update; a post-mortem may be longer."""
POSTMORTEM_MAX: Final = 60_000
_LEVELS_MAX = 12

_TAGS: Final = frozenset(
    {"p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
    | {"h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"}
)
_ATTRIBUTES: Final[dict[str, set[str]]] = {"*": set(), "a": {"href"}, "ol": {"start"}}
_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_SAFE_LINK = re.compile(r"\s*(?:https?://|mailto:)", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_REL: Final = "nofollow noopener"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": _LEVELS_MAX})
    parser.enable(["table", "strikethrough"])
    parser.disable(["image"])
    parser.validateLink = lambda url: _SAFE_LINK.match(url) is not None  # type: ignore[method-assign] # its own hook
    return parser


_PARSER = _parser()


@functools.lru_cache(maxsize=4_096)
def to_safe_html(text: str) -> str:
    """Return Markdown as safe HTML; headings start at the third level, since the page owns the first two."""
    lowered = _lower_headings(_PARSER.render(text))
    return nh3.clean(
        lowered,
        tags=set(_TAGS),
        clean_content_tags={"script", "style"},
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        strip_comments=True,
        link_rel=_REL,
    ).strip()


def to_plain_text(text: str, length: int = 300) -> str:
    """Return Markdown as one line of plain text of at most so many characters, for lists and previews."""
    bare = nh3.clean(to_safe_html(text).replace("</p>", "</p> ").replace("<br>", " "), tags=set())
    said = _SPACES.sub(" ", _unescaped(bare)).strip()
    return said if len(said) <= length else said[: length - 1].rstrip() + "…"


def _unescaped(text: str) -> str:
    for code, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")):
        text = text.replace(code, sign)
    return text


def _lower_headings(html: str) -> str:
    """Move headings two levels down: h1 to h3, h2 to h4, and all deeper ones to h5 and h6."""
    deeper = {"1": "3", "2": "4", "3": "5", "4": "6", "5": "6", "6": "6"}
    return re.sub(r"<(/?)h([1-6])>", lambda found: f"<{found[1]}h{deeper[found[2]]}>", html)

"""Links of a page: found, and turned to where they lead from within a copy."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

_LINKS: Final = {"a": ("href",), "link": ("href",), "script": ("src",), "img": ("src",), "style": ("data-whole",)}
_CHARSET: Final = '<meta charset="utf-8">'
_NOT_IN_A_META: Final = ("frame-ancestors", "report-uri", "report-to", "sandbox")


@dataclass(frozen=True, slots=True)
class _Tag:
    """A start tag with a link, where it stands in the text."""

    starts: int
    ends: int
    name: str
    attributes: tuple[tuple[str, str | None], ...]


class _Tags(HTMLParser):
    """Finds the start tags that hold links; words that look like one are none."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self.found: list[_Tag] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = _LINKS.get(tag, ())
        if any(name in wanted and value for name, value in attrs):
            line, column = self.getpos()
            starts = self._lines[line - 1] + column
            self.found.append(_Tag(starts, starts + len(self.get_starttag_text() or ""), tag, tuple(attrs)))


def targets(text: str, address: str) -> list[str]:
    """Return where the links of a page at an address of ours lead, below our origin and without their fragments."""
    found: list[str] = []
    for tag in _Tags(text).found:
        for name, value in tag.attributes:
            if name in _LINKS[tag.name] and value and _is_ours(value):
                found.append(urljoin(address, value).partition("#")[0])
    return found


def rewritten(text: str, address: str, turn: Callable[[str], str]) -> str:
    """Return a page whose links lead where `turn` says; it gets what `targets` returns."""
    parts: list[str] = []
    at = 0
    for tag in _Tags(text).found:
        attributes = [(name, _turned(tag, name, value, address, turn)) for name, value in tag.attributes]
        if attributes == list(tag.attributes):
            continue
        said = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attributes)
        parts += [text[at : tag.starts], f"<{tag.name}{said}>"]
        at = tag.ends
    return "".join([*parts, text[at:]])


def with_policy(text: str, policy: str) -> str:
    """Return a page that carries its content security policy itself, as far as a page can."""
    kept = [each.strip() for each in policy.split(";") if not each.strip().startswith(_NOT_IN_A_META)]
    said = f'<meta http-equiv="Content-Security-Policy" content="{escape("; ".join(kept))}">'
    return text.replace(_CHARSET, _CHARSET + said, 1)


def _turned(tag: _Tag, name: str, value: str | None, address: str, turn: Callable[[str], str]) -> str | None:
    if value is None or name not in _LINKS[tag.name] or not _is_ours(value):
        return value
    target, mark, fragment = urljoin(address, value).partition("#")
    return f"{turn(target)}{mark}{fragment}"


def _is_ours(value: str) -> bool:
    parts = urlsplit(value)
    return not parts.scheme and not parts.netloc and not value.startswith("#")

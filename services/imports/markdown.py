"""HTML of others made into Markdown: words, breaks, emphasis and links stay, everything else goes.

What comes out is shown by our own Markdown, which lets no HTML act: this is for readers, and no fence.
"""

import re
from html.parser import HTMLParser
from typing import Final

_MARKS: Final = {"strong": "**", "b": "**", "em": "*", "i": "*", "code": "`"}
_BLOCKS: Final = frozenset({"p", "div", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "tr"})
_UNREAD: Final = frozenset({"script", "style", "template", "iframe", "object", "svg", "noscript"})
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_GAPS = re.compile(r"\n{3,}")


def to_markdown(text: str) -> str:
    """Return a text without its tags; one without any stays as it is, but for its ends."""
    if not _TAG.search(text) and "&" not in text:
        return text.replace("\r\n", "\n").strip()
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = "".join(reader.parts).split("\n")
    return _GAPS.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._links: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._unread += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag in _MARKS:
            self.parts.append(_MARKS[tag])
        elif tag == "a":
            href = dict(attrs).get("href") or ""
            whole = href.startswith(("https://", "http://", "mailto:")) and not set(href) & set("()<> \n")
            self._links.append(href if whole else "")
            self.parts.append("[" if whole else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag in _MARKS:
            self.parts.append(_MARKS[tag])
        elif tag == "a" and self._links:
            href = self._links.pop()
            self.parts.append(f"]({href})" if href else "")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)

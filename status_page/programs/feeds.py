"""RSS, Atom and JSON feeds: one entry for each public word on an incident or a maintenance.

An entry's id never changes; its text may be corrected, and then its instant of change moves. Markup of writers arrives
as the safe HTML that the pages show; names are text everywhere.
Source: RSS 2.0.11; RFC 4287; JSON Feed 1.1; RFC 822 dates by RFC 5322.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any, Final

from services.components.views import ComponentStatus
from services.incidents.views import ComponentChangeView, IncidentView, UpdateView
from status_page.programs.told import Told
from status_page.programs.v2 import EPOCH, instant, newest_first

ENTRIES_MAX: Final = 100
RSS_TYPE: Final = "application/rss+xml; charset=utf-8"
ATOM_TYPE: Final = "application/atom+xml; charset=utf-8"
JSON_TYPE: Final = "application/feed+json; charset=utf-8"
_OPENING, _CLOSING = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
ATOM_NAMESPACE: Final = "http://www.w3.org/2005/Atom"

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS: Final = {
    "investigating": "Investigating",
    "identified": "Identified",
    "monitoring": "Monitoring",
    "resolved": "Resolved",
    "postmortem": "Post-mortem",
    "scheduled": "Scheduled",
    "in_progress": "In progress",
    "verifying": "Verifying",
    "completed": "Completed",
    "cancelled": "Cancelled",
}
STATUS_WORDS: Final[dict[str, str]] = {
    ComponentStatus.OPERATIONAL: "Operational",
    ComponentStatus.DEGRADED: "Degraded performance",
    ComponentStatus.PARTIAL_OUTAGE: "Partial outage",
    ComponentStatus.MAJOR_OUTAGE: "Major outage",
    ComponentStatus.MAINTENANCE: "Under maintenance",
    ComponentStatus.UNKNOWN: "Unknown",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed: `html` is safe, everything else is text."""

    id: str
    url: str
    title: str
    html: str
    text: str
    published_at: datetime
    updated_at: datetime
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as all three formats write it; the paths are below our origin."""

    title: str
    about: str
    home_url: str
    self_path: str
    entries: tuple[Entry, ...]

    @property
    def updated_at(self) -> datetime:
        """When anything in it changed last."""
        return max((e.updated_at for e in self.entries), default=EPOCH)


def feed(told: Told, views: Sequence[IncidentView], self_path: str, *, about: str = "") -> Feed:
    """Return the feed of these incidents and maintenance; `about` names the one component that they concern."""
    entries = [each for view in views for each in _entries(told, view)]
    entries.sort(key=lambda e: (e.published_at, e.id), reverse=True)
    of = f" of {about}" if about else ""
    return Feed(
        title=f"Greenlight status: {about}" if about else "Greenlight status",
        about=f"Every public word on incidents and maintenance{of}, the newest first.",
        home_url=told.url("/status/"),
        self_path=self_path,
        entries=tuple(entries[:ENTRIES_MAX]),
    )


def rss(told: Told, feed: Feed) -> bytes:
    """Write RSS 2.0."""
    ET.register_namespace("atom", ATOM_NAMESPACE)
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _text(channel, "title", _without_angles(feed.title))
    _text(channel, "link", feed.home_url)
    _text(channel, "description", _without_angles(feed.about))
    _text(channel, "language", "en")
    _text(channel, "lastBuildDate", format_datetime(feed.updated_at, usegmt=True))
    _text(channel, "ttl", "1")
    to_self = {"rel": "self", "type": "application/rss+xml", "href": told.url(feed.self_path)}
    ET.SubElement(channel, f"{{{ATOM_NAMESPACE}}}link", to_self)
    for entry in feed.entries:
        item = ET.SubElement(channel, "item")
        _text(item, "title", _without_angles(entry.title))
        _text(item, "link", entry.url)
        _text(item, "guid", entry.id, isPermaLink="false")
        _text(item, "pubDate", format_datetime(entry.published_at, usegmt=True))
        for tag in entry.tags:
            _text(item, "category", tag)
        _text(item, "description", entry.html)
    return _document(root)


def atom(told: Told, feed: Feed) -> bytes:
    """Write Atom 1.0."""
    root = ET.Element("feed", {"xmlns": ATOM_NAMESPACE, "xml:lang": "en"})
    self_url = told.url(feed.self_path)
    _text(root, "id", self_url)
    _text(root, "title", feed.title)
    _text(root, "subtitle", feed.about)
    _text(root, "updated", instant(feed.updated_at) or "")
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=self_url)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=feed.home_url)
    _text(ET.SubElement(root, "author"), "name", "Greenlight")
    for entry in feed.entries:
        element = ET.SubElement(root, "entry")
        _text(element, "id", entry.id)
        _text(element, "title", entry.title, type="text")
        _text(element, "published", instant(entry.published_at) or "")
        _text(element, "updated", instant(entry.updated_at) or "")
        ET.SubElement(element, "link", rel="alternate", type="text/html", href=entry.url)
        for tag in entry.tags:
            ET.SubElement(element, "category", term=_clean(tag))
        _text(element, "content", entry.html, type="html")
    return _document(root)


def json_feed(told: Told, feed: Feed) -> dict[str, Any]:
    """Return JSON Feed 1.1."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.about,
        "language": "en",
        "home_page_url": feed.home_url,
        "feed_url": told.url(feed.self_path),
        "authors": [{"name": "Greenlight", "url": feed.home_url}],
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "content_html": entry.html,
                "content_text": entry.text,
                "date_published": instant(entry.published_at),
                "date_modified": instant(entry.updated_at),
                "tags": list(entry.tags),
            }
            for entry in feed.entries
        ],
    }


def _entries(told: Told, view: IncidentView) -> list[Entry]:
    made = [_entry(told, view, word) for word in newest_first(view)]
    if view.postmortem_html and all(word.status != "postmortem" for word in view.updates):
        made.append(_postmortem(told, view))
    return made or [_bare(told, view)]


def _entry(told: Told, view: IncidentView, word: UpdateView) -> Entry:
    status = _WORDS.get(word.status, word.status.replace("_", " ").capitalize())
    window = _window(view)
    html = [word.body_html, *([f"<p>{escape(window)}</p>"] if window else []), *_changes_html(word.changes)]
    text = [word.body, *([window] if window else []), *(f"{c.name}: {_moved(c)}" for c in word.changes)]
    return Entry(
        id=_id(view, f"/{word.id}"),
        url=f"{told.incident_url(view)}#{word.id}",
        title=f"{view.name}: {status}",
        html="".join(html),
        text="\n\n".join(part for part in text if part),
        published_at=word.display_at,
        updated_at=max(word.updated_at, word.display_at),
        tags=_tags(view, word.status),
    )


def _postmortem(told: Told, view: IncidentView) -> Entry:
    published_at = view.postmortem_at or view.updated_at
    return Entry(
        id=_id(view, "/postmortem"),
        url=f"{told.incident_url(view)}#postmortem",
        title=f"{view.name}: {_WORDS['postmortem']}",
        html=view.postmortem_html,
        text=view.postmortem,
        published_at=published_at,
        updated_at=published_at,
        tags=_tags(view, "postmortem"),
    )


def _bare(told: Told, view: IncidentView) -> Entry:
    said = _window(view) or f"Impact: {view.impact.value}."
    return Entry(
        id=_id(view, ""),
        url=told.incident_url(view),
        title=f"{view.name}: {_WORDS.get(view.status, view.status)}",
        html=f"<p>{escape(said)}</p>",
        text=said,
        published_at=view.created_at,
        updated_at=max(view.created_at, view.updated_at),
        tags=_tags(view, view.status),
    )


def _id(view: IncidentView, rest: str) -> str:
    # A tag URI (RFC 4151): it names for ever, also where the page moves to another address.
    return f"tag:greenlight.invalid,2026:{view.kind}/{view.id}{rest}"


def _tags(view: IncidentView, status: str) -> tuple[str, ...]:
    impact = "maintenance" if view.kind == "maintenance" else view.impact.value
    return tuple(dict.fromkeys((view.kind, impact, status, *(a.name for a in view.affected))))


def _window(view: IncidentView) -> str:
    if view.kind != "maintenance" or view.scheduled_for is None or view.scheduled_until is None:
        return ""
    return f"Planned from {view.scheduled_for:%Y-%m-%d %H:%M} to {view.scheduled_until:%Y-%m-%d %H:%M} UTC."


def _changes_html(changes: Sequence[ComponentChangeView]) -> list[str]:
    if not changes:
        return []
    rows = "".join(f"<li>{escape(c.name)}: {escape(_moved(c))}</li>" for c in changes)
    return [f"<ul>{rows}</ul>"]


def _moved(change: ComponentChangeView) -> str:
    old, new = (STATUS_WORDS.get(s, s.replace("_", " ")) for s in (change.old_status, change.new_status))
    return new if old == new else f"{old} → {new}"


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _clean(text)


def _without_angles(text: str) -> str:
    # RSS does not say whether a title is text or HTML, and readers differ: so it holds no angle bracket at all.
    return text.replace("<", _OPENING).replace(">", _CLOSING)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _document(root: ET.Element) -> bytes:
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written

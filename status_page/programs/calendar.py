"""Maintenance and past outages as a calendar.

Every time is in UTC, so no reader needs a time zone from us. An event keeps its UID for ever; SEQUENCE counts its
changes, and a cancelled maintenance stays as CANCELLED, so that calendars that already have it strike it out.
Source: RFC 5545; RFC 7986 (NAME, REFRESH-INTERVAL, COLOR).
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from services.incidents.views import IncidentView, MaintenanceStatus
from status_page.programs.told import Told, changed
from status_page.programs.v2 import newest_first

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_COLOURS: Final = {"maintenance": "steelblue", "critical": "firebrick", "major": "orangered", "minor": "goldenrod"}


def calendar(told: Told, views: Sequence[IncidentView], *, about: str = "") -> bytes:
    """Return the calendar of these incidents and maintenance; `about` names the one component that they concern."""
    made = Calendar()
    name = f"Greenlight status: {about}" if about else "Greenlight status"
    made.add("prodid", "-//Greenlight//Status//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("name", _plain(name))
    made.add("x-wr-calname", _plain(name))
    made.add("x-wr-timezone", "UTC")
    made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for view in sorted(views, key=lambda v: (_begins_at(v), v.id)):
        made.add_component(_event(told, view))
    written: bytes = made.to_ical()
    return written


def uid(view: IncidentView) -> str:
    """Return an event's id, which names it for ever."""
    return f"{view.id}@greenlight.invalid"


def _event(told: Told, view: IncidentView) -> Event:
    event, planned = Event(), view.kind == "maintenance"
    begins, ends = _begins_at(view), _ends_at(view)
    event.add("uid", uid(view))
    event.add("sequence", view.version)
    event.add("dtstamp", _seconds(changed(view)))
    event.add("created", _seconds(min(view.created_at, view.started_at)))
    event.add("last-modified", _seconds(changed(view)))
    event.add("dtstart", begins)
    if ends is not None and ends > begins:
        event.add("dtend", ends)
    event.add("summary", _plain(f"{'Maintenance' if planned else 'Incident'}: {view.name}"))
    event.add("description", _plain(_said(view)))
    event.add("status", _status(view))
    event.add("transp", "TRANSPARENT")
    impact = "maintenance" if planned else view.impact.value
    event.add("categories", [_plain(each) for each in (view.kind, impact)])
    event.add("color", _COLOURS.get(impact, "gray"))
    event.add("url", told.incident_url(view))
    return event


def _status(view: IncidentView) -> str:
    if view.status == MaintenanceStatus.CANCELLED:
        return "CANCELLED"
    open_end = view.kind == "incident" and view.resolved_at is None
    return "TENTATIVE" if open_end else "CONFIRMED"


def _said(view: IncidentView) -> str:
    parts = []
    if view.affected:
        parts.append(f"Concerns: {', '.join(a.name for a in view.affected)}")
    words = newest_first(view)
    if words:
        parts.append(words[0].body)
    if view.kind == "incident" and view.resolved_at is None:
        parts.append("It is not over.")
    return "\n\n".join(parts)


def _begins_at(view: IncidentView) -> datetime:
    planned = view.scheduled_for if view.kind == "maintenance" else None
    return _seconds(planned or view.started_at)


def _ends_at(view: IncidentView) -> datetime | None:
    planned = view.scheduled_until if view.kind == "maintenance" else None
    ends = planned or view.resolved_at
    return None if ends is None else _seconds(ends)


def _seconds(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _plain(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)

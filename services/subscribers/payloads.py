"""What a webhook's subscriber is sent, in the shape that receivers of status pages know.

Source: the subscriber notifications of Statuspage, as its receivers' recorded fixtures show them.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from services.subscribers.happenings import Component, Incident, Update

Json: TypeAlias = dict[str, Any]

SIZE_MAX: Final = 18_000
"""Receivers are to expect less than 20 kB; what does not fit is left out, the oldest words on an incident first."""
_TEXT_BYTES = 12_000
_DESCRIPTION_BYTES = 1_000
_COMPONENTS = 20
_CHANGES = 50
"""So many components an update names in a message; the page names all."""
_NARROWER = ((20, 20, 12_000), (10, 10, 6_000), (5, 5, 2_500), (1, 1, 1_000), (0, 0, 400))
"""What is tried in turn where a message is too large: changes, components, and bytes of each text."""
_INDICATORS = ("none", "minor", "major", "critical")
_DESCRIPTIONS = {
    "none": "All Systems Operational",
    "minor": "Partially Degraded Service",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
    "maintenance": "Service Under Maintenance",
}
_OF_STATUS = {
    "degraded_performance": "minor",
    "unknown": "minor",
    "partial_outage": "major",
    "major_outage": "critical",
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where the page stands, and what it is called by programs."""

    public_url: str
    page_id: str

    def incident_url(self, incident_id: str) -> str:
        """Return where people read an incident."""
        return f"{self.public_url}/status/incidents/{incident_id}/"


def instant(at: datetime | None) -> str | None:
    """Return an instant in ISO 8601 with milliseconds, or nothing."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def of_incident(
    site: Site, incident: Incident, components: Sequence[Component], statuses: Collection[str],
    active: Sequence[Incident],
) -> Json:  # fmt: skip
    """Return what tells of an incident or a maintenance, without the receiver's own links.

    `components` are those that it concerns, `statuses` what can be said of any component of the page.
    """
    by_id = {each.id: each for each in components}
    updates = [_update(site, incident, each) for each in incident.updates]
    body = {
        "page": _page(site, statuses, active),
        "incident": {
            "backfilled": incident.backfilled,
            "created_at": instant(min(incident.created_at, incident.started_at)),
            "impact": "maintenance" if incident.kind == "maintenance" else str(incident.impact),
            "impact_override": None,
            "monitoring_at": instant(incident.monitoring_at),
            "postmortem_body": cut(incident.postmortem, _TEXT_BYTES, site.incident_url(incident.id)) or None,
            "postmortem_body_last_updated_at": instant(incident.postmortem_at),
            "postmortem_ignored": False,
            "postmortem_notified_subscribers": incident.postmortem_at is not None,
            "postmortem_notified_twitter": False,
            "postmortem_published_at": instant(incident.postmortem_at),
            "resolved_at": instant(incident.resolved_at),
            "scheduled_auto_transition": False,
            "scheduled_for": instant(incident.scheduled_for),
            "scheduled_remind_prior": False,
            "scheduled_reminded_at": None,
            "scheduled_until": instant(incident.scheduled_until),
            "shortlink": site.incident_url(incident.id),
            "started_at": instant(incident.started_at),
            "status": str(incident.status),
            "updated_at": instant(incident.updated_at),
            "id": incident.id,
            "page_id": site.page_id,
            "incident_updates": updates,
            "name": incident.name,
            "components": [
                _component(site, by_id[a.component_id]) for a in incident.affected if a.component_id in by_id
            ][:_COMPONENTS],
        },
    }
    _fit(body, site.incident_url(incident.id))
    return body


def of_component(
    site: Site, component: Component, about: Mapping[str, str], statuses: Collection[str],
    active: Sequence[Incident],
) -> Json:  # fmt: skip
    """Return what tells of a component's change, without the receiver's own links."""
    return {
        "page": _page(site, statuses, active),
        "component_update": {
            "created_at": about["since_at"],
            "new_status": word(about["new_status"]),
            "old_status": word(about["old_status"]),
            "id": about["change_id"],
            "component_id": component.id,
            "component_type": "Component",
        },
        "component": _component(site, component),
    }


def addressed(body: Mapping[str, Any], *, unsubscribe_url: str, site: Site, now: datetime) -> Json:
    """Return a body with what is the receiver's own: how to end this, and when it was made."""
    meta = {
        "unsubscribe": unsubscribe_url,
        "documentation": f"{site.public_url}/status/subscribe/#webhooks",
        "generated_at": instant(now),
    }
    return {"meta": meta, **body}


def cut(text: str, size: int, link: str) -> str:
    """Return a text of at most so many bytes; one that is cut ends with an ellipsis and where the whole stands.

    Units: size is in bytes of UTF-8.
    """
    whole = text.encode()
    if len(whole) <= size:
        return text
    tail = f"… {link}"
    return whole[: max(size - len(tail.encode()), 0)].decode(errors="ignore") + tail


def _fit(body: Json, link: str) -> None:
    """Make a message fit: fewer old updates, then fewer components, then shorter texts."""
    incident = body["incident"]
    updates: list[Json] = incident["incident_updates"]
    while len(updates) > 1 and _size(body) > SIZE_MAX:
        updates.pop()
    for changes, components, size in _NARROWER:
        if _size(body) <= SIZE_MAX:
            return
        incident["components"] = incident["components"][:components]
        incident["postmortem_body"] = cut(incident["postmortem_body"] or "", size, link) or None
        for update in updates:
            update["body"] = cut(update["body"], size, link)
            update["affected_components"] = (update["affected_components"] or [])[:changes] or None


def word(status: str) -> str:
    """Return a status in the format's words, which has none for not knowing."""
    return "degraded_performance" if status == "unknown" else str(status)


def _page(site: Site, statuses: Collection[str], active: Sequence[Incident]) -> Json:
    levels = [_OF_STATUS.get(str(status), "none") for status in statuses]
    levels += [str(each.impact) for each in active if each.kind == "incident"]
    worst = max((_INDICATORS.index(level) for level in levels if level in _INDICATORS), default=0)
    indicator = _INDICATORS[worst]
    if worst == 0 and "under_maintenance" in statuses:
        indicator = "maintenance"
    return {
        "id": site.page_id,
        "status_indicator": indicator,
        "status_description": _DESCRIPTIONS[indicator],
    }


def _update(site: Site, incident: Incident, update: Update) -> Json:
    return {
        "body": cut(update.body, _TEXT_BYTES, site.incident_url(incident.id)),
        "created_at": instant(update.created_at),
        "display_at": instant(update.display_at),
        "status": str(update.status),
        "twitter_updated_at": None,
        "updated_at": instant(update.updated_at),
        "wants_twitter_update": False,
        "id": update.id,
        "incident_id": incident.id,
        "affected_components": [
            {
                "code": change.component_id,
                "name": change.name,
                "old_status": word(change.old_status),
                "new_status": word(change.new_status),
            }
            for change in update.changes[:_CHANGES]
        ]
        or None,
        "deliver_notifications": update.notifies,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _component(site: Site, component: Component) -> Json:
    return {
        "id": component.id,
        "name": component.name,
        "status": word(component.status),
        "created_at": instant(component.created_at),
        "updated_at": instant(component.updated_at),
        "position": component.position,
        "description": cut(component.description, _DESCRIPTION_BYTES, f"{site.public_url}/status/") or None,
        "showcase": component.showcase,
        "start_date": component.start_on.isoformat() if component.start_on else None,
        "group_id": component.group_id,
        "page_id": site.page_id,
        "group": False,
        "only_show_if_degraded": component.only_show_if_degraded,
    }


def _size(body: Json) -> int:
    return len(json.dumps(body, ensure_ascii=False).encode())

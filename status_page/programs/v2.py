"""The eight documents of the status-page v2 format, complete and consistent with each other.

Nothing in a body changes on its own: no instant of reading, no age. So a tag stays until what it tags has changed.
Source: the public documents of Statuspage, and what its readers in the wild rely on.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from services.components.views import ComponentStatus, ComponentView, GroupView
from services.incidents.views import ComponentChangeView, IncidentView, MaintenanceStatus, UpdateView
from status_page.programs.told import Told, changed, concerned

Json = dict[str, Any]

LIST_MAX: Final = 50
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def instant(at: datetime | None) -> str | None:
    """Return an instant in ISO 8601 with milliseconds, or nothing."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def summary(told: Told) -> Json:
    """The status, every component, unresolved incidents, and maintenance that is under way or to come."""
    components = _components(told)
    by_id = {c["id"]: c for c in components}
    planned = [*told.under_way, *told.scheduled]
    return {
        "page": page(told),
        "components": components,
        "incidents": _incidents(told, told.unresolved, by_id),
        "scheduled_maintenances": _maintenances(told, planned, by_id),
        "status": _status(told),
    }


def status(told: Told) -> Json:
    """The status alone."""
    return {"page": page(told), "status": _status(told)}


def components(told: Told) -> Json:
    """Every component and group."""
    return {"page": page(told), "components": _components(told)}


def incidents(told: Told) -> Json:
    """The newest incidents, and every one that is not over."""
    kept = _kept(told.incidents, told.unresolved)
    return {"page": page(told), "incidents": _incidents(told, kept, _by_id(told))}


def unresolved(told: Told) -> Json:
    """Incidents that are not over."""
    return {"page": page(told), "incidents": _incidents(told, told.unresolved, _by_id(told))}


def maintenances(told: Told) -> Json:
    """The latest planned maintenance, and all that is not over; cancelled maintenance has no word in the format."""
    shown = [m for m in told.maintenances if m.status != MaintenanceStatus.CANCELLED]
    kept = _kept(shown, [*told.under_way, *told.scheduled])
    return {"page": page(told), "scheduled_maintenances": _maintenances(told, kept, _by_id(told))}


def upcoming(told: Told) -> Json:
    """Maintenance that is to come."""
    return {"page": page(told), "scheduled_maintenances": _maintenances(told, told.scheduled, _by_id(told))}


def active(told: Told) -> Json:
    """Maintenance that is under way."""
    return {"page": page(told), "scheduled_maintenances": _maintenances(told, told.under_way, _by_id(told))}


DOCUMENTS: Final[Mapping[str, Callable[[Told], Json]]] = {
    "summary": summary,
    "status": status,
    "components": components,
    "incidents": incidents,
    "incidents/unresolved": unresolved,
    "scheduled-maintenances": maintenances,
    "scheduled-maintenances/upcoming": upcoming,
    "scheduled-maintenances/active": active,
}
"""Every document by its path below /api/v2/, without `.json`."""


def page(told: Told) -> Json:
    """Whose documents these are; its `url` is what readers put before `/api/v2/`."""
    return {
        "id": told.page_id,
        "name": "Greenlight",
        "url": told.origin,
        "time_zone": "Etc/UTC",
        "updated_at": instant(told.changed_at or EPOCH),
    }


def word(told: Told, status: ComponentStatus) -> str:
    """Return a status in the format's words."""
    shown = told.status(status)
    return ComponentStatus.DEGRADED.value if shown is ComponentStatus.UNKNOWN else shown.value


def component(told: Told, view: ComponentView) -> Json:
    """One component."""
    return {
        "id": view.id,
        "name": view.name,
        "status": word(told, view.status),
        "created_at": instant(view.created_at),
        "updated_at": instant(view.updated_at),
        "position": view.position,
        "description": _description(told, view, view.status_reason),
        "showcase": view.showcase,
        "start_date": view.start_on.isoformat() if view.start_on else None,
        "group_id": view.group_id if view.group_id in told.group_ids else None,
        "page_id": told.page_id,
        "group": False,
        "only_show_if_degraded": view.only_show_if_degraded,
    }


def group(told: Told, view: GroupView) -> Json:
    """One group: a component row that names its members."""
    return {
        "id": view.id,
        "name": view.name,
        "status": word(told, view.status),
        "created_at": instant(view.created_at),
        "updated_at": instant(view.updated_at),
        "position": view.position,
        "description": _description(told, view, "what it consists of does not tell"),
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": told.page_id,
        "group": True,
        "only_show_if_degraded": False,
        "components": [each for each in view.component_ids if each in told.component_ids],
    }


def incident(told: Told, view: IncidentView, by_id: Mapping[str, Json]) -> Json:
    """One incident with every public word on it, the newest first."""
    # A backfilled incident is written down after it began: readers expect created, started, resolved in this order.
    created_at = min(view.created_at, view.started_at)
    return {
        "id": view.id,
        "name": view.name,
        "status": view.status,
        "created_at": instant(created_at),
        "updated_at": instant(changed(view)),
        "monitoring_at": instant(view.monitoring_at),
        "resolved_at": instant(view.resolved_at),
        "impact": "maintenance" if view.kind == "maintenance" else view.impact.value,
        "shortlink": told.incident_url(view),
        "started_at": instant(view.started_at),
        "page_id": told.page_id,
        "incident_updates": [_update(view, each) for each in newest_first(view)],
        "components": [by_id[each] for each in concerned(view) if each in by_id],
        "reminder_intervals": None,
    }


def newest_first(view: IncidentView) -> list[UpdateView]:
    """Return the public words on an incident, the newest first."""
    return sorted(view.updates, key=lambda u: u.display_at, reverse=True)


def _description(told: Told, view: ComponentView | GroupView, reason: str) -> str | None:
    said = view.description or None
    if told.status(view.status) is not ComponentStatus.UNKNOWN:
        return said
    if told.stale:
        reason = f"our own database could not be read since {told.state.as_of:%Y-%m-%d %H:%M} UTC"
    unknown = f"Status not known: {reason}."
    return f"{unknown} {said}" if said else unknown


def _status(told: Told) -> Json:
    return {"indicator": told.overall.indicator, "description": told.overall.description}


def _components(told: Told) -> list[Json]:
    view = told.state.components
    members: dict[str, list[ComponentView]] = {g.id: [] for g in view.groups}
    rows: list[tuple[int, str, list[Json]]] = []
    for each in view.components:
        if each.group_id in members:
            members[each.group_id].append(each)
        else:
            rows.append((each.position, each.id, [component(told, each)]))
    for each_group in view.groups:
        inside = [component(told, each) for each in members[each_group.id]]
        rows.append((each_group.position, each_group.id, [group(told, each_group), *inside]))
    rows.sort(key=lambda row: row[:2])
    return [row for _, _, some in rows for row in some]


def _by_id(told: Told) -> dict[str, Json]:
    wanted = {each for view in (*told.incidents, *told.maintenances) for each in concerned(view)}
    view = told.state.components
    rows = [component(told, each) for each in view.components if each.id in wanted]
    rows += [group(told, each) for each in view.groups if each.id in wanted]
    return {row["id"]: row for row in rows}


def _incidents(told: Told, views: Iterable[IncidentView], by_id: Mapping[str, Json]) -> list[Json]:
    return [incident(told, each, by_id) for each in views]


def _maintenances(told: Told, views: Iterable[IncidentView], by_id: Mapping[str, Json]) -> list[Json]:
    return [
        incident(told, each, by_id)
        | {
            "scheduled_for": instant(each.scheduled_for or each.started_at),
            "scheduled_until": instant(each.scheduled_until or each.resolved_at or each.started_at),
        }
        for each in views
    ]


def _update(view: IncidentView, update: UpdateView) -> Json:
    return {
        "id": update.id,
        "status": update.status,
        "body": update.body,
        "incident_id": view.id,
        "created_at": instant(update.created_at),
        "updated_at": instant(update.updated_at),
        "display_at": instant(update.display_at),
        "affected_components": [_change(each) for each in update.changes] or None,
        "deliver_notifications": update.notifies,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _change(change: ComponentChangeView) -> Json:
    return {
        "code": change.component_id,
        "name": change.name,
        "old_status": _recorded(change.old_status),
        "new_status": _recorded(change.new_status),
    }


def _recorded(status: str) -> str:
    # What an update said then stays said; only the word that the format lacks is translated.
    return ComponentStatus.DEGRADED.value if status == ComponentStatus.UNKNOWN else status


def _kept(views: Iterable[IncidentView], always: Iterable[IncidentView]) -> list[IncidentView]:
    """Return the first of a list, and wherever they stand those that no reader may miss."""
    kept = {each.id for each in always}
    rows = list(views)
    kept |= {each.id for each in rows[: max(0, LIST_MAX - len(kept))]}
    return [each for each in rows if each.id in kept]

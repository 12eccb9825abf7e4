"""A status page in the v2 JSON: summary, components and incidents, one document or several put together.

Source: the public status-page v2 API (summary.json, components.json, incidents.json, scheduled-maintenances.json).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.imports.foreign import (
    Foreign,
    ForeignComponent,
    ForeignGroup,
    ForeignIncident,
    ForeignUpdate,
)
from services.imports.markdown import to_markdown
from services.imports.reading import (
    ITEMS_MAX,
    TEXT_MAX,
    Wrong,
    day,
    identity,
    instant,
    listed,
    mapped,
    named,
    once,
    read_json,
    text,
    unreadable,
    yes,
)
from services.imports.report import Line, Noun, skipped

_COMPONENT: Final = frozenset(
    {"operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"}
)
_INCIDENT: Final = frozenset({"investigating", "identified", "monitoring", "resolved"})
_IMPACTS: Final = frozenset({"none", "minor", "major", "critical"})
_UPDATES_MAX = 300
_PAGE_ID_MAX = 64


def read_statuspage(data: bytes, label: str) -> Foreign:
    """Return what a document of the v2 API holds.

    Raises: Invalid for a file that is none.
    """
    document = read_json(data)
    if not isinstance(document, dict) or not {"components", "incidents", "scheduled_maintenances"} & set(document):
        raise unreadable("The file is no summary.json, components.json or incidents.json of a status page.")
    reading = _Reading()
    reading.components(listed(document.get("components"), "components"))
    reading.incidents(listed(document.get("incidents"), "incidents"))
    for each in listed(document.get("scheduled_maintenances"), "scheduled_maintenances"):
        why = "Maintenance is not brought over: plan it here, so that its reminders and exclusions are right."
        reading.refused.append(skipped(Noun.INCIDENT, named(each), why))
    page = document.get("page")
    page_id = page.get("id") if isinstance(page, dict) else None
    known = isinstance(page_id, str) and 1 <= len(page_id) <= _PAGE_ID_MAX
    source = label or (f"statuspage {page_id}" if known else "statuspage")
    return Foreign(
        source,
        tuple(reading.groups.values()),
        tuple(reading.found.values()),
        tuple(reading.told.values()),
        refused=tuple(reading.refused),
    )


class _Reading:
    """What was read so far, each thing once."""

    def __init__(self) -> None:
        self.groups: dict[str, ForeignGroup] = {}
        self.found: dict[str, ForeignComponent] = {}
        self.told: dict[str, ForeignIncident] = {}
        self.refused: list[Line] = []

    def components(self, entries: Sequence[Any]) -> None:
        """Read groups first: a component may stand before its group."""
        for noun in (Noun.GROUP, Noun.COMPONENT):
            for entry in entries:
                is_group = isinstance(entry, dict) and entry.get("group") is True
                if is_group is not (noun is Noun.GROUP):
                    continue
                try:
                    self._component(mapped(entry), noun)
                except Wrong as wrong:
                    self.refused.append(skipped(noun, named(entry), str(wrong)))

    def _component(self, entry: Mapping[str, Any], noun: Noun) -> None:
        own, name = identity(entry), text(entry, "name")
        if own in self.groups or own in self.found:
            raise Wrong("This id comes twice in the file.")
        description = text(entry, "description", most=TEXT_MAX)[:2_000]
        if noun is Noun.GROUP:
            self.groups[own] = ForeignGroup(own, name, description)
            return
        status, group_id = text(entry, "status", most=64), text(entry, "group_id", most=128) or None
        if status not in _COMPONENT:
            raise Wrong(f"“{status[:40]}” is no status of a component.")
        if group_id is not None and group_id not in self.groups:
            self.refused.append(skipped(Noun.GROUP, group_id, f"“{name[:80]}” names it, and it is not in the file."))
            group_id = None
        self.found[own] = ForeignComponent(
            id=own,
            name=name,
            description=description,
            group_id=group_id,
            status="operational" if status == "under_maintenance" else status,
            showcase=yes(entry, "showcase", default=True),
            only_show_if_degraded=yes(entry, "only_show_if_degraded", default=False),
            start_on=day(entry, "start_date"),
        )

    def incidents(self, entries: Sequence[Any]) -> None:
        """Read incidents with what was said of each."""
        for entry in entries:
            try:
                incident = _incident(mapped(entry))
                once(self.told, incident.id)
                self.told[incident.id] = incident
            except Wrong as wrong:
                self.refused.append(skipped(Noun.INCIDENT, named(entry), str(wrong)))


def _incident(entry: Mapping[str, Any]) -> ForeignIncident:
    own, impact = identity(entry), text(entry, "impact_override", most=32) or text(entry, "impact", most=32)
    if impact not in _IMPACTS:
        raise Wrong(f"“{impact[:40]}” is no impact of an incident.")
    said = entry.get("incident_updates")
    if not isinstance(said, list) or not said:
        raise Wrong("Nothing was said of it: it has no updates.")
    if len(said) > _UPDATES_MAX:
        raise Wrong(f"It has more than {_UPDATES_MAX} updates.")
    updates = sorted((_update(mapped(each)) for each in said), key=lambda each: (each.at, each.id))
    last = [each for each in updates if each.status == "postmortem"]
    spoken = tuple(each for each in updates if each.status != "postmortem")
    if not spoken:
        raise Wrong("Nothing was said of it but its post-mortem.")
    if len({each.id for each in updates}) != len(updates):
        raise Wrong("One of its updates comes twice.")
    told = to_markdown(text(entry, "postmortem_body", most=TEXT_MAX)) or (last[-1].body if last else "")
    at = instant(entry, "postmortem_published_at") or (last[-1].at if last else None)
    resolved = spoken[-1].status == "resolved"
    return ForeignIncident(own, text(entry, "name"), impact, spoken, told if resolved else "", at if resolved else None)


def _update(entry: Mapping[str, Any]) -> ForeignUpdate:
    status = text(entry, "status", most=32)
    if status not in _INCIDENT and status != "postmortem":
        raise Wrong(f"“{status[:40]}” is no status of an incident.")
    at = instant(entry, "display_at") or instant(entry, "created_at")
    if at is None:
        raise Wrong("One of its updates says not when it was said.")
    statuses: dict[str, str] = {}
    for each in listed(entry.get("affected_components"), "affected_components", most=ITEMS_MAX):
        affected = mapped(each)
        new = text(affected, "new_status", most=32)
        statuses[identity(affected, "code")] = new if new in _COMPONENT - {"under_maintenance"} else "operational"
    body = to_markdown(text(entry, "body", most=TEXT_MAX))
    return ForeignUpdate(identity(entry), status, body or status.capitalize(), at, statuses)

"""What makes components and groups well-formed."""

from collections.abc import Mapping, Sequence
from datetime import date

from services.components.views import ComponentStatus
from services.kernel.errors import Conflict, Invalid

NAME_MAX = 255
DESCRIPTION_MAX = 2_000
REASON_MIN, REASON_MAX = 3, 500
DEPENDENCIES_MAX = 50
_EARLIEST = date(1990, 1, 1)


def clean_name(name: str) -> str:
    """Return a name as it is stored.

    Raises: Invalid for one that is empty, too long, or not printable.
    """
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > NAME_MAX or not cleaned.isprintable():
        message = f"Give a name of 1 to {NAME_MAX} printable characters."
        raise Invalid("component_name_invalid", message, fields={"name": message})
    return cleaned


def clean_description(description: str) -> str:
    """Return a description as it is stored.

    Raises: Invalid for one that is too long.
    """
    cleaned = description.strip()
    if len(cleaned) > DESCRIPTION_MAX or "\0" in cleaned:
        message = f"A description has at most {DESCRIPTION_MAX} characters."
        raise Invalid("component_description_invalid", message, fields={"description": message})
    return cleaned


def clean_reason(reason: str) -> str:
    """Return the reason for a person's word as it is stored and shown.

    Raises: Invalid without one.
    """
    cleaned = " ".join(reason.split())
    if not REASON_MIN <= len(cleaned) <= REASON_MAX or not cleaned.isprintable():
        message = f"Say why, in {REASON_MIN} to {REASON_MAX} characters: the reason is recorded and shown."
        raise Invalid("reason_missing", message, fields={"reason": message})
    return cleaned


def check_start(start_on: date | None) -> None:
    """Refuse a start that no arithmetic wants.

    Raises: Invalid.
    """
    if start_on is not None and start_on < _EARLIEST:
        message = f"Give a day from {_EARLIEST.isoformat()} on."
        raise Invalid("start_invalid", message, fields={"start_on": message})


def check_decree(status: ComponentStatus) -> None:
    """Refuse a status that nobody may set over what is measured.

    Raises: Invalid for maintenance, which would hide an outage.
    """
    if status is ComponentStatus.MAINTENANCE:
        message = "Plan a maintenance instead: set by hand, it would hide an outage."
        raise Invalid("override_maintenance", message, fields={"status": message})


def check_dependencies(component_id: str, depends_on: Sequence[str], others: Mapping[str, Sequence[str]]) -> None:
    """Refuse dependencies that lead back to the component.

    `others` are the dependencies of every component.

    Raises: Conflict, naming the way around; Invalid for too many.
    """
    if len(depends_on) > DEPENDENCIES_MAX:
        message = f"A component depends on at most {DEPENDENCIES_MAX} others."
        raise Invalid("dependencies_too_many", message, fields={"depends_on": message})
    seen: set[str] = set()
    open_ways: list[tuple[str, tuple[str, ...]]] = [(first, (component_id, first)) for first in depends_on]
    while open_ways:
        at, way = open_ways.pop()
        if at == component_id:
            message = "These dependencies go round in a circle: take one of them away."
            raise Conflict("dependency_cycle", message, way=list(way))
        if at not in seen:
            seen.add(at)
            open_ways += [(following, (*way, following)) for following in others.get(at, ())]

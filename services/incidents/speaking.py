"""Speaking of an incident: an update with what it says of components, and the incident follows from it."""

from collections.abc import Mapping, Sequence

from services.incidents.case import Case, Said
from services.incidents.ports import ComponentBook, NamedComponent
from services.incidents.rules import OPERATIONAL, check_statuses, check_text
from services.incidents.tables import UpdateRow
from services.incidents.views import IncidentStatus, UpdateDraft
from services.kernel.errors import Invalid
from services.kernel.ids import public_id


def speak(book: ComponentBook, case: Case, draft: UpdateDraft, update_id: str = "") -> UpdateRow:
    """Add an update with what it says of components, and let the incident follow from it."""
    check_statuses(draft.components)
    statuses = {each.component_id: each.status for each in draft.components}
    known = known_components(book, list(statuses))
    at = draft.display_at or case.now
    if draft.status == IncidentStatus.RESOLVED:
        _check_well(statuses)
        statuses |= {row.component_id: OPERATIONAL for row in case.affected if row.status != OPERATIONAL}
        case.row.resolved_at = at
    else:
        case.row.resolved_at = None
    if draft.status == IncidentStatus.MONITORING:
        case.row.monitoring_at = at
    update = case.say(Said(draft.status, check_text("body", draft.body), draft.notifies, at, update_id or public_id()))
    names = {each.id: each.name for each in known.values()}
    case.give(update.id, statuses, names, {each.id: each.status for each in known.values()})
    case.weigh()
    return update


def known_components(book: ComponentBook, ids: Sequence[str]) -> Mapping[str, NamedComponent]:
    """Return these components by id.

    Raises: Invalid where one does not exist.
    """
    known = book.named(ids) if ids else {}
    missing = [each for each in ids if each not in known]
    if missing:
        message = f"There is no component {missing[0][:40]!r}; take its id from the list of components."
        raise Invalid("component_unknown", message, fields={"components": message})
    return known


def _check_well(statuses: Mapping[str, str]) -> None:
    if any(status != OPERATIONAL for status in statuses.values()):
        message = "A resolved incident leaves its components operational; say monitoring while one is not."
        raise Invalid("components_not_well", message, fields={"components": message})

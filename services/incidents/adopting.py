"""Incidents that come from elsewhere, within an import that is already running; nobody is notified of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.incidents.case import Case, held, new_case
from services.incidents.declaring import new_row
from services.incidents.ports import ComponentBook
from services.incidents.rules import ACTIVE, check_step, check_text
from services.incidents.speaking import speak
from services.incidents.tables import IncidentRow
from services.incidents.views import ComponentStatusDraft, Impact, IncidentStatus, UpdateDraft
from services.infra.uow import current
from services.kernel.errors import Invalid
from services.kernel.ids import public_id

_POSTMORTEM_MAX = 60_000
_IMPACT_REASON = "As it was said on the page that it came from."


class Word(Protocol):
    """What was said there at an instant; `statuses` are by the component's id there."""

    @property
    def status(self) -> str:
        """The status that it gave to the incident."""
        ...

    @property
    def body(self) -> str:
        """What it said, as Markdown."""
        ...

    @property
    def at(self) -> datetime:
        """When it was said."""
        ...

    @property
    def statuses(self) -> Mapping[str, str]:
        """What it said of components."""
        ...


class Adopted(Protocol):
    """An incident from elsewhere, with all that was said of it, oldest first."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def impact(self) -> str:
        """How bad it was."""
        ...

    @property
    def updates(self) -> Sequence[Word]:
        """What was said of it."""
        ...

    @property
    def postmortem(self) -> str:
        """What was explained afterwards."""
        ...

    @property
    def postmortem_at(self) -> datetime | None:
        """When that was published."""
        ...


class Adopting:
    """Makes and continues incidents in the running transaction; components stand by their ids here and there."""

    def __init__(self, book: ComponentBook) -> None:
        self._book = book

    def add(self, incident: Adopted, components: Mapping[str, str]) -> str:
        """Make an incident and return its id.

        Raises: Invalid for one that was told in the future, or that no page can show.
        """
        now, first = current().uow.clock.now(), incident.updates[0]
        row = new_row(public_id(), incident.name, first.status, first.at, now)
        row.impact_override, row.impact_reason = Impact(incident.impact).value, _IMPACT_REASON
        row.backfilled = True
        case = new_case(row, now)
        self._tell(case, incident.updates, components)
        if incident.postmortem:
            text = check_text("postmortem", incident.postmortem, longest=_POSTMORTEM_MAX)
            row.postmortem = row.postmortem_draft = text
            row.postmortem_at = incident.postmortem_at or incident.updates[-1].at
            row.status = IncidentStatus.POSTMORTEM.value
        case.close("imported")
        if row.status in ACTIVE:
            case.tell_components(incident.updates[-1].at)
        case.announce("opened", notifies=False)
        return row.id

    def version(self, incident_id: str) -> int | None:
        """Return how often an incident was changed; nothing where it is gone."""
        row = current().session.get(IncidentRow, incident_id)
        return None if row is None or row.deleted_at is not None else row.version

    def append(self, incident_id: str, updates: Sequence[Word], components: Mapping[str, str]) -> int:
        """Add what was said of it since, and return its new version.

        Raises: Invalid, Conflict for a step that is none.
        """
        case = held(incident_id, None, current().uow.clock.now(), kind="incident")
        self._tell(case, updates, components)
        case.close("imported")
        case.tell_components(updates[-1].at if updates else None)
        case.announce("updated", notifies=False)
        return case.row.version

    def _tell(self, case: Case, updates: Sequence[Word], components: Mapping[str, str]) -> None:
        for each in updates:
            if each.at > case.now:
                message = "It was told in the future."
                raise Invalid("updates_invalid", message, fields={"updates": message})
            check_step(case.row.status, each.status)
            speak(self._book, case, _draft(each, components))


def _draft(word: Word, components: Mapping[str, str]) -> UpdateDraft:
    """Return a word as ours; components that were not brought over are left out, and a resolved one leaves all well."""
    resolved = word.status == IncidentStatus.RESOLVED
    given = {components[each]: status for each, status in word.statuses.items() if each in components}
    drafts = tuple(
        ComponentStatusDraft(each, "operational" if resolved else status) for each, status in sorted(given.items())
    )
    return UpdateDraft(word.status, word.body, drafts, notifies=False, display_at=word.at)

"""Post-mortems: written in calm as a draft that only staff read, then published with the incident."""

from services.incidents.case import Said, held
from services.incidents.markup import POSTMORTEM_MAX
from services.incidents.rules import check_text
from services.incidents.views import IncidentStatus
from services.infra.uow import UnitOfWork
from services.infra.verbs import command
from services.kernel.context import Actor
from services.kernel.errors import Conflict

PUBLISHED = "We have published what happened, why, and what we change."


class Postmortems:
    """The last chapter of an incident; `version` is the one that the writer has seen."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="incidents.manage")
    def save_draft(self, actor: Actor, incident_id: str, *, text: str, version: int) -> int:
        """Keep a draft and return the incident's new version; nobody outside sees it.

        Raises: NotFound, Invalid; Conflict where the incident was changed meanwhile.
        """
        case = held(incident_id, version, self.uow.clock.now(), kind="incident")
        said = check_text("postmortem", text, longest=POSTMORTEM_MAX, empty=True)
        if said == case.row.postmortem_draft:
            return case.row.version
        case.before = {"postmortem_draft": case.row.postmortem_draft}
        case.row.postmortem_draft = said
        case.lines.append(f"Saved a draft of the post-mortem ({len(said)} characters)")
        case.close("postmortem_drafted")
        return case.row.version

    @command(permission="incidents.manage")
    def publish(self, actor: Actor, incident_id: str, *, text: str, version: int, notifies: bool = True) -> None:
        """Publish the post-mortem of a resolved incident, or a corrected one, which notifies nobody.

        Raises: NotFound, Invalid; Conflict where the incident was changed meanwhile, or is not resolved.
        """
        case = held(incident_id, version, self.uow.clock.now(), kind="incident")
        said = check_text("postmortem", text, longest=POSTMORTEM_MAX)
        row = case.row
        if row.status not in {IncidentStatus.RESOLVED, IncidentStatus.POSTMORTEM}:
            raise Conflict("incident_not_resolved", "Resolve the incident first; the draft is kept.", status=row.status)
        first = row.postmortem_at is None
        case.before = {"postmortem": row.postmortem}
        row.postmortem = row.postmortem_draft = said
        if first:
            row.postmortem_at = case.now
            case.say(Said(IncidentStatus.POSTMORTEM.value, PUBLISHED, notifies, case.now))
        else:
            case.lines.append("Corrected the post-mortem")
        case.close("postmortem_published")
        case.announce("postmortem" if first else "updated", notifies=first and notifies)

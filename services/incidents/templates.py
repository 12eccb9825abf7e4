"""Templates: words prepared in calm, with the component and the time filled in when they are needed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from services.incidents.rules import GIVEN_STATUSES, check_name, check_text
from services.incidents.tables import TemplateRow
from services.incidents.views import IncidentStatus, MaintenanceStatus, TemplateDraft, TemplateView
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id

TEMPLATES_MAX: Final = 100
LABEL_MAX: Final = 80
_STATUSES: Final = {
    "incident": {str(each) for each in IncidentStatus if each is not IncidentStatus.POSTMORTEM},
    "maintenance": {str(each) for each in MaintenanceStatus if each is not MaintenanceStatus.CANCELLED},
}


class Templates:
    """Prepared words, each by a label that staff choose it by."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="incidents.drafts.read")
    def every(self, actor: Actor) -> Sequence[TemplateView]:
        """Return all templates in the order in which they are offered."""
        rows = current().session.scalars(sa.select(TemplateRow).order_by(TemplateRow.position, TemplateRow.label))
        return tuple(map(_view, rows))

    @command(permission="incidents.manage")
    def add(self, actor: Actor, draft: TemplateDraft, *, origin: str = "real") -> str:
        """Keep a template and return its id.

        Raises: Invalid; Conflict where the label is taken or there are too many.
        """
        session = current().session
        checked = _checked(draft)
        if (session.scalar(sa.select(sa.func.count()).select_from(TemplateRow)) or 0) >= TEMPLATES_MAX:
            raise Conflict("templates_full", f"There are {TEMPLATES_MAX} templates: remove one first.")
        _refuse_taken(checked.label, None)
        row = TemplateRow(id=new_id("tpl"), updated_at=self.uow.clock.now(), version=1, origin=origin)
        _fill(row, checked)
        session.add(row)
        current().note(template_id=row.id, label=checked.label)
        return row.id

    @command(permission="incidents.manage")
    def rewrite(self, actor: Actor, template_id: str, draft: TemplateDraft, *, version: int) -> None:
        """Write a template anew.

        Raises: NotFound, Invalid; Conflict where somebody else has changed it, or the label is taken.
        """
        row = _found(template_id)
        if row.version != version:
            raise Conflict("template_changed", "Somebody changed this template while you wrote; look at it again.")
        checked = _checked(draft)
        _refuse_taken(checked.label, template_id)
        _fill(row, checked)
        row.version, row.updated_at = row.version + 1, self.uow.clock.now()
        current().note(template_id=row.id, label=checked.label, version=row.version)

    @command(permission="incidents.manage")
    def remove(self, actor: Actor, template_id: str) -> None:
        """Remove a template; what was written with it stays.

        Raises: NotFound.
        """
        row = _found(template_id)
        current().note(template_id=row.id, label=row.label)
        current().session.delete(row)


def filled(text: str, *, components: Sequence[str], at: datetime) -> str:
    """Return a text with its placeholders filled; braces that are no placeholder stay."""
    named = ", ".join(components[:-1]) + (" and " if len(components) > 1 else "") + components[-1] if components else ""
    return text.replace("{component}", named or "our service").replace("{time}", f"{at:%H:%M} UTC")


def _checked(draft: TemplateDraft) -> TemplateDraft:
    label = " ".join(draft.label.split())
    if not 1 <= len(label) <= LABEL_MAX:
        raise _field("label", f"Give it a label of at most {LABEL_MAX} characters.")
    if draft.status not in _STATUSES.get(draft.kind, set()):
        raise _field("status", "This status does not belong to that kind.")
    if draft.component_status and draft.component_status not in GIVEN_STATUSES:
        raise _field("component_status", f"Choose one of {', '.join(GIVEN_STATUSES)}, or none.")
    if not 0 <= draft.position <= 10_000:  # noqa: PLR2004 -- any order fits in here
        raise _field("position", "Use a position between 0 and 10,000.")
    name = check_name(draft.name) if draft.name.strip() else ""
    body = check_text("body", draft.body)
    return TemplateDraft(label, draft.kind, name, body, draft.status, draft.component_status, draft.position)


def _fill(row: TemplateRow, draft: TemplateDraft) -> None:
    row.label, row.kind, row.name, row.body = draft.label, draft.kind, draft.name, draft.body
    row.status, row.component_status, row.position = draft.status, draft.component_status, draft.position


def _refuse_taken(label: str, but: str | None) -> None:
    taken = current().session.scalar(sa.select(TemplateRow.id).where(TemplateRow.label == label))
    if taken is not None and taken != but:
        raise Conflict("label_taken", "There is a template with this label already.")


def _found(template_id: str) -> TemplateRow:
    row = current().session.scalar(sa.select(TemplateRow).where(TemplateRow.id == template_id).with_for_update())
    if row is None:
        raise NotFound("template_not_found", "There is no such template.")
    return row


def _view(row: TemplateRow) -> TemplateView:
    return TemplateView(
        id=row.id,
        label=row.label,
        kind=row.kind,
        name=row.name,
        body=row.body,
        status=row.status,
        component_status=row.component_status,
        position=row.position,
        version=row.version,
    )


def _field(name: str, message: str) -> Invalid:
    return Invalid(f"{name}_invalid", message, fields={name: message})

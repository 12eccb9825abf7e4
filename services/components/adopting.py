"""Components that come from elsewhere, within an import that is already running, which commits and records it all."""

from datetime import date
from typing import Protocol

import sqlalchemy as sa

from services.components.arranging import ComponentDraft, add_component, add_group
from services.components.rules import clean_description, clean_name
from services.components.tables import ComponentRow, GroupRow
from services.components.views import ComponentStatus
from services.infra.uow import current


class Adopted(Protocol):
    """What is known of a component from elsewhere; one with a status is kept by hand, as it stood there."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def description(self) -> str:
        """What it is."""
        ...

    @property
    def status(self) -> str | None:
        """How it stood there; nothing where probes are to tell."""
        ...

    @property
    def showcase(self) -> bool:
        """Whether it counts in the uptime of all."""
        ...

    @property
    def only_show_if_degraded(self) -> bool:
        """Whether it shows only where something is wrong."""
        ...

    @property
    def start_on(self) -> date | None:
        """From when its days count."""
        ...


class Adopting:
    """Makes and finds components and groups in the running transaction."""

    def group_named(self, name: str) -> str | None:
        """Return the group of this name, if any."""
        chosen = sa.select(GroupRow.id).where(GroupRow.name == " ".join(name.split()), GroupRow.archived_at.is_(None))
        return current().session.scalar(chosen.order_by(GroupRow.position).limit(1))

    def has_group(self, group_id: str) -> bool:
        """Tell whether a group is on the page."""
        row = current().session.get(GroupRow, group_id)
        return row is not None and row.archived_at is None

    def add_group(self, name: str, description: str) -> str:
        """Make a group, last in order, and return its id.

        Raises: Invalid.
        """
        return add_group(current().session, name=name, description=description, origin="real").id

    def component_named(self, name: str, group_id: str | None) -> str | None:
        """Return the component of this name in this group, if any."""
        in_group = ComponentRow.group_id == group_id if group_id else ComponentRow.group_id.is_(None)
        chosen = sa.select(ComponentRow.id).where(
            ComponentRow.name == " ".join(name.split()), in_group, ComponentRow.archived_at.is_(None)
        )
        return current().session.scalar(chosen.order_by(ComponentRow.position).limit(1))

    def add(self, component: Adopted, group_id: str | None) -> str:
        """Make a component, last in its group, and return its id.

        Raises: Invalid.
        """
        draft = ComponentDraft(
            component.name,
            component.description,
            group_id,
            component.status is not None,
            component.showcase,
            component.only_show_if_degraded,
            component.start_on,
        )
        status = None if component.status is None else ComponentStatus(component.status)
        return add_component(current().session, draft, status=status).id

    def texts(self, component_id: str) -> tuple[str, str] | None:
        """Return a component's name and description; nothing where it is not on the page (any more)."""
        row = current().session.get(ComponentRow, component_id)
        return None if row is None or row.archived_at is not None else (row.name, row.description)

    def retext(self, component_id: str, name: str, description: str) -> None:
        """Give a component another name and description.

        Raises: Invalid.
        """
        row = current().session.get_one(ComponentRow, component_id)
        row.name, row.description = clean_name(name), clean_description(description)
        row.updated_at = current().uow.clock.now()
        current().session.flush()

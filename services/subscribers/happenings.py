"""What subscribers are told of, in the shape in which others answer: incidents and components."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from services.kernel.context import Actor


class Change(Protocol):
    """What an update says of one component."""

    @property
    def component_id(self) -> str:
        """The component."""
        ...

    @property
    def name(self) -> str:
        """Its name at that time."""
        ...

    @property
    def old_status(self) -> str:
        """How it stood."""
        ...

    @property
    def new_status(self) -> str:
        """How it stands."""
        ...


class Update(Protocol):
    """One public word on an incident."""

    @property
    def id(self) -> str:
        """Its public id."""
        ...

    @property
    def status(self) -> str:
        """Where it says the incident is in its life."""
        ...

    @property
    def body(self) -> str:
        """Its text as written."""
        ...

    @property
    def display_at(self) -> datetime:
        """The instant that people are shown."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was written down."""
        ...

    @property
    def updated_at(self) -> datetime:
        """When it was last changed."""
        ...

    @property
    def changes(self) -> Sequence[Change]:
        """What it says of components."""
        ...

    @property
    def notifies(self) -> bool:
        """Whether subscribers are to hear of it."""
        ...


class Affected(Protocol):
    """A component that an incident concerns now."""

    @property
    def component_id(self) -> str:
        """The component."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def status(self) -> str:
        """How the incident makes it stand."""
        ...


class Incident(Protocol):
    """An incident or a maintenance with its public history, newest update first."""

    @property
    def id(self) -> str:
        """Its public id."""
        ...

    @property
    def kind(self) -> str:
        """Incident or maintenance."""
        ...

    @property
    def name(self) -> str:
        """Its title."""
        ...

    @property
    def status(self) -> str:
        """Where it is in its life."""
        ...

    @property
    def impact(self) -> str:
        """How bad it is for people."""
        ...

    @property
    def started_at(self) -> datetime:
        """When it began."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was written down."""
        ...

    @property
    def updated_at(self) -> datetime:
        """When anything about it last changed."""
        ...

    @property
    def monitoring_at(self) -> datetime | None:
        """When it was first thought to be over."""
        ...

    @property
    def resolved_at(self) -> datetime | None:
        """When it was over."""
        ...

    @property
    def scheduled_for(self) -> datetime | None:
        """When a maintenance is planned to begin."""
        ...

    @property
    def scheduled_until(self) -> datetime | None:
        """When a maintenance is planned to end."""
        ...

    @property
    def updates(self) -> Sequence[Update]:
        """Every public word on it, the newest first."""
        ...

    @property
    def affected(self) -> Sequence[Affected]:
        """The components that it concerns now."""
        ...

    @property
    def postmortem(self) -> str:
        """What was learnt, as written; empty until it is published."""
        ...

    @property
    def postmortem_at(self) -> datetime | None:
        """When that was published."""
        ...

    @property
    def backfilled(self) -> bool:
        """Whether it was entered after the fact."""
        ...


class Incidents(Protocol):
    """Answers what happened."""

    def incident(self, actor: Actor, incident_id: str) -> Incident:
        """Return one incident or maintenance.

        Raises: NotFound.
        """
        ...

    def active(self, actor: Actor) -> Sequence[Incident]:
        """Return unresolved incidents and maintenance under way."""
        ...


class Component(Protocol):
    """A component of the page."""

    @property
    def id(self) -> str:
        """Its public id."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def description(self) -> str:
        """What it is."""
        ...

    @property
    def group_id(self) -> str | None:
        """The group that it stands in."""
        ...

    @property
    def position(self) -> int:
        """Its place on the page."""
        ...

    @property
    def status(self) -> str:
        """How it stands."""
        ...

    @property
    def showcase(self) -> bool:
        """Whether its history is shown."""
        ...

    @property
    def only_show_if_degraded(self) -> bool:
        """Whether it is hidden while all is well."""
        ...

    @property
    def start_on(self) -> date | None:
        """Since when it is watched."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        ...

    @property
    def updated_at(self) -> datetime:
        """When it was last changed."""
        ...


class Components(Protocol):
    """Answers what there is."""

    def chosen(self, actor: Actor, component_ids: Sequence[str]) -> Sequence[Component]:
        """Return those of these components that are shown."""
        ...

    def statuses(self, actor: Actor) -> Collection[str]:
        """Return what can be said of any component that is shown, each status once."""
        ...

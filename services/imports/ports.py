"""What imports ask of the domains that they fill: each acts inside the running import, and commits with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.imports.foreign import ForeignComponent, ForeignIncident, ForeignProbe, ForeignUpdate


class ComponentShelf(Protocol):
    """Groups and components."""

    def group_named(self, name: str) -> str | None:
        """Return the group of this name, if any."""
        ...

    def add_group(self, name: str, description: str) -> str:
        """Make a group and return its id; raises Invalid."""
        ...

    def component_named(self, name: str, group_id: str | None) -> str | None:
        """Return the component of this name in this group, if any."""
        ...

    def add(self, component: ForeignComponent, group_id: str | None) -> str:
        """Make a component and return its id; one with a status is kept by hand. Raises Invalid."""
        ...

    def texts(self, component_id: str) -> tuple[str, str] | None:
        """Return a component's name and description; nothing where it is not on the page (any more)."""
        ...

    def retext(self, component_id: str, name: str, description: str) -> None:
        """Give a component another name and description; raises Invalid."""
        ...

    def has_group(self, group_id: str) -> bool:
        """Tell whether a group is on the page."""
        ...


class IncidentShelf(Protocol):
    """Incidents."""

    def add(self, incident: ForeignIncident, statuses: Mapping[str, str]) -> str:
        """Make an incident and return its id; `statuses` are our component ids by theirs. Nobody is notified."""
        ...

    def version(self, incident_id: str) -> int | None:
        """Return how often an incident was changed; nothing where it is gone."""
        ...

    def append(self, incident_id: str, updates: Sequence[ForeignUpdate], components: Mapping[str, str]) -> int:
        """Add what was said since, and return the incident's new version."""
        ...


class SubscriberShelf(Protocol):
    """Subscribers."""

    def digest(self, email: str) -> str:
        """Return the digest under which an address is remembered; raises Invalid for what is no address."""
        ...

    def known(self, email: str) -> str | None:
        """Return who is subscribed with this address, if anybody."""
        ...

    def add(self, email: str, *, confirmed_at: datetime | None, component_ids: frozenset[str]) -> str:
        """Make a subscriber and return their id.

        With `confirmed_at` they are told from now on; without, a letter asks them first.
        """
        ...


class ProbeShelf(Protocol):
    """Probes."""

    def add(self, probe: ForeignProbe, component_id: str) -> str:
        """Make a probe and return its id; raises Invalid where it looks where we do not go."""
        ...

    def exists(self, probe_id: str) -> bool:
        """Tell whether a probe is still there."""
        ...

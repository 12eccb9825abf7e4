"""What incidents ask of others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NamedComponent:
    """A component as incidents need it; `status` is how people are told that it stands."""

    id: str
    name: str
    group: str
    status: str


class ComponentBook(Protocol):
    """Knows every component's name and status; cheap, since every form asks it."""

    def named(self, component_ids: Sequence[str]) -> Mapping[str, NamedComponent]:
        """Return those of these components that exist, by id."""
        ...

    def every(self) -> Sequence[NamedComponent]:
        """Return all components in the order in which pages show them."""
        ...

"""What agreements need of others: counts of metrics, and how long components were up."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias

from services.kernel.context import Actor

Span: TypeAlias = tuple[int, datetime, datetime]
"""The length of a bucket in seconds, and the half-open span of which all such buckets are asked for."""
CellCount: TypeAlias = tuple[str, int, datetime, str, int, int, int, datetime]
"""Metric, length of the bucket in seconds, its start, part, count, total, good count, and when its newest event was."""


class MetricCounts(Protocol):
    """Counts of metrics in buckets of a minute, an hour and a day; good ones are counted where they are measured.

    Every method checks that the actor may `metrics.read`. Raises: Unavailable where the store does not answer.
    """

    def buckets(
        self, actor: Actor, metrics: Sequence[str], spans: Sequence[Span], *, by: str | None = None
    ) -> Sequence[CellCount]:
        """Return the buckets within spans, apart for each value of a dimension where one is named."""
        ...

    def totals(self, actor: Actor, metrics: Sequence[str]) -> Mapping[str, tuple[int, int, int]]:
        """Return count, total and good count since the beginning."""
        ...

    def earliest(self, actor: Actor, metrics: Sequence[str]) -> Mapping[str, datetime]:
        """Return since when each metric is measured."""
        ...


class UptimeSeconds(NamedTuple):
    """How long components were up, down, in maintenance, and in a state that nobody knows; `down` may be weighted.

    Units: seconds, added up over the components.
    """

    up: float
    down: float
    maintenance: float
    unknown: float


class UptimeRecord(Protocol):
    """How long components were up."""

    def uptime(
        self, actor: Actor, component_id: str | None, edges: Sequence[datetime]
    ) -> Sequence[tuple[float, float, float, float]]:
        """Return the `UptimeSeconds` of each span between consecutive edges: of one component, or of all that count."""
        ...

    def measured_since(self, actor: Actor, component_id: str | None) -> datetime | None:
        """Return since when a component's state is recorded, or the first of all; nothing where none is."""
        ...

    def names(self, actor: Actor) -> Mapping[str, str]:
        """Return the name of every component by its id."""
        ...

"""What the public surfaces receive: reads, and the few verbs that a visitor has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

import pandas as pd

from services.components.views import (
    ComponentsView,
    ComponentView,
    DayView,
    StatusSpanView,
    TroubleView,
    UptimePolicy,
    UptimeView,
)
from services.incidents.views import IncidentView
from services.kernel.clock import Clock
from services.kernel.context import Actor, VisitorActor
from services.kernel.paging import Page, PageRequest
from services.metrics.views import FigureView
from services.releases.views import ReleaseView
from services.shares.views import SharedView
from services.slas.views import BreachView, SlaMonthView, SlaView
from services.subscribers import SubscriptionDoor


class PublicFigures(Protocol):
    """The live figures, as anybody may read them."""

    def figures(self, actor: Actor) -> Sequence[FigureView]:
        """Return every live figure."""
        ...

    def figure(self, actor: Actor, name: str) -> FigureView:
        """Return one live figure.

        Raises: NotFound for a name that is none.
        """
        ...

    def history(self, actor: Actor, name: str, days: int) -> pd.DataFrame:
        """Return a figure over the last days.

        Shape: one row per bucket, oldest first; columns `starts_at`, `value` (NaN where not measured), `samples`, and
        `numerator` and `denominator` of a ratio (NA for a percentile).

        Raises: NotFound for a name that is none, Invalid for a span that is not offered.
        """
        ...


class PublicComponents(Protocol):
    """Components and groups, as anybody may read them."""

    def overview(self, actor: Actor) -> ComponentsView:
        """Return every group, and the components that one page can show, each with its last 90 days.

        Where the page cannot show them all, `complete` is false and the others are read by `group`.
        """
        ...

    def listing(self, actor: Actor) -> Sequence[ComponentView]:
        """Return every component in the order of pages, without its days: for programs."""
        ...

    def group(self, actor: Actor, group_id: str | None, page: PageRequest) -> Page[ComponentView]:
        """Return components of a group (or of none) in their order, each with its last 90 days.

        Raises: NotFound.
        """
        ...

    def component(self, actor: Actor, component_id: str) -> ComponentView:
        """Return one component with its last 90 days.

        Raises: NotFound.
        """
        ...

    def days(self, actor: Actor, component_id: str, starts_on: date, ends_on: date) -> tuple[DayView, ...]:
        """Return a component's days from one to another, both included, at most up to today.

        Raises: NotFound, Invalid for more than five years or none.
        """
        ...

    def spans(self, actor: Actor, component_id: str, since_at: datetime) -> Sequence[StatusSpanView]:
        """Return how a component stood since an instant, oldest first.

        Raises: NotFound.
        """
        ...

    def uptime(self, actor: Actor, component_id: str, starts_at: datetime, ends_at: datetime) -> UptimeView:
        """Return what a component's time between two instants comes to, with what was left out and why.

        Raises: NotFound, Invalid where it ends before it begins.
        """
        ...

    def policy(self, actor: Actor) -> UptimePolicy:
        """Return what counts as uptime."""
        ...


class PublicTroubles(Protocol):
    """What components went through, as anybody may read it."""

    def since(self, actor: Actor, since_at: datetime, *, component_id: str | None = None) -> Sequence[TroubleView]:
        """Return what began after an instant and is over, of all components or of one, newest first."""
        ...


class PublicReleases(Protocol):
    """When which version went live, as anybody may read it."""

    def between(self, actor: Actor, starts_at: datetime, ends_at: datetime) -> Sequence[ReleaseView]:
        """Return what went live from one instant until before another, oldest first: marks for charts."""
        ...


class PublicIncidents(Protocol):
    """Incidents and maintenance, as anybody may read them."""

    def active(self, actor: Actor) -> Sequence[IncidentView]:
        """Return unresolved incidents and maintenance under way, the worst first."""
        ...

    def incident(self, actor: Actor, incident_id: str) -> IncidentView:
        """Return one incident or maintenance.

        Raises: NotFound.
        """
        ...

    def history(self, actor: Actor, page: PageRequest, *, component_id: str | None = None) -> Page[IncidentView]:
        """Return incidents, resolved ones included, newest first."""
        ...

    def maintenances(self, actor: Actor, page: PageRequest) -> Page[IncidentView]:
        """Return maintenance in every state that the public sees, the latest planned first."""
        ...

    def upcoming(self, actor: Actor) -> Sequence[IncidentView]:
        """Return maintenance that is scheduled, the next first."""
        ...

    def between(self, actor: Actor, starts_at: datetime, ends_at: datetime) -> Sequence[IncidentView]:
        """Return incidents and maintenance that touch a span, oldest first, without their updates: for charts."""
        ...


class PublicSlas(Protocol):
    """Service level agreements, as anybody may read them."""

    def slas(self, actor: Actor) -> Sequence[SlaView]:
        """Return every agreement as of now, in the order in which pages show them."""
        ...

    def breaches(self, actor: Actor, page: PageRequest, *, sla: str | None = None) -> Page[BreachView]:
        """Return breaches, newest first."""
        ...

    def month(self, actor: Actor, month: date) -> Sequence[SlaMonthView]:
        """Return every agreement in the calendar month (UTC) of a date.

        Raises: Invalid for a month that has not begun.
        """
        ...


class PublicShares(Protocol):
    """Share links, as whoever has one follows it."""

    def follow(self, actor: Actor, token: str, what: Literal["page", "report"]) -> SharedView:
        """Open a link and count the view.

        Raises: NotFound for one that is guessed, expired or revoked, all alike.
        """
        ...


@dataclass(frozen=True, slots=True)
class PublicServices:
    """The narrow facade: everything on it may be shown to anybody.

    `visitor` is the actor that every call is made as.
    """

    figures: PublicFigures
    visitor: VisitorActor
    clock: Clock
    components: PublicComponents
    incidents: PublicIncidents
    slas: PublicSlas
    releases: PublicReleases
    troubles: PublicTroubles
    shares: PublicShares
    demo: bool = False
    subscriptions: SubscriptionDoor | None = None

"""What the public surfaces receive: reads, and the few verbs that a visitor has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal, Protocol

import pandas as pd

from services.components.views import (
    ComponentsView,
    ComponentView,
    DayView,
    StatusSpanView,
    UptimePolicy,
    UptimeView,
)
from services.incidents.views import IncidentView
from services.kernel.clock import Clock
from services.kernel.context import Actor, VisitorActor
from services.kernel.errors import Invalid, NotFound
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

        Shape: one row per bucket, oldest first; columns `starts_at`, `value` (NaN where not measured), `samples`.

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


class NoComponents:
    """Components of an installation that has none."""

    def overview(self, _actor: Actor) -> ComponentsView:
        """Return nothing, as of never."""
        return ComponentsView((), (), datetime.min.replace(tzinfo=UTC))

    def component(self, _actor: Actor, _component_id: str) -> ComponentView:
        """Refuse.

        Raises: NotFound.
        """
        raise NotFound("component_unknown", "There is no such component.")

    def listing(self, _actor: Actor) -> Sequence[ComponentView]:
        """Return nothing."""
        return ()

    def group(self, _actor: Actor, _group_id: str | None, _page: PageRequest) -> Page[ComponentView]:
        """Return nothing."""
        return Page(())

    def days(self, _actor: Actor, _component_id: str, _starts_on: date, _ends_on: date) -> tuple[DayView, ...]:
        """Refuse.

        Raises: NotFound.
        """
        raise NotFound("component_unknown", "There is no such component.")

    def uptime(self, _actor: Actor, _component_id: str, _starts_at: datetime, _ends_at: datetime) -> UptimeView:
        """Refuse.

        Raises: NotFound.
        """
        raise NotFound("component_unknown", "There is no such component.")

    def policy(self, _actor: Actor) -> UptimePolicy:
        """Return the policy by default."""
        return UptimePolicy()

    def spans(self, _actor: Actor, _component_id: str, _since_at: datetime) -> Sequence[StatusSpanView]:
        """Refuse.

        Raises: NotFound.
        """
        raise NotFound("component_unknown", "There is no such component.")


class NoReleases:
    """Releases of an installation that notes none."""

    def between(self, _actor: Actor, _starts_at: datetime, _ends_at: datetime) -> Sequence[ReleaseView]:
        """Return nothing."""
        return ()


class NoIncidents:
    """Incidents of an installation that keeps none."""

    def active(self, _actor: Actor) -> Sequence[IncidentView]:
        """Return nothing."""
        return ()

    def incident(self, _actor: Actor, _incident_id: str) -> IncidentView:
        """Refuse.

        Raises: NotFound.
        """
        raise NotFound("incident_unknown", "There is no such incident.")

    def history(self, _actor: Actor, _page: PageRequest, *, component_id: str | None = None) -> Page[IncidentView]:
        """Return nothing."""
        del component_id
        return Page(())

    def maintenances(self, _actor: Actor, _page: PageRequest) -> Page[IncidentView]:
        """Return nothing."""
        return Page(())

    def upcoming(self, _actor: Actor) -> Sequence[IncidentView]:
        """Return nothing."""
        return ()

    def between(self, _actor: Actor, _starts_at: datetime, _ends_at: datetime) -> Sequence[IncidentView]:
        """Return nothing."""
        return ()


class NoSlas:
    """Agreements of an installation that declares none."""

    def slas(self, _actor: Actor) -> Sequence[SlaView]:
        """Return nothing."""
        return ()

    def breaches(self, _actor: Actor, _page: PageRequest, *, sla: str | None = None) -> Page[BreachView]:
        """Return nothing."""
        del sla
        return Page(())

    def month(self, _actor: Actor, month: date) -> Sequence[SlaMonthView]:
        """Return nothing.

        Raises: Invalid for the first month of the calendar, which nobody measured.
        """
        if month.year == 1:
            raise Invalid("month_invalid", "Nothing was measured then.")
        return ()


class PublicShares(Protocol):
    """Share links, as whoever has one follows it."""

    def follow(self, actor: Actor, token: str, what: Literal["page", "report"]) -> SharedView:
        """Open a link and count the view.

        Raises: NotFound for one that is guessed, expired or revoked, all alike.
        """
        ...


class NoShares:
    """Share links of an installation that makes none."""

    def follow(self, _actor: Actor, _token: str, _what: Literal["page", "report"]) -> SharedView:
        """Refuse.

        Raises: NotFound.
        """
        raise NotFound("link_unknown", "This link leads nowhere.")


@dataclass(frozen=True, slots=True)
class PublicServices:
    """The narrow facade: everything on it may be shown to anybody.

    `visitor` is the actor that every call is made as.
    """

    figures: PublicFigures
    visitor: VisitorActor
    clock: Clock
    demo: bool = False
    components: PublicComponents = field(default_factory=NoComponents)
    incidents: PublicIncidents = field(default_factory=NoIncidents)
    slas: PublicSlas = field(default_factory=NoSlas)
    releases: PublicReleases = field(default_factory=NoReleases)
    shares: PublicShares = field(default_factory=NoShares)
    subscriptions: SubscriptionDoor | None = None

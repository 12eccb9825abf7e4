"""The public facade of an installation that has nothing: what a surface reads where there is nothing to show."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Literal

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
from services.kernel.errors import Invalid, NotFound
from services.kernel.paging import Page, PageRequest
from services.public import (
    PublicComponents,
    PublicFigures,
    PublicIncidents,
    PublicReleases,
    PublicServices,
    PublicShares,
    PublicSlas,
    PublicTroubles,
)
from services.releases.views import ReleaseView
from services.shares.views import SharedView
from services.slas.views import BreachView, SlaMonthView, SlaView


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


class NoTroubles:
    """Components that never had any."""

    def since(self, _actor: Actor, _since_at: datetime, *, component_id: str | None = None) -> Sequence[TroubleView]:
        """Return nothing."""
        del component_id
        return ()


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


class NoShares:
    """Share links of an installation that makes none."""

    def follow(self, _actor: Actor, _token: str, _what: Literal["page", "report"]) -> SharedView:
        """Refuse.

        Raises: NotFound.
        """
        raise NotFound("link_unknown", "This link leads nowhere.")


def public_with(
    figures: PublicFigures,
    clock: Clock,
    visitor: VisitorActor | None = None,
    *,
    components: PublicComponents | None = None,
    incidents: PublicIncidents | None = None,
    slas: PublicSlas | None = None,
    releases: PublicReleases | None = None,
    shares: PublicShares | None = None,
    troubles: PublicTroubles | None = None,
) -> PublicServices:
    """The narrow facade with what is named, and nothing of the rest."""
    return PublicServices(
        figures=figures,
        visitor=visitor or VisitorActor(),
        clock=clock,
        components=components or NoComponents(),
        incidents=incidents or NoIncidents(),
        slas=slas or NoSlas(),
        releases=releases or NoReleases(),
        troubles=troubles or NoTroubles(),
        shares=shares or NoShares(),
    )

"""What each public page reads: through the snapshot, so that a page that was known stays known without a database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.components.views import ComponentView, StatusSpanView, TroubleView, UptimePolicy
from services.incidents.views import IncidentView
from services.kernel.paging import Page, PageRequest
from services.metrics.figures import points_of
from services.metrics.views import FigureView, PointView
from services.public import PublicServices
from services.slas.views import BreachView, SlaMonthView
from status_page.marks import Happened, marks
from status_page.pages.figure import FigureHistory
from status_page.pages.troubles import DAYS as TROUBLE_DAYS
from status_page.snapshot import Known, Snapshot
from status_page.state import StatusState

TREND_KEEP_SECONDS = 60.0
PER_PAGE = 25
COMPONENTS_PER_PAGE = 50
SPAN_DAYS = 90


class Reading:
    """Reads what pages show, and answers with what was known last where our own database cannot be read."""

    def __init__(self, public: PublicServices, snapshot: Snapshot) -> None:
        self._public, self._snapshot = public, snapshot

    def state(self) -> StatusState:
        """Return the state of now."""
        return self._snapshot.state()

    def now(self) -> datetime:
        """Return the instant that ages count from."""
        return self._public.clock.now()

    def histories(self, state: StatusState, days: int) -> list[FigureHistory]:
        """Return how every figure went."""
        happened = self._between(days)
        return [FigureHistory(f, self._points(f.name, days), days, marks(happened)) for f in state.figures]

    def figure(self, name: str, days: int) -> FigureHistory:
        """Return one figure and how it went.

        Raises: NotFound for a name that is none.
        """
        public = self._public
        found = self._snapshot.known(
            f"figure/{name}",
            FigureView,
            lambda: public.figures.figure(public.visitor, name),
            spare=lambda: next((f for f in self.state().figures if f.name == name), None),
        )
        return FigureHistory(found.value, self._points(name, days), days, marks(self._between(days)))

    def component(self, component_id: str) -> Known[ComponentView]:
        """Return one component.

        Raises: NotFound.
        """
        public = self._public
        return self._snapshot.known(
            f"component/{component_id}",
            ComponentView,
            lambda: public.components.component(public.visitor, component_id),
            spare=lambda: self.state().component(component_id),
        )

    def spans(self, component_id: str) -> tuple[StatusSpanView, ...]:
        """Return how a component stood in the last days, oldest first."""
        public, since = self._public, self.now() - timedelta(days=SPAN_DAYS)
        found = self._snapshot.known(
            f"spans/{component_id}",
            tuple[StatusSpanView, ...],
            lambda: tuple(public.components.spans(public.visitor, component_id, since)),
            spare=_none,
        )
        return found.value

    def troubles(self, component_id: str | None = None) -> tuple[TroubleView, ...]:
        """Return what went wrong lately and is over, without an incident that tells of it; newest first."""
        public, now = self._public, self.now()
        since = now - timedelta(days=TROUBLE_DAYS)

        def untold() -> tuple[TroubleView, ...]:
            told = public.incidents.between(public.visitor, since, now)
            found = public.troubles.since(public.visitor, since, component_id=component_id)
            return tuple(each for each in found if not any(_tells_of(view, each) for view in told))

        found = self._snapshot.known(f"troubles/{component_id}", tuple[TroubleView, ...], untold, spare=_none)
        return found.value

    def members(self, group_id: str, after: str | None) -> Known[Page[ComponentView]]:
        """Return one page of a group's components.

        Raises: NotFound, or Invalid for a cursor that is none.
        """
        public, page = self._public, PageRequest(after, COMPONENTS_PER_PAGE)

        def spare() -> Page[ComponentView] | None:
            members = [c for c in self.state().components.components if c.group_id == group_id]
            return Page(members) if after is None else None

        return self._snapshot.known(
            f"group/{group_id}/{after}",
            Page[ComponentView],
            lambda: public.components.group(public.visitor, group_id, page),
            spare=spare,
            on_disk=after is None,
        )

    def incident(self, incident_id: str) -> Known[IncidentView]:
        """Return one incident or maintenance.

        Raises: NotFound.
        """
        public = self._public
        return self._snapshot.known(
            f"incident/{incident_id}",
            IncidentView,
            lambda: public.incidents.incident(public.visitor, incident_id),
            spare=lambda: self.state().incident(incident_id),
        )

    def history(self, after: str | None, component_id: str | None = None) -> Known[Page[IncidentView]]:
        """Return one page of past and present incidents.

        Raises: Invalid for a cursor that is none.
        """
        public, page = self._public, PageRequest(after, PER_PAGE)

        def spare() -> Page[IncidentView] | None:
            if after is not None:
                return None
            return Page([i for i in self.state().incidents if component_id is None or _concerns(i, component_id)])

        return self._snapshot.known(
            f"history/{component_id}/{after}",
            Page[IncidentView],
            lambda: public.incidents.history(public.visitor, page, component_id=component_id),
            spare=spare,
            on_disk=after is None,
        )

    def maintenances(self, after: str | None) -> Known[Page[IncidentView]]:
        """Return one page of maintenance, the latest planned first.

        Raises: Invalid for a cursor that is none.
        """
        public, page = self._public, PageRequest(after, PER_PAGE)
        return self._snapshot.known(
            f"maintenance/{after}",
            Page[IncidentView],
            lambda: public.incidents.maintenances(public.visitor, page),
            spare=lambda: Page(self.state().maintenances) if after is None else None,
            on_disk=after is None,
        )

    def policy(self) -> UptimePolicy:
        """Return what counts as uptime."""
        public = self._public
        found = self._snapshot.known(
            "policy", UptimePolicy, lambda: public.components.policy(public.visitor), spare=UptimePolicy
        )
        return found.value

    def breaches(self) -> tuple[BreachView, ...]:
        """Return the newest breaches of all agreements."""
        public = self._public
        found = self._snapshot.known(
            "breaches",
            tuple[BreachView, ...],
            lambda: tuple(public.slas.breaches(public.visitor, PageRequest(size=PER_PAGE)).items),
            spare=_none,
        )
        return found.value

    def month(self, month: date) -> Known[tuple[SlaMonthView, ...]]:
        """Return every agreement in a calendar month.

        Raises: Invalid for a month that has not begun.
        """
        public = self._public
        return self._snapshot.known(
            f"month/{month:%Y-%m}",
            tuple[SlaMonthView, ...],
            lambda: tuple(public.slas.month(public.visitor, month)),
            keep_seconds=TREND_KEEP_SECONDS,
        )

    def _points(self, name: str, days: int) -> tuple[PointView, ...]:
        public = self._public
        found = self._snapshot.known(
            f"history-of/{name}/{days}",
            tuple[PointView, ...],
            lambda: points_of(public.figures.history(public.visitor, name, days)),
            spare=_none,
            keep_seconds=TREND_KEEP_SECONDS,
            heeds_pulse=False,  # measurements have no pulse
        )
        return found.value

    def _between(self, days: int) -> Happened:
        public, ends_at = self._public, self.now()
        starts_at = ends_at - timedelta(days=days)
        found = self._snapshot.known(
            f"between/{days}",
            Happened,
            lambda: Happened(
                tuple(public.incidents.between(public.visitor, starts_at, ends_at)),
                tuple(public.releases.between(public.visitor, starts_at, ends_at)),
            ),
            spare=Happened,
            keep_seconds=TREND_KEEP_SECONDS,
        )
        return found.value


def _none() -> tuple[Any, ...]:
    """Nothing, where it was never read: a page without its lesser parts is better than none."""
    return ()


def _tells_of(view: IncidentView, trouble: TroubleView) -> bool:
    """Tell whether an incident about this component went on at some time of a trouble."""
    at_that_time = view.started_at < trouble.ends_at and (
        view.resolved_at is None or view.resolved_at > trouble.starts_at
    )
    return at_that_time and _concerns(view, trouble.component_id)


def _concerns(view: IncidentView, component_id: str) -> bool:
    changed = (change.component_id for update in view.updates for change in update.changes)
    return component_id in {*changed, *(each.component_id for each in view.affected)}


def months_back(today: date, count: int) -> Sequence[date]:
    """Return the first days of the newest months, this one first."""
    found, first = [], today.replace(day=1)
    for _ in range(count):
        found.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return found

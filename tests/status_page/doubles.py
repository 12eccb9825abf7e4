"""What the public surface reads, in memory: a world of components, incidents, maintenance, figures, agreements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

import pandas as pd

from services.components.views import (
    ComponentStatus,
    ComponentsView,
    ComponentView,
    DayView,
    ExcludedView,
    GroupView,
    StatusSpanView,
    TroubleView,
    UptimePolicy,
    UptimeView,
)
from services.incidents.views import (
    ComponentChangeView,
    Impact,
    IncidentStatus,
    IncidentView,
)
from services.kernel.clock import Clock
from services.kernel.context import Actor
from services.kernel.errors import DomainError, NotFound
from services.kernel.paging import Page, PageRequest
from services.metrics.views import FigureView
from services.public import PublicServices
from services.releases.views import ReleaseView
from services.slas.views import BreachView, ExclusionView, SlaMonthView, SlaView
from tests.status_page.absent import public_with
from tests.status_page.views import component, figure, group, incident, sla, update

T = TypeVar("T")
_OPEN = {IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING, "in_progress", "verifying"}


@dataclass
class World:
    """Everything that the doubles answer; `failure` is raised by all of them while it is set."""

    clock: Clock
    components: list[ComponentView] = field(default_factory=list)
    groups: list[GroupView] = field(default_factory=list)
    incidents: list[IncidentView] = field(default_factory=list)
    figures: list[FigureView] = field(default_factory=list)
    slas: list[SlaView] = field(default_factory=list)
    breaches: list[BreachView] = field(default_factory=list)
    months: list[SlaMonthView] = field(default_factory=list)
    releases: list[ReleaseView] = field(default_factory=list)
    troubles: list[TroubleView] = field(default_factory=list)
    failure: DomainError | None = None
    asked: int = 0
    complete: bool = True

    def check(self) -> None:
        """Fail where told to."""
        self.asked += 1
        if self.failure:
            raise self.failure

    def public(self) -> PublicServices:
        """The narrow facade over this world."""
        return public_with(
            Figures(self), self.clock, components=Components(self), incidents=Incidents(self), slas=Slas(self),
            releases=Releases(self), troubles=Troubles(self),
        )  # fmt: skip


@dataclass
class Figures:
    """The figures of a world."""

    world: World

    def figures(self, _actor: Actor) -> Sequence[FigureView]:
        self.world.check()
        return self.world.figures

    def figure(self, _actor: Actor, name: str) -> FigureView:
        self.world.check()
        return _found((each for each in self.world.figures if each.name == name), "figure_unknown")

    def history(self, _actor: Actor, name: str, days: int) -> pd.DataFrame:
        self.world.check()
        now = self.world.clock.now()
        at = [now - timedelta(hours=days * 24 * (30 - step) / 30) for step in range(30)]
        rows = {"starts_at": pd.to_datetime(at), "value": [1_400.0 + 30 * (step % 5) for step in range(30)]}
        parts = {"numerator": [pd.NA] * 30, "denominator": [pd.NA] * 30}
        return pd.DataFrame(rows | parts | {"samples": [5 if 8 < step < 12 else 60 for step in range(30)]})


@dataclass
class Components:
    """The components of a world."""

    world: World

    def overview(self, _actor: Actor) -> ComponentsView:
        self.world.check()
        world = self.world
        shown = [c for c in world.components if world.complete or c.status is not ComponentStatus.OPERATIONAL]
        counts = tuple((s, n) for s in ComponentStatus if (n := sum(c.status is s for c in world.components)))
        return ComponentsView(
            tuple(world.groups), tuple(shown), world.clock.now(), len(world.components), counts, world.complete
        )

    def component(self, _actor: Actor, component_id: str) -> ComponentView:
        self.world.check()
        return _found((each for each in self.world.components if each.id == component_id), "component_unknown")

    def listing(self, _actor: Actor) -> Sequence[ComponentView]:
        self.world.check()
        return self.world.components

    def group(self, _actor: Actor, group_id: str | None, page: PageRequest) -> Page[ComponentView]:
        self.world.check()
        return _paged([each for each in self.world.components if each.group_id == group_id], page)

    def days(self, actor: Actor, component_id: str, starts_on: date, ends_on: date) -> tuple[DayView, ...]:
        days = self.component(actor, component_id).days
        return tuple(each for each in days if starts_on <= each.day <= ends_on)

    def spans(self, actor: Actor, component_id: str, since_at: datetime) -> Sequence[StatusSpanView]:
        view = self.component(actor, component_id)
        earlier = StatusSpanView(component_id, ComponentStatus.OPERATIONAL, since_at, view.status_since_at, "It is up.")
        return [earlier, StatusSpanView(component_id, view.status, view.status_since_at, None, view.status_reason)]

    def uptime(self, _actor: Actor, component_id: str, starts_at: datetime, ends_at: datetime) -> UptimeView:
        self.world.check()
        left_out: tuple[ExcludedView, ...] = ()
        return UptimeView(
            component_id, starts_at, ends_at, (ends_at - starts_at).total_seconds(), 0.0, 0.0, 0.0, left_out
        )

    def policy(self, _actor: Actor) -> UptimePolicy:
        self.world.check()
        return UptimePolicy()


@dataclass
class Incidents:
    """The incidents of a world."""

    world: World

    def active(self, _actor: Actor) -> Sequence[IncidentView]:
        self.world.check()
        return [each for each in self.world.incidents if each.status in _OPEN]

    def incident(self, _actor: Actor, incident_id: str) -> IncidentView:
        self.world.check()
        return _found((each for each in self.world.incidents if each.id == incident_id), "incident_unknown")

    def history(self, _actor: Actor, page: PageRequest, *, component_id: str | None = None) -> Page[IncidentView]:
        self.world.check()
        listed = [each for each in self.world.incidents if each.kind == "incident"]
        if component_id is not None:
            listed = [each for each in listed if component_id in {a.component_id for a in each.affected}]
        return _paged(sorted(listed, key=lambda each: each.started_at, reverse=True), page)

    def maintenances(self, _actor: Actor, page: PageRequest) -> Page[IncidentView]:
        self.world.check()
        return _paged([each for each in self.world.incidents if each.kind == "maintenance"], page)

    def upcoming(self, _actor: Actor) -> Sequence[IncidentView]:
        self.world.check()
        return [each for each in self.world.incidents if each.status == "scheduled"]

    def between(self, _actor: Actor, starts_at: datetime, ends_at: datetime) -> Sequence[IncidentView]:
        self.world.check()
        return [each for each in self.world.incidents if starts_at <= each.started_at < ends_at]


@dataclass
class Slas:
    """The agreements of a world."""

    world: World

    def slas(self, _actor: Actor) -> Sequence[SlaView]:
        self.world.check()
        return self.world.slas

    def breaches(self, _actor: Actor, page: PageRequest, *, sla: str | None = None) -> Page[BreachView]:
        self.world.check()
        return _paged([each for each in self.world.breaches if sla in {None, each.sla}], page)

    def month(self, _actor: Actor, month: date) -> Sequence[SlaMonthView]:
        self.world.check()
        return [each for each in self.world.months if each.month == month.replace(day=1)]


@dataclass
class Releases:
    """The deployments of a world."""

    world: World

    def between(self, _actor: Actor, starts_at: datetime, ends_at: datetime) -> Sequence[ReleaseView]:
        self.world.check()
        return [each for each in self.world.releases if starts_at <= each.deployed_at < ends_at]


@dataclass
class Troubles:
    """What the components of a world went through."""

    world: World

    def since(self, _actor: Actor, since_at: datetime, *, component_id: str | None = None) -> Sequence[TroubleView]:
        self.world.check()
        return [t for t in self.world.troubles if t.starts_at >= since_at and component_id in {None, t.component_id}]


def _found(candidates: Iterable[T], code: str) -> T:
    for each in candidates:
        return each
    raise NotFound(code, "There is no such thing.")


def _paged(items: Sequence[T], page: PageRequest) -> Page[T]:
    start = int(page.after or 0)
    end = start + page.size
    return Page(items[start:end], str(end) if end < len(items) else None)


def full(world: World) -> World:
    """Fill a world with a bit of everything, as of its clock."""
    now = world.clock.now()
    playback = component(
        now, "Playback", group_id="video", status=ComponentStatus.DEGRADED,
        wrong={31: (ComponentStatus.MAJOR_OUTAGE, 1_740), 32: (ComponentStatus.DEGRADED, 900),
               0: (ComponentStatus.DEGRADED, 720)},
    )  # fmt: skip
    upload = component(now, "Upload", group_id="video", wrong={12: (ComponentStatus.MAINTENANCE, 7_200)})
    checkout = component(now, "Checkout", group_id="money", wrong={40: (ComponentStatus.PARTIAL_OUTAGE, 1_500)})
    payouts = component(now, "Creator payouts", group_id="money", depends_on=("checkout",))
    api = component(now, "Public API", unmeasured=12)
    world.components = [playback, upload, checkout, payouts, api]
    world.groups = [group(now, "Video", [playback, upload]), group(now, "Money", [checkout, payouts])]
    change = ComponentChangeView("playback", "Playback", "operational", "degraded_performance")
    world.incidents = [
        incident(now - timedelta(minutes=12), "Video start slower in Europe", key="inc000000001", affected=[playback],
                 updates=(update(now - timedelta(minutes=4), "identified",
                                 "Plays routed to one delivery network take up to 3.9 s to start."),
                          update(now - timedelta(minutes=12), "investigating", "We see slower starts.", [change])),
                 status="identified"),
        incident(now - timedelta(days=40), "Card payments declined by one processor", key="inc000000002",
                 text="Retries succeeded through the backup route. No buyer was charged twice.",
                 resolved_at=now - timedelta(days=40) + timedelta(minutes=25), postmortem="Why",
                 postmortem_html="<h3>What happened</h3><p>A certificate ran out.</p>",
                 postmortem_at=now - timedelta(days=38), automatic=True, sla="checkout-success",
                 status="resolved", affected=[checkout], impact=Impact.MAJOR),
        incident(now + timedelta(days=3), "Database upgrade", key="inc000000003", kind="maintenance",
                 status="scheduled", impact=Impact.MAINTENANCE, scheduled_for=now + timedelta(days=3),
                 scheduled_until=now + timedelta(days=3, hours=2), affected=[upload], text="Uploads pause shortly."),
        incident(now - timedelta(days=12), "Storage moved", key="inc000000004", kind="maintenance", status="completed",
                 impact=Impact.MAINTENANCE, scheduled_for=now - timedelta(days=12), affected=[upload],
                 scheduled_until=now - timedelta(days=12) + timedelta(hours=2), text="Done.",
                 resolved_at=now - timedelta(days=12) + timedelta(hours=2)),
    ]  # fmt: skip
    _promise(world)
    return world


def _promise(world: World) -> None:
    now = world.clock.now()
    world.figures = [figure(now)]
    world.slas = [sla(now)]
    breach = BreachView("brc1", "checkout-success", "fast", "14.4 times the allowed rate over an hour.",
                        now - timedelta(days=40), now - timedelta(days=40) + timedelta(minutes=2),
                        now - timedelta(days=40) + timedelta(minutes=25))  # fmt: skip
    world.breaches = [breach]
    left_out = ExclusionView(
        now - timedelta(days=12), now - timedelta(days=12, hours=-2), "Storage moved", retroactive=False
    )
    world.months = [
        SlaMonthView(
            name="checkout-success",
            title="Checkout success",
            promise=world.slas[0].promise,
            policy=world.slas[0].policy,
            event_unit="checkouts",
            month=now.date().replace(day=1),
            target_ratio=0.995,
            good=4_990,
            total=5_000,
            attained_ratio=0.998,
            met=True,
            exclusions=(left_out,),
            unknown_seconds=60.0,
            breaches=(breach,),
            complete=False,
        )
    ]
    world.releases = [ReleaseView("rel1", "2026.47.1", "", now - timedelta(days=5), "real")]

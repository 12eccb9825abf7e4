"""States that a test makes up: components, incidents and maintenance in memory, read as the public reads them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from flask import Flask

from services.components.views import ComponentStatus, ComponentsView, ComponentView, DayView, GroupView
from services.incidents.views import AffectedView, ComponentChangeView, Impact, IncidentView, UpdateView
from services.kernel.clock import FixedClock
from services.kernel.context import Actor
from services.kernel.errors import NotFound, Unavailable
from services.kernel.paging import Page, PageRequest
from services.metrics.views import FigureView
from services.public import PublicFigures, PublicServices
from status_page.programs.documents import blueprint
from status_page.programs.site import Site
from status_page.snapshot import Snapshot
from tests.status_page.absent import NoComponents, NoIncidents, public_with
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.ui.static import StaticManifest

T0 = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GONE = Unavailable("database_unavailable", "The database does not take this now; try again shortly.")


def component(
    number: int, status: ComponentStatus = ComponentStatus.OPERATIONAL, *, name: str = "", group: str | None = None
) -> ComponentView:
    first = T0.date() - timedelta(89)
    days = tuple(DayView(first + timedelta(n), ComponentStatus.OPERATIONAL, 86_400.0, 0, 0, 0, 0, 0) for n in range(90))
    return ComponentView(
        id=f"component{number:03}", name=name or f"Component {number}", description="", group_id=group,
        position=number, status=status, status_since_at=T0, status_reason="probes are silent", overridden=False,
        showcase=True, only_show_if_degraded=False, start_on=None, depends_on=(), uptime_ratio=1.0,
        measured_seconds=90 * 86_400.0, days=days, created_at=T0, updated_at=T0,
    )  # fmt: skip


def group(members: Sequence[ComponentView], *, name: str = "Group", number: int = 500) -> GroupView:
    bad = [m.status for m in members if m.status is not ComponentStatus.OPERATIONAL]
    worst = bad[0] if bad else ComponentStatus.OPERATIONAL
    ids = tuple(m.id for m in members)
    return GroupView(f"thegroup{number:04}", name, "", number, worst, ids, 1.0, (), T0, T0)


def update(
    number: int, status: str, *, body: str = "We look into it.", html: str = "<p>We look into it.</p>",
    changes: tuple[ComponentChangeView, ...] = (),
) -> UpdateView:  # fmt: skip
    at = T0 + timedelta(minutes=number)
    return UpdateView(f"update{number:06}", status, body, html, at, at, at, changes, notifies=True)


def incident(
    number: int, status: str = "investigating", *, impact: Impact = Impact.MAJOR, name: str = "", version: int = 1,
    about: Sequence[ComponentView] = (), updates: tuple[UpdateView, ...] | None = None,
) -> IncidentView:  # fmt: skip
    over = T0 + timedelta(hours=1) if status in {"resolved", "postmortem"} else None
    said = (update(number, status),) if updates is None else updates
    return IncidentView(
        id=f"incident{number:04}", kind="incident", name=name or f"Incident {number}", status=status, impact=impact,
        started_at=T0 + timedelta(minutes=number), created_at=T0 + timedelta(minutes=number + 5),
        updated_at=T0 + timedelta(minutes=number + 6), monitoring_at=None, resolved_at=over, scheduled_for=None,
        scheduled_until=None, updates=said,
        affected=tuple(AffectedView(c.id, c.name, "major_outage") for c in about), postmortem="", postmortem_html="",
        postmortem_at=None, automatic=False, sla=None, series_id=None, note="", version=version,
    )  # fmt: skip


def maintenance(number: int, status: str = "scheduled", version: int = 1) -> IncidentView:
    planned = T0 + timedelta(days=number)
    made = incident(number, status, impact=Impact.MAINTENANCE)
    return replace(
        made, id=f"mainten{number:05}", kind="maintenance", scheduled_for=planned,
        scheduled_until=planned + timedelta(hours=2), version=version,
    )  # fmt: skip


@dataclass
class Story(NoIncidents, NoComponents):
    """What is public of a made-up installation; `failure` is what every read answers with."""

    components: tuple[ComponentView, ...] = ()
    groups: tuple[GroupView, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    maintenances_: tuple[IncidentView, ...] = ()
    clock: FixedClock = field(default_factory=lambda: FixedClock(T0))
    failure: Exception | None = None

    def _open(self) -> None:
        if self.failure:
            raise self.failure

    def figures(self, actor: Actor) -> Sequence[FigureView]:
        self._open()
        return ()

    def figure(self, actor: Actor, name: str) -> FigureView:
        raise NotFound("figure_unknown", "There is no such figure.")

    def history_frame(self, actor: Actor, name: str, days: int) -> pd.DataFrame:
        raise NotImplementedError

    def overview(self, actor: Actor) -> ComponentsView:
        self._open()
        return ComponentsView(self.groups, self.components, self.clock.now(), len(self.components))

    def component(self, actor: Actor, component_id: str) -> ComponentView:
        self._open()
        for each in self.components:
            if each.id == component_id:
                return each
        raise NotFound("component_unknown", "There is no such component.")

    def active(self, actor: Actor) -> Sequence[IncidentView]:
        self._open()
        running = {"investigating", "identified", "monitoring", "in_progress", "verifying"}
        return [i for i in (*self.incidents, *self.maintenances_) if i.status in running]

    def history(self, actor: Actor, page: PageRequest, *, component_id: str | None = None) -> Page[IncidentView]:
        self._open()
        about = [i for i in self.incidents if component_id in {None, *(a.component_id for a in i.affected)}]
        return Page(sorted(about, key=lambda i: i.started_at, reverse=True)[: page.size])

    def maintenances(self, actor: Actor, page: PageRequest) -> Page[IncidentView]:
        self._open()
        return Page(self.maintenances_[: page.size])

    def upcoming(self, actor: Actor) -> Sequence[IncidentView]:
        self._open()
        return [m for m in self.maintenances_ if m.status == "scheduled"]


def public_of(story: Story) -> PublicServices:
    figures: PublicFigures = story  # type: ignore[assignment] # the history of figures is not read here
    return public_with(figures, story.clock, components=story, incidents=story)


def server_of(story: Story, folder: Path, origin: str = "https://status.example.com") -> Flask:
    """A server with the documents for programs alone."""
    config = ShellConfig("a secret of the tests", origin, folder / "bundles")
    made = make_server(config, Ports(), clock=story.clock)
    public = public_of(story)
    made.register_blueprint(blueprint(Site(public, Snapshot(public, folder / "s.json"), origin, StaticManifest.load())))
    return made

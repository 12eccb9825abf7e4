"""What the documents for programs read: the state as programs are told it, and what is known of one component."""

from dataclasses import replace
from functools import lru_cache
from threading import Lock

from services.components.views import ComponentsView, ComponentView, GroupView
from services.incidents.views import IncidentView
from services.kernel.errors import NotFound
from services.kernel.paging import PAGE_SIZE_MAX, Page, PageRequest
from services.metrics.views import FigureView
from services.public import PublicServices
from status_page.programs.lettering import Lettering
from status_page.programs.preview import Preview
from status_page.programs.told import Told, concerned
from status_page.reading import Reading
from status_page.snapshot import Snapshot
from status_page.state import StatusState
from web.ui.static import StaticManifest


class Site:
    """The public state for programs; `origin` is where people reach us, without a slash at its end.

    `copied` says that its documents are for a copy that is hosted elsewhere, and may be looked at later.
    """

    def __init__(
        self,
        public: PublicServices,
        snapshot: Snapshot,
        origin: str,
        manifest: StaticManifest,
        *,
        copied: bool = False,
    ) -> None:
        self.public, self.origin, self.manifest, self.copied = public, origin, manifest, copied
        self.reading = Reading(public, snapshot)
        self.lettering = Lettering(manifest)
        self.preview = Preview(self.lettering)
        self._snapshot = snapshot
        self._lock = Lock()
        self._whole = lru_cache(maxsize=2)(self._with_every_component)

    def told(self) -> Told:
        """Return the state of now, every component included.

        Raises: the error of the read, where there is no earlier state either.
        """
        state = self.reading.state()
        if not state.components.complete:
            with self._lock:
                state = replace(state, components=self._whole(_Same(state)))
        return Told(state, self.origin, self.public.clock.now(), self.public.demo)

    def component(self, told: Told, component_id: str) -> ComponentView:
        """Return one component with its days.

        Raises: NotFound.
        """
        return told.state.component(component_id) or self.reading.component(component_id).value

    def part(self, told: Told, part_id: str) -> ComponentView | GroupView:
        """Return a component or a group.

        Raises: NotFound.
        """
        group = next((g for g in told.state.components.groups if g.id == part_id), None)
        return group or self.component(told, part_id)

    def figure(self, told: Told, name: str) -> FigureView:
        """Return a live figure.

        Raises: NotFound.
        """
        found = next((f for f in told.state.figures if f.name == name), None)
        if found is None:
            raise NotFound("figure_unknown", "There is no such figure; /status/figures.json lists them all.")
        return found

    def about(self, told: Told, component_id: str) -> tuple[IncidentView, ...]:
        """Return the newest incidents and maintenance of one component."""
        past = self.reading.history(None, component_id).value.items
        near = [v for v in (*told.incidents, *told.maintenances) if component_id in concerned(v)]
        known = {view.id: view for view in past}
        for view in near:
            if view.id not in known or view.version > known[view.id].version:
                known[view.id] = view
        return tuple(known.values())

    def page(self, after: str | None) -> Page[IncidentView]:
        """Return a long page of past and present incidents.

        Raises: Invalid for a cursor that is none.
        """
        public, wanted = self.public, PageRequest(after, PAGE_SIZE_MAX)
        found = self._snapshot.known(
            f"incidents-listing/{after}",
            Page[IncidentView],
            lambda: public.incidents.history(public.visitor, wanted),
            spare=lambda: Page(self.reading.state().incidents) if after is None else None,
            on_disk=after is None,
        )
        return found.value

    def _with_every_component(self, same: "_Same") -> ComponentsView:
        view, public = same.state.components, self.public
        listed = self._snapshot.known(
            "components-listing",
            tuple[ComponentView, ...],
            lambda: tuple(public.components.listing(public.visitor)),
            spare=lambda: view.components,
        )
        return replace(view, components=listed.value)


class _Same:
    """A state that is the same as another if it was read at the same instant: to list components once for each."""

    def __init__(self, state: StatusState) -> None:
        self.state = state

    def __hash__(self) -> int:
        return hash((self.state.as_of, self.state.current))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Same):
            return NotImplemented
        return (self.state.as_of, self.state.current) == (other.state.as_of, other.state.current)

"""What is marked on trends: incidents, maintenance and deployments, where they happened."""

from dataclasses import dataclass

from services.incidents.views import IncidentView
from services.releases.views import ReleaseView
from status_page.wording import IMPACT_STATES, incident_href
from web.ui import Event
from web.ui.language import _
from web.ui.theme import State

LABELLED_MOST = 6
"""More tags than these would cover each other; what else happened is a line without words."""
_LABEL_MOST = 28


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened within a span: incidents and maintenance, and what went live."""

    incidents: tuple[IncidentView, ...] = ()
    releases: tuple[ReleaseView, ...] = ()


def marks(happened: Happened) -> tuple[Event, ...]:
    """Return the marks of a span: the worst incidents and the newest deployments with their names."""
    found = [_of_incident(each) for each in happened.incidents]
    found += [
        Event(each.deployed_at, _short(_("deploy {version}", version=each.version))) for each in happened.releases
    ]
    ranked = sorted(found, key=lambda event: (event.state.severity, event.at), reverse=True)
    named = {id(event) for event in ranked[:LABELLED_MOST]}
    return tuple(event if id(event) in named else Event(event.at, "", event.state) for event in found)


def _of_incident(view: IncidentView) -> Event:
    state = State.PLAN if view.kind == "maintenance" else IMPACT_STATES[view.impact]
    at = view.scheduled_for or view.started_at
    return Event(at, _short(view.name), state, incident_href(view))


def _short(name: str) -> str:
    return name if len(name) <= _LABEL_MOST else f"{name[: _LABEL_MOST - 1].rstrip()}…"

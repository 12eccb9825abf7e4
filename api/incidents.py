"""Incidents for programs: declare, update, correct, close, explain; every change names the version that it saw.

A change that comes with `Idempotency-Key` is done once: the same key with the same body answers with what was made.
"""

from typing import Annotated, Final, Literal

from flask import Blueprint, Response, request
from pydantic import AwareDatetime, Field

from api.bodies import BODY_BYTES, Body, answer, body_of, page_limit, raw_body
from services.facade import Services
from services.incidents.once import Once
from services.incidents.views import ComponentStatusDraft, IncidentDraft, PastDraft, UpdateDraft
from services.kernel.errors import Invalid
from services.kernel.paging import PageRequest
from web.shell.routes import route
from web.shell.sessions import current_actor

PATH: Final = "/api/v1/incidents"
_READ: Final = "incidents.read"
_MANAGE: Final = "incidents.manage"

Name = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Reason = Annotated[str, Field(max_length=1_000)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
Yes = Annotated[bool, Field(strict=True)]
Statuses = Annotated[dict[Id, Annotated[str, Field(max_length=32)]], Field(max_length=500)]
Impact = Literal["none", "minor", "major", "critical"]


class NewIncident(Body):
    """A new incident; `components` gives statuses by component id."""

    name: Name
    status: Literal["investigating", "identified", "monitoring", "resolved"] = "investigating"
    body: Text
    components: Statuses = Field(default_factory=dict)
    impact: Impact | None = None
    impact_reason: Reason = ""
    notify: Yes = True
    started_at: AwareDatetime | None = None
    resolved_at: AwareDatetime | None = None
    resolution: Annotated[str, Field(max_length=10_000)] = ""


class NewUpdate(Body):
    """A new word on an incident."""

    version: Version
    status: Literal["investigating", "identified", "monitoring", "resolved"]
    body: Text
    components: Statuses = Field(default_factory=dict)
    notify: Yes = True
    display_at: AwareDatetime | None = None


class PastUpdate(Body):
    """A word that was said in the past."""

    status: Literal["investigating", "identified", "monitoring", "resolved"]
    body: Text
    components: Statuses = Field(default_factory=dict)
    display_at: AwareDatetime


class PastIncident(Body):
    """An incident that is over, with all that was said of it, oldest first."""

    name: Name
    updates: Annotated[list[PastUpdate], Field(min_length=1, max_length=200)]
    impact: Impact | None = None
    impact_reason: Reason = ""
    postmortem: Annotated[str, Field(max_length=60_000)] = ""
    postmortem_at: AwareDatetime | None = None


class Correction(Body):
    """What an update should have said."""

    version: Version
    body: Text


class IncidentChange(Body):
    """Another name, or an impact set by hand (`null` lets it follow from the components again)."""

    version: Version
    name: Name | None = None
    impact: Impact | None = None
    impact_reason: Reason = ""


class Postmortem(Body):
    """A post-mortem: a draft, or published."""

    version: Version
    text: Annotated[str, Field(max_length=60_000)]
    publish: Yes = False
    notify: Yes = True


class Seen(Body):
    """The version that was seen."""

    version: Version


class Withdrawal(Body):
    """Why something is taken off the page."""

    version: Version
    reason: Annotated[str, Field(min_length=1, max_length=1_000)]


def blueprint(services: Services) -> Blueprint:
    """Return the routes of this module."""
    views = Blueprint("incidents_api", __name__)
    _reading(views, services)
    _telling(views, services)
    _closing(views, services)
    return views


def once() -> Once | None:
    """Return what makes the running request the same as another one, where its sender said so.

    Raises: Invalid for a key that is too long.
    """
    key = request.headers.get("Idempotency-Key")
    return None if key is None else Once(key, f"{request.method} {request.path}\n".encode() + raw_body())


def given(statuses: dict[str, str]) -> tuple[ComponentStatusDraft, ...]:
    """Return statuses by component id as a draft has them."""
    return tuple(ComponentStatusDraft(component_id, status) for component_id, status in statuses.items())


def _one(services: Services, incident_id: str, status: int = 200) -> Response:
    view = services.incidents.reads.incident(current_actor(), incident_id)
    return answer(view, status, location=f"{PATH}/{view.id}" if status == 201 else None)  # noqa: PLR2004 -- created


def _reading(views: Blueprint, services: Services) -> None:
    @route(views, PATH, access=_READ, api_key=True)
    def list_incidents() -> Response:
        """Return incidents, newest first."""
        page = PageRequest(request.args.get("after"), page_limit())
        found = services.incidents.reads.history(current_actor(), page, component_id=request.args.get("component"))
        return answer({"incidents": list(found.items), "next": found.next_cursor})

    @route(views, f"{PATH}/<incident_id>", access=_READ, api_key=True)
    def show_incident(incident_id: str) -> Response:
        """Return one incident."""
        return _one(services, incident_id)


def _telling(views: Blueprint, services: Services) -> None:
    @route(views, PATH, access=_MANAGE, methods=("POST",), api_key=True, body_bytes=BODY_BYTES)
    def declare_incident() -> Response:
        """Declare an incident."""
        sent = body_of(NewIncident)
        draft = IncidentDraft(
            sent.name, sent.status, sent.body, given(sent.components), sent.impact, sent.impact_reason, sent.notify,
            sent.started_at, sent.resolved_at, sent.resolution,
        )  # fmt: skip
        return _one(services, services.incidents.declaring.declare(current_actor(), draft, once=once()), 201)

    @route(views, f"{PATH}/past", access=_MANAGE, methods=("POST",), api_key=True, body_bytes=4 * BODY_BYTES)
    def record_past_incident() -> Response:
        """Enter an incident that is over; nobody is notified."""
        sent = body_of(PastIncident)
        updates = tuple(
            UpdateDraft(each.status, each.body, given(each.components), notifies=False, display_at=each.display_at)
            for each in sent.updates
        )
        draft = PastDraft(sent.name, updates, sent.impact, sent.impact_reason, sent.postmortem, sent.postmortem_at)
        return _one(services, services.incidents.declaring.record_past(current_actor(), draft, once=once()), 201)

    @route(views, f"{PATH}/<incident_id>/updates", access=_MANAGE, methods=("POST",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def post_incident_update(incident_id: str) -> Response:
        """Say something new of an incident."""
        sent = body_of(NewUpdate)
        draft = UpdateDraft(sent.status, sent.body, given(sent.components), sent.notify, sent.display_at)
        services.incidents.declaring.post_update(current_actor(), incident_id, draft, version=sent.version, once=once())
        return _one(services, incident_id, 201)

    @route(views, f"{PATH}/<incident_id>/updates/<update_id>", access=_MANAGE, methods=("PATCH",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def correct_incident_update(incident_id: str, update_id: str) -> Response:
        """Correct what an update says."""
        sent = body_of(Correction)
        services.incidents.declaring.correct_update(
            current_actor(), incident_id, update_id, body=sent.body, version=sent.version
        )
        return _one(services, incident_id)


def _closing(views: Blueprint, services: Services) -> None:
    @route(views, f"{PATH}/<incident_id>", access=_MANAGE, methods=("PATCH",), api_key=True, body_bytes=BODY_BYTES)
    def change_incident(incident_id: str) -> Response:
        """Rename an incident, or set its impact by hand; one of the two at a time."""
        sent, declaring = body_of(IncidentChange), services.incidents.declaring
        if sent.name is not None and "impact" not in sent.model_fields_set:
            declaring.rename(current_actor(), incident_id, name=sent.name, version=sent.version)
        elif sent.name is None and "impact" in sent.model_fields_set:
            declaring.set_impact(
                current_actor(), incident_id, impact=sent.impact, reason=sent.impact_reason, version=sent.version
            )
        else:
            raise _one_change()
        return _one(services, incident_id)

    @route(views, f"{PATH}/<incident_id>/postmortem", access=_MANAGE, methods=("PUT",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def write_postmortem(incident_id: str) -> Response:
        """Keep a draft of a post-mortem, or publish it."""
        sent, chapters = body_of(Postmortem), services.incidents.postmortems
        if sent.publish:
            chapters.publish(current_actor(), incident_id, text=sent.text, version=sent.version, notifies=sent.notify)
        else:
            chapters.save_draft(current_actor(), incident_id, text=sent.text, version=sent.version)
        return _one(services, incident_id)

    @route(views, f"{PATH}/<incident_id>/withdrawal", access=_MANAGE, methods=("POST",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def withdraw_incident(incident_id: str) -> Response:
        """Take an incident off the page that should never have been there."""
        sent = body_of(Withdrawal)
        services.incidents.declaring.withdraw(current_actor(), incident_id, reason=sent.reason, version=sent.version)
        return Response(status=204)

    @route(views, f"{PATH}/<incident_id>/takeover", access=_MANAGE, methods=("POST",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def take_over_incident(incident_id: str) -> Response:
        """Take an automatic incident out of the machine's hands."""
        sent = body_of(Seen)
        services.incidents.declaring.take_over(current_actor(), incident_id, version=sent.version)
        return _one(services, incident_id)


def _one_change() -> Invalid:
    message = "Send a name, or an impact with its reason; one of the two."
    return Invalid("change_unclear", message, fields={"name": message})

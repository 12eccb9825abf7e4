"""Maintenance, its series, and templates for programs; every change names the version that it saw."""

from typing import Annotated, Final, Literal

from flask import Blueprint, Response, request
from pydantic import AwareDatetime, Field

from api.bodies import BODY_BYTES, Body, answer, body_of, page_limit
from api.incidents import Id, Name, Reason, Seen, Text, Version, Withdrawal, Yes, once
from services.facade import Services
from services.incidents.views import MaintenanceDraft, SeriesDraft, TemplateDraft
from services.kernel.errors import Invalid
from services.kernel.paging import PageRequest
from web.shell.routes import route
from web.shell.sessions import current_actor

PATH: Final = "/api/v1/maintenances"
SERIES: Final = "/api/v1/maintenance-series"
TEMPLATES: Final = "/api/v1/templates"
_READ: Final = "incidents.read"
_DRAFTS: Final = "incidents.drafts.read"
_MANAGE: Final = "incidents.manage"

Components = Annotated[tuple[Id, ...], Field(min_length=1, max_length=500)]
Reminders = Annotated[tuple[int, ...], Field(max_length=5)]


class NewMaintenance(Body):
    """A maintenance to come; `reminders` are seconds before its start."""

    name: Name
    body: Text
    components: Components
    scheduled_for: AwareDatetime
    scheduled_until: AwareDatetime
    starts_itself: Yes = True
    ends_itself: Yes = True
    reminders: Reminders = (86_400, 3_600)
    notify: Yes = True


class MaintenanceUpdate(Body):
    """A word on a maintenance; another status begins, ends or calls it off."""

    version: Version
    status: Literal["scheduled", "in_progress", "verifying", "completed", "cancelled"]
    body: Text
    notify: Yes = True


class Window(Body):
    """Another window; one under way has another end only."""

    version: Version
    scheduled_for: AwareDatetime | None = None
    scheduled_until: AwareDatetime | None = None
    reminders: Reminders | None = None


class PastMaintenance(Body):
    """A past span that is to count as maintenance, with a reason for everybody to read."""

    name: Name
    components: Components
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: Reason


class NewSeries(Body):
    """A maintenance that recurs, by an RRULE in the wall time of a time zone."""

    name: Name
    body: Text
    components: Components
    rule: Annotated[str, Field(max_length=300)]
    time_zone: Annotated[str, Field(max_length=64)]
    first_local: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$")]
    duration_seconds: Annotated[int, Field(ge=60, le=31 * 86_400)]
    reminders: Reminders = (86_400, 3_600)


class Template(Body):
    """Words prepared in calm."""

    label: Annotated[str, Field(min_length=1, max_length=80)]
    kind: Literal["incident", "maintenance"]
    name: Annotated[str, Field(max_length=255)] = ""
    body: Text
    status: Annotated[str, Field(max_length=32)]
    component_status: Annotated[str, Field(max_length=32)] = ""
    position: Annotated[int, Field(ge=0, le=10_000)] = 0
    version: Version | None = None


def blueprint(services: Services) -> Blueprint:
    """Return the routes of this module."""
    views = Blueprint("maintenance_api", __name__)
    _reading(views, services)
    _planning(views, services)
    _marking(views, services)
    _recurring(views, services)
    _templates(views, services)
    return views


def _one(services: Services, maintenance_id: str, status: int = 200) -> Response:
    view = services.incidents.reads.incident(current_actor(), maintenance_id)
    return answer(view, status, location=f"{PATH}/{view.id}" if status == 201 else None)  # noqa: PLR2004 -- created


def _reading(views: Blueprint, services: Services) -> None:
    @route(views, PATH, access=_READ, api_key=True)
    def list_maintenances() -> Response:
        """Return maintenance, the latest planned first."""
        page = PageRequest(request.args.get("after"), page_limit())
        found = services.incidents.reads.maintenances(current_actor(), page)
        return answer({"maintenances": list(found.items), "next": found.next_cursor})

    @route(views, f"{PATH}/<maintenance_id>", access=_READ, api_key=True)
    def show_maintenance(maintenance_id: str) -> Response:
        """Return one maintenance."""
        return _one(services, maintenance_id)


def _planning(views: Blueprint, services: Services) -> None:
    maintaining = services.incidents.maintaining

    @route(views, PATH, access=_MANAGE, methods=("POST",), api_key=True, body_bytes=BODY_BYTES)
    def schedule_maintenance() -> Response:
        """Announce a maintenance."""
        sent = body_of(NewMaintenance)
        draft = MaintenanceDraft(
            sent.name, sent.body, sent.components, sent.scheduled_for, sent.scheduled_until, sent.starts_itself,
            sent.ends_itself, sent.reminders, sent.notify,
        )  # fmt: skip
        return _one(services, maintaining.schedule(current_actor(), draft, once=once()), 201)

    @route(views, f"{PATH}/<maintenance_id>/updates", access=_MANAGE, methods=("POST",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def post_maintenance_update(maintenance_id: str) -> Response:
        """Say something of a maintenance, or let it take a step."""
        sent = body_of(MaintenanceUpdate)
        maintaining.post_update(
            current_actor(), maintenance_id, status=sent.status, body=sent.body, version=sent.version,
            notifies=sent.notify, once=once(),
        )  # fmt: skip
        return _one(services, maintenance_id, 201)

    @route(views, f"{PATH}/<maintenance_id>", access=_MANAGE, methods=("PATCH",), api_key=True, body_bytes=BODY_BYTES)
    def change_maintenance(maintenance_id: str) -> Response:
        """Move a maintenance, give one under way another end, or choose its reminders; one of these at a time."""
        sent, actor = body_of(Window), current_actor()
        start, end, reminders = sent.scheduled_for, sent.scheduled_until, sent.reminders
        if start is not None and end is not None and reminders is None:
            maintaining.reschedule(
                actor, maintenance_id, scheduled_for=start, scheduled_until=end, version=sent.version
            )
        elif start is None and end is not None and reminders is None:
            maintaining.extend(actor, maintenance_id, scheduled_until=end, version=sent.version)
        elif start is None and end is None and reminders is not None:
            maintaining.set_reminders(actor, maintenance_id, reminders=reminders, version=sent.version)
        else:
            message = "Send start and end, an end alone, or reminders."
            raise Invalid("change_unclear", message, fields={"scheduled_for": message})
        return _one(services, maintenance_id)

    @route(views, f"{PATH}/<maintenance_id>/skip", access=_MANAGE, methods=("POST",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def skip_maintenance(maintenance_id: str) -> Response:
        """Call off one occurrence of a series."""
        sent = body_of(Seen)
        services.incidents.recurring.skip(current_actor(), maintenance_id, version=sent.version)
        return _one(services, maintenance_id)


def _marking(views: Blueprint, services: Services) -> None:
    maintaining = services.incidents.maintaining

    @route(views, f"{PATH}/past", access=_MANAGE, methods=("POST",), api_key=True, body_bytes=BODY_BYTES)
    def mark_past_maintenance() -> Response:
        """Count a past span as maintenance."""
        sent = body_of(PastMaintenance)
        made = maintaining.mark_past(
            current_actor(), name=sent.name, component_ids=sent.components, starts_at=sent.starts_at,
            ends_at=sent.ends_at, reason=sent.reason, once=once(),
        )  # fmt: skip
        return _one(services, made, 201)

    @route(views, f"{PATH}/<maintenance_id>/withdrawal", access=_MANAGE, methods=("POST",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def withdraw_maintenance_mark(maintenance_id: str) -> Response:
        """Take back that a past span counts as maintenance."""
        sent = body_of(Withdrawal)
        maintaining.withdraw_mark(current_actor(), maintenance_id, reason=sent.reason, version=sent.version)
        return Response(status=204)


def _recurring(views: Blueprint, services: Services) -> None:
    recurring = services.incidents.recurring

    @route(views, SERIES, access=_DRAFTS, api_key=True)
    def list_series() -> Response:
        """Return every series with its next starts."""
        return answer({"series": list(recurring.every(current_actor()))})

    @route(views, SERIES, access=_MANAGE, methods=("POST",), api_key=True, body_bytes=BODY_BYTES)
    def plan_series() -> Response:
        """Begin a series."""
        sent = body_of(NewSeries)
        draft = SeriesDraft(
            sent.name, sent.body, sent.components, sent.rule, sent.time_zone, sent.first_local, sent.duration_seconds,
            sent.reminders,
        )  # fmt: skip
        made = recurring.plan_series(current_actor(), draft, once=once())
        return answer({"id": made}, 201, location=SERIES)

    @route(views, f"{SERIES}/<series_id>/end", access=_MANAGE, methods=("POST",), api_key=True, body_bytes=BODY_BYTES)
    def end_series(series_id: str) -> Response:
        """End a series and call off what it has planned."""
        sent = body_of(Seen)
        return answer({"called_off": recurring.end_series(current_actor(), series_id, version=sent.version)})


def _templates(views: Blueprint, services: Services) -> None:
    templates = services.incidents.templates

    @route(views, TEMPLATES, access=_DRAFTS, api_key=True)
    def list_templates() -> Response:
        """Return every template."""
        return answer({"templates": list(templates.every(current_actor()))})

    @route(views, TEMPLATES, access=_MANAGE, methods=("POST",), api_key=True, body_bytes=BODY_BYTES)
    def add_template() -> Response:
        """Keep a template."""
        return answer({"id": templates.add(current_actor(), _draft(body_of(Template)))}, 201, location=TEMPLATES)

    @route(views, f"{TEMPLATES}/<template_id>", access=_MANAGE, methods=("PUT",), api_key=True, body_bytes=BODY_BYTES)
    def rewrite_template(template_id: str) -> Response:
        """Write a template anew."""
        sent = body_of(Template)
        if sent.version is None:
            raise Invalid("body_invalid", "Name the version that you saw.", fields={"version": "Name it."})
        templates.rewrite(current_actor(), template_id, _draft(sent), version=sent.version)
        return Response(status=204)

    @route(views, f"{TEMPLATES}/<template_id>", access=_MANAGE, methods=("DELETE",), api_key=True)
    def remove_template(template_id: str) -> Response:
        """Remove a template."""
        templates.remove(current_actor(), template_id)
        return Response(status=204)


def _draft(sent: Template) -> TemplateDraft:
    return TemplateDraft(sent.label, sent.kind, sent.name, sent.body, sent.status, sent.component_status, sent.position)

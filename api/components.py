"""Components for programs: make, change, connect, order, archive, and say by hand how one stands.

Every change of what a component is names the version that it saw. What is said by hand may name the newest word that
was seen; a second one who has not seen it is refused.
"""

from datetime import date
from typing import Annotated, Final

from flask import Blueprint, Response, request
from pydantic import AwareDatetime, Field

from api.bodies import BODY_BYTES, Body, answer, body_of
from services.components import ComponentDraft
from services.components.views import ArrangedView, ComponentStatus
from services.facade import Services
from web.shell.routes import route
from web.shell.sessions import current_actor

PATH: Final = "/api/v1/components"
GROUPS: Final = "/api/v1/component-groups"
_REVIEW: Final = "components.review"
_ARRANGE: Final = "components.arrange"
_OVERRIDE: Final = "components.override"

Name = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(max_length=2_000)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Version = Annotated[str, Field(min_length=1, max_length=64)]
Reason = Annotated[str, Field(min_length=3, max_length=500)]
Yes = Annotated[bool, Field(strict=True)]


class NewComponent(Body):
    """A new component."""

    name: Name
    description: Text = ""
    group_id: Id | None = None
    manual: Yes = False
    showcase: Yes = True
    only_show_if_degraded: Yes = False
    start_on: date | None = None


class ComponentChange(Body):
    """What is to be otherwise; what is left out stays."""

    version: Version
    name: Name | None = None
    description: Text | None = None
    group_id: Id | None = None
    manual: Yes | None = None
    showcase: Yes | None = None
    only_show_if_degraded: Yes | None = None
    start_on: date | None = None


class Needs(Body):
    """Everything that a component needs."""

    version: Version
    depends_on: Annotated[list[Id], Field(max_length=50)]


class Place(Body):
    """Before what it is put; `null` puts it last."""

    before: Id | None


class NewGroup(Body):
    """A new group."""

    name: Name
    description: Text = ""


class GroupChange(Body):
    """What is to be otherwise; what is left out stays."""

    version: Version
    name: Name | None = None
    description: Text | None = None


class Word(Body):
    """How a component stands, by hand; `until_at` ends an override, `newest` is the newest word that was seen."""

    status: ComponentStatus
    reason: Reason
    until_at: AwareDatetime | None = None
    newest: Annotated[str, Field(max_length=64)] | None = None


class Clearing(Body):
    """Why an override ends."""

    reason: Reason
    newest: Annotated[str, Field(max_length=64)] | None = None


class Correction(Body):
    """How a component stood in a span that is over."""

    status: ComponentStatus
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: Reason


def blueprint(services: Services) -> Blueprint:
    """Return the routes of this module."""
    views = Blueprint("components_api", __name__)
    _reading(views, services)
    _arranging(views, services)
    _connecting(views, services)
    _grouping(views, services)
    _saying(views, services)
    return views


def _one(services: Services, component_id: str, status: int = 200) -> Response:
    view = services.components.board.component(current_actor(), component_id)
    return answer(view, status, location=f"{PATH}/{view.id}" if status == 201 else None)  # noqa: PLR2004 -- created


def _reading(views: Blueprint, services: Services) -> None:
    @route(views, PATH, access=_REVIEW, api_key=True)
    def list_components() -> Response:
        """Return groups and components in the order of pages; `search` narrows, `archived=yes` lists those."""
        archived = request.args.get("archived") == "yes"
        board = services.components.board.look(
            current_actor(), search=request.args.get("search", "")[:200], archived=archived
        )
        return answer(board)

    @route(views, f"{PATH}/<component_id>", access=_REVIEW, api_key=True)
    def show_component(component_id: str) -> Response:
        """Return one component, also an archived one."""
        return _one(services, component_id)

    @route(views, f"{PATH}/<component_id>/words", access=_REVIEW, api_key=True)
    def list_words(component_id: str) -> Response:
        """Return what people said of a component, newest first."""
        words = services.components.overrides.decrees(current_actor(), component_id=component_id)
        return answer({"words": list(words)})


def _arranging(views: Blueprint, services: Services) -> None:
    arranging = services.components.arranging

    @route(views, PATH, access=_ARRANGE, methods=("POST",), api_key=True, body_bytes=BODY_BYTES)
    def make_component() -> Response:
        """Make a component, last in its group."""
        draft = ComponentDraft(**body_of(NewComponent).model_dump())
        return _one(services, arranging.create(current_actor(), draft), 201)

    @route(views, f"{PATH}/<component_id>", access=_ARRANGE, methods=("PATCH",), api_key=True, body_bytes=BODY_BYTES)
    def change_component(component_id: str) -> Response:
        """Change what a component is called, where it stands and how it is shown."""
        sent = body_of(ComponentChange)
        view = services.components.board.component(current_actor(), component_id)
        arranging.change(current_actor(), component_id=component_id, draft=_changed(view, sent), version=sent.version)
        return _one(services, component_id)

    @route(views, f"{PATH}/<component_id>/archive", access=_ARRANGE, methods=("POST",), api_key=True)
    def archive_component(component_id: str) -> Response:
        """Take a component off the page; its id and history stay."""
        arranging.archive(current_actor(), component_id=component_id)
        return _one(services, component_id)

    @route(views, f"{PATH}/<component_id>/restore", access=_ARRANGE, methods=("POST",), api_key=True)
    def restore_component(component_id: str) -> Response:
        """Put an archived component back on the page."""
        arranging.restore(current_actor(), component_id=component_id)
        return _one(services, component_id)


def _changed(view: ArrangedView, sent: ComponentChange) -> ComponentDraft:
    """Return a component with what was sent; `null` takes a group and a start away, and leaves the rest."""
    given = sent.model_dump(exclude_unset=True, exclude={"version"})
    fields = ("name", "description", "group_id", "manual", "showcase", "only_show_if_degraded", "start_on")
    now = {field: getattr(view, field) for field in fields}
    kept = {key: value for key, value in given.items() if value is not None or key in {"group_id", "start_on"}}
    return ComponentDraft(**{**now, **kept})


def _connecting(views: Blueprint, services: Services) -> None:
    @route(views, f"{PATH}/<component_id>/depends-on", access=_ARRANGE, methods=("PUT",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def connect_component(component_id: str) -> Response:
        """Say everything that a component needs; a circle is refused with its way around."""
        sent = body_of(Needs)
        services.components.arranging.depend(
            current_actor(), component_id=component_id, depends_on=sent.depends_on, version=sent.version
        )
        return _one(services, component_id)

    @route(views, f"{PATH}/<component_id>/place", access=_ARRANGE, methods=("PUT",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def place_component(component_id: str) -> Response:
        """Put a component before another one of its group."""
        services.components.placing.place(current_actor(), component_id=component_id, before=body_of(Place).before)
        return _one(services, component_id)


def _grouping(views: Blueprint, services: Services) -> None:
    arranging, board = services.components.arranging, services.components.board

    @route(views, GROUPS, access=_ARRANGE, methods=("POST",), api_key=True, body_bytes=BODY_BYTES)
    def make_group() -> Response:
        """Make a group, last in order."""
        sent = body_of(NewGroup)
        group_id = arranging.create_group(current_actor(), name=sent.name, description=sent.description)
        return answer(board.group(current_actor(), group_id), 201, location=f"{GROUPS}/{group_id}")

    @route(views, f"{GROUPS}/<group_id>", access=_REVIEW, api_key=True)
    def show_group(group_id: str) -> Response:
        """Return one group."""
        return answer(board.group(current_actor(), group_id))

    @route(views, f"{GROUPS}/<group_id>", access=_ARRANGE, methods=("PATCH",), api_key=True, body_bytes=BODY_BYTES)
    def change_group(group_id: str) -> Response:
        """Give a group another name or description."""
        sent, now = body_of(GroupChange), board.group(current_actor(), group_id)
        name = now.name if sent.name is None else sent.name
        description = now.description if sent.description is None else sent.description
        arranging.change_group(
            current_actor(), group_id=group_id, name=name, description=description, version=sent.version
        )
        return answer(board.group(current_actor(), group_id))

    @route(views, f"{GROUPS}/<group_id>/place", access=_ARRANGE, methods=("PUT",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def place_group(group_id: str) -> Response:
        """Put a group before another one."""
        services.components.placing.place_group(current_actor(), group_id=group_id, before=body_of(Place).before)
        return answer(board.group(current_actor(), group_id))

    @route(views, f"{GROUPS}/<group_id>", access=_ARRANGE, methods=("DELETE",), api_key=True)
    def archive_group(group_id: str) -> Response:
        """Take an empty group off the page."""
        arranging.archive_group(current_actor(), group_id=group_id)
        return Response(status=204)


def _saying(views: Blueprint, services: Services) -> None:
    verbs = services.components.overrides

    @route(views, f"{PATH}/<component_id>/override", access=_OVERRIDE, methods=("PUT",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def override_component(component_id: str) -> Response:
        """Set how a component stands, whatever its sources say."""
        sent = body_of(Word)
        verbs.override(
            current_actor(), component_id=component_id, status=sent.status, reason=sent.reason,
            until_at=sent.until_at, newest=sent.newest,
        )  # fmt: skip
        return _one(services, component_id)

    @route(views, f"{PATH}/<component_id>/override/end", access=_OVERRIDE, methods=("POST",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def clear_component(component_id: str) -> Response:
        """Let a component's sources tell again how it stands."""
        sent = body_of(Clearing)
        verbs.clear(current_actor(), component_id=component_id, reason=sent.reason, newest=sent.newest)
        return _one(services, component_id)

    @route(views, f"{PATH}/<component_id>/status", access=_OVERRIDE, methods=("PUT",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def state_component(component_id: str) -> Response:
        """Say how a component that is kept by hand stands."""
        sent = body_of(Word)
        verbs.state(
            current_actor(), component_id=component_id, status=sent.status, reason=sent.reason, newest=sent.newest
        )
        return _one(services, component_id)

    @route(views, f"{PATH}/<component_id>/corrections", access=_OVERRIDE, methods=("POST",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def correct_component(component_id: str) -> Response:
        """Correct how a component stood in a span that is over."""
        sent = body_of(Correction)
        correction_id = verbs.correct(
            current_actor(), component_id=component_id, status=sent.status, starts_at=sent.starts_at,
            ends_at=sent.ends_at, reason=sent.reason,
        )  # fmt: skip
        return answer({"id": correction_id}, 201)

    @route(views, f"{PATH}/corrections/<correction_id>/withdrawal", access=_OVERRIDE, methods=("POST",), api_key=True,
           body_bytes=BODY_BYTES)  # fmt: skip
    def withdraw_correction(correction_id: str) -> Response:
        """Take a correction back: what was measured counts again."""
        verbs.withdraw(current_actor(), correction_id=correction_id, reason=body_of(Clearing).reason)
        return Response(status=204)

"""Templates: words prepared in calm for a night that is none."""

from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.incident_parts import preview, said, status_chip, status_options, words
from services.facade import Services
from services.incidents.markup import to_plain_text
from services.incidents.rules import GIVEN_STATUSES
from services.incidents.views import TemplateDraft, TemplateView
from services.kernel.context import Actor
from services.kernel.errors import DomainError
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Option,
    button,
    cancel_button,
    data_grid,
    dialog,
    fields,
    page_head,
    panel,
    segmented,
    select,
    stack,
    text_area,
    text_input,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ids = Ids("templates")
_EDIT = _ids.part("edit")
_STATUSES = (
    "investigating", "identified", "monitoring", "resolved", "scheduled", "in_progress", "verifying", "completed",
)  # fmt: skip
_FIELDS = ("label", "kind", "name", "body", "status", "component-status")


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        may = "incidents.manage" in visit.actor.permissions
        opener = button("New template", kind="primary", icon_name="plus", id=_ids.part("new")) if may else None
        lead = "Write {component} and {time} where they belong: both are filled in when a template is used."
        return stack([
            page_head("Templates", lead=lead, actions=opener),
            html.Div(_list(services, visit.actor), id=_ids.part("body-list")),
            _dialog() if may else None,
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_open(services, callbacks)
        _register_save(services, callbacks)

    return Page("templates", "Templates", "incidents.drafts.read", layout, register)


def _list(services: Services, actor: Actor) -> Component:
    now, may = services.clock.now(), "incidents.manage" in actor.permissions

    def actions(row: TemplateView) -> Component | None:
        if not may:
            return None
        return html.Div([
            button("Edit", id=_ids.one("open", row.id), icon_name="pencil"),
            button("Remove", id=_ids.one("remove", row.id), icon_name="trash-2", icon_only=True, kind="quiet"),
        ], className="acts")  # fmt: skip

    grid = [
        Column[TemplateView]("label", "Template", lambda r: with_sub(r.label, to_plain_text(r.body, 120))),
        Column[TemplateView]("kind", "For", lambda r: f"{r.kind}s" if r.kind == "incident" else r.kind, priority=2),
        Column[TemplateView]("status", "Status", lambda r: status_chip(r.status), priority=2),
        Column[TemplateView]("gives", "Components become", lambda r: words(r.component_status or "as they are"),
                             priority=3),
        Column[TemplateView]("actions", "Actions", actions, label_hidden=True),
    ]  # fmt: skip
    return panel(
        lambda: Loaded(services.incidents.templates.every(actor), now),
        lambda rows: data_grid(rows, grid, caption="Templates", noun="templates-list", row_key=lambda r: r.id),
        title="Prepared words",
        now=now,
        flush=True,
        empty=Empty("No templates yet", "Write in calm what you would say at night: payments fail, videos stall."),
    )


def _dialog() -> Component:
    kinds = [Option("incident", "Incident"), Option("maintenance", "Maintenance")]
    return dialog(
        "Template",
        [
            dcc.Store(id=_ids.part("which")),
            fields([
                text_input("Label", id=_ids.part("label"), maxLength=80, autoComplete="off",
                           hint="By which it is found at night."),
                segmented("For", kinds, "incident", id=_ids.part("kind")),
            ]),
            text_input("Name of the incident", id=_ids.part("name"), maxLength=255, autoComplete="off",
                       required=False),
            text_area("Message", id=_ids.part("body"), rows=5, maxLength=10_000, hint="Markdown."),
            html.Div(preview(""), id=_ids.part("preview"), className="preview"),
            fields([
                select("Status", status_options(_STATUSES), id=_ids.part("status"), value="investigating"),
                select("Components become", [Option("", "As they are"), *status_options(GIVEN_STATUSES)],
                       id=_ids.part("component-status"), value="", required=False),
            ]),
        ],
        id=_EDIT,
        wide=True,
        actions=[cancel_button(), button("Keep", kind="primary", id=_ids.part("save"))],
    )  # fmt: skip


def _register_open(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("preview"), "children"), Input(_ids.part("body"), "value"), prevent_initial_call=True
    )
    def show(body: str | None) -> Component:
        return preview(body)

    @callbacks.callback(
        Output(_EDIT, "open"),
        Output(_ids.part("which"), "data"),
        *(Output(_ids.part(name), "value") for name in _FIELDS),
        Input(_ids.part("new"), "n_clicks"),
        Input(_ids.each("open"), "n_clicks"),
        prevent_initial_call=True,
    )
    def begin(_new: int | None, _clicks: list[int | None]) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not ctx.triggered[0]["value"]:
            return (no_update,) * 8
        if not isinstance(ctx.triggered_id, dict):
            return True, None, "", "incident", "", "", "investigating", ""
        every = services.incidents.templates.every(current_actor())
        found = next((each for each in every if each.id == ctx.triggered_id["key"]), None)
        if found is None:
            return (no_update,) * 8
        which = [found.id, found.version]
        return (
            True, which, found.label, found.kind, found.name, found.body, found.status, found.component_status,
        )  # fmt: skip


def _register_save(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_EDIT, "open", allow_duplicate=True),
        Output(_ids.part("body-list"), "children"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("save"), "n_clicks"),
        Input(_ids.each("remove"), "n_clicks"),
        State(_ids.part("which"), "data"),
        *(State(_ids.part(name), "value") for name in _FIELDS),
        prevent_initial_call=True,
    )
    def save(_: int | None, _clicks: list[int | None], which: list[Any] | None, *values: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not ctx.triggered[0]["value"]:
            return (no_update,) * 3
        actor, templates = current_actor(), services.incidents.templates
        try:
            if isinstance(ctx.triggered_id, dict):
                templates.remove(actor, ctx.triggered_id["key"])
                return no_update, _list(services, actor), toast("Removed", "What was written with it stays.")
            label, kind, name, body, status, gives = (each or "" for each in values)
            draft = TemplateDraft(label, kind, name, body, status, gives)
            if which:
                templates.rewrite(actor, str(which[0]), draft, version=int(which[1]))
            else:
                templates.add(actor, draft)
        except DomainError as refusal:
            return no_update, no_update, toast("Not kept; your text is still here", said(refusal), state=Colour.BAD)
        return False, _list(services, actor), toast("Kept", "It is offered in the forms.")

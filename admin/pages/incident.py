"""One incident: say the next word, correct an old one, explain it afterwards; two editors notice each other."""

from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.incident_acts import register_acts
from admin.pages.incident_chapters import chapters, register_chapters
from admin.pages.incident_parts import (
    chosen_statuses,
    component_chip,
    component_rows,
    conflict_banner,
    drafts,
    impact_chip,
    preview,
    said,
    status_chip,
    status_options,
    timeline,
)
from services.facade import Services
from services.incidents.templates import filled
from services.incidents.views import CaseView, IncidentView, UpdateDraft
from services.kernel.context import Actor
from services.kernel.errors import Conflict, DomainError
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Ids,
    Option,
    banner,
    button,
    card,
    columns,
    link,
    page_head,
    search_box,
    segmented,
    select,
    stack,
    switch,
    text_area,
    timestamp,
    toast,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ids = Ids("incident")
_REFRESH_MS = 5_000
_STATUSES = ("investigating", "identified", "monitoring", "resolved")


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def case_of(visit: Visit) -> CaseView:
        return services.incidents.casebook.case(visit.actor, visit.variables["incident_id"])

    def layout(visit: Visit) -> Component:
        return _layout(services, visit.actor, case_of(visit))

    def register(callbacks: Callbacks) -> None:
        _register_refresh(services, callbacks)
        _register_form(services, callbacks)
        _register_post(services, callbacks)
        register_acts(services, callbacks, _ids)
        register_chapters(services, callbacks, _ids)

    return Page("incidents/<incident_id>", "Incident", "incidents.drafts.read", layout, register, subject=case_of)


def _layout(services: Services, actor: Actor, case: CaseView) -> Component:
    view, may = case.incident, "incidents.manage" in actor.permissions
    speaks = may and view.kind == "incident" and view.status != "postmortem"
    return stack([
        html.Div(_head(services, case), id=_ids.part("head")),
        dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
        dcc.Store(id=_ids.part("which"), data=view.id),
        dcc.Store(id=_ids.part("version"), data=view.version),
        None if speaks else html.Div(id=_ids.part("conflict")),
        columns([
            _form(services, actor, view) if speaks else _no_form(view),
            card(html.Div(timeline(_ids, view, services.clock.now(), may_correct=may), id=_ids.part("timeline")),
                 title="What was said"),
        ], least="half"),
        *chapters(_ids, case, may=may),
    ])  # fmt: skip


def _head(services: Services, case: CaseView) -> Component:
    view = case.incident
    chips = [component_chip(each.name, each.status) for each in view.affected]
    own = button("On the status page", href=f"/status/incidents/{view.id}/", icon_name="external-link", kind="quiet")
    return stack([
        page_head(view.name, lead=["Began ", timestamp(view.started_at, now=services.clock.now())], actions=own),
        html.P([status_chip(view.status), impact_chip(view.impact), *chips], className="chips"),
        banner("The figure keeps its promise again", f"{case.recovered} Resolve it when you are sure.",
               state=Colour.GOOD)
        if case.recovered and case.taken_over and view.resolved_at is None else None,
        banner("Opened by a breach", "It closes itself once the figure is well, until a person posts or takes it over.",
               state=Colour.PLAN) if view.automatic and not case.taken_over and view.resolved_at is None else None,
    ], gap="small")  # fmt: skip


def _no_form(view: IncidentView) -> Component:
    if view.kind == "maintenance":
        text = "A maintenance is moved on from its own page."
        return card(stack([html.P(text), link("Maintenance", "/admin/maintenance", arrow=True)]), title="Maintenance")
    text = "Its last chapter is written: declare a new incident for what happens now."
    return card(html.P(text), title="Closed" if view.status == "postmortem" else "Read only")


def _form(services: Services, actor: Actor, view: IncidentView) -> Component:
    templates = [each for each in services.incidents.templates.every(actor) if each.kind == "incident"]
    offered = [Option("", "No template"), *(Option(each.id, each.label) for each in templates)]
    return card(
        stack([
            select("Template", offered, id=_ids.part("template"), value="", required=False),
            segmented("Status", status_options(_STATUSES), _next(view.status), id=_ids.part("status")),
            text_area("Message", id=_ids.part("body"), rows=5, maxLength=10_000, hint="Markdown."),
            html.Div(preview(""), id=_ids.part("preview"), className="preview"),
            html.Fieldset([
                html.Legend("Components from now on"),
                search_box("Find a component", id=_ids.part("search")),
                html.Div(_rows(services, actor, view, {}, ""), id=_ids.part("rows"), className="givings"),
            ], className="field"),
            switch("Tell subscribers", on=True, id=_ids.part("notify")),
            html.Div(id=_ids.part("conflict")),
            html.Div(button("Post update", kind="primary", icon_name="send", id=_ids.part("post")), className="acts"),
        ]),
        title="Post an update",
    )  # fmt: skip


def _rows(services: Services, actor: Actor, view: IncidentView, chosen: dict[str, str], search: str) -> Component:
    """Offer the components of the incident first, with what it says of them now."""
    spoken_of = {each.component_id for each in view.affected}
    offered = sorted(services.incidents.casebook.components(actor), key=lambda each: each.id not in spoken_of)
    return component_rows(_ids, offered, chosen, search)


def _next(status: str) -> str:
    return status if status in _STATUSES else "monitoring"


def _register_refresh(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("head"), "children"),
        Output(_ids.part("timeline"), "children"),
        Output(_ids.part("conflict"), "children"),
        Input(_ids.part("tick"), "n_intervals"),
        State(_ids.part("which"), "data"),
        State(_ids.part("version"), "data"),
        prevent_initial_call=True,
    )
    def refresh(_: int | None, incident_id: str, version: int) -> tuple[Any, Any, Any]:
        actor = current_actor()
        case = services.incidents.casebook.case(actor, incident_id)
        may = "incidents.manage" in actor.permissions
        shown = timeline(_ids, case.incident, services.clock.now(), may_correct=may)
        if case.incident.version == version:
            return _head(services, case), shown, no_update
        lines = tuple(line for entry in reversed(case.journal) if entry.version > version for line in entry.lines)
        changed = Conflict("incident_changed", "Somebody changed it.", version=case.incident.version, changes=lines)
        return _head(services, case), shown, conflict_banner(changed, _ids.part("accept"))


def _register_form(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("preview"), "children"), Input(_ids.part("body"), "value"), prevent_initial_call=True
    )
    def show(body: str | None) -> Component:
        return preview(body)

    @callbacks.callback(
        Output(_ids.part("rows"), "children"),
        Output(_ids.part("body"), "value"),
        Output(_ids.part("status"), "value"),
        Input(_ids.part("search"), "value"),
        Input(_ids.part("template"), "value"),
        State(_ids.part("which"), "data"),
        State(_ids.each("give"), "id"),
        State(_ids.each("give"), "value"),
        prevent_initial_call=True,
    )
    def offer(search: str | None, template_id: str | None, incident_id: str, *rows: Any) -> Any:  # noqa: ANN401 -- Dash hands over lists
        actor = current_actor()
        view = services.incidents.reads.incident(actor, incident_id)
        chosen = chosen_statuses(rows[0], rows[1])
        offered = _rows(services, actor, view, chosen, search or "")
        templates = services.incidents.templates.every(actor) if ctx.triggered_id == _ids.part("template") else ()
        template = next((each for each in templates if each.id == template_id), None)
        if template is None:
            return offered, no_update, no_update
        names = [each.name for each in view.affected]
        status = template.status if template.status in _STATUSES else no_update
        return offered, filled(template.body, components=names, at=services.clock.now()), status

    @callbacks.callback(
        Output(_ids.part("version"), "data", allow_duplicate=True),
        Output(_ids.part("conflict"), "children", allow_duplicate=True),
        Input(_ids.part("accept"), "n_clicks"),
        State(_ids.part("which"), "data"),
        prevent_initial_call=True,
    )
    def accept(clicks: int | None, incident_id: str) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        return services.incidents.reads.incident(current_actor(), incident_id).version, None


def _register_post(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("head"), "children", allow_duplicate=True),
        Output(_ids.part("timeline"), "children", allow_duplicate=True),
        Output(_ids.part("conflict"), "children", allow_duplicate=True),
        Output(_ids.part("version"), "data"),
        Output(_ids.part("body"), "value", allow_duplicate=True),
        Output(_ids.part("rows"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("post"), "n_clicks"),
        State(_ids.part("which"), "data"),
        State(_ids.part("version"), "data"),
        State(_ids.part("status"), "value"),
        State(_ids.part("body"), "value"),
        State(_ids.each("give"), "id"),
        State(_ids.each("give"), "value"),
        State(_ids.part("notify"), "checked"),
        prevent_initial_call=True,
    )
    def post(clicks: int | None, incident_id: str, version: int, *values: Any) -> Any:  # noqa: ANN401 -- Dash hands over one value per field
        if not clicks:
            return (no_update,) * 7
        actor = current_actor()
        status, body, rows, given, notify = values
        try:
            draft = UpdateDraft(status, body or "", drafts(chosen_statuses(rows, given)), notifies=notify is not False)
            services.incidents.declaring.post_update(actor, incident_id, draft, version=version)
        except Conflict as refusal:
            if refusal.code != "incident_changed":
                return *(no_update,) * 6, toast("Not posted", refusal.message, state=Colour.BAD)
            return *(no_update,) * 2, conflict_banner(refusal, _ids.part("accept")), *(no_update,) * 4
        except DomainError as refusal:
            return *(no_update,) * 6, toast("Not posted", said(refusal), state=Colour.BAD)
        case = services.incidents.casebook.case(actor, incident_id)
        shown = timeline(_ids, case.incident, services.clock.now(), may_correct=True)
        offered = _rows(services, actor, case.incident, {}, "")
        told = toast("Posted", "The public reads it now.")
        return _head(services, case), shown, None, case.incident.version, "", offered, told

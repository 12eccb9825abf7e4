"""Incidents: what goes on, what was, and one form that tells the public of something new."""

from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.incident_parts import (
    chosen_statuses,
    component_chip,
    component_rows,
    drafts,
    impact_chip,
    instant_of,
    preview,
    said,
    status_chip,
    status_options,
)
from services.facade import Services
from services.incidents.markup import to_plain_text
from services.incidents.templates import filled
from services.incidents.views import IncidentDraft, IncidentView, TemplateView
from services.kernel.context import Actor
from services.kernel.errors import DomainError
from services.kernel.paging import PageRequest
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
    link,
    page_head,
    panel,
    search_box,
    segmented,
    select,
    stack,
    switch,
    text_area,
    text_input,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ids = Ids("incidents")
_DECLARE = _ids.part("declare")
_REFRESH_MS = 5_000
_PAGE = 25


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        may = "incidents.manage" in visit.actor.permissions
        opener = button("Declare incident", kind="primary", icon_name="siren", opens=_DECLARE) if may else None
        return stack([
            page_head("Incidents", lead="What the public is told, from the first word to the post-mortem.",
                      actions=opener),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            html.Div(_active(services, visit.actor), id=_ids.part("active")),
            html.Div(_history(services, visit.actor, None), id=_ids.part("history")),
            _older(services, visit.actor),
            dcc.Store(id=_ids.part("cursor")),
            _declare_dialog(services, visit.actor) if may else None,
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_lists(services, callbacks)
        _register_form(services, callbacks)
        _register_declare(services, callbacks)

    return Page("incidents", "Incidents", "incidents.drafts.read", layout, register)


def _active(services: Services, actor: Actor) -> Component:
    now = services.clock.now()
    return panel(
        lambda: Loaded([v for v in services.incidents.reads.active(actor) if v.kind == "incident"], now),
        lambda views: html.Div([_one(view) for view in views], className="going"),
        title="Going on now",
        now=now,
        empty=Empty("Nothing goes on", "When people notice something before you do, declare it here: one form."),
    )


def _one(view: IncidentView) -> Component:
    last = view.updates[0]
    chips = [component_chip(each.name, each.status) for each in view.affected if each.status != "operational"]
    by = "opened by a breach" if view.automatic else "declared by a person"
    return html.Article([
        html.Div([
            html.H3(html.A(view.name, href=f"/admin/incidents/{view.id}")),
            html.P([status_chip(view.status), impact_chip(view.impact), *chips], className="chips"),
            html.P(to_plain_text(last.body, 240)),
            html.P([html.Span(["Since ", timestamp(view.started_at)]), html.Span(by)], className="meta"),
        ]),
        button("Post update", href=f"/admin/incidents/{view.id}", icon_name="send"),
    ])  # fmt: skip


def _history(services: Services, actor: Actor, after: str | None) -> Component:
    now = services.clock.now()
    columns = [
        Column[IncidentView](
            "name", "Incident", lambda v: with_sub(link(v.name, f"/admin/incidents/{v.id}"), _about(v))
        ),
        Column[IncidentView]("status", "Status", lambda v: status_chip(v.status)),
        Column[IncidentView]("impact", "Impact", lambda v: impact_chip(v.impact), priority=2),
        Column[IncidentView]("started", "Began", lambda v: timestamp(v.started_at), priority=2),
        Column[IncidentView]("resolved", "Over", lambda v: timestamp(v.resolved_at) if v.resolved_at else "goes on"),
    ]
    return panel(
        lambda: Loaded(services.incidents.reads.history(actor, PageRequest(after, _PAGE)).items, now),
        lambda views: data_grid(views, columns, caption="Incidents", noun="incidents-list", row_key=lambda v: v.id),
        title="History",
        now=now,
        flush=True,
        empty=Empty("No incidents yet", "What was declared appears here and stays."),
    )


def _older(services: Services, actor: Actor) -> Component:
    more = services.incidents.reads.history(actor, PageRequest(None, _PAGE)).next_cursor is not None
    older = button("Older", id=_ids.part("older"), icon_name="chevron-down")
    return html.Div(older, className="acts", hidden=not more)


def _about(view: IncidentView) -> str:
    named = ", ".join(each.name for each in view.affected[:4])
    return named or "the whole platform"


def _declare_dialog(services: Services, actor: Actor) -> Component:
    templates = [each for each in services.incidents.templates.every(actor) if each.kind == "incident"]
    offered = [Option("", "No template"), *(Option(each.id, each.label) for each in templates)]
    components = services.incidents.casebook.components(actor)
    return dialog(
        "Declare an incident",
        [
            select("Template", offered, id=_ids.part("template"), value="", required=False) if templates else
            Hidden(_ids.part("template")),
            text_input("What do people notice?", id=_ids.part("name"), maxLength=255, autoComplete="off",
                       placeholder="Some payments fail"),
            segmented("Status", status_options(("investigating", "identified", "monitoring")), "investigating",
                      id=_ids.part("status")),
            text_area("Message", id=_ids.part("body"), rows=4, maxLength=10_000, hint="Markdown.",
                      placeholder="We are looking into failing payments."),
            html.Div(preview(""), id=_ids.part("preview"), className="preview"),
            html.Fieldset([
                html.Legend("Components"),
                search_box("Find a component", id=_ids.part("search")),
                html.Div(component_rows(_ids, components, {}, ""), id=_ids.part("rows"), className="givings"),
            ], className="field"),
            _further(),
            switch("Tell subscribers", on=True, id=_ids.part("notify")),
        ],
        id=_DECLARE,
        wide=True,
        actions=[cancel_button(), button("Tell the public", kind="primary", id=_ids.part("send"), icon_name="siren")],
    )  # fmt: skip


class Hidden(html.Div):
    """The place of a field that is not offered, so that its callbacks find it."""

    def __init__(self, id: str) -> None:  # noqa: A002 -- as Dash names it
        super().__init__(id=id, hidden=True)


def _further() -> Component:
    impacts = [Option("", "From the components"), *(Option(i, i.capitalize()) for i in ("none", "minor", "major"))]
    return html.Details([
        html.Summary("It began earlier, or its impact is another one"),
        fields([
            text_input("Began (UTC)", id=_ids.part("began"), type="datetime-local", required=False),
            text_input("Over (UTC)", id=_ids.part("over"), type="datetime-local", required=False,
                       hint="With both, it is entered as past; nobody is notified."),
            select("Impact", [*impacts, Option("critical", "Critical")], id=_ids.part("impact"), value="",
                   required=False),
            text_input("Reason for that impact", id=_ids.part("reason"), required=False, maxLength=1_000),
        ]),
    ])  # fmt: skip


def _register_lists(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("active"), "children"), Input(_ids.part("tick"), "n_intervals"), prevent_initial_call=True
    )
    def refresh(_: int | None) -> Component:
        return _active(services, current_actor())

    @callbacks.callback(
        Output(_ids.part("history"), "children"),
        Output(_ids.part("cursor"), "data"),
        Input(_ids.part("older"), "n_clicks"),
        State(_ids.part("cursor"), "data"),
        prevent_initial_call=True,
    )
    def older(clicks: int | None, cursor: str | None) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        actor, reads = current_actor(), services.incidents.reads
        if cursor is None:
            cursor = reads.history(actor, PageRequest(None, _PAGE)).next_cursor
        if cursor is None:
            return no_update, no_update
        return _history(services, actor, cursor), reads.history(actor, PageRequest(cursor, _PAGE)).next_cursor


def _register_form(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("preview"), "children"), Input(_ids.part("body"), "value"), prevent_initial_call=True
    )
    def show(body: str | None) -> Component:
        return preview(body)

    @callbacks.callback(
        Output(_ids.part("rows"), "children"),
        Output(_ids.part("name"), "value"),
        Output(_ids.part("body"), "value"),
        Output(_ids.part("status"), "value"),
        Input(_ids.part("search"), "value"),
        Input(_ids.part("template"), "value"),
        State(_ids.each("give"), "id"),
        State(_ids.each("give"), "value"),
        prevent_initial_call=True,
    )
    def offer(search: str | None, template_id: str | None, rows: list[dict[str, str]], values: list[str | None]) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        actor = current_actor()
        components = services.incidents.casebook.components(actor)
        chosen = chosen_statuses(rows, values)
        template = None
        if ctx.triggered_id == _ids.part("template") and template_id:
            template = _template(services, actor, template_id)
        if template is None:
            return component_rows(_ids, components, chosen, search or ""), no_update, no_update, no_update
        if template.component_status:
            chosen = dict.fromkeys(chosen, template.component_status)
        names = [each.name for each in components if each.id in chosen]
        now = services.clock.now()
        return (
            component_rows(_ids, components, chosen, search or ""),
            filled(template.name, components=names, at=now),
            filled(template.body, components=names, at=now),
            template.status,
        )


def _template(services: Services, actor: Actor, template_id: str) -> TemplateView | None:
    found = services.incidents.templates.every(actor)
    return next((each for each in found if each.id == template_id), None)


def _register_declare(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_DECLARE, "open"),
        Output(_ids.part("active"), "children", allow_duplicate=True),
        Output(_ids.part("history"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Output(_ids.part("name"), "value", allow_duplicate=True),
        Output(_ids.part("body"), "value", allow_duplicate=True),
        Output(_ids.part("rows"), "children", allow_duplicate=True),
        Output(_ids.part("template"), "value"),
        Input(_ids.part("send"), "n_clicks"),
        State(_ids.part("name"), "value"),
        State(_ids.part("status"), "value"),
        State(_ids.part("body"), "value"),
        State(_ids.each("give"), "id"),
        State(_ids.each("give"), "value"),
        State(_ids.part("impact"), "value"),
        State(_ids.part("reason"), "value"),
        State(_ids.part("began"), "value"),
        State(_ids.part("over"), "value"),
        State(_ids.part("notify"), "checked"),
        prevent_initial_call=True,
    )
    def declare(clicks: int | None, *values: Any) -> Any:  # noqa: ANN401 -- Dash hands over one value per field
        if not clicks:
            return (no_update,) * 8
        actor = current_actor()
        name, status, body, rows, given, impact, reason, began, over, notify = values
        try:
            draft = IncidentDraft(
                name or "",
                status,
                body or "",
                drafts(chosen_statuses(rows, given)),
                impact or None,
                reason or "",
                notify is not False,
                instant_of(began, "began"),
                instant_of(over, "over"),
            )
            incident_id = services.incidents.declaring.declare(actor, draft)
        except DomainError as refusal:
            told = toast("Not declared", said(refusal), state=Colour.BAD)
            return *(no_update,) * 3, told, *(no_update,) * 4
        action = link("Post the next update", f"/admin/incidents/{incident_id}", arrow=True)
        told = toast("The public is told", "It is on the status page.", action=action)
        lists = _active(services, actor), _history(services, actor, None)
        rows_again = component_rows(_ids, services.incidents.casebook.components(actor), {}, "")
        return False, *lists, told, "", "", rows_again, ""

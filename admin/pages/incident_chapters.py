"""The later chapters of an incident: its post-mortem, its journal, and what is set by hand."""

from typing import Any

from dash import Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from admin.pages.incident_acts import correct_dialog, settings_card
from admin.pages.incident_parts import preview, said
from services.facade import Services
from services.incidents.markup import POSTMORTEM_MAX
from services.incidents.views import CaseView, JournalView
from services.kernel.errors import DomainError
from web.shell.pages import Callbacks
from web.shell.sessions import current_actor
from web.ui import Ids, button, card, columns, mono, stack, text_area, timestamp, toast
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_OUTLINE = """## What happened

## Why

## How we found it, and what it did to people

## What we change
"""


def chapters(ids: Ids, case: CaseView, *, may: bool) -> list[Component]:
    """Return the cards below the timeline."""
    parts: list[Component] = []
    if case.incident.kind == "incident":
        parts.append(_postmortem(ids, case, may=may))
    parts.append(columns(
        [*([settings_card(ids, case)] if may else []), _journal(case.journal)], least="half"
    ))  # fmt: skip
    if may:
        parts.append(correct_dialog(ids))
    return parts


def _postmortem(ids: Ids, case: CaseView, *, may: bool) -> Component:
    view = case.incident
    if not may:
        return card(preview(view.postmortem or case.postmortem_draft), title="Post-mortem")
    over = view.resolved_at is not None
    published = view.postmortem_at is not None
    hint = "Only staff read the draft." if over else "Only staff read the draft; it is published once this is resolved."
    return card(
        columns([
            stack([
                text_area("What happened, why, and what changes", id=ids.part("postmortem"), rows=12, required=False,
                          value=case.postmortem_draft or _OUTLINE, maxLength=POSTMORTEM_MAX, hint=hint),
                html.Div([
                    button("Save draft", id=ids.part("save-draft"), icon_name="file-text"),
                    button("Publish correction" if published else "Publish", kind="primary", icon_name="book-open",
                           id=ids.part("publish"), disabled=not over),
                ], className="acts"),
            ]),
            html.Div(preview(case.postmortem_draft), id=ids.part("postmortem-preview"), className="preview"),
        ], least="half"),
        title="Post-mortem",
    )  # fmt: skip


def _journal(journal: tuple[JournalView, ...]) -> Component:
    rows = [
        html.Li([
            html.Header([timestamp(each.at), mono(f"{each.actor_kind} {each.actor_id[:16]} v{each.version}")]),
            *(html.P(line) for line in each.lines),
        ])
        for each in journal
    ]  # fmt: skip
    return card(html.Ol(rows, className="told small"), title="Who changed what")


def register_chapters(services: Services, callbacks: Callbacks, ids: Ids) -> None:
    """Register what the post-mortem's buttons do."""

    @callbacks.callback(
        Output(ids.part("postmortem-preview"), "children"),
        Input(ids.part("postmortem"), "value"),
        prevent_initial_call=True,
    )
    def show(text: str | None) -> Component:
        return preview(text)

    @callbacks.callback(
        Output(ids.part("version"), "data", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(ids.part("save-draft"), "n_clicks"),
        Input(ids.part("publish"), "n_clicks"),
        State(ids.part("which"), "data"),
        State(ids.part("version"), "data"),
        State(ids.part("postmortem"), "value"),
        prevent_initial_call=True,
    )
    def keep(saves: int | None, publishes: int | None, incident_id: str, version: int, text: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not saves and not publishes:
            return no_update, no_update
        actor, verbs = current_actor(), services.incidents.postmortems
        try:
            if ctx.triggered_id == ids.part("publish"):
                verbs.publish(actor, incident_id, text=text or "", version=version)
                told = toast("Published", "It stands on the incident's public page.")
            else:
                verbs.save_draft(actor, incident_id, text=text or "", version=version)
                told = toast("Draft saved", "Only staff read it.")
        except DomainError as refusal:
            return no_update, toast("Not kept; your text is still here", said(refusal), state=Colour.BAD)
        return services.incidents.reads.incident(actor, incident_id).version, told

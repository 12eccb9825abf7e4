"""What is done to an incident beside updates: corrected, renamed, weighed by hand, taken over, withdrawn."""

from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.incident_parts import said
from services.facade import Services
from services.incidents.views import CaseView
from services.kernel.context import Actor
from services.kernel.errors import DomainError
from web.shell.pages import Callbacks
from web.shell.sessions import current_actor
from web.ui import (
    Ids,
    Option,
    button,
    cancel_button,
    card,
    dialog,
    fields,
    select,
    stack,
    text_area,
    text_input,
    toast,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ACTS = ("rename", "weigh", "take-over", "withdraw")


def settings_card(ids: Ids, case: CaseView) -> Component:
    """What can be set by hand, each with its reason."""
    view = case.incident
    impacts = [Option("", "From the components"), *(Option(i, i.capitalize()) for i in ("none", "minor", "major"))]
    chosen = view.impact.value if view.impact_overridden else ""
    incident = view.kind == "incident"
    return card(
        stack([
            text_input("Name", id=ids.part("name"), value=view.name, maxLength=255, autoComplete="off"),
            html.Div(button("Rename", id=ids.one("act", "rename"), icon_name="pencil"), className="acts"),
            fields([
                select("Impact", [*impacts, Option("critical", "Critical")], id=ids.part("impact"), value=chosen,
                       required=False),
                text_input("Reason", id=ids.part("reason"), value=case.impact_reason, required=False, maxLength=1_000,
                           hint="Recorded with the change; needed to set an impact and to withdraw."),
            ]),
            html.Div([
                button("Set impact", id=ids.one("act", "weigh"), icon_name="gauge", disabled=not incident),
                button("Take over", id=ids.one("act", "take-over"), icon_name="user",
                       disabled=not view.automatic or case.taken_over),
                button("Withdraw", kind="danger", id=ids.one("act", "withdraw"), icon_name="trash-2",
                       disabled=not incident),
            ], className="acts"),
        ]),
        title="By hand",
    )  # fmt: skip


def correct_dialog(ids: Ids) -> Component:
    """The dialog in which an old update is corrected."""
    return dialog(
        "Correct an update",
        [
            dcc.Store(id=ids.part("correcting")),
            text_area("What it should have said", id=ids.part("correction"), rows=8, maxLength=10_000),
        ],
        id=ids.part("correct-dialog"),
        lead="It is marked as edited; nobody is notified. What stood there before stays in the journal.",
        actions=[cancel_button(), button("Correct", kind="primary", id=ids.part("correct-save"))],
        wide=True,
    )


def register_acts(services: Services, callbacks: Callbacks, ids: Ids) -> None:
    """Register what the buttons do."""
    _register_correction(services, callbacks, ids)

    @callbacks.callback(
        Output(ids.part("version"), "data", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(ids.each("act"), "n_clicks"),
        State(ids.part("which"), "data"),
        State(ids.part("version"), "data"),
        State(ids.part("name"), "value"),
        State(ids.part("impact"), "value"),
        State(ids.part("reason"), "value"),
        prevent_initial_call=True,
    )
    def act(_: list[int | None], incident_id: str, version: int, *values: Any) -> Any:  # noqa: ANN401 -- Dash hands over one value per field
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return no_update, no_update
        actor = current_actor()
        name, impact, reason = (str(each or "") for each in values)
        try:
            told, now_at = _act(
                services, actor, ctx.triggered_id["key"], (incident_id, version), (name, impact, reason)
            )
        except DomainError as refusal:
            return no_update, toast("Not done", said(refusal), state=Colour.BAD)
        if ctx.triggered_id["key"] == "withdraw":
            return no_update, toast(told)
        # The version that this act made, not the newest: what another person did meanwhile stays to be seen.
        return now_at, toast(told)


def _act(
    services: Services, actor: Actor, act: str, which: tuple[str, int], values: tuple[str, str, str]
) -> tuple[str, int]:
    (incident_id, version), (name, impact, reason) = which, values
    declaring = services.incidents.declaring
    if act == "rename":
        return "Renamed", declaring.rename(actor, incident_id, name=name, version=version)
    if act == "weigh":
        made = declaring.set_impact(actor, incident_id, impact=impact or None, reason=reason, version=version)
        return "Impact set", made
    if act == "take-over":
        made = declaring.take_over(actor, incident_id, version=version)
        return "It is in your hands: it does not close by itself any more", made
    declaring.withdraw(actor, incident_id, reason=reason, version=version)
    return "Withdrawn from the public page", version


def _register_correction(services: Services, callbacks: Callbacks, ids: Ids) -> None:
    @callbacks.callback(
        Output(ids.part("correct-dialog"), "open"),
        Output(ids.part("correcting"), "data"),
        Output(ids.part("correction"), "value"),
        Input(ids.each("correct"), "n_clicks"),
        State(ids.part("which"), "data"),
        prevent_initial_call=True,
    )
    def begin(_: list[int | None], incident_id: str) -> tuple[Any, Any, Any]:
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return no_update, no_update, no_update
        view = services.incidents.reads.incident(current_actor(), incident_id)
        update = next((each for each in view.updates if each.id == ctx.triggered_id["key"]), None)
        return (True, update.id, update.body) if update else (no_update, no_update, no_update)

    @callbacks.callback(
        Output(ids.part("correct-dialog"), "open", allow_duplicate=True),
        Output(ids.part("version"), "data", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(ids.part("correct-save"), "n_clicks"),
        State(ids.part("which"), "data"),
        State(ids.part("version"), "data"),
        State(ids.part("correcting"), "data"),
        State(ids.part("correction"), "value"),
        prevent_initial_call=True,
    )
    def correct(clicks: int | None, incident_id: str, version: int, update_id: str | None, body: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks or not update_id:
            return no_update, no_update, no_update
        actor = current_actor()
        try:
            made = services.incidents.declaring.correct_update(
                actor, incident_id, update_id, body=body or "", version=version
            )
        except DomainError as refusal:
            told = toast("Not corrected; your text is still here", said(refusal), state=Colour.BAD)
            return no_update, no_update, told
        return False, made, toast("Corrected")

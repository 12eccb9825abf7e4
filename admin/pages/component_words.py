"""A person's word on how a component stands: now and until when, or in the past; each with its recorded reason."""

from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.component_parts import settable_options, status_of
from admin.pages.incident_parts import instant_of, said
from services.components.views import ArrangedView
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import Conflict, DomainError, Invalid
from web.shell.pages import Callbacks
from web.shell.sessions import current_actor
from web.ui import Ids, button, card, fields, select, stack, text_input, toast
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_PARTS = ("status", "until", "reason", "past-status", "past-from", "past-to", "past-reason")
_REASON_MAX = 500


def words_card(services: Services, actor: Actor, ids: Ids, view: ArrangedView) -> Component:
    """The forms by which a person says how a component stands, or stood."""
    hand = [button("Say so", id=ids.one("word", "state"), kind="primary", icon_name="pencil")] if view.manual else []
    return card(
        stack([
            dcc.Store(id=ids.part("newest"), data=_newest(services, actor, view.id)),
            fields([
                select("It stands", settable_options(), id=ids.part("status"), value="degraded_performance"),
                text_input("Until (UTC)", id=ids.part("until"), type="datetime-local", required=False,
                           hint="Empty: until it is cleared."),
            ]),
            text_input("Reason", id=ids.part("reason"), maxLength=_REASON_MAX, autoComplete="off",
                       hint="Recorded, and shown to everybody."),
            html.Div([
                *hand,
                button("Override", id=ids.one("word", "override"), icon_name="flag",
                       kind="secondary" if view.manual else "primary"),
                button("Clear override", id=ids.one("word", "clear"), icon_name="rotate-cw"),
            ], className="acts"),
            html.Details([
                html.Summary("Correct the past"),
                html.P("What was measured stays stored: withdrawing the correction brings it back.", className="hint"),
                fields([
                    text_input("From (UTC)", id=ids.part("past-from"), type="datetime-local", required=False),
                    text_input("To (UTC)", id=ids.part("past-to"), type="datetime-local", required=False),
                    select("It stood", settable_options(), id=ids.part("past-status"), value="operational"),
                ]),
                text_input("Reason for the correction", id=ids.part("past-reason"), maxLength=_REASON_MAX,
                           required=False, autoComplete="off"),
                html.Div(button("Correct", id=ids.one("word", "correct")), className="acts"),
            ]),
        ]),
        title="How it stands, by hand",
    )  # fmt: skip


def register_words(services: Services, callbacks: Callbacks, ids: Ids) -> None:
    """Register what the buttons do."""

    @callbacks.callback(
        Output(ids.part("newest"), "data"),
        Output(ids.part("tick"), "n_intervals"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(ids.each("word"), "n_clicks"),
        Input(ids.each("withdraw"), "n_clicks"),
        State(ids.part("which"), "data"),
        State(ids.part("newest"), "data"),
        *(State(ids.part(part), "value") for part in _PARTS),
        prevent_initial_call=True,
    )
    def say(_words: Any, _withdraws: Any, component_id: str, newest: str, *values: str | None) -> Any:  # noqa: ANN401 -- Dash hands over one value per button
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return (no_update,) * 3
        actor, given = current_actor(), {part: value or "" for part, value in zip(_PARTS, values, strict=True)}
        try:
            told = _said(services, actor, (ctx.triggered_id["part"], ctx.triggered_id["key"]), component_id,
                         given | {"newest": newest})  # fmt: skip
        except Conflict as refusal:
            # The history is drawn anew beside the form: what was said there is read, and the next press counts.
            fresh = _newest(services, actor, component_id)
            return fresh, 0, toast("Not said; your text is still here", said(refusal), state=Colour.WARN)
        except DomainError as refusal:
            return no_update, no_update, toast("Not said; your text is still here", said(refusal), state=Colour.BAD)
        return _newest(services, actor, component_id), 0, toast(told, "It is recorded with your reason.")


def _said(services: Services, actor: Actor, pressed: tuple[str, str], component_id: str, given: dict[str, str]) -> str:
    verbs, (part, key) = services.components.overrides, pressed
    if part.endswith("withdraw"):
        reason = given["reason"] or given["past-reason"]
        verbs.withdraw(actor, correction_id=key, reason=reason)
        return "Withdrawn"
    if key == "clear":
        verbs.clear(actor, component_id=component_id, reason=given["reason"], newest=given["newest"])
        return "Cleared: its sources tell again"
    if key == "correct":
        begins, ends = instant_of(given["past-from"], "starts_at"), instant_of(given["past-to"], "ends_at")
        if begins is None or ends is None:
            message = "Choose where the correction begins and ends."
            raise Invalid("correction_span_invalid", message, fields={"span": message})
        verbs.correct(actor, component_id=component_id, status=status_of(given["past-status"]), starts_at=begins,
                      ends_at=ends, reason=given["past-reason"])  # fmt: skip
        return "Corrected"
    status, reason, newest = status_of(given["status"]), given["reason"], given["newest"]
    if key == "state":
        verbs.state(actor, component_id=component_id, status=status, reason=reason, newest=newest)
        return "Said"
    verbs.override(actor, component_id=component_id, status=status, reason=reason,
                   until_at=instant_of(given["until"], "until_at"), newest=newest)  # fmt: skip
    return "Overridden"


def _newest(services: Services, actor: Actor, component_id: str) -> str:
    decrees = services.components.overrides.decrees(actor, component_id=component_id)
    return decrees[0].word_id if decrees else ""

"""Service levels: what is promised, how it stands, what counts, and who changed a promise and why."""

from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError, Invalid
from services.slas import RevisionView, TermsView
from services.slas.views import SlaState, SlaView
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
    card,
    chip,
    data_grid,
    dialog,
    fields,
    fmt,
    mono,
    page_head,
    panel,
    select,
    stack,
    text_input,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ids = Ids("slas")
_REVISE = _ids.part("revise")
_AGREE = _ids.part("agree")
_STATES = {
    SlaState.HEALTHY: ("kept", Colour.GOOD),
    SlaState.BREACHED: ("breached", Colour.BAD),
    SlaState.EXHAUSTED: ("budget used up", Colour.BAD),
    SlaState.FEW_EVENTS: ("few events", Colour.UNKNOWN),
    SlaState.NO_DATA: ("no data", Colour.UNKNOWN),
    SlaState.UNKNOWN: ("unknown", Colour.UNKNOWN),
}
_WINDOWS = [Option(str(days), "1 day" if days == 1 else f"{days} days") for days in (1, 7, 28, 30, 90)]
_DAY = 86_400
_TERMS = ("target", "window", "reason")


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        may = "slas.manage" in visit.actor.permissions
        actions = [button("Mark a past span", href="/admin/maintenance", icon_name="wrench")]
        if may:
            actions.append(button("Agree on a component", kind="primary", icon_name="plus", opens=_AGREE))
        lead = "What we promise and how it stands. A past span is left out by marking it as maintenance, with a reason."
        return stack([
            page_head("Service levels", lead=lead, actions=actions),
            html.Div(_body(services, visit.actor), id=_ids.part("body"), className="stack normal"),
            *((_revise_dialog(), _agree_dialog(services, visit.actor)) if may else ()),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_open(services, callbacks)
        _register_revise(services, callbacks)
        _register_agree(services, callbacks)

    return Page("slas", "Service levels", "slas.review", layout, register)


def _body(services: Services, actor: Actor) -> list[Component]:
    now = services.clock.now()
    terms = {each.name: each for each in services.slas.terms.terms(actor)}
    may = "slas.manage" in actor.permissions
    grid = [
        Column[SlaView]("title", "Agreement", lambda r: with_sub(r.title, r.promise)),
        Column[SlaView]("state", "State", lambda r: chip(*_STATES[r.state])),
        Column[SlaView]("attained", "Attained", lambda r: fmt.availability(r.attained_ratio), numeric=True),
        Column[SlaView]("left", "Budget left", lambda r: fmt.percent(r.budget_left_ratio), numeric=True),
        Column[SlaView]("burn", "Worst burn", _worst_burn, numeric=True, priority=2),
        Column[SlaView]("filled", "Window measured", lambda r: fmt.percent(r.window_filled_ratio, 0), numeric=True,
                        priority=2),
        Column[SlaView]("actions", "Actions", lambda r: _actions(terms.get(r.name), may=may), label_hidden=True),
    ]  # fmt: skip
    changes = [(each, revision) for each in terms.values() for revision in each.revisions]
    changes.sort(key=lambda pair: pair[1].at, reverse=True)
    return [
        panel(
            lambda: Loaded(services.slas.reads.slas(actor), now),
            lambda rows: data_grid(rows, grid, caption="Agreements", noun="agreements", row_key=lambda r: r.name),
            title="Agreements",
            now=now,
            flush=True,
            empty=Empty("Nothing is agreed", "The declared agreements come with the first look of the engine."),
        ),
        panel(
            lambda: Loaded(changes, now),
            lambda rows: data_grid(
                rows,
                _changes_grid(),
                caption="Changes of terms",
                noun="changes",
                row_key=lambda r: f"{r[0].name}{r[1].at}",
            ),
            title="What was changed, by whom and why",
            now=now,
            flush=True,
            empty=Empty("No terms were changed", "What the product declares holds, from its first day."),
        ),
        card(
            html.Dl(
                [
                    html.Div([html.Dt(each.title), html.Dd([each.policy, " ", each.state_reason])])
                    for each in services.slas.reads.slas(actor)
                ],
                className="facts",
            ),
            title="What counts, and why each stands as it does",
        ),
    ]


def _changes_grid() -> list[Column[tuple[TermsView, RevisionView]]]:
    of = Column[tuple[TermsView, RevisionView]]
    return [
        of("title", "Agreement", lambda r: with_sub(r[0].title, _about(r[0]))),
        of("target", "Target", lambda r: fmt.percent(r[1].target_ratio, 3), numeric=True),
        of("window", "Window", lambda r: fmt.duration(r[1].window_seconds), priority=2),
        of("reason", "Why", lambda r: r[1].reason),
        of("who", "By and at", lambda r: with_sub(timestamp(r[1].at), mono(r[1].actor_id)), priority=2),
    ]


def _about(terms: TermsView) -> str:
    return "uptime of one component" if terms.component_id else f"declared as {terms.name}"


def _worst_burn(view: SlaView) -> str:
    rates = [each.long_burn / each.factor for each in view.burns if each.long_burn is not None and each.ready]
    return f"{fmt.percent(max(rates), 0)} of a rule" if rates else fmt.NO_DATA


def _actions(terms: TermsView | None, *, may: bool) -> Component | None:
    if terms is None or not may:
        return None
    return html.Div(button("Change terms", id=_ids.one("open", terms.name), icon_name="pencil"), className="acts")


def _terms_fields(which: str) -> list[Component]:
    return [
        fields([
            text_input("Target (%)", id=_ids.part(f"{which}-target"), maxLength=8, autoComplete="off",
                       hint="50 to 99.999."),
            select("Window", _WINDOWS, id=_ids.part(f"{which}-window"), value="30"),
        ]),
        text_input("Why", id=_ids.part(f"{which}-reason"), maxLength=500, autoComplete="off",
                   hint="Stands in the audit trail and below."),
    ]  # fmt: skip


def _revise_dialog() -> Component:
    return dialog(
        "Change terms",
        [dcc.Store(id=_ids.part("which")), *_terms_fields("revise")],
        id=_REVISE,
        lead="They hold from now on; a month is judged by the terms at its end.",
        actions=[cancel_button(), button("Change", kind="primary", id=_ids.part("save"))],
    )


def _agree_dialog(services: Services, actor: Actor) -> Component:
    names = services.slas.terms.components(actor)
    options = [Option(key, name) for key, name in sorted(names.items(), key=lambda pair: pair[1])]
    return dialog(
        "Agree on a component",
        [
            select("Component", options, id=_ids.part("component"), value=options[0].value if options else ""),
            *_terms_fields("agree"),
        ],
        id=_AGREE,
        lead="Its uptime is judged by the same rules as all others.",
        actions=[cancel_button(), button("Agree", kind="primary", id=_ids.part("make"))],
    )


def _register_open(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_REVISE, "open"),
        Output(_ids.part("which"), "data"),
        *(Output(_ids.part(f"revise-{name}"), "value") for name in _TERMS),
        Input(_ids.each("open"), "n_clicks"),
        prevent_initial_call=True,
    )
    def begin(_: list[int | None]) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return (no_update,) * 5
        every = services.slas.terms.terms(current_actor())
        found = next((each for each in every if each.name == ctx.triggered_id["key"]), None)
        if found is None:
            return (no_update,) * 5
        return True, found.name, f"{100 * found.target_ratio:.6g}", str(found.window_seconds // _DAY), ""


def _register_revise(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_REVISE, "open", allow_duplicate=True),
        Output(_ids.part("body"), "children"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("save"), "n_clicks"),
        State(_ids.part("which"), "data"),
        *(State(_ids.part(f"revise-{name}"), "value") for name in _TERMS),
        prevent_initial_call=True,
    )
    def save(clicks: int | None, which: str | None, *values: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks or not which:
            return (no_update,) * 3
        actor = current_actor()
        try:
            target, days, reason = _given(*values)
            services.slas.terms.revise(actor, sla=which, target_ratio=target, window_days=days, reason=reason)
        except DomainError as refusal:
            return no_update, no_update, toast("Not changed", refusal.message, state=Colour.BAD)
        return False, _body(services, actor), toast("Changed", "It is judged by these terms at the next look.")


def _register_agree(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_AGREE, "open"),
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("make"), "n_clicks"),
        State(_ids.part("component"), "value"),
        *(State(_ids.part(f"agree-{name}"), "value") for name in _TERMS),
        prevent_initial_call=True,
    )
    def agree(clicks: int | None, component_id: str | None, *values: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks:
            return (no_update,) * 3
        actor = current_actor()
        try:
            target, days, reason = _given(*values)
            services.slas.terms.agree(
                actor, component_id=component_id or "", target_ratio=target, window_days=days, reason=reason
            )
        except DomainError as refusal:
            return no_update, no_update, toast("Not agreed", refusal.message, state=Colour.BAD)
        return False, _body(services, actor), toast("Agreed", "It is judged from the next look on.")


def _given(target: str | None, window: str | None, reason: str | None) -> tuple[float, int, str]:
    """Return the terms that somebody typed.

    Raises: Invalid for a target or a window that is no number.
    """
    try:
        ratio = round(float((target or "").replace("%", "").replace(",", ".").strip()) / 100, 8)
        days = int(window or "")
    except ValueError:
        message = "Give the target in per cent, such as 99.95."
        raise Invalid("target_invalid", message, fields={"target_ratio": message}) from None
    return ratio, days, reason or ""

"""Payouts: asked for, approved by staff, sent by the processor, and done when the money arrived."""

from datetime import datetime
from typing import Any, Final

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError
from services.kernel.paging import PageRequest
from services.payments.rules import PayoutStage, money_of
from services.payments.views import PayoutView
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Option,
    Question,
    button,
    cancel_button,
    chip,
    columns,
    data_grid,
    dialog,
    fmt,
    kpi,
    mono,
    page_head,
    panel,
    segmented,
    select,
    stack,
    text_input,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ids = Ids("payouts")
_ASK = _ids.part("ask")
_REFRESH_MS: Final = 5_000
_LOOK: Final = {
    PayoutStage.REQUESTED: Colour.WARN,
    PayoutStage.REJECTED: Colour.PLAIN,
    PayoutStage.APPROVED: Colour.PLAN,
    PayoutStage.SENT: Colour.PLAN,
    PayoutStage.PAID: Colour.GOOD,
    PayoutStage.FAILED: Colour.BAD,
}
_WORDS: Final = {PayoutStage.REQUESTED: "waits for approval", PayoutStage.SENT: "on its way"}
_WHICH: Final = (
    Option("", "All"),
    Option("requested", "To approve"),
    Option("sent", "On their way"),
    Option("failed", "Failed"),
    Option("paid", "Paid"),
)
_FIELDS: Final = {"account": _ids.part("account"), "creator_name": _ids.part("creator"), "amount": _ids.part("amount")}
_CURRENCIES: Final = tuple(Option(code, code) for code in ("EUR", "USD", "GBP", "CHF", "JPY"))


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        may_ask = "payments.payout.request" in visit.actor.permissions
        opener = button("Ask for a payout", kind="primary", icon_name="banknote", opens=_ASK) if may_ask else None
        return stack([
            page_head("Payouts", lead="Latency counts from the approval until the money has arrived.", actions=opener),
            segmented("Which", _WHICH, "", id=_ids.part("which")),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            html.Div(_body(services, visit.actor, ""), id=_ids.part("body"), className="stack normal"),
            _ask_dialog() if may_ask else None,
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_list(services, callbacks)
        _register_ask(services, callbacks)

    return Page("payouts", "Payouts", "payments.read", layout, register)


def _register_list(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("body"), "children"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("tick"), "n_intervals"),
        Input(_ids.part("which"), "value"),
        Input(_ids.each("approve"), "n_clicks"),
        Input(_ids.each("reject"), "n_clicks"),
        prevent_initial_call=True,
    )
    def act_and_refresh(_tick: int | None, which: str, *_clicks: Any) -> tuple[Any, Any]:  # noqa: ANN401 -- Dash hands over one value per input
        actor = current_actor()
        said: Any = no_update
        if isinstance(ctx.triggered_id, dict) and ctx.triggered[0]["value"]:
            said = _act(services, actor, ctx.triggered_id)
        return _body(services, actor, which), said


def _register_ask(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ASK, "open"),
        Output(_ids.part("amount"), "value"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("send"), "n_clicks"),
        *[State(_ids.part(name), "value") for name in ("account", "creator", "amount", "currency")],
        prevent_initial_call=True,
    )
    def ask(clicks: int | None, *given: str | None) -> tuple[Any, Any, Any]:
        if not clicks:
            return no_update, no_update, no_update
        account, creator, amount, currency = (str(each or "") for each in given)
        try:
            services.payments.payouts.request(
                current_actor(), account=account, creator_name=creator, money=money_of(amount, currency)
            )
        except DomainError as refusal:
            say_at_fields(_FIELDS, refusal, otherwise="amount")
            return no_update, no_update, no_update
        say_at_fields(_FIELDS, otherwise="amount")
        return False, "", toast("Asked for", "It leaves once it is approved.")


def _ask_dialog() -> Component:
    return dialog(
        "Ask for a payout",
        [
            text_input("Account at the payment processor", id=_ids.part("account"), maxLength=80, autoComplete="off",
                       placeholder="acct_1A2b3C"),
            text_input("For whom", id=_ids.part("creator"), maxLength=200, autoComplete="off"),
            text_input("Amount", id=_ids.part("amount"), inputMode="decimal", maxLength=16, autoComplete="off",
                       placeholder="12.50"),
            select("Currency", _CURRENCIES, id=_ids.part("currency"), value="EUR"),
        ],
        id=_ASK,
        lead="It waits until somebody approves it.",
        actions=[cancel_button(), button("Ask for it", kind="primary", id=_ids.part("send"))],
    )  # fmt: skip


def _act(services: Services, actor: Actor, pressed: dict[str, str]) -> Component:
    payouts, payout_id = services.payments.payouts, pressed["key"]
    try:
        if pressed["part"] == _ids.part("approve"):
            payouts.approve(actor, payout_id=payout_id)
            return toast("Approved", "The processor is asked to send it, once.")
        payouts.reject(actor, payout_id=payout_id)
    except DomainError as refusal:  # such as a colleague who was quicker
        return toast("That was not done", refusal.message, state=Colour.BAD)
    return toast("Rejected", "No money leaves.")


def _body(services: Services, actor: Actor, which: str) -> list[Component]:
    now, may_act = services.clock.now(), "payments.payout.approve" in actor.permissions
    stage = PayoutStage(which) if which in set(PayoutStage) else None
    return [
        _counts(services, actor),
        panel(
            lambda: Loaded(services.payments.payouts.latest(actor, PageRequest(size=100), state=stage).items, now),
            lambda rows: data_grid(rows, _columns(now, may_act=may_act), caption="Payouts", noun="payouts-list",
                                   row_key=lambda r: r.id),
            title="Latest payouts",
            now=now,
            flush=True,
            empty=Empty("No payouts", "What is asked for creators appears here."),
        ),
    ]  # fmt: skip


def _counts(services: Services, actor: Actor) -> Component:
    till = services.payments.till.counts(actor)
    return columns([
        kpi("To approve", fmt.count(till.payouts_waiting), note="wait for a person"),
        kpi("On their way", fmt.count(till.payouts_on_their_way), note="approved, not arrived yet"),
        kpi("Failed", fmt.count(till.payouts_failed), note="may be approved again"),
    ], heading="Counts")  # fmt: skip


def _columns(now: datetime, *, may_act: bool) -> list[Column[PayoutView]]:
    def actions(row: PayoutView) -> Component | None:
        if not may_act or row.state not in {PayoutStage.REQUESTED, PayoutStage.FAILED}:
            return None
        again = row.state is PayoutStage.FAILED
        send = Question(
            f"Send {row.money} to {row.creator_name}?",
            "The processor is asked at once; what has left cannot be called back.",
            "Send it",
        )
        words = "Approve again" if again else "Approve"
        buttons = [button(words, id=_ids.one("approve", row.id), icon_name="check", asks=send)]
        if not again:
            refuse = Question(f"Reject {row.money} to {row.creator_name}?", "It has to be asked for anew.", "Reject it")
            buttons.append(button("Reject", id=_ids.one("reject", row.id), kind="quiet", asks=refuse))
        return html.Div(buttons, className="acts")

    return [
        Column("who", "For", lambda r: with_sub(r.creator_name, mono(r.account))),
        Column("money", "Amount", lambda r: str(r.money), numeric=True),
        Column("state", "State", _state),
        Column("asked", "Asked for", lambda r: timestamp(r.requested_at, now=now), priority=3),
        Column("approved", "Approved", lambda r: timestamp(r.approved_at, now=now) if r.approved_at else None,
               priority=2),
        Column("took", "Took", _took, numeric=True, priority=2),
        Column("actions", "Actions", actions, label_hidden=True),
    ]  # fmt: skip


def _state(row: PayoutView) -> Component:
    shown = [chip(_WORDS.get(row.state, row.state.value), _LOOK[row.state])]
    if row.overdue_at is not None and row.paid_at is None:
        shown.append(chip("overdue", Colour.BAD))
    return with_sub(shown, (row.failure_code or "").replace("_", " ")) if row.failure_code else html.Span(shown)


def _took(row: PayoutView) -> str | None:
    if row.approved_at is None or row.paid_at is None:
        return None
    return fmt.duration((row.paid_at - row.approved_at).total_seconds())

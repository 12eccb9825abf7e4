"""People: who has an account and which roles; invitations; ending sign-ins. Every look states its purpose."""

from collections.abc import Callable
from typing import Any

from dash import Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from admin.pages.people_tables import ROLES, invitations_panel, people_panel
from services.facade import Services
from services.identity import Role
from services.kernel.context import Actor
from services.kernel.errors import DomainError, Invalid
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import Ids, Option, button, cancel_button, card, dialog, page_head, select, stack, text_input, toast
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

IDS = Ids("people")
_INVITE = IDS.part("invite")


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        may_invite = "identity.invite" in visit.actor.permissions
        opener = button("Invite", kind="primary", icon_name="user-plus", opens=_INVITE) if may_invite else None
        return stack([
            page_head("People", lead="Names and addresses are sealed; opening them is recorded with your reason.",
                      actions=opener),
            _purpose(),
            html.Div(id=IDS.part("body"), className="stack normal"),
            _invite_dialog() if may_invite else None,
        ])  # fmt: skip

    def body(actor: Actor, purpose: str) -> list[Component]:
        shown = [people_panel(services, actor, purpose)]
        if "identity.invite" in actor.permissions:
            shown.append(invitations_panel(services, actor, purpose))
        return shown

    def register(callbacks: Callbacks) -> None:
        _register_disclosure(services, callbacks, body)
        _register_invitation(services, callbacks)

    return Page("people", "People", "identity.people.read", layout, register)


Body = Callable[[Actor, str], list[Component]]


def _purpose() -> Component:
    return card(
        stack(
            [
                text_input("Why do you need to see this?", id=IDS.part("purpose"), maxLength=200, autoComplete="off",
                           hint="Stands in the audit trail beside the people whom you see."),
                html.Div(button("Show people", id=IDS.part("show"), icon_name="eye"), className="acts"),
            ],
            gap="small",
        )
    )  # fmt: skip


def _invite_dialog() -> Component:
    return dialog(
        "Invite a person",
        [
            text_input("E-mail address", id=IDS.part("email"), type="email", autoComplete="off"),
            select("Role", [Option(role, role) for role in ROLES], id=IDS.part("role"), value=ROLES[0]),
        ],
        id=_INVITE,
        lead="They get a link by mail that is good once, for seven days.",
        actions=[cancel_button(), button("Send invitation", kind="primary", id=IDS.part("send"))],
    )


def _register_disclosure(services: Services, callbacks: Callbacks, body: Body) -> None:
    @callbacks.callback(
        Output(IDS.part("body"), "children"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("show"), "n_clicks"),
        Input(IDS.each("end"), "n_clicks"),
        Input(IDS.each("suspend"), "n_clicks"),
        Input(IDS.each("reinstate"), "n_clicks"),
        Input(IDS.each("withdraw"), "n_clicks"),
        State(IDS.part("purpose"), "value"),
        prevent_initial_call=True,
    )
    def disclose(*values: Any) -> tuple[Any, Any]:  # noqa: ANN401 -- Dash hands over one value per input
        actor, purpose = current_actor(), str(values[-1] or "")
        said: Any = no_update
        if not ctx.triggered[0]["value"]:
            return no_update, no_update
        try:
            if isinstance(ctx.triggered_id, dict):
                said = toast(_act(services, actor, ctx.triggered_id))
            return body(actor, purpose), said
        except DomainError as refusal:
            return no_update, toast("That was not done", refusal.message, state=Colour.BAD)


def _act(services: Services, actor: Actor, pressed: dict[str, str]) -> str:
    key, part = pressed["key"], pressed["part"].removeprefix("people-")
    identity = services.identity
    if part == "end":
        return f"Ended {identity.sessions.end_all_of(actor, user_id=key)} sign-ins"
    if part == "suspend":
        identity.people.suspend(actor, user_id=key)
        return "Suspended; their sign-ins ended"
    if part == "reinstate":
        identity.people.reinstate(actor, user_id=key)
        return "Reinstated"
    identity.invitations.withdraw(actor, invitation_id=key)
    return "Invitation withdrawn"


def _register_invitation(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_INVITE, "open"),
        Output(IDS.part("email"), "value"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("send"), "n_clicks"),
        State(IDS.part("email"), "value"),
        State(IDS.part("role"), "value"),
        prevent_initial_call=True,
    )
    def invite(clicks: int | None, email: str | None, role: str) -> tuple[Any, Any, Any]:
        if not clicks:
            return no_update, no_update, no_update
        try:
            if role not in ROLES:
                raise Invalid("role_unknown", "Choose one of the roles.", fields={"role": "is not offered"})
            services.identity.invitations.invite(current_actor(), email=email or "", role=Role(role))
        except DomainError as refusal:
            return no_update, no_update, toast("Not invited", refusal.message, state=Colour.BAD)
        return False, "", toast("Invitation queued", "The mail goes out as soon as the mail server takes it.")

"""People: who has an account and which roles; invitations; companies. Every look at people states its purpose."""

from collections.abc import Callable
from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.people_companies import company_dialog, register_companies
from admin.pages.people_invite import INVITE, invite_dialog, register_invitation
from admin.pages.people_manage import manage_dialog, register_manage
from admin.pages.people_tables import IDS, companies_panel, invitations_panel, people_panel
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError, Invalid
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import button, card, fields, page_head, stack, text_input, toast
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_PURPOSE, _SEARCH = IDS.part("purpose"), IDS.part("search")
_PLACES = {"purpose": _PURPOSE, "search": _SEARCH}


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        actor = visit.actor
        may_invite = "identity.invite" in actor.permissions
        return stack([
            page_head("People", lead="Names and addresses are sealed; opening them is recorded with your reason.",
                      actions=_openers(actor)),
            _purpose(visit.query.get("search", "")),
            html.Div(id=IDS.part("body"), className="stack normal"),
            html.Div(companies_panel(services, actor), id=IDS.part("companies")) if may_invite else None,
            dcc.Store(id=IDS.part("changed")),
            dcc.Store(id=IDS.part("shown-after")),
            invite_dialog(services, actor) if may_invite else None,
            *([company_dialog(), manage_dialog()] if "identity.manage" in actor.permissions else []),
        ])  # fmt: skip

    def body(actor: Actor, purpose: str, search: str, after: str | None) -> list[Component]:
        shown = [people_panel(services, actor, purpose, search, after)]
        if "identity.invite" in actor.permissions:
            shown.append(invitations_panel(services, actor, purpose))
        return shown

    def register(callbacks: Callbacks) -> None:
        _register_disclosure(services, callbacks, body)
        register_invitation(services, callbacks)
        register_companies(services, callbacks)
        register_manage(services, callbacks)

    return Page("people", "People", "identity.people.read", layout, register, redraw_on=frozenset({"search"}))


Body = Callable[[Actor, str, str, str | None], list[Component]]


def _openers(actor: Actor) -> list[Component]:
    shown: list[Component] = []
    if "identity.invite" in actor.permissions:
        shown.append(button("Invite", kind="primary", icon_name="user-plus", opens=INVITE))
    if "identity.manage" in actor.permissions:
        shown.append(button("New company", icon_name="building-2", opens=IDS.part("company")))
    return shown


def _purpose(search: str) -> Component:
    return card(
        stack([
            fields([
                text_input("Why do you need to see this?", id=_PURPOSE, maxLength=200, autoComplete="off",
                           hint="Stands in the audit trail beside the people whom you see."),
                text_input("Only this person", id=_SEARCH, value=search, maxLength=320, autoComplete="off",
                           required=False, hint="A whole e-mail address, or an id or its last characters."),
            ]),
            html.Div(button("Show people", id=IDS.part("show"), icon_name="eye"), className="acts"),
        ])
    )  # fmt: skip


def _register_disclosure(services: Services, callbacks: Callbacks, body: Body) -> None:
    @callbacks.callback(
        Output(IDS.part("body"), "children"),
        Output(IDS.part("shown-after"), "data"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("show"), "n_clicks"),
        Input(IDS.part("changed"), "data"),
        Input(IDS.each("withdraw"), "n_clicks"),
        Input(IDS.each("after"), "n_clicks"),
        State(IDS.part("shown-after"), "data"),
        State(_PURPOSE, "value"),
        State(_SEARCH, "value"),
        prevent_initial_call=True,
    )
    def disclose(*values: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401 -- as the browser sends them
        shown_after, purpose, search = values[-3:]
        actor, asked = current_actor(), ctx.triggered_id
        said: Any = no_update
        if not ctx.triggered[0]["value"]:
            return no_update, no_update, no_update
        key = asked["key"] if isinstance(asked, dict) else None
        after = key or None if asked == IDS.one("after", str(key)) else shown_after
        if asked == IDS.part("show"):
            after = None
        try:
            if asked == IDS.one("withdraw", str(key)):
                services.identity.invitations.withdraw(actor, invitation_id=str(key))
                said = toast("Invitation withdrawn")
            shown = body(actor, str(purpose or ""), str(search or ""), after)
        except Invalid as refusal:
            # What changed elsewhere on the page is no reason to ask for a purpose that nobody gave yet.
            if asked != IDS.part("changed"):
                say_at_fields(_PLACES, refusal, otherwise="purpose")
            return no_update, no_update, said
        except DomainError as refusal:
            return no_update, no_update, toast("That was not done", refusal.message, state=Colour.BAD)
        say_at_fields(_PLACES, otherwise="purpose")
        return shown, after, said

"""Inviting a person."""

from typing import Any

from dash import Input, Output, State, no_update
from dash.development.base_component import Component

from admin.pages.people_roles import chosen, company_options, places, register_company_shown, role_fields
from admin.pages.people_tables import IDS
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks
from web.shell.sessions import current_actor
from web.ui import button, cancel_button, dialog, text_input, toast
from web.ui.feedback import TOASTS_ID

INVITE = IDS.part("invite")
_EMAIL = IDS.part("email")
_PLACES = {"email": _EMAIL, **places("invite")}


def invite_dialog(services: Services, actor: Actor) -> Component:
    """The dialog that invites."""
    return dialog(
        "Invite a person",
        [
            text_input("E-mail address", id=_EMAIL, type="email", autoComplete="off"),
            *role_fields("invite", company_options(services, actor)),
        ],
        id=INVITE,
        lead="They get a link by mail that is good once, for seven days.",
        actions=[cancel_button(), button("Send invitation", kind="primary", id=IDS.part("send"))],
    )


def register_invitation(services: Services, callbacks: Callbacks) -> None:
    """Register what the dialog does."""
    register_company_shown(callbacks, "invite")

    @callbacks.callback(
        Output(INVITE, "open"),
        Output(_EMAIL, "value"),
        Output(IDS.part("invite-role"), "value"),
        Output(IDS.part("changed"), "data", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("send"), "n_clicks"),
        State(_EMAIL, "value"),
        State(IDS.part("invite-role"), "value"),
        State(IDS.part("invite-company"), "value"),
        prevent_initial_call=True,
    )
    def invite(clicks: int | None, email: str | None, role: str | None, company: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks:
            return (no_update,) * 5
        try:
            given, organisation_id = chosen(role, company)
            issued = services.identity.invitations.invite(
                current_actor(), email=email or "", role=given, organisation_id=organisation_id
            )
        except DomainError as refusal:
            say_at_fields(_PLACES, refusal, otherwise="email")
            return (no_update,) * 5
        say_at_fields(_PLACES, otherwise="email")
        said = toast("Invitation queued", "The mail goes out as soon as the mail server takes it.")
        return False, "", "", issued.id, said

"""Entering a company that affiliates and agencies act for."""

from typing import Any

from dash import Input, Output, State, no_update
from dash.development.base_component import Component

from admin.pages.people_roles import company_options
from admin.pages.people_tables import IDS, companies_panel
from services.facade import Services
from services.kernel.errors import DomainError
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks
from web.shell.sessions import current_actor
from web.ui import button, cancel_button, dialog, text_input, toast
from web.ui.feedback import TOASTS_ID

_NAME = IDS.part("company-name")


def company_dialog() -> Component:
    """The dialog that enters one."""
    return dialog(
        "New company",
        text_input("Name", id=_NAME, maxLength=80, autoComplete="off"),
        id=IDS.part("company"),
        lead="Affiliates and agencies are invited to act for a company.",
        actions=[cancel_button(), button("Enter company", kind="primary", id=IDS.part("found"))],
    )


def register_companies(services: Services, callbacks: Callbacks) -> None:
    """Register what the dialog does."""

    @callbacks.callback(
        Output(IDS.part("company"), "open"),
        Output(_NAME, "value"),
        Output(IDS.part("companies"), "children"),
        Output(IDS.part("invite-company"), "options"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("found"), "n_clicks"),
        State(_NAME, "value"),
        prevent_initial_call=True,
    )
    def found(clicks: int | None, name: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks:
            return (no_update,) * 5
        actor = current_actor()
        try:
            company = services.identity.people.found_organisation(actor, name=name or "")
        except DomainError as refusal:
            say_at_fields({"name": _NAME}, refusal, otherwise="name")
            return (no_update,) * 5
        say_at_fields({"name": _NAME}, otherwise="name")
        offered = [[each.value, each.label] for each in company_options(services, actor)]
        said = toast("Company entered", f"People can be invited to act for {company.name}.")
        return False, "", companies_panel(services, actor), offered, said

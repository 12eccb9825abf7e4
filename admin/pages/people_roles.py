"""The choice of a role, and of the company that some roles are for: alike in every form that gives one."""

from dash import Input, Output, html
from dash.development.base_component import Component

from admin.pages.people_tables import IDS
from services.facade import Services
from services.identity import Role
from services.identity.roles import IN_ORGANISATION
from services.kernel.context import Actor
from services.kernel.errors import Invalid
from web.shell.pages import Callbacks
from web.ui import Option, select

_OFFERED = tuple(sorted(role.value for role in Role if role is not Role.VISITOR))


def role_fields(form: str, companies: list[Option]) -> list[Component]:
    """The two selects of a form; the company stays hidden until a role needs one."""
    offered = [Option("", "Choose a role"), *(Option(role, role.capitalize()) for role in _OFFERED)]
    return [
        select("Role", offered, id=IDS.part(f"{form}-role"), value=""),
        html.Div(
            select("Company", companies, id=IDS.part(f"{form}-company"), value="",
                   hint="Not there? Close this and enter it by New company."),
            id=IDS.part(f"{form}-for"), hidden=True,
        ),
    ]  # fmt: skip


def company_options(services: Services, actor: Actor) -> list[Option]:
    """The companies to choose from."""
    known = services.identity.people.organisations(actor)
    return [Option("", "Choose a company"), *(Option(each.id, each.name) for each in known)]


def chosen(role: object, company: object) -> tuple[Role, str | None]:
    """Return the role that a form gives, and its company.

    Raises: Invalid where no role was chosen.
    """
    if role not in _OFFERED:
        message = "Choose a role."
        raise Invalid("role_unknown", message, fields={"role": message})
    given = Role(str(role))
    return given, (str(company or "") or None) if given in IN_ORGANISATION else None


def places(form: str) -> dict[str, str]:
    """Where a form says what is wrong with role and company."""
    return {"role": IDS.part(f"{form}-role"), "organisation": IDS.part(f"{form}-company")}


def register_company_shown(callbacks: Callbacks, form: str) -> None:
    """Show the company where the chosen role needs one."""

    @callbacks.callback(
        Output(IDS.part(f"{form}-for"), "hidden"), Input(IDS.part(f"{form}-role"), "value"), prevent_initial_call=True
    )
    def show(role: str | None) -> bool:
        return role not in IN_ORGANISATION

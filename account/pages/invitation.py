"""Accepting an invitation: a name, a password, and one is in."""

from dash import html
from dash.development.base_component import Component
from flask import Blueprint
from werkzeug.wrappers import Response

from account.answers import away, caller, keep, refused, task, text, unsaid, with_next
from account.paths import INVITATION, SET_UP, SIGN_IN
from account.ports import NOTHING_WRONG, Account, Wrong
from services.identity.views import InvitationView, SecondFactorState
from services.kernel.errors import Conflict, DomainError, Gone, Invalid, NotFound
from web.shell.csrf import csrf_token
from web.shell.problems import problem_of
from web.shell.routes import PUBLIC, route
from web.shell.sessions import current_actor
from web.ui import button, card, form, link, page_head, text_input

_CONTROLS = {"name": "name", "password": "password"}
_ROLES = {
    "fan": "a fan",
    "creator": "a creator",
    "affiliate": "an affiliate",
    "agency": "an agency member",
    "operator": "an operator",
    "compliance": "a compliance reviewer",
    "admin": "an administrator",
}
PASSWORD_HINT = "At least 12 characters. A few unrelated words are good, and easy to remember."  # noqa: S105 -- a hint


def add(blueprint: Blueprint, account: Account) -> None:
    """Declare the routes."""
    invitations = account.services.identity.invitations

    @route(blueprint, f"{INVITATION}/<token>", access=PUBLIC)
    def invitation(token: str) -> Response:
        try:
            found = invitations.look_at(current_actor(), token=token)
        except (NotFound, Gone) as error:
            return over(account, "This invitation cannot be used", error)
        return _shown(account, found, token)

    @route(blueprint, f"{INVITATION}/<token>", access=PUBLIC, methods=("POST",))
    def accept(token: str) -> Response:
        try:
            opened = invitations.accept(
                current_actor(), token=token, name=text("name"), password=text("password"), client=caller()
            )
        except (NotFound, Gone, Conflict) as error:
            return over(account, "This invitation cannot be used", error)
        except Invalid as error:
            found = invitations.look_at(current_actor(), token=token)
            return _shown(account, found, token, name=text("name"), wrong=refused(error, controls=_CONTROLS))
        keep(account, opened)
        return away(SET_UP if opened.second_factor == SecondFactorState.TO_ENROL else SIGN_IN)


def over(account: Account, title: str, error: DomainError) -> Response:
    """Return the page of a link that leads nowhere any more."""
    return unsaid(
        task(
            account,
            title,
            [
                page_head(title, lead=error.message),
                html.P([link("Go to the sign-in", with_next(SIGN_IN, ""))]),
            ],
            wrong=Wrong({}, problem_of(error).status),
        )
    )


def username(email: str) -> Component:
    """Return the address as a field that people recognise and password managers file the new password under."""
    return text_input("E-mail", id="username", type="email", value=email, autoComplete="username", readOnly=True)


def new_password(label: str, wrong: Wrong, *, focus: bool = False) -> Component:
    """Return the field for a password that is being chosen."""
    return text_input(
        label,
        id="password",
        type="password",
        autoComplete="new-password",
        hint=PASSWORD_HINT,
        error=wrong.errors.get("password"),
        minLength=12,
        maxLength=128,
        autoFocus=focus and not wrong.errors,
    )


def _shown(
    account: Account, found: InvitationView, token: str, *, name: str = "", wrong: Wrong = NOTHING_WRONG
) -> Response:
    where = f" of {found.organisation}" if found.organisation else ""
    role = _ROLES.get(found.role, found.role)
    children = [
        page_head("Welcome to Greenlight", lead=f"You are invited as {role}{where}. Choose a name and a password."),
        card(
            form(
                [
                    username(found.email),
                    text_input(
                        "Your name",
                        id="name",
                        value=name,
                        autoComplete="name",
                        maxLength=80,
                        autoFocus=not wrong.errors,
                        error=wrong.errors.get("name"),
                    ),
                    new_password("Password", wrong),
                ],
                action=f"{INVITATION}/{token}",
                csrf_token=csrf_token(),
                actions=button("Create the account", kind="primary", submit=True, busy_label="Creating…"),
                errors=wrong.errors,
            )
        ),
    ]
    return unsaid(task(account, "Welcome", children, wrong=wrong))

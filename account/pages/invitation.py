"""Accepting an invitation: a name, a password, and one is in."""

from dash import html
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
from web.ui import button, card, facts, form, link, page_head, text_input
from web.ui.elements import Control

_CONTROLS = {"name": "name", "password": "password"}
_ROLES = {
    "fan": "Fan",
    "creator": "Creator",
    "affiliate": "Affiliate",
    "agency": "Agency",
    "operator": "Operator",
    "compliance": "Compliance reviewer",
    "admin": "Administrator",
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


def username(email: str) -> Control:
    """Return the address as a field that password managers file the new password under."""
    return Control(type="email", name="username", value=email, autoComplete="username", readOnly=True, hidden=True)


def _shown(
    account: Account, found: InvitationView, token: str, *, name: str = "", wrong: Wrong = NOTHING_WRONG
) -> Response:
    described = {"E-mail": found.email, "Role": _ROLES.get(found.role, found.role)}
    if found.organisation:
        described["Company"] = found.organisation
    return unsaid(
        task(
            account,
            "Welcome",
            [
                page_head(
                    "Welcome to Greenlight", lead="Choose how you are called and a password, and your account is ready."
                ),
                card(facts(described)),
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
                            text_input(
                                "Password",
                                id="password",
                                type="password",
                                autoComplete="new-password",
                                hint=PASSWORD_HINT,
                                error=wrong.errors.get("password"),
                                minLength=12,
                                maxLength=128,
                            ),
                        ],
                        action=f"{INVITATION}/{token}",
                        csrf_token=csrf_token(),
                        actions=button("Create the account", kind="primary", submit=True, busy_label="Creating…"),
                        errors=wrong.errors,
                    )
                ),
            ],
            wrong=wrong,
        )
    )

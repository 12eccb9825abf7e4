"""Signing in with address and password, and signing out."""

from dash import html
from flask import Blueprint, request
from werkzeug.wrappers import Response

from account.answers import away, caller, device, keep, refused, task, text, wanted, with_next
from account.paths import RESET, SET_UP, SIGN_IN, SIGN_OUT, VERIFY, home_of
from account.ports import NOTHING_WRONG, Account, Wrong
from services.identity.views import SecondFactorState
from services.kernel.errors import RateLimited, Unauthenticated
from web.shell.csrf import csrf_token
from web.shell.routes import PUBLIC, route
from web.shell.sessions import current_actor, end_session, signed_in
from web.ui import banner, button, card, form, hidden, link, page_head, text_input
from web.ui.theme import State

_NOTES = {
    "signed-out": ("You are signed out.", "Close the browser if others use it too."),
    "password": ("Your password is changed.", "Sign in with the new one."),
}


def add(blueprint: Blueprint, account: Account) -> None:
    """Declare the routes."""

    @route(blueprint, SIGN_IN, access=PUBLIC)
    def sign_in() -> Response:
        person = signed_in()
        if person is not None and not person.second_factor_pending:
            return away(wanted() or home_of(person.actor))
        if person is not None:
            return away(with_next(VERIFY, wanted()))
        return _shown(account)

    @route(blueprint, SIGN_IN, access=PUBLIC, methods=("POST",))
    def sign_in_sent() -> Response:
        return _signed_in(account)

    @route(blueprint, SIGN_OUT, access=PUBLIC, methods=("POST",))
    def sign_out() -> Response:
        _leave(account)
        end_session()
        return away(f"{SIGN_IN}?done=signed-out")


def _leave(account: Account) -> None:
    person = signed_in()
    if person is not None:
        account.services.identity.sessions.sign_out(person.actor, session_id=person.session_id)


def _signed_in(account: Account) -> Response:
    identity = account.services.identity
    try:
        opened = identity.sign_in.sign_in(
            current_actor(), email=text("email"), password=text("password"), client=caller(), device=device()
        )
    except (Unauthenticated, RateLimited) as error:
        return _shown(account, email=text("email"), wrong=refused(error, controls={}, otherwise="password"))
    _leave(account)
    keep(account, opened)
    if opened.second_factor == SecondFactorState.DUE:
        return away(with_next(VERIFY, wanted()))
    if opened.second_factor == SecondFactorState.TO_ENROL:
        return away(with_next(SET_UP, wanted()))
    return away(with_next(SIGN_IN, wanted()))


def _shown(account: Account, *, email: str = "", wrong: Wrong = NOTHING_WRONG) -> Response:
    said = _NOTES.get(request.args.get("done", ""))
    return task(
        account,
        "Sign in",
        [
            page_head("Sign in"),
            banner(said[0], said[1], state=State.GOOD) if said and not wrong.errors else None,
            card(
                form(
                    [
                        hidden("next", wanted()),
                        text_input(
                            "E-mail",
                            id="email",
                            type="email",
                            value=email,
                            autoComplete="username",
                            autoFocus=not wrong.errors,
                            maxLength=254,
                            spellCheck=False,
                        ),
                        text_input(
                            "Password",
                            id="password",
                            type="password",
                            autoComplete="current-password",
                            error=wrong.errors.get("password"),
                        ),
                    ],
                    action=SIGN_IN,
                    csrf_token=csrf_token(),
                    actions=button("Sign in", kind="primary", submit=True, busy_label="Signing in…"),
                    errors=wrong.errors,
                )
            ),
            html.P([link("Forgot your password?", RESET)], className="small"),
            html.P(
                "The demo's sign-ins are printed in the terminal in which it was started."
                if account.services.demo
                else "Accounts are by invitation. Ask whoever works with us at your company.",
                className="small dim",
            ),
        ],
        wrong=wrong,
    )

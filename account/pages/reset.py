"""A forgotten password: asking for a link, and choosing a new one."""

from dash import html
from flask import Blueprint
from werkzeug.wrappers import Response

from account.answers import away, caller, keep_device, refused, task, text, unsaid
from account.pages.invitation import new_password, over, username
from account.paths import RESET, SIGN_IN
from account.ports import NOTHING_WRONG, Account, Wrong
from services.kernel.errors import Gone, Invalid, NotFound, RateLimited
from web.shell.csrf import csrf_token
from web.shell.routes import PUBLIC, route
from web.shell.sessions import current_actor, end_session
from web.ui import button, card, form, icon, link, page_head, text_input

_OVER = "This link cannot be used"


def add(blueprint: Blueprint, account: Account) -> None:
    """Declare the routes."""
    passwords = account.services.identity.passwords

    @route(blueprint, RESET, access=PUBLIC)
    def reset() -> Response:
        return _asked(account)

    @route(blueprint, RESET, access=PUBLIC, methods=("POST",))
    def reset_sent() -> Response:
        try:
            passwords.request_reset(current_actor(), email=text("email"), client=caller())
        except (Invalid, RateLimited) as error:
            wrong = refused(error, controls={"email": "email"}, otherwise="email")
            return _asked(account, email=text("email"), wrong=wrong)
        return _on_its_way(account)

    @route(blueprint, f"{RESET}/<token>", access=PUBLIC)
    def choose(token: str) -> Response:
        try:
            known = passwords.look_at_reset(current_actor(), token=token)
        except (NotFound, Gone) as error:
            return over(account, _OVER, error)
        return _choose(account, known.about[0], token)

    @route(blueprint, f"{RESET}/<token>", access=PUBLIC, methods=("POST",))
    def chosen(token: str) -> Response:
        try:
            device_token = passwords.reset(current_actor(), token=token, new=text("password"))
        except (NotFound, Gone) as error:
            return over(account, _OVER, error)
        except Invalid as error:
            known = passwords.look_at_reset(current_actor(), token=token)
            return _choose(account, known.about[0], token, wrong=refused(error, controls={"password": "password"}))
        keep_device(device_token)
        end_session()
        return away(f"{SIGN_IN}?done=password")


def _asked(account: Account, *, email: str = "", wrong: Wrong = NOTHING_WRONG) -> Response:
    return task(
        account,
        "Choose a new password",
        [
            page_head("Choose a new password", lead="We send you a link that works for an hour."),
            card(
                form(
                    text_input(
                        "E-mail",
                        id="email",
                        type="email",
                        value=email,
                        autoComplete="username",
                        maxLength=254,
                        spellCheck=False,
                        autoFocus=not wrong.errors,
                        error=wrong.errors.get("email"),
                    ),
                    action=RESET,
                    csrf_token=csrf_token(),
                    actions=button("Send the link", kind="primary", submit=True, busy_label="Sending…"),
                    errors=wrong.errors,
                )
            ),
            html.P([link("Back to the sign-in", SIGN_IN)], className="small"),
        ],
        wrong=wrong,
    )


def _on_its_way(account: Account) -> Response:
    return task(
        account,
        "Look into your mailbox",
        [
            page_head("Look into your mailbox"),
            card(
                html.P(
                    [
                        icon("mail", size=16),
                        " If this address has an account, a letter with a link is on its way. It may take a minute.",
                        " Look into the folder for unwanted mail too.",
                    ]
                )
            ),
            html.P([link("Back to the sign-in", SIGN_IN)], className="small"),
        ],
    )


def _choose(account: Account, email: str, token: str, *, wrong: Wrong = NOTHING_WRONG) -> Response:
    children = [
        page_head("Choose a new password", lead="All your sign-ins end, and you sign in anew."),
        card(
            form(
                [username(email), new_password("New password", wrong, focus=True)],
                action=f"{RESET}/{token}",
                csrf_token=csrf_token(),
                actions=button("Save", kind="primary", submit=True, busy_label="Saving…"),
                errors=wrong.errors,
            )
        ),
    ]
    return unsaid(task(account, "Choose a new password", children, wrong=wrong))

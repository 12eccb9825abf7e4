"""One's own account: password, second factor, recovery codes, sign-ins."""

from collections.abc import Callable
from datetime import datetime

from dash import html
from dash.development.base_component import Component
from flask import Blueprint, request
from werkzeug.wrappers import Response

from account.answers import HOME, PRODUCT, away, demo, keep, page, refused, task, text
from account.pages.invitation import PASSWORD_HINT
from account.pages.second_factor import person_here, recovery_codes
from account.paths import BEGIN, SECURITY, SET_UP, SIGN_OUT, home_of
from account.ports import NOTHING_WRONG, Account, Wrong
from services.identity.views import SecurityView, SessionView
from services.kernel.errors import Invalid, RateLimited
from web.shell.csrf import csrf_token
from web.shell.ports import SignedIn
from web.shell.routes import SIGNED_IN, route
from web.ui import banner, button, card, chip, columns, facts, form, hidden, page_head, public_frame, stack, text_input
from web.ui.elements import Control
from web.ui.figures import timestamp
from web.ui.grid import Column, data_grid, with_sub
from web.ui.nodes import Node
from web.ui.theme import State

_DONE = {
    "password": "Your password is changed, and your other sign-ins have ended.",
    "name": "Your name is changed.",
    "ended": "That sign-in has ended.",
    "others": "All your other sign-ins have ended.",
    "removed": "The authenticator app is taken off your account.",
}
_CONTROLS = {"old": "old", "password": "new", "name": "name"}


def add(blueprint: Blueprint, account: Account) -> None:
    """Declare the routes."""
    identity = account.services.identity

    @route(blueprint, SECURITY, access=SIGNED_IN)
    def security() -> Response:
        return _shown(account)

    @route(blueprint, f"{SECURITY}/password", access=SIGNED_IN, methods=("POST",))
    def password() -> Response:
        person = person_here()
        try:
            opened = identity.passwords.change(
                person.actor, session_id=person.session_id, old=text("old"), new=text("new")
            )
        except (Invalid, RateLimited) as error:
            return _shown(account, wrong=refused(error, controls=_CONTROLS, otherwise="old"))
        keep(account, opened)
        return _done("password")

    @route(blueprint, f"{SECURITY}/name", access=SIGNED_IN, methods=("POST",))
    def name() -> Response:
        try:
            identity.people.rename_self(person_here().actor, name=text("name"))
        except Invalid as error:
            return _shown(account, wrong=refused(error, controls=_CONTROLS))
        return _done("name")

    @route(blueprint, f"{SECURITY}/sign-ins/others", access=SIGNED_IN, methods=("POST",))
    def end_others() -> Response:
        person = person_here()
        identity.sessions.end_own_others(person.actor, current_id=person.session_id)
        return _done("others")

    @route(blueprint, f"{SECURITY}/sign-ins/<session_id>", access=SIGNED_IN, methods=("POST",))
    def end_one(session_id: str) -> Response:
        identity.sessions.end_own(person_here().actor, session_id=session_id)
        return _done("ended")

    _add_second_factor(blueprint, account)


def _add_second_factor(blueprint: Blueprint, account: Account) -> None:
    second_factor = account.services.identity.second_factor

    def proved(change: Callable[[SignedIn, str], Response]) -> Response:
        """Do what changes the second factor once the present password is given: an open browser is no proof."""
        person = person_here()
        try:
            return change(person, account.services.identity.passwords.prove(person.actor, password=text("proof")))
        except (Invalid, RateLimited) as error:
            return _shown(account, wrong=refused(error, controls={"password": "proof"}, otherwise="proof"))

    def renewed(person: SignedIn, proof: str) -> Response:
        codes = second_factor.renew_recovery_codes(person.actor, session_id=person.session_id, proof=proof)
        return task(account, "Your recovery codes", recovery_codes(codes, onward=SECURITY))

    def replaced(person: SignedIn, proof: str) -> Response:
        second_factor.begin_enrolment(person.actor, session_id=person.session_id, proof=proof)
        return away(SET_UP)

    def removed(person: SignedIn, proof: str) -> Response:
        second_factor.remove(person.actor, session_id=person.session_id, proof=proof)
        return _done("removed")

    @route(blueprint, f"{SECURITY}/recovery-codes", access=SIGNED_IN, methods=("POST",))
    def renew_codes() -> Response:
        return proved(renewed)

    @route(blueprint, f"{SECURITY}/second-factor/replace", access=SIGNED_IN, methods=("POST",))
    def replace_factor() -> Response:
        return proved(replaced)

    @route(blueprint, f"{SECURITY}/second-factor/remove", access=SIGNED_IN, methods=("POST",))
    def remove_factor() -> Response:
        return proved(removed)


def _done(what: str) -> Response:
    return away(f"{SECURITY}?done={what}")


def _shown(account: Account, *, wrong: Wrong = NOTHING_WRONG) -> Response:
    person, identity = person_here(), account.services.identity
    mine = identity.people.own(person.actor)
    sessions = identity.sessions.own(person.actor, current_id=person.session_id)
    now, said = account.services.clock.now(), _DONE.get(request.args.get("done", ""))
    children: list[Node] = [
        page_head("Your account", lead=f"{mine.name} · {', '.join(mine.roles) or 'no role'}"),
        banner(said, state=State.GOOD) if said and not wrong.errors else None,
        columns([_profile(mine, wrong), _second_factor(mine, wrong)], least="half"),
        _password(mine, now, wrong),
        _sign_ins(sessions, now),
    ]
    return page(account, "Your account", _framed(account, person, children), wrong=wrong)


def _framed(account: Account, person: SignedIn, children: Node) -> Component:
    return public_frame(
        children,
        name=PRODUCT,
        home_href=HOME,
        path=SECURITY,
        action=[
            button("Back to work", href=home_of(person.actor)),
            html.Form(
                [hidden("_csrf_token", csrf_token()), button("Sign out", submit=True)], action=SIGN_OUT, method="post"
            ),
        ],
        demo=demo(account),
    )


def _profile(mine: SecurityView, wrong: Wrong) -> Component:
    return card(
        stack(
            [
                facts({"E-mail": mine.email, "Roles": ", ".join(mine.roles) or "none"}),
                form(
                    text_input(
                        "Name",
                        id="name",
                        value=mine.name,
                        autoComplete="name",
                        maxLength=80,
                        error=wrong.errors.get("name"),
                    ),
                    action=f"{SECURITY}/name",
                    csrf_token=csrf_token(),
                    actions=button("Save", submit=True),
                    errors=_only(wrong, "name"),
                ),
            ]
        ),
        title="Profile",
    )


def _password(mine: SecurityView, now: datetime, wrong: Wrong) -> Component:
    old = text_input(
        "Present password", id="old", type="password", autoComplete="current-password", error=wrong.errors.get("old")
    )
    new = text_input(
        "New password",
        id="new",
        type="password",
        autoComplete="new-password",
        hint=PASSWORD_HINT,
        minLength=12,
        maxLength=128,
        error=wrong.errors.get("new"),
    )
    return card(
        form(
            [_username(mine.email), old, new],
            action=f"{SECURITY}/password",
            csrf_token=csrf_token(),
            actions=button("Change the password", submit=True, busy_label="Changing…"),
            errors=_only(wrong, "old", "new"),
        ),
        title="Password",
        aside=html.Span(timestamp(mine.password_changed_at, now=now, prefix="changed"), className="dim small"),
    )


def _username(email: str) -> Component:
    # Password managers file the new password under it; people see their address above.
    return Control(type="email", name="username", value=email, autoComplete="username", readOnly=True, hidden=True)


def _second_factor(mine: SecurityView, wrong: Wrong) -> Component:
    if mine.second_factor_since is None:
        return card(
            stack(
                [
                    html.P("With an app on your phone, a stolen password alone opens nothing."),
                    _post(BEGIN, button("Set up an authenticator app", submit=True)),
                ]
            ),
            title="Authenticator app",
            aside=chip("not set up", State.WARN),
        )
    left = mine.recovery_codes_left
    acts = [
        button("New recovery codes", submit=True),
        button("Replace the app", submit=True, formAction=f"{SECURITY}/second-factor/replace"),
    ]
    if not mine.second_factor_required:
        take_off = f"{SECURITY}/second-factor/remove"
        acts.append(button("Take it off", kind="danger", submit=True, formAction=take_off))
    proof = text_input(
        "Present password, to change any of this",
        id="proof",
        type="password",
        autoComplete="current-password",
        error=wrong.errors.get("proof"),
    )
    return card(
        stack(
            [
                facts(
                    {
                        "In use since": timestamp(mine.second_factor_since),
                        "Recovery codes": chip(f"{left} left", State.GOOD if left > 2 else State.WARN),  # noqa: PLR2004 - two left is the moment to renew
                    }
                ),
                form(
                    proof,
                    action=f"{SECURITY}/recovery-codes",
                    csrf_token=csrf_token(),
                    actions=acts,
                    errors=_only(wrong, "proof"),
                ),
            ]
        ),
        title="Authenticator app",
        aside=chip("on", State.GOOD),
    )


def _sign_ins(sessions: list[SessionView], now: datetime) -> Component:
    def ending(view: SessionView) -> Node:
        if view.current:
            return chip("this device", State.PLAIN)
        return _post(f"{SECURITY}/sign-ins/{view.id}", button("End", kind="danger", submit=True))

    grid = data_grid(
        sessions,
        [
            Column[SessionView](
                "device",
                "Device",
                lambda v: with_sub(v.device, timestamp(v.opened_at, prefix="signed in")),
            ),
            Column[SessionView]("seen", "Last seen", lambda v: timestamp(v.seen_at, now=now)),
            Column[SessionView]("expires", "Ends if unused", lambda v: timestamp(v.expires_at), priority=2),
            Column[SessionView]("end", "End it", ending, label_hidden=True),
        ],
        caption="Your sign-ins",
        noun="sign-ins",
        row_key=lambda v: v.id,
    )
    others = len(sessions) > 1
    everywhere = _post(f"{SECURITY}/sign-ins/others", button("End all others", submit=True)) if others else None
    return card(grid, title="Your sign-ins", aside=everywhere, flush=True)


def _post(action: str, press: Component) -> Component:
    return html.Form([hidden("_csrf_token", csrf_token()), press], action=action, method="post")


def _only(wrong: Wrong, *controls: str) -> dict[str, str]:
    return {control: said for control, said in wrong.errors.items() if control in controls}

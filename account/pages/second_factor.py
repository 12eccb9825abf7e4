"""The second factor: giving its code, and setting it up."""

from urllib.parse import quote

import segno
from dash import html
from dash.development.base_component import Component
from flask import Blueprint, request
from werkzeug.wrappers import Response

from account.answers import away, keep, refused, task, text, wanted, with_next
from account.paths import BEGIN, SECURITY, SET_UP, SIGN_IN, SIGN_OUT, VERIFY, home_of
from account.ports import NOTHING_WRONG, Account, Wrong
from services.identity.views import EnrolmentView
from services.kernel.errors import Conflict, RateLimited, Unauthenticated
from web.shell.csrf import csrf_token
from web.shell.ports import SignedIn
from web.shell.routes import FIRST_FACTOR, route
from web.shell.sessions import signed_in
from web.ui import Markup, banner, button, card, form, hidden, link, note, page_head, prose, stack, text_input
from web.ui.nodes import Node, attrs
from web.ui.theme import State

_WRONG_CODE = "This code is wrong or was used already. Wait for the next one."
_APART = {"justifyContent": "space-between", "alignItems": "center"}
_QR = {"display": "grid", "borderRadius": "var(--radius-s)", "overflow": "hidden"}
_WRONG = Wrong({"code": _WRONG_CODE}, 422)


def person_here() -> SignedIn:
    """Return who is signed in, at least with the first factor.

    Raises: Unauthenticated where that ended meanwhile.
    """
    person = signed_in()
    if person is None:
        raise Unauthenticated("sign_in_required", "Sign in to see this.")
    return person


def add(blueprint: Blueprint, account: Account) -> None:
    """Declare the routes."""

    @route(blueprint, VERIFY, access=FIRST_FACTOR)
    def verify() -> Response:
        person = person_here()
        if "identity.verify" in person.actor.permissions:
            return _asked(account)
        return away(wanted() or home_of(person.actor)) if _complete(person) else away(with_next(SET_UP, wanted()))

    @route(blueprint, VERIFY, access=FIRST_FACTOR, methods=("POST",))
    def verify_sent() -> Response:
        return _verified(account)

    @route(blueprint, SET_UP, access=FIRST_FACTOR)
    def set_up() -> Response:
        person = person_here()
        if "identity.own.enrol" not in person.actor.permissions:
            return away(with_next(VERIFY, wanted()))
        pending = account.services.identity.second_factor.pending_enrolment(person.actor)
        if pending is None and _has_one(account, person):
            # Replacing begins where the password is asked for.
            return away(SECURITY)
        return _set_up(account, pending)

    @route(blueprint, BEGIN, access=FIRST_FACTOR, methods=("POST",))
    def begin() -> Response:
        person = person_here()
        account.services.identity.second_factor.begin_enrolment(person.actor, session_id=person.session_id)
        return away(with_next(SET_UP, wanted()))

    @route(blueprint, SET_UP, access=FIRST_FACTOR, methods=("POST",))
    def confirm() -> Response:
        return _confirmed(account)


def _complete(person: SignedIn) -> bool:
    return not person.second_factor_pending


def _has_one(account: Account, person: SignedIn) -> bool:
    return _complete(person) and account.services.identity.people.own(person.actor).second_factor_since is not None


def _verified(account: Account) -> Response:
    person = person_here()
    verbs = account.services.identity.second_factor
    try:
        opened = verbs.verify(person.actor, session_id=person.session_id, code=text("code"))
    except RateLimited as error:
        return _asked(account, wrong=refused(error, controls={}, otherwise="code"))
    if opened is None:
        return _asked(account, wrong=_WRONG)
    keep(account, opened)
    return away(with_next(SIGN_IN, wanted()))


def _confirmed(account: Account) -> Response:
    person = person_here()
    verbs = account.services.identity.second_factor
    try:
        confirmed = verbs.confirm_enrolment(person.actor, session_id=person.session_id, code=text("code"))
    except RateLimited as error:
        pending = verbs.pending_enrolment(person.actor)
        return _set_up(account, pending, wrong=refused(error, controls={}, otherwise="code"))
    except Conflict:
        return away(with_next(SET_UP, wanted()))
    if confirmed is None:
        return _set_up(account, verbs.pending_enrolment(person.actor), wrong=_WRONG)
    opened, codes = confirmed
    keep(account, opened)
    return task(account, "Your recovery codes", recovery_codes(codes, onward=with_next(SIGN_IN, wanted())))


def _asked(account: Account, *, wrong: Wrong = NOTHING_WRONG) -> Response:
    recovery = request.values.get("with") == "recovery"
    other = (
        link("Use the authenticator app", with_next(VERIFY, wanted()))
        if recovery
        else link("Use a recovery code", with_next(VERIFY, wanted(), recovery=True))
    )
    lead = (
        "Each recovery code works once."
        if recovery
        else "Open your authenticator app and type the six digits that it shows for Greenlight."
    )
    children: list[Node] = [
        page_head("Confirm that it is you", lead=lead),
        card(
            form(
                [
                    hidden("next", wanted()),
                    hidden("with", "recovery") if recovery else None,
                    code_input("Recovery code" if recovery else "Code", wrong, recovery=recovery),
                ],
                action=VERIFY,
                csrf_token=csrf_token(),
                actions=button("Continue", kind="primary", submit=True, busy_label="Checking…"),
                errors=wrong.errors,
            )
        ),
        html.Div([html.P([other], className="small"), sign_out_form()], className="acts", style=_APART),
    ]
    return task(account, "Confirm that it is you", children, wrong=wrong)


def code_input(label: str, wrong: Wrong, *, recovery: bool = False) -> Component:
    """Return the field for a one-time or a recovery code."""
    return text_input(
        label,
        id="code",
        autoComplete="off" if recovery else "one-time-code",
        inputMode="text" if recovery else "numeric",
        maxLength=32,
        spellCheck=False,
        autoFocus=not wrong.errors,
        error=wrong.errors.get("code"),
        style={"fontFamily": "var(--mono)", "fontSize": "1.125rem", "letterSpacing": "0.08em"},
    )


def sign_out_form() -> Component:
    """Return the way out for somebody who is not who this session says."""
    return html.Form(
        [hidden("_csrf_token", csrf_token()), button("Sign in as somebody else", kind="quiet", submit=True)],
        action=SIGN_OUT,
        method="post",
    )


def _set_up(account: Account, pending: EnrolmentView | None, *, wrong: Wrong = NOTHING_WRONG) -> Response:
    replacing = _complete(person_here())
    lead = (
        "Your present app stays in use until the new one has shown its first code."
        if replacing
        else "Your role can see and change what matters to others, so a password alone is not enough."
    )
    children: list[Node] = [page_head("Set up an authenticator app", lead=lead)]
    children += [_scan(pending, wrong)] if pending else [_beginning()]
    children.append(sign_out_form() if not replacing else None)
    return task(account, "Set up an authenticator app", children, wrong=wrong)


def _beginning() -> Component:
    return card(
        [
            prose(["Have your phone ready, with any authenticator app: it will show a new six-digit code every 30 s."]),
            form(
                hidden("next", wanted()),
                action=BEGIN,
                csrf_token=csrf_token(),
                actions=button("Show the QR code", kind="primary", submit=True),
            ),
        ]
    )


def _scan(pending: EnrolmentView, wrong: Wrong) -> Component:
    code = segno.make(pending.uri, error="m", micro=False)
    drawn = code.svg_inline(scale=5, border=3, dark="#000", light="#fff", svgclass=None, lineclass=None)
    picture = html.Div(
        Markup(html=drawn, tag="span", role="img", style=_QR, **attrs(aria_label="QR code for your authenticator app")),
        style={"display": "flex", "justifyContent": "center"},
    )
    key = html.Details(
        [
            html.Summary("You cannot scan it?"),
            html.P(["Type this key into the app, as a time-based one: ", html.Code(pending.secret, className="mono")]),
        ],
        className="small",
    )
    return stack(
        [
            card(stack([html.P("1. Scan this with your authenticator app."), picture, key])),
            card(
                form(
                    [hidden("next", wanted()), code_input("2. Type the code that it shows", wrong)],
                    action=SET_UP,
                    csrf_token=csrf_token(),
                    actions=button("Confirm", kind="primary", submit=True, busy_label="Checking…"),
                    errors=wrong.errors,
                )
            ),
        ]
    )


def _file_of(codes: tuple[str, ...]) -> str:
    return f"data:text/plain;charset=utf-8,{quote(chr(10).join(('Greenlight recovery codes', *codes, '')))}"


def recovery_codes(codes: tuple[str, ...], *, onward: str) -> list[Node]:
    """Return the page that shows recovery codes, this once."""
    rows = [html.Li(html.Code(code, className="mono")) for code in codes]
    style = {"display": "grid", "gridTemplateColumns": "1fr 1fr", "gap": "8px 20px", "paddingInlineStart": "24px"}
    return [
        page_head("Keep your recovery codes"),
        banner(
            "These are shown only now.",
            "Save or print them before you leave or reload this page; they cannot be shown again.",
            state=State.WARN,
        ),
        card(html.Ol(rows, style=style)),
        note("Each signs you in once, when your phone is not there. New ones replace all of these."),
        html.Div(
            [
                button("I have kept them", kind="primary", href=onward),
                button("Save as a file", href=_file_of(codes), download="greenlight-recovery-codes.txt"),
            ],
            className="acts",
        ),
    ]

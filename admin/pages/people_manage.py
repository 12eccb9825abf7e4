"""One person's roles, second factor and sign-ins, in a dialog of their own."""

from typing import Any

from dash import Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from admin.pages.people_roles import chosen, company_options, places, register_company_shown, role_fields
from admin.pages.people_tables import IDS, factor, roles
from services.facade import Services
from services.identity import Role
from services.identity.views import MembershipView, PersonView
from services.kernel.context import Actor
from services.kernel.errors import DomainError, Invalid, NotFound
from services.kernel.ids import new_id
from services.kernel.paging import PageRequest
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks
from web.shell.sessions import current_actor
from web.ui import Question, banner, button, copyable, dialog, facts, fields, stack, timestamp
from web.ui.theme import State as Colour

MANAGE = IDS.part("person")
_SAID, _BODY, _TITLE = IDS.part("person-said"), IDS.part("person-body"), f"{MANAGE}-title"
_ACTS = ("end", "suspend", "reinstate", "factor", "give", "take")


def manage_dialog() -> Component:
    """The dialog, empty until somebody is chosen."""
    inside = [html.Div(id=_SAID, role="status"), html.Div(id=_BODY)]
    return dialog("Person", inside, id=MANAGE, wide=True)


def register_manage(services: Services, callbacks: Callbacks) -> None:
    """Register what opens the dialog, and what its buttons do."""
    register_company_shown(callbacks, "give")

    @callbacks.callback(
        Output(MANAGE, "open"),
        Output(_TITLE, "children"),
        Output(_BODY, "children"),
        Output(_SAID, "children"),
        Input(IDS.each("manage"), "n_clicks"),
        State(IDS.part("purpose"), "value"),
        prevent_initial_call=True,
    )
    def manage(_: list[int | None], purpose: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return (no_update,) * 4
        actor = current_actor()
        try:
            row = _read(services, actor, ctx.triggered_id["key"], purpose)
        except Invalid as refusal:
            say_at_fields({"purpose": IDS.part("purpose")}, refusal, otherwise="purpose")
            return (no_update,) * 4
        return True, row.name, _drawn(services, actor, row), None

    _register_acts(services, callbacks)


def _register_acts(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_BODY, "children", allow_duplicate=True),
        Output(_SAID, "children", allow_duplicate=True),
        Output(IDS.part("changed"), "data", allow_duplicate=True),
        *(Input(IDS.each(act), "n_clicks") for act in _ACTS),
        State(IDS.part("give-role"), "value"),
        State(IDS.part("give-company"), "value"),
        State(IDS.part("purpose"), "value"),
        prevent_initial_call=True,
    )
    def act(*values: Any) -> Any:  # noqa: ANN401 -- Dash hands over one value per input
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return (no_update,) * 3
        actor, (role, company, purpose) = current_actor(), values[-3:]
        user_id, _, what = ctx.triggered_id["key"].partition(" ")
        part = ctx.triggered_id["part"].removeprefix("people-")
        try:
            told = _give(services, actor, user_id, role, company) if part == "give" else (
                _take(services, actor, user_id, what) if part == "take" else _act(services, actor, part, user_id)
            )  # fmt: skip
            row = _read(services, actor, user_id, purpose)
        except Invalid as refusal:
            say_at_fields(places("give"), refusal, otherwise="role")
            return no_update, None, no_update
        except DomainError as refusal:
            said = banner("That was not done", refusal.message, state=Colour.BAD, urgent=True)
            return no_update, said, no_update
        return _drawn(services, actor, row), banner(told, state=Colour.GOOD), new_id("chg")


def _read(services: Services, actor: Actor, user_id: str, purpose: object) -> PersonView:
    stated = str(purpose or "")
    found = services.identity.people.disclose(actor, PageRequest(size=1), purpose=stated, search=user_id).items
    if not found:
        raise NotFound("person_unknown", "There is no such person.")
    return found[0]


def _act(services: Services, actor: Actor, part: str, user_id: str) -> str:
    identity = services.identity
    if part == "end":
        return f"Ended {identity.sessions.end_all_of(actor, user_id=user_id)} sign-ins"
    if part == "suspend":
        identity.people.suspend(actor, user_id=user_id)
        return "Suspended; their sign-ins ended"
    if part == "reinstate":
        identity.people.reinstate(actor, user_id=user_id)
        return "Reinstated"
    identity.second_factor.take_off(actor, user_id=user_id)
    return "Second factor taken off; their sign-ins ended, and they were told by mail"


def _give(services: Services, actor: Actor, user_id: str, role: object, company: object) -> str:
    given, organisation_id = chosen(role, company)
    services.identity.people.grant(actor, user_id=user_id, role=given, organisation_id=organisation_id)
    return f"They are {given.value} now; their sign-ins ended, so that the new rights begin with a fresh one"


def _take(services: Services, actor: Actor, user_id: str, what: str) -> str:
    role, _, organisation_id = what.partition(" ")
    services.identity.people.withdraw(actor, user_id=user_id, role=Role(role), organisation_id=organisation_id or None)
    return f"They are not {role} any more; their sign-ins ended"


def _drawn(services: Services, actor: Actor, row: PersonView) -> Component:
    now = services.clock.now()
    return stack([
        facts({
            "E-mail": row.email,
            "Id": copyable(row.id),
            "Joined": timestamp(row.joined_at, now=now),
            "Second factor": [factor(row), " since ", timestamp(row.second_factor_since, now=now)]
            if row.second_factor_since else factor(row),
            **({"Suspended": timestamp(row.suspended_at, now=now)} if row.suspended_at else {}),
        }),
        html.H3("Roles"),
        html.Ul([_role(row, each) for each in row.memberships], className="held") if row.memberships else
        html.P("No role: they can do what every member can.", className="dim"),
        fields(role_fields("give", company_options(services, actor))),
        html.Div(button("Give role", id=IDS.one("give", row.id), icon_name="plus"), className="acts"),
        html.H3("Account"),
        html.Div(_account(row), className="acts"),
    ])  # fmt: skip


def _role(row: PersonView, held: MembershipView) -> Component:
    where = f" for {held.organisation}" if held.organisation else ""
    asks = Question(
        f"Withdraw {held.role}{where}?",
        f"{row.name} loses what this role allows, and is signed out everywhere at once.",
        "Withdraw the role",
    )
    key = " ".join(part for part in (row.id, held.role, held.organisation_id) if part)
    return html.Li([
        roles((held,)),
        button("Withdraw", id=IDS.one("take", key), kind="danger", asks=asks),
    ])  # fmt: skip


def _account(row: PersonView) -> list[Component]:
    end = Question("End all sign-ins?", f"{row.name} is signed out everywhere and can sign in again.", "End sign-ins")
    lost = Question(
        "Take off the second factor?",
        f"The app and the recovery codes of {row.name} are worth nothing any more, and all sign-ins end. They sign in "
        "by password alone and, as staff, set up a new one first. Make sure that it is really they who ask.",
        "Take it off",
    )
    keep_out = Question(
        f"Suspend {row.name}?",
        "They are signed out everywhere at once and cannot sign in until somebody reinstates them.",
        "Suspend",
    )
    suspend = (
        button("Suspend", id=IDS.one("suspend", row.id), kind="danger", asks=keep_out)
        if row.suspended_at is None
        else button("Reinstate", id=IDS.one("reinstate", row.id))
    )
    return [
        button("End sign-ins", id=IDS.one("end", row.id), asks=end),
        button("Take off second factor", id=IDS.one("factor", row.id), kind="danger", asks=lost,
               disabled=not row.second_factor),
        suspend,
    ]  # fmt: skip

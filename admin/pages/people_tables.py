"""The tables of people and of open invitations."""

from dash import html
from dash.development.base_component import Component

from services.facade import Services
from services.identity import Role
from services.identity.roles import IN_ORGANISATION
from services.identity.views import InvitationView, PersonView
from services.kernel.context import Actor
from services.kernel.paging import PageRequest
from web.ui import Column, Empty, Ids, Loaded, button, chip, data_grid, mono, panel, timestamp, with_sub
from web.ui.theme import State

_ids = Ids("people")
ROLES = tuple(sorted(role.value for role in Role if role not in IN_ORGANISATION and role is not Role.VISITOR))
"""The roles that a person can be invited to without a company."""


def people_panel(services: Services, actor: Actor, purpose: str) -> Component:
    """The people, disclosed for a purpose that is recorded.

    Raises: Invalid without a purpose.
    """
    now = services.clock.now()
    found = services.identity.people.disclose(actor, PageRequest(size=100), purpose=purpose)
    may_manage = "identity.manage" in actor.permissions
    grid = [
        Column[PersonView]("name", "Person", lambda r: with_sub(r.name, r.email)),
        Column[PersonView]("roles", "Roles", _roles),
        Column[PersonView]("factor", "Second factor", _factor, priority=2),
        Column[PersonView]("joined", "Joined", lambda r: timestamp(r.joined_at, now=now), priority=3),
        Column[PersonView](
            "actions", "Actions", lambda r: _actions(r) if may_manage and r.id != actor.id else None, label_hidden=True
        ),
    ]
    return panel(
        lambda: Loaded(found.items, now),
        lambda rows: data_grid(rows, grid, caption="People", noun="people-list", row_key=lambda r: r.id),
        title="People",
        now=now,
        flush=True,
        empty=Empty("Nobody yet", "Invite the first person."),
    )


def invitations_panel(services: Services, actor: Actor, purpose: str) -> Component:
    """The invitations that wait for an answer."""
    now = services.clock.now()
    grid = [
        Column[InvitationView]("email", "Address", lambda r: with_sub(r.email, mono(r.id))),
        Column[InvitationView]("role", "Role", lambda r: chip(r.role)),
        Column[InvitationView]("expires", "Good until", lambda r: timestamp(r.expires_at), priority=2),
        Column[InvitationView](
            "actions",
            "Actions",
            lambda r: button("Withdraw", id=_ids.one("withdraw", r.id), kind="quiet"),
            label_hidden=True,
        ),
    ]
    return panel(
        lambda: Loaded(services.identity.invitations.open_ones(actor, purpose=purpose), now),
        lambda rows: data_grid(rows, grid, caption="Open invitations", noun="people-invited", row_key=lambda r: r.id),
        title="Open invitations",
        now=now,
        flush=True,
        empty=Empty("No open invitations", "Whoever was invited has answered, or nobody was."),
    )


def _roles(row: PersonView) -> list[Component]:
    return [chip(role) for role in row.roles]


def _factor(row: PersonView) -> Component:
    if row.suspended_at is not None:
        return chip("suspended", State.BAD)
    return chip("set up", State.GOOD) if row.second_factor else chip("not set up", State.PLAIN)


def _actions(row: PersonView) -> Component:
    other = (
        button("Suspend", id=_ids.one("suspend", row.id), kind="danger")
        if row.suspended_at is None
        else button("Reinstate", id=_ids.one("reinstate", row.id))
    )
    return html.Div([button("End sign-ins", id=_ids.one("end", row.id)), other], className="acts")

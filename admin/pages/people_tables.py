"""The tables of people, of open invitations and of companies."""

from dash import html
from dash.development.base_component import Component

from services.facade import Services
from services.identity.views import InvitationView, MembershipView, OrganisationView, PersonView
from services.kernel.context import Actor
from services.kernel.paging import PageRequest
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Node,
    Question,
    button,
    chip,
    copyable,
    data_grid,
    panel,
    stack,
    timestamp,
    with_sub,
)
from web.ui.nodes import flatten
from web.ui.theme import State

IDS = Ids("people")
_SHOWN = 100


def people_panel(
    services: Services, actor: Actor, purpose: str, search: str, after: str | None = None, *, size: int = _SHOWN
) -> Component:
    """One page of the people, disclosed for a purpose that is recorded.

    Raises: Invalid without a purpose, or for a search that is neither id nor address.
    """
    now = services.clock.now()
    found = services.identity.people.disclose(actor, PageRequest(after, size), purpose=purpose, search=search)
    may_manage = "identity.manage" in actor.permissions
    grid = [
        Column[PersonView]("name", "Person", _person),
        Column[PersonView]("roles", "Roles", lambda r: roles(r.memberships)),
        Column[PersonView]("factor", "Second factor", factor, priority=2),
        Column[PersonView]("joined", "Joined", lambda r: timestamp(r.joined_at, now=now), priority=3),
        Column[PersonView](
            "actions", "Actions", lambda r: _manage(r) if may_manage and r.id != actor.id else None, label_hidden=True
        ),
    ]
    nobody = Empty("Nobody found", "Nobody has this address or id. Addresses are found whole only.")
    people = panel(
        lambda: Loaded(found.items, now),
        lambda rows: data_grid(rows, grid, caption="People", noun="people-list", row_key=lambda r: r.id),
        title="People" if after is None else "People who joined earlier",
        now=now,
        flush=True,
        empty=nobody if search.strip() else Empty("Nobody yet", "Invite the first person."),
    )
    pages = [
        button("Latest", id=IDS.one("after", ""), icon_name="chevron-left") if after is not None else None,
        button("Earlier", id=IDS.one("after", found.next_cursor), icon_name="chevron-right")
        if found.next_cursor is not None
        else None,
    ]
    return stack([people, html.Div(flatten(pages), className="acts") if any(pages) else None])


def invitations_panel(services: Services, actor: Actor, purpose: str) -> Component:
    """The invitations that wait for an answer."""
    now = services.clock.now()
    grid = [
        Column[InvitationView]("email", "Address", lambda r: with_sub(r.email, copyable(r.id))),
        Column[InvitationView]("role", "Role", lambda r: roles((MembershipView(r.role, None, r.organisation),))),
        Column[InvitationView]("expires", "Good until", lambda r: timestamp(r.expires_at), priority=2),
        Column[InvitationView]("actions", "Actions", _withdraw, label_hidden=True),
    ]
    return panel(
        lambda: Loaded(services.identity.invitations.open_ones(actor, purpose=purpose), now),
        lambda rows: data_grid(rows, grid, caption="Open invitations", noun="people-invited", row_key=lambda r: r.id),
        title="Open invitations",
        now=now,
        flush=True,
        empty=Empty("No open invitations", "Whoever was invited has answered, or nobody was."),
    )


def companies_panel(services: Services, actor: Actor) -> Component:
    """The companies that affiliates and agencies act for."""
    now = services.clock.now()
    grid = [
        Column[OrganisationView]("name", "Company", lambda r: r.name),
        Column[OrganisationView]("id", "Id", lambda r: copyable(r.id)),
        Column[OrganisationView]("founded", "Entered", lambda r: timestamp(r.founded_at, now=now)),
    ]
    return panel(
        lambda: Loaded(services.identity.people.organisations(actor), now),
        lambda rows: data_grid(rows, grid, caption="Companies", noun="people-companies", row_key=lambda r: r.id),
        title="Companies",
        now=now,
        flush=True,
        empty=Empty("No companies yet", "Affiliates and agencies act for a company: enter it before you invite them."),
    )


def roles(memberships: tuple[MembershipView, ...]) -> Component | None:
    """Roles, each with the company that it is for."""
    said = [f"{each.role} · {each.organisation}" if each.organisation else each.role for each in memberships]
    return html.Span([chip(words) for words in said], className="chips") if said else None


def factor(row: PersonView) -> Component:
    """Whether somebody has a second factor, suspended or not."""
    return chip("set up", State.GOOD) if row.second_factor else chip("not set up", State.PLAIN)


def _person(row: PersonView) -> Component:
    suspended: list[Node] = [" ", chip("suspended", State.BAD)] if row.suspended_at is not None else []
    return with_sub([row.name, *suspended], [html.Div(row.email), copyable(row.id)])


def _manage(row: PersonView) -> Component:
    return button("Manage", id=IDS.one("manage", row.id), icon_name="settings")


def _withdraw(row: InvitationView) -> Component:
    asks = Question("Withdraw the invitation?", f"The link that {row.email} got opens nothing any more.", "Withdraw")
    return button("Withdraw", id=IDS.one("withdraw", row.id), kind="danger", asks=asks)

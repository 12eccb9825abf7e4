"""Who is signed in, as a surface's frame shows them."""

from typing import Final

from web.shell.csrf import csrf_token
from web.shell.pages import Visit
from web.ui import Command, Person

SECURITY_PATH: Final = "/account/security"
SIGN_OUT_PATH: Final = "/account/sign-out"


def commands_of(visit: Visit) -> tuple[Command, ...]:
    """Return what the palette offers of other surfaces, as far as this person may go there, and of their account."""
    held = visit.signed_in.actor.permissions if visit.signed_in else frozenset()
    offered = (
        ("admin.enter", Command("Operations", "/admin/", "layout-dashboard", "Elsewhere", "overview admin")),
        ("dashboards.enter", Command("Playback", "/dashboards/", "chart-line", "Elsewhere", "dashboards figures")),
        ("evidence.read", Command("Audit trail", "/dashboards/evidence", "stamp", "Elsewhere", "evidence changes log")),
    )
    lookup = Command("Look this up in the audit trail", "/dashboards/evidence?search=", "search", "Search", lookup=True)
    account = Command(
        "Your account", SECURITY_PATH, "user", "You", "password security sessions sign out recovery codes"
    )
    found = [command for permission, command in offered if permission in held and not _is_here(command.href, visit)]
    return (*found, account, *([lookup] if "evidence.read" in held else []))


def _is_here(href: str, visit: Visit) -> bool:
    """Tell whether the surface's own navigation, which the palette lists, has this already."""
    return href.split("/")[1] == visit.path.split("/")[1]


def person_of(visit: Visit) -> Person:
    """Return the person of a visit, with the ways to their account and out."""
    person = visit.signed_in
    return Person(
        name=person.name if person else "",
        role=", ".join(person.roles) if person else "",
        account_href=SECURITY_PATH,
        sign_out_action=SIGN_OUT_PATH,
        csrf_token=csrf_token(),
    )

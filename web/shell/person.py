"""Who is signed in, as a surface's frame shows them."""

from typing import Final

from web.shell.csrf import csrf_token
from web.shell.pages import Visit
from web.ui import Person

SECURITY_PATH: Final = "/account/security"
SIGN_OUT_PATH: Final = "/account/sign-out"


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

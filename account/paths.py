"""Where the account surface's pages stand, and where people go from them."""

from services.kernel.context import Actor

SIGN_IN = "/account/sign-in"
SIGN_OUT = "/account/sign-out"
VERIFY = "/account/second-factor"
SET_UP = "/account/second-factor/set-up"
BEGIN = "/account/second-factor/begin"
INVITATION = "/account/invitation"
RESET = "/account/reset"
SECURITY = "/account/security"
MAILBOX = "/account/mailbox"


def home_of(actor: Actor) -> str:
    """Return where a person's work is."""
    if "admin.enter" in actor.permissions:
        return "/admin/"
    if "dashboards.enter" in actor.permissions:
        return "/dashboards/"
    return "/shop/"

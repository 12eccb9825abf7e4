"""Identity: people, companies, roles, sign-ins, second factors, invitations and resets."""

from services.identity.assembly import Identity, make_identity
from services.identity.roles import PUBLIC_PERMISSIONS, ROLE_PERMISSIONS, STAFF, Role
from services.identity.views import Client, SecondFactorState, SignedIn

__all__ = [
    "PUBLIC_PERMISSIONS",
    "ROLE_PERMISSIONS",
    "STAFF",
    "Client",
    "Identity",
    "Role",
    "SecondFactorState",
    "SignedIn",
    "make_identity",
]

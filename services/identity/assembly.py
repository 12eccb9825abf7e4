"""Identity's verbs, put together from the settings."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.attempts import Attempts
from services.identity.founding import Founding
from services.identity.invitations import Invitations
from services.identity.letters import Letters
from services.identity.password_change import PasswordChange
from services.identity.passwords import Passwords
from services.identity.people import People
from services.identity.second_factor import SecondFactor
from services.identity.sessions import SessionLife, Sessions
from services.identity.sign_in import SignIn
from services.identity.upkeep import Upkeep
from services.infra.settings import Settings, derive_key
from services.infra.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything that can be done and asked about people, their rights and their sign-ins."""

    sign_in: SignIn
    second_factor: SecondFactor
    sessions: Sessions
    invitations: Invitations
    passwords: PasswordChange
    people: People
    founding: Founding
    letters: Letters
    upkeep: Upkeep


def make_identity(uow: UnitOfWork, settings: Settings, passwords: Passwords | None = None) -> Identity:
    """Return identity's verbs for an installation."""
    hashes = passwords or Passwords()
    life = SessionLife(
        longest=timedelta(hours=settings.session_hours), at_rest=timedelta(minutes=settings.session_idle_minutes)
    )
    attempts = Attempts(uow)
    demo_key = derive_key(settings.secret_key.get_secret_value(), "demo-people") if settings.demo else None
    return Identity(
        sign_in=SignIn(uow, hashes, attempts, life),
        second_factor=SecondFactor(uow, life),
        sessions=Sessions(uow, life),
        invitations=Invitations(uow, hashes, life),
        passwords=PasswordChange(uow, hashes, attempts, life),
        people=People(uow),
        founding=Founding(uow, hashes, demo_key),
        letters=Letters(uow),
        upkeep=Upkeep(uow),
    )

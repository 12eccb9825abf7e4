"""What surfaces read of identity: frozen, and without anything that belongs to the database."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kernel.context import UserActor


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from, as the shell saw it."""

    address: str
    user_agent: str = ""


class SecondFactorState(StrEnum):
    """How a sign-in stands with the second factor."""

    NOT_NEEDED = "not_needed"
    DUE = "due"
    """The person has one and has not given it yet."""
    TO_ENROL = "to_enrol"
    """The person needs one and has none."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a session token belongs to, and what they may do with it now."""

    session_id: str
    actor: UserActor
    name: str
    roles: tuple[str, ...]
    second_factor: SecondFactorState
    expires_at: datetime

    @property
    def complete(self) -> bool:
        """Whether the sign-in is over and grants what the roles grant."""
        return self.second_factor in {SecondFactorState.NOT_NEEDED, SecondFactorState.DONE}


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session that was just opened or rotated; the token is shown this once, to be kept in a cookie."""

    token: str
    expires_at: datetime
    second_factor: SecondFactorState
    device_token: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """One of a person's own sign-ins."""

    id: str
    device: str
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """A second factor that is being set up: the key for typing, and the address that a QR code carries."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class SecurityView:
    """How a person's own account is guarded."""

    email: str
    name: str
    roles: tuple[str, ...]
    password_changed_at: datetime
    second_factor_since: datetime | None
    second_factor_required: bool
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as the invited person, or who may invite, sees it."""

    id: str
    email: str
    role: str
    organisation: str | None
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """An invitation that was just issued, with the token of its link for who cannot wait for the letter."""

    id: str
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MembershipView:
    """A role that a person has, and the company in which they have it; none for the platform itself."""

    role: str
    organisation_id: str | None
    organisation: str | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as an administrator sees them."""

    id: str
    name: str
    email: str
    memberships: tuple[MembershipView, ...]
    joined_at: datetime
    suspended_at: datetime | None
    second_factor_since: datetime | None

    @property
    def roles(self) -> tuple[str, ...]:
        """What they are, in whichever company."""
        return tuple(sorted({each.role for each in self.memberships}))

    @property
    def second_factor(self) -> bool:
        """Whether they have a second factor."""
        return self.second_factor_since is not None


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """A company that people act for."""

    id: str
    name: str
    founded_at: datetime


@dataclass(frozen=True, slots=True)
class CorrespondentView:
    """Whom a letter goes to, and what it needs to say."""

    subject_id: str
    email: str
    name: str
    token: str = ""
    role: str = ""
    organisation: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A sign-in of the demo, with its password and the secret of its second factor."""

    role: str
    name: str
    email: str
    password: str
    totp_secret: str | None

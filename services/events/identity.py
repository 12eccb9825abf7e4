"""Facts of identity: what was asked for by mail, and what changed that guards an account. Ids only."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class InvitationIssued(Fact):
    """Somebody was invited and waits for the letter."""

    topic: ClassVar[str] = "identity.invitation_issued"

    invitation_id: str
    subject_id: str


@dataclass(frozen=True, kw_only=True)
class PasswordResetRequested(Fact):
    """Somebody asked for a link to choose a new password; whether the account exists is found out by who reacts."""

    topic: ClassVar[str] = "identity.password_reset_requested"

    reset_id: str


@dataclass(frozen=True, kw_only=True)
class AccountSecured(Fact):
    """Something that guards an account changed, which its owner must learn of.

    `change` is one of password_changed, password_reset, second_factor_enrolled, second_factor_removed,
    recovery_codes_renewed, recovery_code_used, roles_changed. `change_id` tells two changes apart.
    """

    topic: ClassVar[str] = "identity.account_secured"

    user_id: str
    change: str
    change_id: str

"""Answers to whoever delivers letters: to whom a letter goes and what it must say; each answer names its purpose."""

import logging

from services.identity import people_reads
from services.identity.links import Links
from services.identity.tables import InvitationRow, ResetRow, UserRow
from services.identity.views import CorrespondentView
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.context import Actor

_log = logging.getLogger(__name__)


class Letters:
    """Tells the addresses of letters."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.links = Links(uow.vault)

    @query(permission="identity.correspond")
    def invitation(self, actor: Actor, invitation_id: str, *, purpose: str) -> CorrespondentView | None:
        """Return whom an invitation goes to; nothing where it is not open any more."""
        scope = current()
        row = scope.session.get(InvitationRow, invitation_id)
        if row is None or row.accepted_at or row.withdrawn_at or row.expires_at <= self.uow.clock.now():
            return None
        _note_read(row.subject_id, purpose)
        place = f"identity_invitations.email:{row.id}"
        return CorrespondentView(
            subject_id=row.subject_id,
            email=self.uow.vault.open(scope.session, row.subject_id, row.email_sealed, place),
            name="",
            token=self.links.token(row.id),
            role=row.role,
            organisation=people_reads.organisation_name(scope.session, row.organisation_id),
            expires_at=row.expires_at,
        )

    @query(permission="identity.correspond")
    def password_reset(self, actor: Actor, reset_id: str, *, purpose: str) -> CorrespondentView | None:
        """Return whom a reset link goes to; nothing for an address without an account, or where it is over."""
        scope = current()
        row = scope.session.get(ResetRow, reset_id)
        if row is None or row.user_id is None or row.used_at or row.expires_at <= self.uow.clock.now():
            return None
        user = scope.session.get_one(UserRow, row.user_id)
        _note_read(user.id, purpose)
        return CorrespondentView(
            subject_id=user.id,
            email=people_reads.email_of(scope, user),
            name=people_reads.name_of(scope, user),
            token=self.links.token(row.id),
            expires_at=row.expires_at,
        )

    @query(permission="identity.correspond")
    def person(self, actor: Actor, user_id: str, *, purpose: str) -> CorrespondentView | None:
        """Return how a person is reached; nothing where the account is gone."""
        scope = current()
        user = scope.session.get(UserRow, user_id)
        if user is None:
            return None
        _note_read(user.id, purpose)
        return CorrespondentView(
            subject_id=user.id, email=people_reads.email_of(scope, user), name=people_reads.name_of(scope, user)
        )


def _note_read(subject_id: str, purpose: str) -> None:
    _log.info("personal_data_read", extra={"subject_id": subject_id, "purpose": purpose})

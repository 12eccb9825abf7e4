"""What the clock does for identity: drop what is over and has been kept long enough."""

from datetime import timedelta

import sqlalchemy as sa

from services.identity.rules import FORGIVEN_AFTER
from services.identity.tables import AttemptsRow, InvitationRow, ResetRow, SessionRow
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command
from services.kernel.context import Actor

KEPT = timedelta(days=30)


class Upkeep:
    """Drops ended sign-ins, used links and old counters."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="identity.tidy")
    def tidy(self, actor: Actor) -> int:
        """Drop what is over for 30 days, and counters that are forgiven; return how many rows went."""
        scope, now = current(), self.uow.clock.now()
        old = now - KEPT
        count = 0
        for statement in (
            sa.delete(SessionRow).where(sa.or_(SessionRow.ended_at < old, SessionRow.expires_at < old)),
            sa.delete(ResetRow).where(ResetRow.expires_at < old),
            sa.delete(InvitationRow).where(InvitationRow.expires_at < old),
            sa.delete(AttemptsRow).where(AttemptsRow.last_at < now - FORGIVEN_AFTER, AttemptsRow.blocked_until < now),
        ):
            count += int(scope.session.execute(statement).rowcount)  # type: ignore[attr-defined] # a DELETE's result has it
        scope.note(dropped=count)
        self.uow.vault.scrub_after(scope.session)  # again, where a reader was in the way when a key was destroyed
        return count

"""The processor's notices: verified, stored once, and then looked up, since they come late, twice and out of order."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.events.payments import ProcessorNotified
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor, VendorActor
from services.kernel.errors import NotFound
from services.payments.ports import Notice, NoticeReader
from services.payments.tables import NOTICES, NoticeRow

KEPT = timedelta(days=30)
_PROCESSOR = VendorActor("payment_processor", frozenset({"payments.notify"}))


class Notices:
    """The door for what the processor tells; without a reader there is no such door."""

    def __init__(self, uow: UnitOfWork, reader: NoticeReader | None) -> None:
        self.uow, self._reader = uow, reader

    def accept(self, body: bytes, signature: str) -> None:
        """Take a notice as it arrived; what we do not follow is thanked for and dropped.

        Raises: NotFound without a processor; Unauthenticated for a forged or old one; Invalid for what is none.
        """
        if self._reader is None:
            raise NotFound("payments_not_configured", "Payments are not set up on this installation.")
        notice = self._reader.notice(body, signature)
        if notice is not None:
            self.take(_PROCESSOR, notice=notice)

    @command(permission="payments.notify")
    def take(self, actor: Actor, *, notice: Notice) -> bool:
        """Store a notice and let it be looked up; one that came before changes nothing. Tell whether it was new."""
        scope, now = current(), self.uow.clock.now()
        values = {"id": notice.notice_id, "kind": notice.kind, "processor_id": notice.processor_id, "received_at": now}
        make = postgresql.insert if scope.session.get_bind().dialect.name == "postgresql" else sqlite.insert
        store = make(NOTICES).values(**values).on_conflict_do_nothing().returning(NOTICES.c.id)
        new = scope.session.scalar(store) is not None  # psycopg counts no rows of an insert
        scope.note(notice_id=notice.notice_id, kind=notice.kind, new=new)
        if new:
            scope.publish(
                ProcessorNotified(
                    occurred_at=now, notice_id=notice.notice_id, about=notice.about, processor_id=notice.processor_id
                )
            )
        return new

    @query(permission="payments.settle")
    def old(self, actor: Actor) -> bool:
        """Tell whether notices are past their keeping."""
        past = NoticeRow.received_at < self.uow.clock.now() - KEPT
        return bool(current().session.scalar(sa.select(sa.exists().where(past))))

    @command(permission="payments.settle")
    def drop_old(self, actor: Actor) -> None:
        """Drop notices past their keeping: the processor sends none again by then."""
        old = sa.delete(NoticeRow).where(NoticeRow.received_at < self.uow.clock.now() - KEPT)
        dropped = current().session.execute(old).rowcount  # type: ignore[attr-defined] # a delete has a row count
        current().note(dropped=int(dropped))

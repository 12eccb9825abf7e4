"""A person's word on how a component stands: overrides, corrections of the past, and components kept by hand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa

from services.components.arranging import component_row
from services.components.rules import check_decree, clean_reason
from services.components.standing import Said, serialise, take_in
from services.components.tables import PartRow, SourceRow, StatementRow
from services.components.timeline import Kind
from services.components.views import ComponentStatus, DecreeView
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.clock import from_epoch_ms, require_utc, to_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id

_SHOWN = 100
_KINDS: Final[Mapping[Kind, Literal["override", "correction", "word"]]] = {
    Kind.OVERRIDE: "override",
    Kind.CORRECTION: "correction",
    Kind.WORD: "word",
}


class Overrides:
    """The verbs by which a person says how a component stands, each with a recorded reason."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="components.override")
    def override(
        self,
        actor: Actor,
        *,
        component_id: str,
        status: ComponentStatus,
        reason: str,
        until_at: datetime | None = None,
        newest: str | None = None,
    ) -> None:
        """Set how a component stands, whatever its sources say, until an instant or until it is cleared.

        `newest` is the newest word that was seen, empty where there was none.

        Raises: NotFound; Invalid without a reason, for maintenance, or for an end that is past; Conflict where
            somebody said something of it meanwhile.
        """
        component_row(current().session, component_id)
        _check_newest(component_id, newest)
        check_decree(status)
        now = self.uow.clock.now()
        if until_at is not None and require_utc(until_at) <= now:
            message = "The end lies in the past: give a later one, or none."
            raise Invalid("override_over", message, fields={"until_at": message})
        said = clean_reason(reason)
        ends_ms = None if until_at is None else to_epoch_ms(until_at)
        self._say(Kind.OVERRIDE, component_id, {component_id: status}, said, (to_epoch_ms(now), ends_ms))
        current().about(component_id)
        current().note(
            component_id=component_id,
            status=status,
            reason=said,
            until_at=until_at.isoformat() if until_at else None,
        )

    @command(permission="components.override")
    def clear(self, actor: Actor, *, component_id: str, reason: str, newest: str | None = None) -> None:
        """Let a component's sources tell again how it stands; `newest` as with `override`.

        Raises: NotFound; Conflict where nothing is overridden, or somebody said something meanwhile; Invalid without a
            reason.
        """
        _check_newest(component_id, newest)
        row = component_row(current().session, component_id)
        if not row.overridden:
            raise Conflict("not_overridden", "This component is not overridden: its sources tell how it stands.")
        said = clean_reason(reason)
        self._say(Kind.OVERRIDE, component_id, {}, said, (to_epoch_ms(self.uow.clock.now()), None))
        current().about(component_id)
        current().note(component_id=component_id, reason=said)

    @command(permission="components.override")
    def state(
        self, actor: Actor, *, component_id: str, status: ComponentStatus, reason: str, newest: str | None = None
    ) -> None:
        """Say how a component that is kept by hand stands from now on; `newest` as with `override`.

        Raises: NotFound; Conflict for one that probes watch, or where somebody said something meanwhile; Invalid
            without a reason.
        """
        _check_newest(component_id, newest)
        row = component_row(current().session, component_id)
        if not row.manual:
            raise Conflict("component_not_manual", "This component is not kept by hand: override it instead.")
        said = clean_reason(reason)
        self._say(Kind.WORD, component_id, {component_id: status}, said, (to_epoch_ms(self.uow.clock.now()), None))
        current().about(component_id)
        current().note(component_id=component_id, status=status, reason=said)

    @command(permission="components.override")
    def correct(
        self,
        actor: Actor,
        *,
        component_id: str,
        status: ComponentStatus,
        starts_at: datetime,
        ends_at: datetime,
        reason: str,
    ) -> str:
        """Correct how a component stood in a span that is over, and return the correction's id.

        What was measured stays stored: withdrawing the correction brings it back.

        Raises: NotFound; Invalid without a reason, for maintenance, or for a span that is not over.
        """
        component_row(current().session, component_id)
        check_decree(status)
        starts_ms, ends_ms, now_ms = to_epoch_ms(starts_at), to_epoch_ms(ends_at), to_epoch_ms(self.uow.clock.now())
        if not 0 <= starts_ms < ends_ms <= now_ms:
            message = "A correction is of a span that is over: it begins before it ends, and ends before now."
            raise Invalid("correction_span_invalid", message, fields={"ends_at": message})
        said, correction_id = clean_reason(reason), new_id("cor")
        self._say(Kind.CORRECTION, correction_id, {component_id: status}, said, (starts_ms, ends_ms))
        current().about(component_id)
        current().note(
            component_id=component_id,
            correction_id=correction_id,
            status=status,
            reason=said,
            starts_at=starts_at.isoformat(),
            ends_at=ends_at.isoformat(),
        )
        return correction_id

    @command(permission="components.override")
    def withdraw(self, actor: Actor, *, correction_id: str, reason: str) -> None:
        """Take a correction back: the span is again as it was measured.

        Raises: NotFound; Invalid without a reason.
        """
        said = clean_reason(reason)
        chosen = sa.select(sa.func.min(StatementRow.starts_ms)).where(
            StatementRow.kind == Kind.CORRECTION, StatementRow.source_id == correction_id
        )
        starts_ms = current().session.scalar(chosen)
        if starts_ms is None:
            raise NotFound("correction_unknown", "There is no such correction.")
        self._say(Kind.CORRECTION, correction_id, {}, said, (int(starts_ms), None))
        concerned = sa.select(SourceRow.component_id).where(
            SourceRow.kind == Kind.CORRECTION, SourceRow.source_id == correction_id
        )
        current().about(*current().session.scalars(concerned))
        current().note(correction_id=correction_id, reason=said)

    @query(permission="components.review")
    def decrees(self, actor: Actor, *, component_id: str) -> tuple[DecreeView, ...]:
        """Return what people said of a component over its sources, newest first, also what they took back.

        Raises: NotFound.
        """
        component_row(current().session, component_id)
        rows = current().session.execute(_words_of(component_id).limit(_SHOWN)).all()
        withdrawn = {row.source_id for row, status in rows if row.kind == Kind.CORRECTION and status is None}
        return tuple(_decree(row, status, withdrawn) for row, status in rows)

    def _say(
        self,
        kind: Kind,
        source_id: str,
        statuses: dict[str, ComponentStatus],
        reason: str,
        span: tuple[int, int | None],
    ) -> None:
        said = to_epoch_ms(self.uow.clock.now()) * 1000
        last = current().session.scalar(
            sa.select(sa.func.max(StatementRow.said)).where(
                StatementRow.kind == kind, StatementRow.source_id == source_id
            )
        )
        # Two words within one millisecond keep the order in which they were said.
        said = said if last is None else max(said, int(last) + 1)
        take_in([Said(new_id("cst"), kind, source_id, said, span[0], statuses, reason, span[1])])


def _words_of(component_id: str) -> sa.Select[StatementRow, str]:
    """What people said of a component, newest first, each with the status that it gives, if any."""
    part = sa.and_(PartRow.statement_id == StatementRow.id, PartRow.component_id == component_id)
    source = sa.and_(SourceRow.kind == StatementRow.kind, SourceRow.source_id == StatementRow.source_id)
    return (
        sa.select(StatementRow, PartRow.status)
        .join(SourceRow, source)
        .outerjoin(PartRow, part)
        .where(
            SourceRow.component_id == component_id,
            StatementRow.kind.in_([Kind.OVERRIDE, Kind.CORRECTION, Kind.WORD]),
        )
        .order_by(StatementRow.said.desc(), StatementRow.id.desc())
    )


def _decree(row: StatementRow, status: str | None, withdrawn: set[str]) -> DecreeView:
    return DecreeView(
        id=row.source_id,
        word_id=row.id,
        kind=_KINDS[Kind(row.kind)],
        status=None if status is None else ComponentStatus(status),
        starts_at=from_epoch_ms(row.starts_ms),
        ends_at=None if row.ends_ms is None else from_epoch_ms(row.ends_ms),
        reason=row.reason,
        withdrawn=row.kind == Kind.CORRECTION and row.source_id in withdrawn,
        said_at=from_epoch_ms(row.said // 1000),
    )


def _check_newest(component_id: str, newest: str | None) -> None:
    """Refuse a word by somebody who has not seen the last one; two at once are asked one after the other."""
    session = current().session
    serialise(session)
    if newest is None:
        return
    last = session.scalars(_words_of(component_id).limit(1)).first()
    if (last.id if last else "") != newest:
        message = (
            "Somebody said something of this component while you wrote: read it in the history, and say yours again."
        )
        raise Conflict("word_changed", message, newest=last.id if last else "")

"""The console of durable work: its questions, and the verbs that set failed or hanging work going again."""

import itertools
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.events.work import ResumeRequested
from services.infra.durable import Client, ExecutorRow, FailureRow, FailureState
from services.infra.durable.engine import EngineWork
from services.infra.durable.envelope import ATTEMPT_MARK, Envelope, work_id_of
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, intake, query
from services.kernel.clock import require_utc
from services.kernel.context import Actor
from services.kernel.errors import Conflict, NotFound
from services.kernel.paging import Page, PageRequest
from services.work.views import FailedWorkView, OpenWorkView, ProcessView, WorkCounts

RETRY_BUDGET = 3
"""Attempts that a person's retry gives to failed work."""
KEEP_DONE_DAYS = 7
KEEP_CLOSED_DAYS = 90
ALIVE_SECONDS = 30
OPEN_STATES = {"ENQUEUED": "waiting", "DELAYED": "retrying", "PENDING": "running"}
SET_ASIDE = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


class Work:
    """Durable work as operators see it."""

    def __init__(self, uow: UnitOfWork, client: Client, *, engine_page: int = 500) -> None:
        self.uow, self._client, self._engine_page = uow, client, engine_page

    @query(permission="work.read")
    def counts(self, actor: Actor) -> WorkCounts:
        """Return how much needs attention."""
        session = current().session
        rows = session.execute(sa.select(FailureRow.state, sa.func.count()).group_by(FailureRow.state))
        by_state: dict[str, int] = dict(rows.all())
        alive = sa.select(sa.func.count()).where(
            ExecutorRow.ended_at.is_(None),
            ExecutorRow.beat_at >= self.uow.clock.now() - timedelta(seconds=ALIVE_SECONDS),
        )
        return WorkCounts(
            failed=by_state.get(FailureState.FAILED, 0),
            retrying=by_state.get(FailureState.RETRYING, 0),
            processes_alive=session.scalar(alive) or 0,
        )

    @query(permission="work.read")
    def failed(
        self, actor: Actor, page: PageRequest, states: Sequence[str] = (FailureState.FAILED, FailureState.RETRYING)
    ) -> Page[FailedWorkView]:
        """Return work that failed, newest failure first, with its cause."""
        chosen = sa.select(FailureRow).where(FailureRow.state.in_(states))
        if page.after:
            at, work_id = page.after.split(" ", maxsplit=1)
            chosen = chosen.where(
                sa.tuple_(FailureRow.failed_at, FailureRow.work_id)
                < sa.tuple_(
                    sa.bindparam("at", require_utc(datetime.fromisoformat(at)), FailureRow.failed_at.type), work_id
                )
            )
        chosen = chosen.order_by(FailureRow.failed_at.desc(), FailureRow.work_id.desc()).limit(page.size + 1)
        rows = current().session.scalars(chosen).all()
        views = [_failed_view(row) for row in rows[: page.size]]
        more = f"{views[-1].failed_at.isoformat()} {views[-1].work_id}" if len(rows) > page.size else None
        return Page(views, more)

    @query(permission="work.read")
    def failure(self, actor: Actor, work_id: str) -> FailedWorkView:
        """Return why one piece of work failed.

        Raises: NotFound where it never failed.
        """
        return _failed_view(_failure(current().session, work_id))

    @query(permission="work.read")
    def open(self, actor: Actor, page: PageRequest) -> Page[OpenWorkView]:
        """Return work that waits or runs, newest first."""
        offset = int(page.after or 0)
        found = self._client.listed(tuple(OPEN_STATES), limit=page.size + 1, offset=offset)
        living = set(
            current().session.scalars(sa.select(ExecutorRow.executor_id).where(ExecutorRow.ended_at.is_(None)))
        )
        views = [_open_view(work, living) for work in found[: page.size]]
        return Page(views, str(offset + page.size) if len(found) > page.size else None)

    @query(permission="work.read")
    def processes(self, actor: Actor) -> tuple[ProcessView, ...]:
        """Return the background processes that live, and those that ended of late."""
        now = self.uow.clock.now()
        since = now - timedelta(days=1)
        chosen = (
            sa.select(ExecutorRow)
            .where(sa.or_(ExecutorRow.ended_at.is_(None), ExecutorRow.ended_at >= since))
            .order_by(ExecutorRow.started_at.desc())
        )
        return tuple(_process_view(row, now) for row in current().session.scalars(chosen))

    @command(permission="work.resume")
    def retry(self, actor: Actor, work_id: str) -> None:
        """Try failed work again, from its start and with the same idempotency key.

        Raises: NotFound where it never failed; Conflict where it is not in a failed state, or is a job that waits or
        runs already.
        """
        scope = current()
        row = _failure(scope.session, work_id, lock=True)
        if row.state not in {FailureState.FAILED, FailureState.DISMISSED}:
            raise Conflict("work_not_failed", f"This work is {row.state}; only failed work can be tried again.")
        envelope = Envelope.from_json(json.loads(row.envelope)).again()
        row.state, row.attempt, row.budget = FailureState.RETRYING, envelope.attempt, row.attempt + RETRY_BUDGET
        row.next_attempt_at = self.uow.clock.now()
        row.envelope = json.dumps(envelope.to_json())
        if not self._client.enqueue_on(scope.session, envelope):
            raise Conflict("job_not_idle", "This job waits or runs already; see whether that succeeds.")
        scope.note(work_id=work_id, attempt=envelope.attempt)

    @command(permission="work.resume")
    def dismiss(self, actor: Actor, work_id: str, reason: str) -> None:
        """Close failed work without trying again.

        Raises: NotFound where it never failed; Conflict where it is not in a failed state.
        """
        scope = current()
        row = _failure(scope.session, work_id, lock=True)
        if row.state != FailureState.FAILED:
            raise Conflict("work_not_failed", f"This work is {row.state}; only failed work can be dismissed.")
        row.state = FailureState.DISMISSED
        scope.note(work_id=work_id, reason=reason)

    @command(permission="work.resume")
    def resume(self, actor: Actor, workflow_id: str) -> None:
        """Put work that hangs back into its queue; whoever ran it can no longer finish it.

        Raises: NotFound; Conflict where it neither waits nor runs.
        """
        work = self._client.find(workflow_id)
        if work is None or work.envelope is None:
            raise NotFound("work_unknown", "There is no such work.", workflow_id=workflow_id)
        if work.status not in OPEN_STATES:
            raise Conflict("work_not_open", "This work has ended; retry it where it failed.", workflow_id=workflow_id)
        scope = current()
        scope.note(workflow_id=workflow_id)
        scope.publish(
            ResumeRequested(
                occurred_at=self.uow.clock.now(), workflow_id=workflow_id, queue=work.queue or work.envelope.queue
            )
        )

    @intake(permission="work.keep", unaudited_because="it copies what the engine already recorded")
    def note_set_aside(self, actor: Actor) -> int:
        """List work that the engine set aside without our hearing of it, such as work that killed its processes."""
        return sum(self._note_set_aside(status) for status in SET_ASIDE)

    def _note_set_aside(self, status: str) -> int:
        """Go back from the newest until a whole page was known already."""
        noted = 0
        for offset in itertools.count(step=self._engine_page):
            page = self._client.listed((status,), limit=self._engine_page, offset=offset)
            new = sum(_noted(current().session, work) for work in page)
            noted += new
            if not new or len(page) < self._engine_page:
                break
        return noted

    @intake(permission="work.keep", unaudited_because="it forgets what succeeded, and failures long closed")
    def forget_closed(self, actor: Actor) -> None:
        """Forget failures that were closed long ago, and the lives of processes long ended."""
        session, now = current().session, self.uow.clock.now()
        closed = FailureRow.state.in_((FailureState.RECOVERED, FailureState.DISMISSED))
        long_ago = now - timedelta(days=KEEP_CLOSED_DAYS)
        session.execute(sa.delete(FailureRow).where(closed, FailureRow.failed_at < long_ago))
        session.execute(sa.delete(ExecutorRow).where(ExecutorRow.ended_at < now - timedelta(days=KEEP_DONE_DAYS)))

    def forget_finished(self) -> int:
        """Delete the engine's rows of work that ended long ago; return how many. Runs outside any verb."""
        now = self.uow.clock.now()
        # Those that failed go before our own record of the failure, or `note_set_aside` would find them anew.
        limits = ((("SUCCESS",), KEEP_DONE_DAYS), ((*SET_ASIDE, "CANCELLED"), KEEP_CLOSED_DAYS - 1))
        total = 0
        for statuses, days in limits:
            while forgotten := self._client.forget_ended(statuses, now - timedelta(days=days)):
                total += forgotten
        return total


def _failure(session: Session, work_id: str, *, lock: bool = False) -> FailureRow:
    row = session.get(FailureRow, work_id, with_for_update=lock)
    if row is None:
        raise NotFound("work_unknown", "There is no failed work of this id.", work_id=work_id)
    return row


def _noted(session: Session, work: EngineWork) -> bool:
    """List what the engine set aside; tell whether that was news."""
    if work.envelope is None:
        return False
    row = session.get(FailureRow, work.envelope.work_id)
    overtaken = row is not None and row.state == FailureState.RETRYING and work.envelope.attempt >= row.attempt
    if row is not None and not overtaken:
        return False
    session.merge(_set_aside(work, work.envelope))
    return True


def _set_aside(work: EngineWork, envelope: Envelope) -> FailureRow:
    error = work.error
    return FailureRow(
        work_id=envelope.work_id,
        name=envelope.name,
        state=FailureState.FAILED,
        attempt=envelope.attempt,
        budget=envelope.attempt,
        code=error.code if error else "process_died",
        message=error.message if error else "The processes that ran this ended again and again before it was done.",
        place=error.place if error else "",
        retryable=True,
        correlation_id=envelope.correlation_id,
        first_failed_at=work.created_at,
        failed_at=work.updated_at,
        next_attempt_at=None,
        envelope=json.dumps(envelope.to_json()),
    )


def _failed_view(row: FailureRow) -> FailedWorkView:
    return FailedWorkView(
        work_id=row.work_id,
        name=row.name,
        state=FailureState(row.state).value,
        attempt=row.attempt,
        code=row.code,
        message=row.message,
        place=row.place,
        retryable=row.retryable,
        correlation_id=row.correlation_id,
        first_failed_at=row.first_failed_at,
        failed_at=row.failed_at,
        next_attempt_at=row.next_attempt_at,
    )


def _open_view(work: EngineWork, living: set[str]) -> OpenWorkView:
    envelope = work.envelope
    mark = work.workflow_id.partition(ATTEMPT_MARK)[2]
    return OpenWorkView(
        work_id=work_id_of(work.workflow_id),
        workflow_id=work.workflow_id,
        name=work.name,
        state=OPEN_STATES[work.status],  # type: ignore[arg-type] # its literals
        attempt=envelope.attempt if envelope else int(mark or 1),
        queue=work.queue,
        executor_id=work.executor_id if work.status == "PENDING" else "",
        correlation_id=envelope.correlation_id if envelope else "",
        created_at=work.created_at,
        updated_at=work.updated_at,
        executor_alive=work.status != "PENDING" or work.executor_id in living,
    )


def _process_view(row: ExecutorRow, now: datetime) -> ProcessView:
    return ProcessView(
        executor_id=row.executor_id,
        slot=row.slot,
        host=row.host,
        pid=row.pid,
        started_at=row.started_at,
        beat_at=row.beat_at,
        silent_seconds=max(0.0, (now - row.beat_at).total_seconds()),
        ended_at=row.ended_at,
        ended_because=row.ended_because,
    )

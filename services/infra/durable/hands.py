"""The hands: run reactions, effects, jobs and leased loops in a background process, one of possibly several."""

import functools
import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.infra.durable import failures
from services.infra.durable.declared import Beat, Effect, Failure, Job, Reaction, Subscription
from services.infra.durable.engine import Client, Executor
from services.infra.durable.envelope import EFFECTS_QUEUE, FACTS_QUEUE, JOBS_QUEUE, Envelope, retry_seconds
from services.infra.durable.failures import (
    GIVE_UP_FAILED,
    FailureState,
    LeftUnfinishedError,
    WorkFailedError,
    described,
)
from services.infra.durable.heart import Heart, new_executor_id
from services.infra.durable.leases import LeasedLoop
from services.infra.settings import Settings
from services.infra.telemetry import received
from services.infra.uow import UnitOfWork

_log = logging.getLogger(__name__)

RECORD_WAIT_SECONDS_MAX = 30.0
Declared: TypeAlias = Subscription[Any] | Job
GiveUp: TypeAlias = Callable[[Any, Failure], object]


class Patience(Protocol):
    """How long to wait in the face of failures and silence; tests shorten it."""

    @property
    def retry_unit_seconds(self) -> float:
        """The first wait before another attempt; later ones double."""
        ...

    @property
    def beat_seconds(self) -> float:
        """How often a process says that it lives, and looks whether others do."""
        ...

    @property
    def missed_beats(self) -> int:
        """After how many looks without a beat another process counts as dead."""
        ...


class DefaultPatience:
    """Twenty seconds of silence end an executor; a restarted one takes its predecessor's work at once."""

    retry_unit_seconds = 1.0
    beat_seconds = 2.0
    missed_beats = 10


class Hands:
    """The executor of one background process."""

    def __init__(
        self,
        settings: Settings,
        uow: UnitOfWork,
        client: Client,
        *,
        subscriptions: Iterable[Subscription[Any]] = (),
        jobs: Iterable[Job] = (),
        beats: Iterable[Beat] = (),
        patience: Patience | None = None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings, self._uow, self._client = settings, uow, client
        self._patience = patience or DefaultPatience()
        self._stopping = threading.Event()
        self.executor_id = new_executor_id(settings.durable_slot)
        self._executor = Executor(settings, self.executor_id)
        for declared in (*subscriptions, *jobs):
            self._executor.register(declared.name, self._runner(declared))
        self._heart = Heart(
            uow,
            self.executor_id,
            slot=settings.durable_slot,
            owners=self._executor.owners,
            take_over=self._executor.take_over,
            silence=self._patience,
            on_lost=on_lost,
        )
        self._loops = [LeasedLoop(uow, beat, self.executor_id, self._patience) for beat in beats]

    def start(self) -> None:
        """Register this process, take over what its predecessor left, and begin to work."""
        self._heart.register()
        poll = self._settings.durable_poll_seconds
        # Mails and ticks can wait longer than reactions, and each poll costs.
        queues = {FACTS_QUEUE: poll, EFFECTS_QUEUE: poll * 2, JOBS_QUEUE: poll * 4}
        self._client.open_queues(queues, self._settings.durable_concurrency)
        self._executor.launch()
        self._heart.start()
        for loop in self._loops:
            loop.start()
        _log.info("hands_started", extra={"executor_id": self.executor_id})

    def stop(self, grace_seconds: int = 10) -> None:
        """Take no more work, let what runs end, and leave the rest to whoever comes next."""
        self._stopping.set()
        self._heart.rest()
        for loop in self._loops:
            loop.stop()
        self._executor.stop(grace_seconds)
        self._heart.stop()
        _log.info("hands_stopped", extra={"executor_id": self.executor_id})

    def _runner(self, declared: Declared) -> Callable[[dict[str, object]], str]:
        def run(values: dict[str, object]) -> str:
            envelope = Envelope.from_json(values)
            headers = {"traceparent": envelope.traceparent}
            with received(f"work {envelope.name}", headers, envelope.correlation_id):
                try:
                    self._perform(declared, envelope)
                except Exception as error:  # noqa: BLE001 -- whatever it is, it is written down
                    return self._failed(declared, envelope, error)
                return "done"

        return run

    def _perform(self, declared: Declared, envelope: Envelope) -> None:
        match declared:
            case Reaction():
                fact = declared.fact.from_payload(envelope.payload)
                self._executor.transact(declared.name, lambda s: self._change(s, envelope, lambda: declared.run(fact)))
            case Effect():
                self._effect(declared, envelope)
            case Job():
                at = datetime.fromisoformat(str(envelope.payload["tick_at"]))
                self._executor.step(declared.name, lambda: _nothing(declared.run(at)))
                self._executor.transact(
                    f"{declared.name}.settled", lambda s: failures.mark_job_recovered(s, declared.name)
                )

    def _effect(self, effect: Effect[Any], envelope: Envelope) -> None:
        fact = effect.fact.from_payload(envelope.payload)
        result = self._executor.step(effect.name, lambda: effect.run(fact, envelope.work_id))
        settle = effect.settle
        self._executor.transact(
            f"{effect.name}.settled",
            lambda s: self._change(s, envelope, (lambda: settle(fact, result)) if settle else (lambda: None)),
        )

    def _change(self, session: Session, envelope: Envelope, run: Callable[[], object]) -> None:
        """Let the verbs inside work in the step's own transaction."""
        with self._uow.lend(session):
            run()
        failures.mark_recovered(session, envelope)

    def _failed(self, declared: Declared, envelope: Envelope, error: Exception) -> str:
        cause = described(error)
        _log.warning(
            "work_failed",
            extra={
                "work_id": envelope.work_id,
                "attempt": envelope.attempt,
                "code": cause.code,
                "reason": cause.message,
                "place": cause.place,
            },
        )
        state = self._recorded(declared, envelope, cause)
        if state is FailureState.FAILED:
            raise WorkFailedError(cause.code, cause.message, retryable=False, place=cause.place) from None
        return "will be tried again"

    def _recorded(self, declared: Declared, envelope: Envelope, cause: WorkFailedError) -> FailureState:
        """Write the failure down, however long the database refuses; the work stays unfinished until that is done.

        Raises: LeftUnfinishedError where this process stops before that.
        """
        name = f"{declared.name}.failed"
        give_up: GiveUp | None = declared.give_up if isinstance(declared, Effect) else None
        tried = 0
        while True:
            step = functools.partial(self._record, declared, envelope, cause, give_up)
            try:
                return FailureState(self._executor.transact(name, step))
            except sa.exc.SQLAlchemyError:
                _log.exception("failure_not_recorded", extra={"work_id": envelope.work_id})
                if self._stopping.wait(min(2.0 ** min(tried, 8), RECORD_WAIT_SECONDS_MAX)):
                    raise LeftUnfinishedError from None
            except WorkFailedError as failure:
                # Another code is an earlier process's refusal by the database, read back: on to the next try.
                if failure.code == GIVE_UP_FAILED:
                    _log.exception(GIVE_UP_FAILED, extra={"work_id": envelope.work_id})
                    cause, give_up = failure, None
            tried += 1

    def _record(
        self,
        declared: Declared,
        envelope: Envelope,
        cause: WorkFailedError,
        give_up: GiveUp | None,
        session: Session,
    ) -> str:
        wait = retry_seconds(
            envelope, unit_seconds=self._patience.retry_unit_seconds, at_least=cause.retry_after_seconds
        )
        state = failures.record(
            session, envelope, cause, attempts=declared.attempts, now=self._uow.clock.now(), wait_seconds=wait
        )
        if state is FailureState.RETRYING:
            if not self._client.retry_on(session, envelope, wait):
                # The job waits or runs already; should that succeed, it closes this failure too.
                failures.set_aside(session, envelope.work_id)
                state = FailureState.FAILED
        elif give_up is not None and isinstance(declared, Effect):
            fact = declared.fact.from_payload(envelope.payload)
            _give_up(lambda: give_up(fact, failures.failure_of(cause, envelope.attempt)), cause, self._uow, session)
        return state.value


def _give_up(run: Callable[[], object], cause: WorkFailedError, uow: UnitOfWork, session: Session) -> None:
    """Give up in the step's own transaction.

    Raises: WorkFailedError where that fails for another reason than a lost database.
    """
    try:
        with uow.lend(session):
            run()
    except Exception as error:
        if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
            raise
        why = described(error)
        message = f"Giving up after {cause.code} failed with {why.code}."
        raise WorkFailedError(GIVE_UP_FAILED, message, retryable=False, place=why.place) from error


def _nothing(_: object) -> None:
    """Drop a job's result: a tick is done or not."""

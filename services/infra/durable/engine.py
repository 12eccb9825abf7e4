"""The durable engine: the only importer of DBOS.

`Client` enqueues and reads, from any process. `Executor` runs, in the background process. Both keep their state in our
database, on connections of their own: the engine checks ownership on them while our transaction is open.

Source: DBOS Transact 3.4; facts/durable-work-and-serving.md.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Serializer, SQLAlchemyDatasource, WorkflowStatus
from dbos._error import DBOSQueueDeduplicatedError
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from services.infra.db import make_engine
from services.infra.durable.envelope import JOBS_QUEUE, Envelope
from services.infra.durable.failures import WorkFailedError, described
from services.infra.settings import Settings
from services.kernel.clock import from_epoch_ms

APPLICATION = "greenlight"
APPLICATION_VERSION = "1"
SCHEMA = "dbos"
PAUSED_SECONDS_MAX = 60
MAX_DEATHS = 20
"""Work during which its process died so many times is set aside instead of killing the next one."""

T = TypeVar("T")
_ERROR = "!error"


class JsonSerializer(Serializer):
    """Payloads, results and errors as JSON: readable by operators, and nothing runs when it is read."""

    def serialize(self, data: object) -> str:
        """Return the JSON text of a value or an error."""
        if isinstance(data, BaseException):
            cause = described(data if isinstance(data, Exception) else RuntimeError(repr(data)))
            return json.dumps(
                {
                    _ERROR: {
                        "code": cause.code,
                        "message": cause.message,
                        "retryable": cause.retryable,
                        "place": cause.place,
                        "retry_after_seconds": cause.retry_after_seconds,
                    }
                }
            )
        return json.dumps(data, separators=(",", ":"), sort_keys=True)

    def deserialize(self, serialized_data: str) -> object:
        """Return the value or error of a JSON text."""
        value = json.loads(serialized_data)
        if isinstance(value, dict) and _ERROR in value:
            return WorkFailedError(**value[_ERROR])
        return value

    def name(self) -> str:
        """Return the name that is stored beside each text."""
        return "greenlight_json"


def migrate(url: str) -> None:
    """Create or upgrade the engine's tables; a deploy step, since running processes may not change the schema."""
    engine = make_engine(url)
    with engine.connect():  # leaves a SQLite file in WAL mode, which the engine's own connections then use
        pass
    engine.dispose()
    logging.getLogger("dbos").setLevel(logging.WARNING)
    DBOS.migrate(url, schema=SCHEMA)
    SQLAlchemyDatasource.migrate(url, schema=SCHEMA)


@dataclass(frozen=True, slots=True)
class EngineWork:
    """One attempt as the engine sees it."""

    workflow_id: str
    status: str
    name: str
    queue: str
    executor_id: str
    created_at: datetime
    updated_at: datetime
    envelope: Envelope | None
    error: WorkFailedError | None


class Client:
    """Enqueues and reads; connects on first use, so it may be made before a fork."""

    def __init__(self, url: str) -> None:
        self._client = DBOSClient(
            system_database_url=url,
            dbos_system_schema=SCHEMA,
            serializer=JsonSerializer(),
            system_database_pool_size=2,
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def enqueue_on(self, session: Session, envelope: Envelope, delay_seconds: float = 0) -> bool:
        """Enqueue on the caller's session: the work exists if that commits, and not otherwise.

        Tells whether it was taken: a job is not while it still waits or runs.
        """
        options = _options(envelope, delay_seconds)
        if "deduplication_id" not in options:
            self._client.enqueue_in_transaction(session, options, envelope.to_json())
            return True
        try:
            with session.begin_nested():
                self._client.enqueue_in_transaction(session, options, envelope.to_json())
        except DBOSQueueDeduplicatedError:
            return False
        return True

    def retry_on(self, session: Session, envelope: Envelope, delay_seconds: float) -> bool:
        """Enqueue the attempt after this one, which runs now and hands its place on; tell whether it was taken."""
        schema = None if session.get_bind().dialect.name == "sqlite" else SCHEMA
        status = sa.table("workflow_status", sa.column("workflow_uuid"), sa.column("deduplication_id"), schema=schema)
        session.execute(
            sa.update(status).where(status.c.workflow_uuid == envelope.workflow_id).values(deduplication_id=None)
        )
        return self.enqueue_on(session, envelope.again(), delay_seconds)

    def enqueue_tick(self, envelope: Envelope) -> bool:
        """Enqueue a job's tick unless the job still waits or runs; tell whether it was taken.

        A tick that is there already, from another scheduler, counts as taken.
        """
        try:
            self._client.enqueue(_options(envelope, 0), envelope.to_json())
        except DBOSQueueDeduplicatedError:
            return False
        return True

    def open_queues(self, queues: Mapping[str, float], concurrency: int) -> None:
        """Open queues, each polled every so many seconds; before a launch, since a later one waits to be noticed."""
        for name, poll_seconds in queues.items():
            self._client.register_queue(name, polling_interval_sec=poll_seconds, worker_concurrency=concurrency)

    def listed(self, statuses: Sequence[str], *, limit: int, offset: int = 0) -> list[EngineWork]:
        """Return attempts with these statuses, newest first."""
        found = self._client.list_workflows(
            status=list(statuses), limit=limit, offset=offset, sort_desc=True, load_output="ERROR" in statuses
        )
        return [_work(status) for status in found]

    def find(self, workflow_id: str) -> EngineWork | None:
        """Return one attempt."""
        found = self._client.list_workflows(workflow_ids=[workflow_id])
        return _work(found[0]) if found else None

    def resume(self, workflow_id: str, queue: str) -> None:
        """Put an attempt that hangs back into its queue; whoever ran it can no longer finish it."""
        self._client.resume_workflow(workflow_id, queue_name=queue)

    def forget_ended(self, statuses: Sequence[str], before: datetime, *, limit: int = 500) -> int:
        """Delete attempts that ended so before an instant, with their checkpoints; return how many."""
        done = self._client.list_workflows(
            status=list(statuses),
            completed_before=before.isoformat(),
            limit=limit,
            load_input=False,
            load_output=False,
        )
        if done:
            self._client.delete_workflows([status.workflow_id for status in done])
        return len(done)

    def close(self) -> None:
        """Close the connections."""
        self._client.destroy()


class Executor:
    """Runs registered work; one per process, since the engine is a process global."""

    def __init__(self, settings: Settings, executor_id: str) -> None:
        self.executor_id = executor_id
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": settings.database_url,
            "dbos_system_schema": SCHEMA,
            "application_version": APPLICATION_VERSION,
            "executor_id": executor_id,
            "serializer": JsonSerializer(),
            "run_migrations": False,
            "sys_db_pool_size": 10,
            "use_listen_notify": False,
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        DBOS(config=config)
        _log_through_root()
        self._engine = make_engine(settings.database_url)
        if self._engine.dialect.name == "postgresql":
            sa.event.listen(self._engine, "connect", _bound_pauses)
        self._datasource = SQLAlchemyDatasource.create(
            settings.database_url,
            engine=self._engine,
            schema=SCHEMA,
            serializer=JsonSerializer(),
            run_migrations=False,
        )

    def register(self, name: str, run: Callable[[dict[str, object]], str]) -> None:
        """Register what runs under a name."""

        def workflow(envelope: dict[str, object]) -> str:
            return run(envelope)

        workflow.__name__ = workflow.__qualname__ = name
        DBOS.workflow(name=name, max_recovery_attempts=MAX_DEATHS)(workflow)

    def transact(self, name: str, run: Callable[[Session], T]) -> T:
        """Run a step in a transaction that commits together with the mark that the step is done.

        READ COMMITTED, since SERIALIZABLE repeats reactions on one row again and again.
        """
        plain = self._engine.dialect.name == "sqlite"
        return self._datasource.run_tx_step(
            {"name": name} if plain else {"name": name, "isolation_level": "READ COMMITTED"},
            lambda: run(self._datasource.sql_session()),
        )

    def step(self, name: str, run: Callable[[], T]) -> T:
        """Run a step that goes out to the network; it is repeated where the process dies before it is marked done."""
        return DBOS.run_step({"name": name}, run)

    def launch(self) -> None:
        """Start taking work from the queues that were opened."""
        DBOS.launch()

    def owners(self) -> set[str]:
        """Return the executors that have unfinished work."""
        found = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        return {status.executor_id for status in found if status.executor_id}

    def take_over(self, executor_ids: Iterable[str]) -> int:
        """Return the unfinished work of ended executors to its queues; work that another one took since stays there."""
        ids = list(executor_ids)
        return len(DBOS._recover_pending_workflows(ids)) if ids else 0  # noqa: SLF001 -- resume_workflow asks not whose it is

    def stop(self, grace_seconds: int) -> None:
        """Take no more work, wait for what runs, and close."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=grace_seconds)
        self._engine.dispose()


def _options(envelope: Envelope, delay_seconds: float) -> EnqueueOptions:
    options: EnqueueOptions = {
        "queue_name": envelope.queue,
        "workflow_name": envelope.name,
        "workflow_id": envelope.workflow_id,
    }
    if envelope.queue == JOBS_QUEUE:  # all ticks and attempts of a job share one place
        options["deduplication_id"] = envelope.name
    if delay_seconds > 0:
        options["delay_seconds"] = delay_seconds
    return options


def _bound_pauses(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Let the server end the transaction of a paused process, whose locks would hold up everybody."""
    cursor = connection.cursor()
    cursor.execute(f"set idle_in_transaction_session_timeout = '{PAUSED_SECONDS_MAX}s'")
    cursor.close()
    connection.commit()


def _log_through_root() -> None:
    log = logging.getLogger("dbos")
    log.handlers.clear()
    log.propagate = True
    log.addFilter(_told_already)


def _told_already(record: logging.LogRecord) -> bool:
    """Leave out the engine's traceback of a failure that we have logged with its cause."""
    return not (record.exc_info and isinstance(record.exc_info[1], WorkFailedError))


def _work(status: WorkflowStatus) -> EngineWork:
    given = status.input["args"][0] if status.input and status.input["args"] else None
    error = described(status.error) if status.error else None
    return EngineWork(
        workflow_id=status.workflow_id,
        status=status.status,
        name=status.name,
        queue=status.queue_name or "",
        executor_id=status.executor_id or "",
        created_at=_instant(status.created_at),
        updated_at=_instant(status.updated_at),
        envelope=Envelope.from_json(given) if isinstance(given, dict) else None,
        error=error,
    )


def _instant(milliseconds: int | None) -> datetime:
    return from_epoch_ms(milliseconds or 0).astimezone(UTC)

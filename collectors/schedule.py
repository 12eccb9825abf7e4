"""The clock: the only place with times.

Each tick is enqueued under the id `job@instant`, so ten schedulers run it once, and a clock that was set back reruns
nothing. What the engine then runs, with its retries, is no matter of the clock.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job as ScheduledJob
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from services.components import ComponentVerbs
from services.identity import Identity
from services.incidents import Incidents
from services.infra.durable import Beat, Job
from services.infra.durable.envelope import Envelope, envelope_of_tick
from services.kernel.clock import Clock, from_epoch_ms
from services.kernel.context import JobActor, correlated, new_correlation
from services.metrics import WOKEN_MAX, Intake, Recording
from services.notifications import Post
from services.payments import Teller
from services.probes import Probes
from services.slas import LOOKER, Engine
from services.subscribers import Hearing
from services.webhooks import Sender
from services.work import Work

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
CATCH_UP = (timedelta(hours=1), timedelta(hours=25), timedelta(days=6))
"""How far back a start looks for the last missed tick; less than finished work is kept, so none runs twice."""

FOLD_TURNS = 40
"""How many days of old results one tick adds up."""

WAKE_TURNS = 20
"""How many full rounds of sessions one tick wakes; the next tick goes on."""

KEEPER = JobActor("work.keeper", frozenset({"work.keep"}))
INCIDENT_KEEPER = JobActor("incidents.keeper", frozenset({"incidents.run"}))
METER = JobActor("metrics.meter", frozenset({"metrics.run"}))
WATCHER = JobActor("probes.watcher", frozenset({"probes.run"}))
TIDIER = JobActor("identity.tidier", frozenset({"identity.tidy"}))


@dataclass(frozen=True, slots=True)
class Timetable:
    """Everything that time starts."""

    jobs: tuple[Job, ...] = ()
    beats: tuple[Beat, ...] = ()


def keep_work(work: Work) -> Timetable:
    """Return the times of durable work's own upkeep."""

    def forget(_: datetime) -> None:
        work.forget_finished()
        work.forget_closed(KEEPER)

    return Timetable(
        jobs=(
            Job("work.note_set_aside", lambda _: work.note_set_aside(KEEPER), every_seconds=60),
            Job("work.forget", forget, cron="17 * * * *"),
        )
    )


def keep_metrics(intake: Intake, recording: Recording) -> Timetable:
    """Return the times of the measurements: folding is what makes a play visible, so it comes twice a second."""

    def wake_sessions(_: datetime) -> None:
        for _turn in range(WAKE_TURNS):
            if intake.wake_sessions(METER) < WOKEN_MAX:
                return

    return Timetable(
        jobs=(
            Job("metrics.wake_sessions", wake_sessions, every_seconds=15),
            Job("metrics.expire", lambda _: recording.expire(METER), cron="23 * * * *"),
        ),
        beats=(Beat("metrics.fold", lambda: intake.fold(METER), every_seconds=0.5),),
    )


def keep_people(identity: Identity, post: Post) -> Timetable:
    """Return the times of accounts' and letters' upkeep."""
    return Timetable(
        jobs=(
            Job("identity.tidy", lambda _: identity.upkeep.tidy(TIDIER), cron="41 3 * * *"),
            Job("notifications.queue_waiting", post.queue_waiting, every_seconds=60),
        )
    )


def keep_slas(engine: Engine) -> Timetable:
    """Return the times of agreements: a look often enough to find an outage within a minute."""
    return Timetable(jobs=(Job("slas.look", lambda _: engine.look(LOOKER), every_seconds=10, attempts=1),))


def keep_probes(probes: Probes) -> Timetable:
    """Return the times of probes: silence is noticed within seconds, and old results are added up each hour."""

    def fold(_: datetime) -> None:
        for _turn in range(FOLD_TURNS):
            if not probes.upkeep.fold(WATCHER):
                return

    return Timetable(
        jobs=(Job("probes.fold", fold, cron="29 * * * *"),),
        beats=(Beat("probes.judge_silence", lambda: probes.upkeep.judge_silence(WATCHER), every_seconds=5.0),),
    )


def keep_components(components: ComponentVerbs) -> Timetable:
    """Return the times of components: an override that ends is over within a second or two."""
    return Timetable(
        jobs=(Job("components.roll_up", lambda _: components.rollup.keep_up(), every_seconds=60),),
        beats=(Beat("components.move_on", components.hearing.keep_up, every_seconds=1.0),),
    )


def keep_incidents(incidents: Incidents) -> Timetable:
    """Return the times of maintenance, which begins and ends within ten seconds, and of automatic incidents."""
    return Timetable(
        jobs=(Job("incidents.keep_up", lambda _: incidents.upkeep.run(INCIDENT_KEEPER), every_seconds=10),)
    )


def keep_payments(teller: Teller) -> Timetable:
    """Return the times of payments: what stays silent must end while its buyer still waits."""
    return Timetable(
        jobs=(
            Job("payments.reconcile", teller.reconcile, every_seconds=30),
            Job("payments.tidy", teller.tidy, cron="53 * * * *"),
        ),
        beats=(Beat("payments.watch", teller.watch, every_seconds=2),),
    )


def keep_subscribers(sender: Sender, hearing: Hearing) -> Timetable:
    """Return the times of webhooks and of subscribers: what is due goes out within seconds."""
    return Timetable(
        jobs=(
            Job("subscribers.tell_together", hearing.tell_together, every_seconds=60),
            Job("subscribers.tidy", hearing.tidy, cron="11 * * * *"),
            Job("webhooks.forget", sender.forget, cron="29 4 * * *"),
        ),
        beats=(Beat("webhooks.hand_out", sender.hand_out, every_seconds=2),),
    )


def together(*timetables: Timetable) -> Timetable:
    """Return one timetable of several.

    Raises: ValueError where two entries share a name.
    """
    whole = Timetable(tuple(j for t in timetables for j in t.jobs), tuple(b for t in timetables for b in t.beats))
    names = [*(j.name for j in whole.jobs), *(b.name for b in whole.beats)]
    if len(set(names)) != len(names):
        raise ValueError(f"Two entries of the timetable share a name: {sorted(names)}.")
    return whole


class TickQueue(Protocol):
    """Where ticks go."""

    def enqueue_tick(self, envelope: Envelope) -> bool:
        """Enqueue a tick; tell whether it was taken."""
        ...


class Trigger(Protocol):
    """When a job is due."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the first instant not before `now`."""
        ...


class Schedule:
    """Fires the jobs of a timetable into the durable queue."""

    def __init__(
        self, jobs: Iterable[Job], ticks: TickQueue, clock: Clock, wall: Callable[[], datetime] | None = None
    ) -> None:
        self._ticks, self._clock = ticks, clock
        self._wall = wall or _wall
        self._triggers = {job.name: trigger_of(job) for job in jobs}
        self._due: queue.SimpleQueue[tuple[str, datetime]] = queue.SimpleQueue()
        self._owed: dict[str, datetime] = {}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": _Handing(self._due)},
            job_defaults={"coalesce": True, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Owe each job its last missed tick, and start the clock."""
        now = self._wall()
        for name, trigger in self._triggers.items():
            missed = last_due(trigger, now)
            if missed is not None:
                self._owed[name] = missed
            self._scheduler.add_job(_by_instant, trigger, id=name, name=name)
        self._scheduler.start()

    def run(self, stop: threading.Event) -> None:
        """Hand ticks on until told to stop."""
        while not stop.is_set():
            self._take_due(LOOK_SECONDS)
            self.pay()
            self.follow_clock()

    def stop(self) -> None:
        """Stop the clock."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def pay(self) -> None:
        """Enqueue the ticks that are owed; those that the database refuses stay owed, the newest of each job."""
        for name, at in list(self._owed.items()):
            try:
                with correlated(new_correlation()):
                    taken = self._ticks.enqueue_tick(envelope_of_tick(name, at, self._clock.now()))
            except Exception as error:  # noqa: BLE001 -- the clock goes on while the database is away
                _log.warning("tick_owed", extra={"job": name, "tick_at": at.isoformat(), "reason": str(error)})
                return
            del self._owed[name]
            if not taken:
                _log.info("tick_left_out", extra={"job": name, "tick_at": at.isoformat()})

    def follow_clock(self) -> None:
        """Set the next ticks anew where the wall clock was set back or jumped ahead."""
        now = self._wall()
        for scheduled in self._scheduler.get_jobs():
            expected = self._triggers[scheduled.id].get_next_fire_time(None, now)
            if expected is not None and scheduled.next_run_time > expected + timedelta(seconds=LOOK_SECONDS):
                _log.warning("clock_set_back", extra={"job": scheduled.id, "next_at": expected.isoformat()})
                scheduled.modify(next_run_time=expected)
            elif scheduled.next_run_time < now - timedelta(seconds=LOOK_SECONDS):
                self._scheduler.wakeup()

    def next_ticks(self) -> Iterator[tuple[str, datetime]]:
        """Yield each job's name and next instant."""
        for scheduled in self._scheduler.get_jobs():
            yield scheduled.id, scheduled.next_run_time

    def _take_due(self, wait_seconds: float) -> None:
        try:
            name, at = self._due.get(timeout=wait_seconds)
            while True:
                self._owed[name] = at
                name, at = self._due.get_nowait()
        except queue.Empty:
            return


def trigger_of(job: Job) -> Trigger:
    """Return when a job is due; intervals are counted from the epoch, so that all schedulers agree."""
    if job.every_seconds is not None:
        epoch = datetime.fromtimestamp(0, UTC)
        interval: Trigger = IntervalTrigger(seconds=job.every_seconds, start_date=epoch, timezone=UTC)
        return interval
    cron: Trigger = CronTrigger.from_crontab(job.cron, timezone=UTC)
    return cron


def last_due(trigger: Trigger, now: datetime) -> datetime | None:
    """Return the last instant not after `now` at which a tick was due, within the days that a start catches up."""
    for window in CATCH_UP:
        last = None
        at = trigger.get_next_fire_time(None, now - window)
        while at is not None and at <= now:
            last, at = at, trigger.get_next_fire_time(at, at + timedelta(microseconds=1))
        if last is not None:
            return last
    return None


class _Handing(BaseExecutor):  # type: ignore[misc] # the library has no types
    """Hands on the instant at which a job was due, which APScheduler's own executors keep to themselves."""

    def __init__(self, due: "queue.SimpleQueue[tuple[str, datetime]]") -> None:
        super().__init__()
        self._due = due

    def submit_job(self, job: ScheduledJob, run_times: list[datetime]) -> None:
        """Hand on the latest of the instants that were due."""
        self._due.put((job.id, run_times[-1]))

    def _do_submit_job(self, job: ScheduledJob, run_times: list[datetime]) -> None:
        self.submit_job(job, run_times)


def _by_instant() -> None:
    """Stand for a job in APScheduler, which wants something to call."""


def _wall() -> datetime:
    """Return the machine's clock as it stands, even where it was set back."""
    return from_epoch_ms(time.time_ns() // 1_000_000)

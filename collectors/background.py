"""The background process: hands that do durable work, and the clock that starts jobs."""

import logging
import os
import signal
import threading
from collections.abc import Iterable
from typing import Any

from collectors.probing.prober import Prober
from collectors.schedule import Schedule, Timetable
from services.infra.durable import Client, Hands, Patience, Subscription
from services.infra.settings import Settings
from services.infra.uow import UnitOfWork

_log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_LOST = 3
"""Another process took over; start anew."""
GRACE_SECONDS = 10


def run(
    settings: Settings,
    uow: UnitOfWork,
    client: Client,
    *,
    subscriptions: Iterable[Subscription[Any]],
    timetable: Timetable,
    patience: Patience | None = None,
    prober: Prober | None = None,
) -> int:
    """Work until SIGTERM or Ctrl-C, and return the exit code; the built-in prober runs beside."""
    stop = threading.Event()
    lost = threading.Event()

    def lose() -> None:
        lost.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    hands = Hands(
        settings,
        uow,
        client,
        subscriptions=subscriptions,
        jobs=timetable.jobs,
        beats=timetable.beats,
        patience=patience,
        on_lost=lose,
    )
    schedule = Schedule(timetable.jobs, client, uow.clock)
    hands.start()
    schedule.start()
    if prober is not None:
        prober.start()
    _log.info("background_started", extra={"executor_id": hands.executor_id, "pid": os.getpid()})
    try:
        schedule.run(stop)
    finally:
        if prober is not None:
            prober.stop()
        schedule.stop()
        hands.stop(0 if lost.is_set() else GRACE_SECONDS)
        client.close()
    return EXIT_LOST if lost.is_set() else EXIT_OK


def end_process(code: int) -> None:
    """End without waiting for threads that hang in a dead connection: what they did not finish is done by the next."""
    logging.shutdown()
    others = [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
    if others:
        os._exit(code)
    raise SystemExit(code)

"""A small shop with durable work, as a program: workers that tests kill, pause and replace.

Usage: python -m tests.infra.durable_house

Each line of its input is a JSON object with `url`, `folder`, `slot` and `missed_beats`: it forks a worker for it,
prints the worker's pid, and leaves a file `exit-PID` in the folder when that has ended. Imports are paid for once.
"""

import contextlib
import json
import logging
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ClassVar

import dbos._dbos
import sqlalchemy as sa

from services.infra import settings
from services.infra.crypto import Vault
from services.infra.db import Base, make_engine
from services.infra.durable import Client, Effect, Failure, Hands, Job, Json, Outbox, Reaction, Subscription, migrate
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command
from services.kernel.clock import SystemClock
from services.kernel.context import Actor, JobActor
from services.kernel.errors import Invalid, Unavailable
from services.kernel.facts import Fact
from services.work import Work
from services.work import subscriptions as work_subscriptions
from tests.servers.process import end_with_parent
from tests.servers.waiting import until

SHOPPER = JobActor("shopper", frozenset({"shop.order", "shop.count", "work.read", "work.resume", "work.keep"}))
EXIT_LOST = 3

ROWS = sa.Table(
    "shop_rows",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String),
    sa.Column("ref", sa.String),
    sa.Column("pid", sa.Integer),
)


@dataclass(frozen=True, kw_only=True)
class Ordered(Fact):
    """Somebody ordered; the plan says what happens to whom."""

    topic: ClassVar[str] = "shop.ordered"

    ref: str
    plan: str


@dataclass(frozen=True, kw_only=True)
class Counted(Fact):
    """An order was counted."""

    topic: ClassVar[str] = "shop.counted"

    ref: str


class Patience:
    """Little of it, so that tests are quick."""

    def __init__(self, missed_beats: int = 8) -> None:
        self.retry_unit_seconds = 0.05
        self.beat_seconds = 0.1
        self.missed_beats = missed_beats


class Shop:
    """The shop's verbs."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="shop.order")
    def order(self, actor: Actor, ref: str, plan: str, *, then_fail: bool = False) -> None:
        """Order, and fail afterwards where that is wanted."""
        note("order", ref)
        current().publish(Ordered(occurred_at=self.uow.clock.now(), ref=ref, plan=plan))
        if then_fail:
            raise Invalid("no_stock", "Order less.")

    @command(permission="shop.count")
    def count(self, actor: Actor, ref: str) -> None:
        """Count an order."""
        note("count", ref)
        current().note(ref=ref)
        current().publish(Counted(occurred_at=self.uow.clock.now(), ref=ref))

    @command(permission="shop.count")
    def mark(self, actor: Actor, kind: str, ref: str) -> None:
        """Note that something happened."""
        note(kind, ref)


def note(kind: str, ref: str) -> None:
    """Write a row in the running transaction."""
    current().session.execute(sa.insert(ROWS).values(kind=kind, ref=ref, pid=os.getpid()))


class House:
    """The shop, its subscribers and its database; what happens outside leaves marks in a folder."""

    def __init__(self, url: str, folder: Path, **more: object) -> None:
        self.folder = folder
        self.settings = settings.read({}, data_dir=folder, database_url=url, durable_poll_seconds=0.05, **more)
        self.engine = make_engine(url)
        self.client = Client(url)
        clock = SystemClock()
        self.outbox = Outbox(self.client, clock)
        vault = Vault(self.settings.master_keyset.get_secret_value(), "secret", clock)
        self.uow = UnitOfWork(self.engine, clock, vault, self.outbox)
        self.shop, self.work = Shop(self.uow), Work(self.uow, self.client)
        self.outbox.subscribe(self.subscriptions())

    def create(self) -> None:
        """Make the tables."""
        Base.metadata.create_all(self.engine)
        ROWS.create(self.engine)
        migrate(self.settings.database_url)

    def subscriptions(self) -> list[Subscription[Any]]:
        """Return who listens to what."""
        return [
            Reaction(Ordered, "shop.count", self.count),
            Reaction(Ordered, "shop.check", self.check, attempts=2),
            Reaction(Counted, "shop.celebrate", lambda fact: self.shop.mark(SHOPPER, "celebrate", fact.ref)),
            Effect(Ordered, "shop.ship", self.ship, settle=self.shipped, give_up=self.given_up, attempts=6),
            *work_subscriptions(self.client),
        ]

    def tally(self, _: datetime) -> None:
        """Fail so that it is tried again much later, or not at all, where that is wanted."""
        if (self.folder / "tally-later").exists():
            raise Unavailable("books_closed", "The books are closed.", retry_after_seconds=3600)
        if (self.folder / "tally-never").exists():
            raise Invalid("books_lost", "The books are lost.")

    def count(self, fact: Ordered) -> None:
        """Count an order, dying where that is wanted."""
        if "count" in fact.plan:
            self.die("before_the_change")
            self.shop.count(SHOPPER, fact.ref)
            self.die("in_the_transaction")
            self.hold("count")

    def check(self, fact: Ordered) -> None:
        """Refuse where that is wanted and nobody has mended it."""
        if "refuse" in fact.plan and not (self.folder / "mended").exists():
            self.shop.mark(SHOPPER, "half done", fact.ref)
            raise Invalid("no_address", "Write to ann@example.org for the address.")

    def ship(self, fact: Ordered, key: str) -> Json:
        """Go out: leave a mark for each call, then die, wait or fail where that is wanted."""
        if "ship" not in fact.plan:
            return None
        calls = self.folder / "calls.txt"
        with calls.open("a") as file:
            file.write(f"{key} {os.getpid()}\n")
        self.die("after_sending")
        self.hold("ship")
        if "flaky" in fact.plan and len(calls.read_text().splitlines()) < 3:
            raise Unavailable("vendor_down", "The vendor does not answer.", retry_after_seconds=0)
        if "impossible" in fact.plan:
            raise Invalid("vendor_refuses", "The vendor does not ship there.")
        return {"parcel": f"parcel of {fact.ref}"}

    def shipped(self, fact: Ordered, result: Json) -> None:
        """Write down what the vendor answered."""
        if isinstance(result, dict):
            self.shop.mark(SHOPPER, str(result["parcel"]), fact.ref)

    def given_up(self, fact: Ordered, failure: Failure) -> None:
        """Write down why nothing was shipped."""
        if "stubborn" in fact.plan:
            raise KeyError("the address of ann@example.org")
        self.shop.mark(SHOPPER, f"given up: {failure.code}", fact.ref)

    def die(self, point: str) -> None:
        """Kill this process, once, where the test asked for that."""
        try:
            (self.folder / f"die-{point}").unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def hold(self, what: str) -> None:
        """Say that we are here and wait for leave, where the test asked for that."""
        if (self.folder / f"hold-{what}").exists():
            (self.folder / f"holding-{what}-{os.getpid()}").touch()
            until((self.folder / f"free-{what}").exists, "leave to go on", 60)

    def rows(self, ref: str) -> dict[str, int]:
        """Return how many rows of each kind there are."""
        query = sa.select(ROWS.c.kind, sa.func.count()).where(ROWS.c.ref == ref).group_by(ROWS.c.kind)
        with self.engine.connect() as connection:
            return dict(connection.execute(query).all())

    def audited(self) -> list[tuple[str, str]]:
        """Return verb and correlation id of each audit row."""
        with self.engine.connect() as connection:
            found = connection.execute(sa.text("select verb, correlation_id from audit_entries order by id"))
            return [(str(verb), str(correlation)) for verb, correlation in found]

    def calls(self) -> list[list[str]]:
        """Return key and pid of each call that went out."""
        calls = self.folder / "calls.txt"
        return [line.split() for line in calls.read_text().splitlines()] if calls.exists() else []

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
        self.engine.dispose()


def die_in_the_engine(house: House) -> None:
    """Let the process die inside the engine, where there is no door of ours."""
    engine = dbos._dbos._get_dbos_instance()._sys_db
    recorded, ended = engine.record_operation_result, engine.update_workflow_outcome

    def before_its_own_mark(*given: Any, **named: Any) -> Any:
        house.die("after_our_commit")
        return recorded(*given, **named)

    def before_the_end(*given: Any, **named: Any) -> Any:
        house.die("before_the_end")
        return ended(*given, **named)

    doors = {"record_operation_result": before_its_own_mark, "update_workflow_outcome": before_the_end}
    for name, door in doors.items():
        setattr(engine, name, door)


def work(options: dict[str, Any]) -> int:
    """Work until SIGTERM or until another process has taken over."""
    house = House(options["url"], Path(options["folder"]), durable_slot=options["slot"])
    ends: SimpleQueue[int] = SimpleQueue()  # unlike an event, it may be used from a signal's handler
    signal.signal(signal.SIGTERM, lambda *_: ends.put(0))
    patience = Patience(options.get("missed_beats", 8))
    hands = Hands(
        house.settings,
        house.uow,
        house.client,
        subscriptions=house.outbox.subscriptions,
        jobs=[Job("shop.tally", house.tally, every_seconds=60)],
        patience=patience,
        on_lost=lambda: ends.put(EXIT_LOST),
    )
    hands.start()
    die_in_the_engine(house)
    (house.folder / f"started-{os.getpid()}").touch()
    until(lambda: not ends.empty(), "a request to stop", 600)
    code = ends.get()
    hands.stop(5 if code == 0 else 0)
    return code


def worker(options: dict[str, Any]) -> None:
    """Be a worker, in a process just forked."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(Path(options["folder"]) / f"worker-{options['slot']}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(log, number)
    end_with_parent()
    code = 1
    try:
        logging.basicConfig(level=logging.INFO)
        code = work(options)
    except BaseException:  # noqa: BLE001 -- the log is all that the test will see
        traceback.print_exc()
    finally:
        os._exit(code)


def fork_workers() -> None:
    """Fork a worker for each line of input, until that ends."""
    folders: dict[int, Path] = {}

    def bury(*_: object) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                (folders[ended[0]] / f"exit-{ended[0]}").write_text(str(os.waitstatus_to_exitcode(ended[1])))

    signal.signal(signal.SIGCHLD, bury)
    end_with_parent()
    for line in sys.stdin:
        options = json.loads(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            worker(options)
        folders[pid] = Path(options["folder"])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        print(pid, flush=True)


if __name__ == "__main__":
    fork_workers()

"""What ten times the traffic costs in storage: 35 days recorded once and tenfold, each into a database of its own.

The measurements are what is kept: cells of a minute for 48 hours, of an hour for 35 days, of a day for 400 days.
Sessions in flight are working state that ends half an hour after a play; they are not part of it. The fewer plays a
minute has, the more of its bins are still empty, so that the ratio is worst where there is little traffic.

Usage: python -m benchmarks.storage [plays per minute]
"""

import random
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from services.infra.crypto import Vault, new_master_keyset
from services.infra.db import Base, make_engine
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import JobActor
from services.metrics import Dimensions, Observation, Recording

BAR = 1.2
ACTOR = JobActor("benchmark", frozenset({"metrics.record"}))
DIMENSIONS = Dimensions("real", "hls.js", "none", "hls")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def record(recording: Recording, random_: random.Random, at: datetime, plays: int) -> None:
    """Record one bucket's plays: join times, and time played and stalled."""
    at_ms = to_epoch_ms(at)
    made: list[Observation] = []
    for _ in range(plays):
        made.append(Observation("join_time", int(random_.lognormvariate(6.8, 0.5)), at_ms, DIMENSIONS))
        made.append(Observation("play_time", random_.randrange(1_000, 600_000), at_ms, DIMENSIONS))
        if random_.random() < 1 / 8:
            made.append(Observation("stall_time", random_.randrange(100, 3_000), at_ms, DIMENSIONS))
    recording.record_observations(ACTOR, made)


def stored_bytes(folder: Path, plays_per_minute: int) -> int:
    """Return the size of a database that kept so much traffic.

    One in eight of the minutes that are kept, and one in twenty of the older hours, with all plays of each.
    """
    file = folder / f"{plays_per_minute}.db"
    engine = make_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    empty = _pages(engine)
    clock = FixedClock(NOW)
    recording = Recording(UnitOfWork(engine, clock, Vault(new_master_keyset(), "benchmark", clock)))
    random_ = random.Random(plays_per_minute)
    for minute in range(0, 48 * 60, 8):
        record(recording, random_, NOW - timedelta(minutes=minute), plays_per_minute)
    for hour in range(48, 35 * 24, 20):
        record(recording, random_, NOW - timedelta(hours=hour), plays_per_minute * 60)
    size = _pages(engine) - empty
    engine.dispose()
    return size


def _pages(engine: sa.Engine) -> int:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("rollback")
        connection.exec_driver_sql("vacuum")
        connection.exec_driver_sql("begin")
        pages = connection.exec_driver_sql("pragma page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("pragma page_size").scalar_one())


def main() -> None:
    """Print both sizes and their ratio."""
    plays = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory() as folder:
        once, tenfold = (stored_bytes(Path(folder), plays * times) for times in (1, 10))
    print(f"{plays} plays a minute: {once:,} bytes; {plays * 10} plays a minute: {tenfold:,} bytes")
    print(f"ratio: storage at ten times the traffic: {tenfold / once:.3f} (bar: {BAR})")
    if tenfold / once >= BAR:
        raise SystemExit("storage grows with traffic")


if __name__ == "__main__":
    main()

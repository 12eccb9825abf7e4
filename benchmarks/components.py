"""What 10,000 components with five years of history cost the page: the overview, a group's page, the listing.

Usage: python -m benchmarks.components [components]
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from services.components import make_components
from services.components.days import COLUMNS, Sums, into_days, is_long
from services.components.tables import ComponentRow, DayRow, GroupRow, SpanRow
from services.components.timeline import Span
from services.components.views import ComponentStatus as Is
from services.infra.crypto import Vault, new_master_keyset
from services.infra.db import Base, make_engine
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import JobActor, VisitorActor
from services.kernel.paging import PageRequest

NOW = datetime(2026, 11, 24, 15, 20, tzinfo=UTC)
YEARS = timedelta(days=5 * 365)
GROUPS = 40
TROUBLES_A_YEAR = 8
BAR_MS = 100.0
RUNS = 9
VISITOR = VisitorActor(frozenset({"components.read"}))
ROLLER = JobActor("benchmark", frozenset({"components.roll_up"}))


def history(chance: random.Random, since_ms: int, now_ms: int) -> list[Span]:
    """Return five years of one component: eight troubles a year, of minutes to hours."""
    count = round(TROUBLES_A_YEAR * (now_ms - since_ms) / (365 * 86_400_000))
    starts = sorted(chance.randrange(since_ms, now_ms) for _ in range(count))
    spans, at = [], since_ms
    for start in starts:
        if start <= at:
            continue
        end = start + round(chance.expovariate(1 / 2_400_000)) + 60_000
        bad = chance.choice([Is.DEGRADED, Is.PARTIAL_OUTAGE, Is.MAJOR_OUTAGE, Is.MAINTENANCE, Is.UNKNOWN])
        spans.append(Span(at, start, Is.OPERATIONAL, excused=False, overridden=False, reason="All probes pass."))
        if end >= now_ms:
            spans.append(
                Span(start, None, bad, excused=False, overridden=False, reason="2 of 3 vantages: connection refused.")
            )
            return spans
        spans.append(
            Span(
                start,
                end,
                bad,
                excused=bad is Is.MAINTENANCE,
                overridden=False,
                reason="2 of 3 vantages: connection refused.",
            )
        )
        at = end
    spans.append(Span(at, None, Is.OPERATIONAL, excused=False, overridden=False, reason="All probes pass."))
    return spans


def fill(engine: sa.Engine, components: int) -> None:
    """Write the groups, the components and their history."""
    chance = random.Random(7)
    now_ms, since_ms = to_epoch_ms(NOW), to_epoch_ms(NOW - YEARS)
    with engine.begin() as connection:
        connection.execute(sa.insert(GroupRow), [_group(n) for n in range(GROUPS)])
        for first in range(0, components, 500):
            rows, spans, days = [], [], []
            for number in range(first, min(first + 500, components)):
                past = history(chance, since_ms, now_ms)
                component_id = f"c{number:011d}"
                rows.append(_component(component_id, number, past[-1]))
                sums: dict[date, Sums] = {}
                into_days(sums, [s for s in past if not is_long(s.starts_ms, s.ends_ms)], 0, now_ms)
                spans += [_span(component_id, s) for s in past]
                days += [
                    {"component_id": component_id, "day_on": day, "worst_rank": one.worst_rank, **_parts(one)}
                    for day, one in sums.items()
                ]
            connection.execute(sa.insert(ComponentRow), rows)
            connection.execute(sa.insert(SpanRow), spans)
            connection.execute(sa.insert(DayRow), days)


def _parts(one: Sums) -> dict[str, int]:
    return dict(zip(COLUMNS, one.parts, strict=True))


def _group(number: int) -> dict[str, object]:
    return {
        "id": f"g{number:011d}",
        "name": f"Group {number}",
        "description": "",
        "position": number,
        "origin": "real",
        "created_at": NOW - YEARS,
        "updated_at": NOW,
    }


def _component(component_id: str, number: int, last: Span) -> dict[str, object]:
    return {
        "id": component_id,
        "group_id": f"g{number % GROUPS:011d}",
        "name": f"Component {number}",
        "description": "One of many.",
        "position": number,
        "manual": False,
        "showcase": True,
        "only_show_if_degraded": False,
        "origin": "real",
        "created_at": NOW - YEARS,
        "updated_at": NOW,
        "status": last.status,
        "status_since_ms": last.starts_ms,
        "status_reason": last.reason,
        "overridden": False,
        "excused": last.excused,
        "opened_ms": last.starts_ms,
    }


def _span(component_id: str, span: Span) -> dict[str, object]:
    return {
        "component_id": component_id,
        "starts_ms": span.starts_ms,
        "ends_ms": span.ends_ms,
        "status": span.status,
        "excused": span.excused,
        "overridden": False,
        "long": is_long(span.starts_ms, span.ends_ms),
        "reason": span.reason,
    }


def timed(what: str, run: Callable[[], object]) -> float:
    """Return the median time of a call, in milliseconds; the first run is cold and only printed."""
    took = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        run()
        took.append((time.perf_counter() - started) * 1000)
    print(f"{what}: median {statistics.median(took[1:]):.1f} ms, first {took[0]:.1f} ms, worst {max(took[1:]):.1f} ms")
    return statistics.median(took[1:])


def main() -> None:
    """Print what each read costs, and fail where the overview is over its bar."""
    components = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder)}/components.db")
        Base.metadata.create_all(engine)
        started = time.perf_counter()
        fill(engine, components)
        size = Path(folder, "components.db").stat().st_size + Path(folder, "components.db-wal").stat().st_size
        print(
            f"{components:,} components, 5 years: {size / 1e6:.0f} MB, written in {time.perf_counter() - started:.0f} s"
        )
        clock = FixedClock(NOW)
        verbs = make_components(UnitOfWork(engine, clock, Vault(new_master_keyset(), "benchmark", clock)))
        started = time.perf_counter()
        for group_id in verbs.rollup.due(ROLLER):
            verbs.rollup.roll_up(ROLLER, group_id)
        print(f"roll-up of every group from nothing: {time.perf_counter() - started:.1f} s")
        overview = timed("overview", lambda: verbs.reads.overview(VISITOR))
        page = PageRequest(size=50)
        timed("a group's page of 50", lambda: verbs.reads.group(VISITOR, f"g{3:011d}", page))
        timed("one component", lambda: verbs.reads.component(VISITOR, f"c{3:011d}"))
        timed("listing of all, for programs", lambda: verbs.reads.listing(VISITOR))
        since = NOW - timedelta(days=90)
        edges = [since + timedelta(hours=6 * n) for n in range(361)]
        timed("uptime of all between 361 instants", lambda: verbs.record.uptime(VISITOR, None, edges))
        engine.dispose()
    print(f"ratio: overview of {components:,} components: {overview:.1f} ms of {BAR_MS:.0f} ms")
    if overview >= BAR_MS:
        raise SystemExit("the overview is over its bar")


if __name__ == "__main__":
    main()

"""Nobody rewrites what was told by choosing instants, of maintenance or of updates, and the machine says little."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.incidents.tables import IncidentRow
from services.incidents.views import SeriesDraft
from services.infra.audit import AuditEntryRow
from services.infra.uow import UnitOfWork
from services.kernel.errors import Invalid
from tests.incidents.conftest import CLOCK, OPERATOR, VISITOR, House, breached
from tests.servers.waiting import until


def _series(rule: str, first_local: str = "2026-12-01T03:00") -> SeriesDraft:
    return SeriesDraft("Disks", "We change disks.", ("checkout",), rule, "UTC", first_local, 3_600)


def _audited(uow: UnitOfWork, verb: str) -> int:
    with uow.reading() as session:
        found = session.scalar(
            sa.select(sa.func.count()).select_from(AuditEntryRow).where(AuditEntryRow.verb.endswith(verb))
        )
    return found or 0


@pytest.mark.capability("STATUS-7")
def test_a_window_in_the_past_is_marked_with_a_reason_and_never_scheduled(house: House) -> None:
    with pytest.raises(Invalid) as refused:
        house.schedule(starts_in=timedelta(days=-20), hours=24 * 20 + 1)
    assert set(refused.value.fields) == {"scheduled_for"}
    planned = house.schedule(starts_in=timedelta(hours=2))
    with pytest.raises(Invalid):
        house.verbs.maintaining.reschedule(
            OPERATOR, planned, scheduled_for=house.clock.now() - timedelta(hours=3),
            scheduled_until=house.clock.now() + timedelta(hours=1), version=1,
        )  # fmt: skip


@pytest.mark.capability("STATUS-7")
def test_a_maintenance_that_begins_early_counts_from_its_announced_start(house: House) -> None:
    planned = house.schedule(starts_in=timedelta(hours=26))
    announced = house.clock.now() + timedelta(hours=26)
    house.step(planned, "in_progress")
    assert house.last_account().starts_at == announced.isoformat()


def test_an_update_as_of_before_the_last_one_is_refused(house: House) -> None:
    declared = house.declare()
    house.clock.advance(hours=5)
    house.update(declared, "identified", display_at=house.clock.now() - timedelta(hours=1))
    for earlier in (timedelta(days=30), timedelta(hours=2)):
        with pytest.raises(Invalid) as refused:
            house.update(declared, "resolved", display_at=house.clock.now() - earlier)
        assert set(refused.value.fields) == {"display_at"}
    house.update(declared, "resolved", display_at=house.clock.now() - timedelta(minutes=30))


def test_what_is_withdrawn_says_nothing_of_components_from_its_first_word_on(house: House) -> None:
    began = house.clock.now()
    declared = house.declare()
    house.clock.advance(hours=3)
    version = house.verbs.reads.incident(VISITOR, declared).version
    house.verbs.declaring.withdraw(OPERATOR, declared, reason="Not ours.", version=version)
    told = house.last_affected()
    assert (told.statuses, told.starts_at) == ((), began.isoformat())


def test_a_change_answers_with_the_version_that_it_made(house: House) -> None:
    declared = house.declare()
    made = house.verbs.declaring.rename(OPERATOR, declared, name="Cards fail", version=1)
    assert made == house.verbs.reads.incident(VISITOR, declared).version == 2
    made = house.verbs.declaring.set_impact(OPERATOR, declared, impact="minor", reason="Few.", version=made)
    assert made == 3


@pytest.mark.parametrize("first_local", ["2005-01-01T03:00", "2026-11-01T03:00"])
def test_a_series_from_long_ago_plans_what_comes_next(house: House, first_local: str) -> None:
    house.verbs.recurring.plan_series(OPERATOR, _series("FREQ=DAILY", first_local))
    (series,) = house.verbs.recurring.every(OPERATOR)
    assert series.ended_at is None
    assert [each.hour for each in series.next_starts] == [3, 3, 3]
    assert min(series.next_starts) > house.clock.now() - timedelta(days=1)


def test_a_series_that_has_nothing_to_plan_yet_is_left_in_peace(house: House, uow: UnitOfWork) -> None:
    house.verbs.recurring.plan_series(OPERATOR, _series("FREQ=YEARLY"))
    house.book.known.clear()
    for _ in range(20):
        house.clock.advance(seconds=10)
        house.tick()
    assert _audited(uow, "make_occurrences") <= 1


def test_the_end_of_a_series_comes_once_its_last_occurrence_is_planned_and_no_more_is_missing(house: House) -> None:
    house.verbs.recurring.plan_series(OPERATOR, _series("FREQ=DAILY;COUNT=3"))
    (series,) = house.verbs.recurring.every(OPERATOR)
    assert len(series.next_starts) == 3
    assert series.ended_at is None


def test_a_breach_that_waits_while_a_person_resolves_opens_an_incident_of_its_own(
    house: House, uow: UnitOfWork
) -> None:
    if uow.engine.dialect.name != "postgresql":
        pytest.skip("SQLite lets one writer in at a time: nobody waits for a row")
    at, machine = house.clock.now(), house.verbs.upkeep.watch
    first = machine.hear_breach(CLOCK, breached(at))
    assert first is not None
    resolved = sa.update(IncidentRow).where(IncidentRow.id == first).values(status="resolved", resolved_at=at)
    with ThreadPoolExecutor(1) as pool:
        with uow.engine.begin() as person:
            person.execute(resolved)
            waiting = pool.submit(machine.hear_breach, CLOCK, breached(at, "brc_2", rule="page_slow"))
            until(lambda: _waits_for_a_row(uow), "the machine waits for the row")
        second = waiting.result(30)
    assert second not in {None, first}
    assert [each.id for each in house.verbs.reads.active(VISITOR)] == [second]


def _waits_for_a_row(uow: UnitOfWork) -> bool:
    with uow.engine.connect() as watcher:
        return bool(watcher.scalar(sa.text("select count(*) from pg_locks where not granted")))

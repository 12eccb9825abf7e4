"""The engine over real tables: looks, breaches, facts, twins, clocks, and what it says where it cannot know."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from services.events.slas import SlaBreached
from services.infra.audit import AuditEntryRow
from services.infra.crypto import Vault
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.errors import Unavailable
from services.kernel.paging import PageRequest
from services.metrics import Counts, Dimensions
from services.slas import LOOKER, SlaVerbs, make_slas
from services.slas.tables import BreachRow, StateRow
from services.slas.views import SlaState
from tests.slas.conftest import VISITOR, House, Outages, Told

pytestmark = pytest.mark.capability("STATUS-3")


def test_before_the_first_look_nothing_is_said_to_be_well(house: House) -> None:
    assert house.standing().state is SlaState.UNKNOWN
    assert house.standing().attained_ratio is None


def test_nothing_of_nothing_is_no_data(house: House) -> None:
    seen = house.look()

    assert seen.state is SlaState.NO_DATA
    assert seen.attained_ratio is None
    assert seen.budget_left_ratio is None


def test_a_young_agreement_says_how_much_of_its_window_is_filled_and_that_no_burn_is_ready(house: House) -> None:
    house.history(days=3)

    seen = house.look()

    assert seen.state is SlaState.HEALTHY
    assert seen.window_filled_ratio == pytest.approx(0.1, abs=0.01)
    assert [b.ready for b in seen.burns] == [True, True, True, True]
    assert seen.good == pytest.approx(7_200, rel=0.02)
    assert seen.total - seen.good == pytest.approx(72, rel=0.05)


def test_a_total_failure_is_found_within_a_minute_of_the_first_event_ever(house: House, told: Told) -> None:
    house.look()

    found = house.run(3, slow=3)

    assert found is not None
    assert found <= 60
    assert house.standing().state is SlaState.BREACHED
    assert told.topics == ["slas.breached"]


def test_a_breach_carries_the_numbers_that_decided_and_what_it_concerns(house: House, told: Told) -> None:
    house.look()
    house.run(3, slow=3)

    [fact] = told.facts
    assert isinstance(fact, SlaBreached)
    assert "All of the last" in fact.explanation
    assert fact.impact == "critical"
    [breach] = house.slas.reads.breaches(VISITOR, PageRequest()).items
    assert breach.explanation == fact.explanation
    assert breach.id == fact.breach_id
    assert breach.started_at <= breach.detected_at
    assert breach.ended_at is None


def test_one_bad_play_of_one_viewer_breaks_nothing(house: House, told: Told) -> None:
    house.history(days=31, good=1, slow=0)
    house.look()

    house.plays(0, 1)

    assert house.run(10) is None
    assert told.facts == []


def test_however_few_come_a_row_of_bad_ones_alone_is_a_breach(house: House) -> None:
    house.history(days=31, every=timedelta(hours=6), good=1, slow=0)
    house.look()

    for number in range(10):
        house.plays(0, 1)
        for _ in range(10):
            seen = house.look(60)
        assert (seen.state is SlaState.BREACHED) == (number >= 9), number


def test_a_breach_ends_by_itself_and_tells_so_once(house: House, told: Told) -> None:
    house.look()
    house.run(3, slow=3)

    for _ in range(60):
        house.plays(5)
        house.look()

    assert told.topics == ["slas.breached", "slas.recovered"]
    assert house.standing().breached_since_at is None
    [breach] = house.slas.reads.breaches(VISITOR, PageRequest()).items
    assert breach.ended_at is not None


def test_silence_does_not_end_a_breach(house: House, told: Told) -> None:
    house.look()
    house.run(3, slow=3)

    for _ in range(60):
        seen = house.look(60)

    assert told.topics == ["slas.breached"]
    assert seen.state is SlaState.BREACHED


def test_the_same_bad_events_never_open_two_breaches(house: House, told: Told) -> None:
    house.history(days=31, every=timedelta(minutes=30), good=10, slow=0)
    house.look()
    for _ in range(90):
        house.plays(1, 2)
        house.look(30)
    assert told.topics.count("slas.breached") >= 1
    opened = len({fact.breach_id for fact in told.facts if isinstance(fact, SlaBreached)})

    for seconds in [300] * 78 + [60] * 10:
        house.plays(20)
        house.look(seconds)

    assert opened == 1
    assert len({fact.breach_id for fact in told.facts if isinstance(fact, SlaBreached)}) == 1
    assert told.topics[-1] == "slas.recovered"


def test_only_changes_stand_in_the_audit_trail(house: House, uow: UnitOfWork) -> None:
    for _ in range(20):
        house.look()
    house.run(3, slow=3)

    with uow.reading() as session:
        verbs = session.scalars(sa.select(AuditEntryRow.verb).where(AuditEntryRow.verb.like("slas.%"))).all()
    assert verbs == ["slas.Engine.settle"]


def test_a_process_that_was_overtaken_writes_nothing(house: House, uow: UnitOfWork, told: Told) -> None:
    house.look()
    house.plays(0, 30)
    late = house.slas.engine
    standing = late.standing(LOOKER)
    house.clock.advance(seconds=10)
    sources = late.sources.read(LOOKER, standing.agreements, standing.exclusions, standing.left_out, house.clock.now())
    assert sources["join_time"].tally is not None
    looks = late.look(LOOKER)

    stale = tuple(replace(look, version=look.version) for look in looks)
    late.settle(LOOKER, stale)

    with uow.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(BreachRow)) == 1
    assert told.topics == ["slas.breached"]


def test_a_restarted_process_goes_on_where_the_other_stopped(
    house: House, uow: UnitOfWork, outages: Outages, told: Told
) -> None:
    house.look()
    house.run(3, slow=3)

    house.slas = make_slas(uow, Counts(uow), outages)
    house.look(300)
    for _ in range(60):
        house.plays(5)
        house.look()

    assert told.topics == ["slas.breached", "slas.recovered"]


def test_what_came_while_nobody_looked_trips_no_wire_of_silence(house: House, told: Told) -> None:
    house.history(days=35, every=timedelta(minutes=10), good=60, slow=1)
    house.look()

    seen = house.look(6 * 3_600)

    assert seen.state is not SlaState.BREACHED
    assert told.facts == []


def test_silence_where_there_never_is_any_is_first_unknown_and_then_a_breach(house: House, told: Told) -> None:
    house.history(days=35, every=timedelta(minutes=10), good=60, slow=1)
    house.plays(1)
    house.look()

    states = [house.look(15).state for _ in range(40)]

    assert SlaState.UNKNOWN in states
    assert states.index(SlaState.UNKNOWN) < states.index(SlaState.BREACHED)
    [fact] = told.facts
    assert isinstance(fact, SlaBreached)
    assert fact.rule == "nothing_arrives"


def test_a_clock_that_jumps_ahead_and_back_breaks_nothing(house: House, clock: FixedClock, told: Told) -> None:
    house.history(days=35, every=timedelta(minutes=10), good=60, slow=1)
    house.look()
    house.look(86_400)
    house.look()
    clock.set(clock.now() - timedelta(days=1))

    for _ in range(10):
        house.plays(10)
        seen = house.look()

    assert told.facts == []
    assert seen.state is SlaState.HEALTHY


def test_a_breach_survives_a_clock_that_was_set_back_and_still_ends(
    house: House, clock: FixedClock, told: Told
) -> None:
    house.look()
    house.run(3, slow=3)
    clock.set(clock.now() - timedelta(hours=2))

    for _ in range(90):
        house.plays(5)
        house.look()

    assert told.topics == ["slas.breached", "slas.recovered"]


def test_an_old_look_says_unknown_and_keeps_its_instant(house: House, clock: FixedClock) -> None:
    house.history(days=31)
    seen = house.look()
    assert seen.state is SlaState.HEALTHY

    clock.advance(seconds=120)
    old = house.standing()

    assert old.state is SlaState.UNKNOWN
    assert old.as_of == seen.as_of
    assert "too long ago" in old.state_reason


def test_a_source_that_does_not_answer_makes_its_own_agreement_unknown_and_no_other(
    house: House, outages: Outages, told: Told
) -> None:
    house.history(days=31)
    outages.refuses = Unavailable("probes_away", "The record does not answer now.")

    house.look()

    assert house.standing("uptime").state is SlaState.UNKNOWN
    assert "does not answer" in house.standing("uptime").state_reason
    assert house.standing("join_time").state is SlaState.HEALTHY
    assert told.facts == []


class GoingOn(FixedClock):
    """A clock that goes on at every look at it, as real ones do."""

    def now(self) -> datetime:
        return self.advance(milliseconds=3)


def test_the_whole_window_counts_though_time_goes_on_while_it_is_read(
    engine: sa.Engine, vault: Vault, told: Told, clock: FixedClock
) -> None:
    going_on = GoingOn(clock.now())
    outages = Outages(going_on, since_at=clock.now() - timedelta(days=40))
    uow = UnitOfWork(engine, going_on, vault, told)
    slas = make_slas(uow, Counts(uow), outages)

    slas.engine.look(LOOKER)

    seen = next(each for each in slas.reads.slas(VISITOR) if each.name == "uptime")
    assert seen.total == pytest.approx(len(outages.components) * 30 * 86_400, abs=1)


def test_a_component_that_is_down_breaks_its_agreement_within_a_minute(
    house: House, clock: FixedClock, outages: Outages, told: Told
) -> None:
    outages.since_at = clock.now() - timedelta(days=40)
    house.look()
    began = clock.now()
    outages.down = [(each, began, began + timedelta(hours=9)) for each in outages.components]

    found = next(seconds for seconds in range(10, 100, 10) if house.look() and told.facts)

    assert found <= 60
    assert house.standing("uptime").state is SlaState.BREACHED


@pytest.mark.parametrize("dimension", ["cdn", "region"])
def test_of_parts_one_that_is_slow_is_found_though_the_whole_is_well(house: House, told: Told, dimension: str) -> None:
    house.history(days=31, every=timedelta(minutes=30), good=50)
    for minute in range(90, 0, -1):
        at = house.clock.now() - timedelta(minutes=minute)
        house.plays(50, 1, at=at, where=Dimensions(**{dimension: "usual"}))
        house.plays(5, 0 if minute > 61 else 2, at=at, where=Dimensions(**{dimension: "slow"}))
    house.look()
    assert told.facts == []

    for _ in range(60):
        house.plays(9, 0, where=Dimensions(**{dimension: "usual"}))
        house.plays(0, 1, where=Dimensions(**{dimension: "slow"}))
        house.look(60)
        if told.facts:
            break

    [fact] = told.facts
    assert isinstance(fact, SlaBreached)
    assert fact.rule.startswith("part_")
    assert f"{dimension} slow" in fact.explanation
    assert fact.impact == "minor"


def test_a_worse_rule_takes_a_breach_over(house: House, told: Told) -> None:
    house.history(days=31, every=timedelta(minutes=30), good=10, slow=0)
    house.look()
    for _ in range(48):
        house.plays(10, 10)
        house.look(300)
    mild = [fact for fact in told.facts if isinstance(fact, SlaBreached)]
    assert mild

    house.run(1)
    for _ in range(30):
        house.plays(0, 10)
        house.look()

    worse = [fact for fact in told.facts if isinstance(fact, SlaBreached)]
    assert {fact.breach_id for fact in worse} == {mild[0].breach_id}
    assert worse[-1].impact == "critical"
    [breach] = house.slas.reads.breaches(VISITOR, PageRequest()).items
    assert breach.rule == "all_failing"


def test_the_database_lets_only_one_breach_be_open(uow: UnitOfWork, house: House, clock: FixedClock) -> None:
    house.look()
    house.run(3, slow=3)

    now = clock.now()
    second = BreachRow(id="brc_2", sla="join_time", rule="fast", impact="minor", explanation="", started_at=now,
                       detected_at=now, ended_at=None, ended_because="")  # fmt: skip
    with uow.writing() as session:
        session.add(second)
        with pytest.raises(sa.exc.IntegrityError):
            session.flush()
        session.rollback()


def test_a_look_that_fails_half_way_leaves_neither_breach_nor_fact(
    house: House, uow: UnitOfWork, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.look()
    house.plays(0, 30)
    house.clock.advance(seconds=10)

    def refuse(_session: object, _fact: object) -> None:
        raise Unavailable("queue_away", "The queue does not answer.")

    monkeypatch.setattr(told, "publish", refuse)
    with pytest.raises(Unavailable):
        house.slas.engine.look(LOOKER)

    with uow.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(BreachRow)) == 0
        versions = session.scalars(sa.select(StateRow.version)).all()
    assert set(versions) == {1}
    monkeypatch.undo()
    house.look()
    assert told.topics == ["slas.breached"]


def test_agreements_stand_in_the_order_of_pages(slas: SlaVerbs) -> None:
    assert [s.name for s in slas.reads.slas(VISITOR)] == ["join_time", "rebuffering", "checkout", "payouts", "uptime"]

import random
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from services.components.days import COLUMNS, Sums, into_days
from services.components.standing import statements_of
from services.components.tables import ComponentRow, DayRow, SpanRow, StatementRow
from services.components.timeline import Span, course
from services.components.views import ComponentStatus
from services.events.components import ComponentStatusChanged
from services.infra.uow import UnitOfWork
from services.kernel.clock import to_epoch_ms
from services.kernel.errors import Forbidden, Invalid, Unauthenticated
from tests.components.conftest import ARRANGER, LISTENER, VISITOR, House

MINUTE = timedelta(minutes=1)
_FINE = ComponentStatus.OPERATIONAL


@pytest.mark.capability("STATUS-4")
def test_a_component_without_a_probe_is_unknown_and_one_kept_by_hand_is_what_a_person_says(house: House) -> None:
    assert house.status(house.component("Checkout")) is ComponentStatus.UNKNOWN
    assert house.status(house.component("Office", manual=True)) is ComponentStatus.OPERATIONAL
    assert house.told.changes == []


@pytest.mark.capability("STATUS-4")
def test_a_verdict_becomes_the_status_from_its_first_result_on(house: House) -> None:
    component, noon = house.component(), house.clock.now()
    house.judge(component, "up")
    house.clock.advance(minutes=10)
    house.judge(component, "down", noon + 8 * MINUTE)
    view = house.verbs.reads.component(VISITOR, component)
    assert (view.status, view.status_since_at) == (ComponentStatus.MAJOR_OUTAGE, noon + 8 * MINUTE)
    assert view.status_reason == "prb_1 is down."
    assert house.past(component, noon) == [("operational", 0), ("major_outage", 8)]
    assert house.told.changes == [("unknown", "operational"), ("operational", "major_outage")]


def test_the_worst_of_several_probes_counts_and_below_quorum_is_partial(house: House) -> None:
    component = house.component()
    house.judge(component, "up", probe="a")
    house.judge(component, "partial", probe="b")
    assert house.status(component) is ComponentStatus.PARTIAL_OUTAGE
    house.judge(component, "down", probe="c")
    assert house.status(component) is ComponentStatus.MAJOR_OUTAGE
    house.judge(component, "withdrawn", probe="c")
    house.clock.advance(seconds=1)
    house.judge(component, "unknown", probe="b")
    assert house.status(component) is ComponentStatus.OPERATIONAL
    house.clock.advance(seconds=1)
    house.judge(component, "withdrawn", probe="a")
    assert house.status(component) is ComponentStatus.UNKNOWN


@pytest.mark.capability("STATUS-4")
@pytest.mark.parametrize("between", ["unknown", "withdrawn"])
def test_a_return_to_operational_names_the_trouble_that_it_ends_whatever_lay_between(
    house: House, between: str
) -> None:
    component = house.component()
    for verdict in ("up", "partial", "down", "partial", between, "up", between, "up"):
        house.clock.advance(minutes=5)
        house.judge(component, verdict)
    changes = [f for f in house.told.facts if isinstance(f, ComponentStatusChanged)]
    ends = [(f.old_status, f.ended_status) for f in changes if f.new_status == "operational"]
    assert ends == [("unknown", ""), ("unknown", "major_outage"), ("unknown", "")]
    assert {f.ended_status for f in changes if f.new_status != "operational"} == {""}


def test_a_fact_that_comes_twice_changes_nothing_the_second_time(house: House, uow: UnitOfWork) -> None:
    component = house.component()
    fact = house.judged(component, "down")
    house.verbs.hearing.judge(LISTENER, fact)
    house.clock.advance(minutes=1)
    house.verbs.hearing.judge(LISTENER, fact)
    assert house.told.changes == [("unknown", "major_outage")]
    with uow.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(StatementRow)) == 1


def test_words_that_overtake_each_other_end_in_the_same_history(house: House) -> None:
    one, other, noon = house.component("One"), house.component("Other"), house.clock.now()
    house.clock.advance(hours=3)
    said = [
        (verdict, noon + minutes * MINUTE, noon + (minutes + 2) * MINUTE)
        for verdict, minutes in (("up", 0), ("down", 20), ("up", 31), ("unknown", 60), ("up", 70), ("down", 100))
    ]
    for component, order in ((one, [0, 1, 2, 3, 4, 5]), (other, [5, 2, 0, 4, 1, 3])):
        for number in order:
            verdict, since_at, said_at = said[number]
            fact = house.judged(component, verdict, since_at, probe=component, said_at=said_at)
            house.verbs.hearing.judge(LISTENER, fact)
    assert house.past(one, noon) == house.past(other, noon)
    assert [status for status, _ in house.past(one, noon)] == [
        "operational", "major_outage", "operational", "unknown", "operational", "major_outage",
    ]  # fmt: skip
    assert _stored(house, one)[1] == _stored(house, other)[1]


def test_an_incident_speaks_until_its_next_word_and_its_end_ends_it(house: House) -> None:
    component, noon = house.component(), house.clock.now()
    house.judge(component, "up")
    house.clock.advance(minutes=30)
    house.affect({component: "partial_outage"}, version=1, starts_at=noon + 10 * MINUTE)
    house.clock.advance(minutes=10)
    house.affect({component: "degraded_performance"}, version=2)
    house.clock.advance(minutes=10)
    house.affect({}, version=3)
    assert house.status(component) is ComponentStatus.OPERATIONAL
    assert house.past(component, noon) == [
        ("operational", 0), ("partial_outage", 10), ("degraded_performance", 40), ("operational", 50),
    ]  # fmt: skip


def test_a_word_of_an_incident_that_comes_late_does_not_bring_it_back(house: House) -> None:
    component = house.component(manual=True)
    house.clock.advance(minutes=1)
    house.affect({}, version=3)
    house.affect({component: "major_outage"}, version=1)
    assert house.status(component) is ComponentStatus.OPERATIONAL


@pytest.mark.capability("STATUS-5")
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_what_an_incident_said_bears_its_newest_name_in_the_past_too(house: House, order: tuple[int, ...]) -> None:
    component, other, noon = house.component(manual=True), house.component("Other", manual=True), house.clock.now()
    house.clock.advance(minutes=60)
    told = [
        ({component: "partial_outage", other: "partial_outage"}, "Something is odd", 10),
        ({component: "major_outage"}, "Something is odd", 20),
        ({}, "Something is odd", 30),
        ({}, "The disk of the shop was full", 60),  # renamed after its end
    ]
    for number in order:
        statuses, title, minutes = told[number]
        house.affect(statuses, version=number + 1, starts_at=noon + minutes * MINUTE, title=title)
    for each in (component, other):
        reasons = [s.reason for s in house.verbs.reads.spans(VISITOR, each, noon) if s.status is not _FINE]
        assert reasons
        assert set(reasons) == {"The disk of the shop was full."}
    assert [status for status, _ in house.past(component, noon)] == [
        "operational", "partial_outage", "major_outage", "operational",
    ]  # fmt: skip
    assert _stored(house, component)[0][1].reason == "The disk of the shop was full."


def test_a_component_that_an_incident_no_longer_names_is_free_again(house: House) -> None:
    one, other = house.component("One", manual=True), house.component("Other", manual=True)
    house.affect({one: "major_outage", other: "major_outage"}, version=1)
    house.clock.advance(minutes=1)
    house.affect({other: "major_outage"}, version=2)
    assert house.status(one) is ComponentStatus.OPERATIONAL
    assert house.status(other) is ComponentStatus.MAJOR_OUTAGE


@pytest.mark.capability("STATUS-7")
def test_maintenance_shows_where_all_is_well_and_never_hides_an_outage(house: House) -> None:
    component, noon = house.component(), house.clock.now()
    house.judge(component, "up")
    house.account((component,), noon, None)
    assert house.status(component) is ComponentStatus.MAINTENANCE
    house.clock.advance(minutes=5)
    house.judge(component, "down")
    assert house.status(component) is ComponentStatus.MAJOR_OUTAGE
    house.clock.advance(minutes=5)
    house.judge(component, "up")
    house.clock.advance(minutes=5)
    house.account((component,), noon, house.clock.now(), version=2)
    assert [s for s, _ in house.past(component, noon)] == [
        "under_maintenance", "major_outage", "under_maintenance", "operational",
    ]  # fmt: skip


def test_what_ends_by_itself_is_over_at_its_end_without_a_word(house: House) -> None:
    component, noon = house.component(), house.clock.now()
    house.judge(component, "up")
    house.verbs.overrides.override(
        ARRANGER,
        component_id=component,
        status=ComponentStatus.DEGRADED,
        reason="Slow disk",
        until_at=noon + 5 * MINUTE,
    )
    house.clock.advance(minutes=4)
    house.verbs.hearing.keep_up()
    assert house.status(component) is ComponentStatus.DEGRADED
    house.clock.advance(minutes=2)
    house.verbs.hearing.keep_up()
    assert house.status(component) is ComponentStatus.OPERATIONAL
    assert house.past(component, noon)[-1] == ("operational", 5)
    assert house.told.changes[-1] == ("degraded_performance", "operational")
    house.verbs.hearing.keep_up()
    assert len(house.told.changes) == 3


def test_a_fact_about_a_component_that_is_none_is_kept_and_harms_nothing(house: House) -> None:
    house.judge("nosuchthing0", "down")
    house.affect({"nosuchthing0": "major_outage"}, version=1)
    assert house.told.changes == []


def test_a_word_that_is_none_is_refused(house: House) -> None:
    component = house.component()
    with pytest.raises(Invalid):
        house.judge(component, "sideways")
    with pytest.raises(Invalid):
        house.affect({component: "fine"}, version=1)


def test_only_the_reactions_hear(house: House) -> None:
    fact = house.judged(house.component(), "down")
    with pytest.raises(Unauthenticated):
        house.verbs.hearing.judge(VISITOR, fact)
    with pytest.raises(Forbidden):
        house.verbs.hearing.judge(ARRANGER, fact)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_in_whatever_order_what_is_stored_is_what_follows_from_the_words(
    house: House, uow: UnitOfWork, seed: int
) -> None:
    chance = random.Random(seed)
    component, start = house.component(manual=chance.random() < 0.5), house.clock.now()
    house.clock.advance(days=2)
    for version in range(1, 25):
        house.clock.advance(seconds=chance.randint(1, 40_000))
        now = house.clock.now()
        at = start + (now - start) * chance.random()
        later = at + timedelta(seconds=chance.randint(0, 200_000))
        what = chance.randrange(5)
        if what == 0:
            verdict = chance.choice(["up", "down", "partial", "unknown", "withdrawn"])
            house.judge(component, verdict, at, probe=chance.choice(["a", "b"]))
        elif what == 1:
            said = {component: chance.choice(["major_outage", "degraded_performance"])} if chance.random() < 0.6 else {}
            house.affect(said, version=chance.randint(1, 99), starts_at=at, incident=chance.choice(["i", "j"]))
        elif what == 2:
            house.account((component,), at, chance.choice([None, later]), version=version)
        elif what == 3 and at < now:
            ends_at = min(now, later) if later > at else now
            house.verbs.overrides.correct(
                ARRANGER, component_id=component, status=ComponentStatus.OPERATIONAL, starts_at=at, ends_at=ends_at,
                reason="It was a test.",
            )  # fmt: skip
        house.verbs.hearing.keep_up()
        spans, days = _stored(house, component)
        now_ms = to_epoch_ms(house.clock.now())
        with uow.reading() as session:
            statements = statements_of(session, component, 0)
        expected = course(statements, spans[0].starts_ms, now_ms).spans
        assert spans == list(expected), "\n".join(map(str, [*spans, "--", *expected, "--", *statements]))
        sums: dict[date, Sums] = {}
        into_days(sums, [s for s in expected if s.ends_ms is not None], 0, now_ms)
        for day, parts in days.items():
            assert all(mine <= whole for mine, whole in zip(parts, sums[day].parts, strict=True))
        view = house.verbs.reads.component(VISITOR, component)
        whole: dict[date, Sums] = {}
        into_days(whole, expected, 0, now_ms)
        assert [round(d.major_seconds * 1000) for d in view.days if d.day in whole] == [
            whole[d.day].parts[3] for d in view.days if d.day in whole
        ]


def _stored(house: House, component_id: str) -> tuple[list[Span], dict[date, list[int]]]:
    with house.verbs.reads.uow.reading() as session:
        spans = session.scalars(
            sa.select(SpanRow).where(SpanRow.component_id == component_id).order_by(SpanRow.starts_ms)
        ).all()
        days = session.scalars(sa.select(DayRow).where(DayRow.component_id == component_id)).all()
        row = session.get_one(ComponentRow, component_id)
        assert row.status == spans[-1].status
        return (
            [Span(s.starts_ms, s.ends_ms, ComponentStatus(s.status), s.excused, s.overridden, s.reason) for s in spans],
            {day.day_on: [getattr(day, name) for name in COLUMNS] for day in days},
        )

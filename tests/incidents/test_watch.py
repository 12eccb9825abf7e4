import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.events.incidents import ComponentsAffected
from services.events.slas import SlaBreached, SlaRecovered
from services.incidents.reactions import ACTOR
from services.incidents.views import Impact
from services.kernel.paging import PageRequest
from tests.incidents.conftest import OPERATOR, VISITOR, House, breached, recovered

pytestmark = pytest.mark.capability("STATUS-3")


def hear(house: House, *facts: SlaBreached | SlaRecovered) -> None:
    for fact in facts:
        if isinstance(fact, SlaBreached):
            house.verbs.watch.hear_breach(ACTOR, fact)
        else:
            house.verbs.watch.hear_recovery(ACTOR, fact)


def test_a_breach_opens_an_incident_that_names_the_figure_and_its_numbers(house: House) -> None:
    hear(house, breached(house.clock.now()))
    view = house.verbs.reads.active(VISITOR)[0]
    assert view.name == "Checkout: worse than promised"
    assert "31 of 200 checkouts were bad within 1 hour." in view.updates[0].body
    assert (view.automatic, view.sla, view.impact) == (True, "checkout", Impact.MAJOR)
    assert view.started_at == house.clock.now() - timedelta(minutes=5)
    assert house.occasions == ["opened"]


def test_an_automatic_incident_never_says_that_a_component_is_out(house: House) -> None:
    hear(house, breached(house.clock.now(), impact="critical"))
    assert house.last_affected().statuses == ("checkout=degraded_performance",)


def test_a_second_breach_of_the_same_agreement_joins_and_makes_it_worse(house: House) -> None:
    now = house.clock.now()
    hear(house, breached(now, impact="minor"), breached(now, "brc_2", impact="critical", component_ids=("playback",)))
    view = house.verbs.reads.active(VISITOR)[0]
    assert len(house.verbs.reads.active(VISITOR)) == 1
    assert (view.impact, len(view.updates)) == (Impact.CRITICAL, 2)
    assert {each.component_id for each in view.affected} == {"checkout", "playback"}


def test_a_breach_of_another_agreement_opens_another_incident(house: House) -> None:
    now = house.clock.now()
    hear(house, breached(now), breached(now, "brc_2", sla="payouts"))
    assert len(house.verbs.reads.active(VISITOR)) == 2


def test_it_closes_itself_once_it_has_been_well_for_a_while(house: House) -> None:
    hear(house, breached(house.clock.now()))
    house.clock.advance(minutes=30)
    hear(house, recovered(house.clock.now()))
    assert house.verbs.reads.active(VISITOR)[0].status == "monitoring"
    assert house.last_affected().statuses == ()
    house.clock.advance(minutes=9)
    house.tick()
    assert house.verbs.reads.active(VISITOR)[0].status == "monitoring"
    house.clock.advance(minutes=1)
    house.tick()
    house.tick()
    view = house.verbs.reads.history(VISITOR, PageRequest()).items[0]
    assert (view.status, view.resolved_at) == ("resolved", house.clock.now())
    assert house.occasions == ["opened", "updated", "resolved"]


def test_it_stays_open_while_one_of_its_breaches_goes_on(house: House) -> None:
    now = house.clock.now()
    hear(house, breached(now), breached(now, "brc_2"), recovered(now))
    assert house.verbs.reads.active(VISITOR)[0].status == "investigating"
    hear(house, recovered(now, "brc_2"))
    assert house.verbs.reads.active(VISITOR)[0].status == "monitoring"


def test_a_relapse_while_it_is_watched_joins_it(house: House) -> None:
    now = house.clock.now()
    hear(house, breached(now), recovered(now))
    house.clock.advance(minutes=5)
    hear(house, breached(house.clock.now(), "brc_2"))
    house.clock.advance(minutes=10)
    house.tick()
    active = house.verbs.reads.active(VISITOR)
    assert [view.status for view in active] == ["investigating"]


def test_what_a_person_took_over_is_closed_by_a_person(house: House) -> None:
    hear(house, breached(house.clock.now()))
    incident_id = house.verbs.reads.active(VISITOR)[0].id
    house.update(incident_id, "identified", "It is the bank.")
    hear(house, recovered(house.clock.now()))
    house.clock.advance(hours=1)
    house.tick()
    assert house.verbs.reads.incident(VISITOR, incident_id).status == "identified"
    case = house.verbs.casebook.case(OPERATOR, incident_id)
    assert case.taken_over
    assert case.recovered == "0 of 180 checkouts were bad."
    before = len(case.incident.updates)
    hear(house, breached(house.clock.now(), "brc_2"))
    assert len(house.verbs.reads.incident(VISITOR, incident_id).updates) == before
    assert len(house.verbs.reads.active(VISITOR)) == 1


def test_an_agreement_whose_component_is_gone_is_told_of_all_the_same(house: House) -> None:
    hear(house, breached(house.clock.now(), component_ids=("gone", "checkout")))
    assert [each.component_id for each in house.verbs.reads.active(VISITOR)[0].affected] == ["checkout"]


def test_facts_that_come_twice_change_nothing(house: House) -> None:
    now = house.clock.now()
    facts: list[SlaBreached | SlaRecovered] = [
        breached(now),
        breached(now),
        recovered(now),
        recovered(now),
        breached(now),
    ]
    hear(house, *facts)
    view = house.verbs.reads.active(VISITOR)[0]
    assert (view.status, len(view.updates)) == ("monitoring", 2)


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_and_however_often_facts_come_the_end_is_the_same(house: House, seed: int) -> None:
    now = house.clock.now()
    facts: list[SlaBreached | SlaRecovered] = [
        breached(now),
        recovered(now),
        breached(now, "brc_2"),
        recovered(now, "brc_2"),
    ] * 2
    random.Random(seed).shuffle(facts)
    hear(house, *facts)
    house.clock.advance(minutes=11)
    house.tick()
    assert house.verbs.reads.active(VISITOR) == []
    assert house.last_affected().statuses == ()
    assert {view.status for view in house.verbs.reads.history(VISITOR, PageRequest()).items} == {"resolved"}


def test_breaches_at_the_same_moment_open_one_incident(house: House) -> None:
    now = house.clock.now()

    def one(number: int) -> None:
        house.verbs.watch.hear_breach(ACTOR, breached(now, f"brc_{number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(6)))
    views = house.verbs.reads.active(VISITOR)
    assert [len(view.updates) for view in views] == [6]
    versions = [fact.version for fact in house.told.of(ComponentsAffected)]
    assert sorted(versions) == [1, 2, 3, 4, 5, 6]


def test_markup_in_an_explanation_is_inert(house: House) -> None:
    attack = "<img src=x onerror=alert(1)> [x](javascript:x)"
    hear(house, breached(house.clock.now(), title="<b>Checkout</b>", explanation=attack))
    html = house.verbs.reads.active(VISITOR)[0].updates[0].body_html
    assert "<img" not in html
    assert "href" not in html

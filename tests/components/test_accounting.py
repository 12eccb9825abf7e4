import itertools
from datetime import timedelta

import pytest

from services.components.days import Sums
from services.components.founding import FIRST, FOUNDER, RecordedSpan
from services.components.views import ComponentStatus as Is
from services.components.views import DayView, UptimePolicy
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.paging import PageRequest
from tests.components.conftest import ARRANGER, LISTENER, VISITOR, House

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SECONDS = 3_600


def _troubled(house: House) -> str:
    """Ten hours from noon: up, but for 30 min of major, 60 min of partial, 60 min degraded and 60 min unknown."""
    component, noon = house.component(), house.clock.now()
    verdicts = [("up", 0), ("down", 60), ("up", 90), ("partial", 120), ("up", 180), ("unknown", 240), ("up", 300)]
    for verdict, minutes in verdicts:
        house.clock.set(noon + minutes * MINUTE)
        house.judge(component, verdict)
    house.clock.set(noon + 6 * HOUR)
    house.affect({component: Is.DEGRADED.value}, version=1)
    house.clock.set(noon + 7 * HOUR)
    house.affect({}, version=2)
    house.clock.set(noon + 10 * HOUR)
    return component


@pytest.mark.capability("STATUS-7")
def test_uptime_is_as_computed_by_hand_without_and_with_maintenance(house: House) -> None:
    noon = house.clock.now()
    component = _troubled(house)
    end = noon + 10 * HOUR
    plain = house.verbs.reads.uptime(VISITOR, component, noon, end)
    # Down: 0.5 h of major + 30 % of 1 h of partial = 0.8 h. Measured: 10 h - 1 h unknown = 9 h.
    assert plain.down_seconds == pytest.approx(0.8 * SECONDS)
    assert plain.up_seconds == pytest.approx(8.2 * SECONDS)
    assert (plain.maintenance_seconds, plain.unknown_seconds) == (0, SECONDS)
    assert plain.uptime_ratio == pytest.approx(8.2 / 9)
    # Marked afterwards: 13:00 to 13:20, which is 20 of the 30 minutes of major outage. The other ten still count.
    house.account((component,), noon + HOUR, noon + HOUR + 20 * MINUTE, retroactive=True)
    marked = house.verbs.reads.uptime(VISITOR, component, noon, end)
    assert marked.maintenance_seconds == 1_200
    assert marked.down_seconds == pytest.approx(600 + 0.3 * SECONDS)
    assert marked.uptime_ratio == pytest.approx((9 * SECONDS - 1_200 - 600 - 1_080) / (9 * SECONDS - 1_200))
    (left_out,) = marked.exclusions
    assert (left_out.reason, left_out.retroactive, left_out.ends_at) == ("New disks.", True, noon + HOUR + 20 * MINUTE)
    today = house.verbs.reads.component(VISITOR, component).days[-1]
    assert (today.worst, today.major_seconds, today.maintenance_seconds) == (Is.MAJOR_OUTAGE, 600, 1_200)
    # Withdrawn: as if it had never been marked.
    house.account((), noon + HOUR, noon + HOUR + 20 * MINUTE, version=2)
    assert house.verbs.reads.uptime(VISITOR, component, noon, end) == plain


def test_where_nothing_was_measured_there_is_no_figure(house: House) -> None:
    component = house.component()
    house.clock.advance(hours=1)
    view = house.verbs.reads.component(VISITOR, component)
    assert (view.uptime_ratio, view.measured_seconds, view.days[-1].worst) == (None, 0, Is.UNKNOWN)


def test_what_agreements_count_is_what_the_page_counts(house: House) -> None:
    noon = house.clock.now()
    component = _troubled(house)
    edges = [noon - HOUR, noon, noon + 90 * MINUTE, noon + 5 * HOUR, noon + 10 * HOUR, noon + 11 * HOUR]
    told = house.verbs.record.uptime(VISITOR, component, edges)
    for (first, last), (up, down, maintenance, unknown) in zip(itertools.pairwise(edges), told, strict=True):
        view = house.verbs.reads.uptime(VISITOR, component, first, last)
        assert up == pytest.approx(view.up_seconds)
        assert down == pytest.approx(view.down_seconds)
        assert (maintenance, unknown) == (view.maintenance_seconds, view.unknown_seconds)
    assert house.verbs.record.uptime(VISITOR, None, edges) == told
    assert house.verbs.record.measured_since(VISITOR, component) == noon
    assert house.verbs.record.names(VISITOR) == {component: "Checkout"}


def test_another_policy_weighs_otherwise_and_says_so() -> None:
    strict = UptimePolicy(partial_weight=1.0, degraded_weight=0.5)
    assert "a partial outage 100%, degraded performance 50%" in strict.words[0]


def test_a_day_that_is_mostly_unknown_shows_as_unknown_unless_it_was_bad() -> None:
    mostly = Sums([10, 0, 0, 0, 0, 20])
    assert mostly.worst is Is.UNKNOWN
    assert Sums([30, 0, 0, 0, 0, 20]).worst is Is.OPERATIONAL
    assert Sums([10, 0, 0, 1, 0, 20], worst_rank=5).worst is Is.MAJOR_OUTAGE
    assert Sums([10, 0, 0, 0, 5, 2]).worst is Is.MAINTENANCE


def _days(house: House) -> list[tuple[DayView, ...]]:
    return [group.days for group in house.verbs.reads.overview(VISITOR).groups]


def test_a_group_shows_the_same_days_before_and_after_its_sums_are_stored_and_after_corrections(house: House) -> None:
    group = house.verbs.arranging.create_group(ARRANGER, name="Commerce")
    one, other = (house.component(name, group_id=group) for name in ("Checkout", "Payouts"))
    start = house.clock.now()
    for component in (one, other):
        house.judge(component, "up", probe=component)
    house.clock.advance(days=2, hours=3)
    house.judge(one, "down", house.clock.now() - 30 * HOUR, probe=one)
    live = _days(house)
    house.verbs.rollup.keep_up()
    assert house.verbs.rollup.due(LISTENER) == ()
    assert _days(house) == live
    house.verbs.overrides.correct(
        ARRANGER, component_id=one, status=Is.DEGRADED, starts_at=start, ends_at=start + HOUR, reason="It was slow."
    )
    corrected = _days(house)
    assert corrected != live
    assert house.verbs.rollup.due(LISTENER) == (group,)
    house.verbs.rollup.keep_up()
    assert _days(house) == corrected
    (view,) = house.verbs.reads.overview(VISITOR).groups
    assert (view.status, view.component_ids) == (Is.MAJOR_OUTAGE, (one, other))
    members = [house.verbs.reads.component(VISITOR, each).days for each in (one, other)]
    for day, first, second in zip(view.days, *members, strict=True):
        assert day.major_seconds == pytest.approx((first.major_seconds + second.major_seconds) / 2)
        assert day.unknown_seconds == pytest.approx((first.unknown_seconds + second.unknown_seconds) / 2)


def test_more_components_than_a_page_shows_are_read_by_group(house: House) -> None:
    group = house.verbs.arranging.create_group(ARRANGER, name="Many")
    ids = [house.component(f"C{n}", group_id=group, manual=True) for n in range(203)]
    house.affect({ids[7]: "major_outage"}, version=1)
    view = house.verbs.reads.overview(VISITOR)
    assert (view.complete, view.total, [c.id for c in view.components]) == (False, 203, [ids[7]])
    assert view.groups[0].component_ids == tuple(ids)
    assert view.counts == ((Is.MAJOR_OUTAGE, 1), (Is.OPERATIONAL, 202))
    found, page = [], PageRequest(size=90)
    while True:
        part = house.verbs.reads.group(VISITOR, group, page)
        found += [c.id for c in part.items]
        if part.next_cursor is None:
            break
        page = PageRequest(after=part.next_cursor, size=90)
    assert found == ids
    assert len(house.verbs.reads.listing(VISITOR)) == 203
    with pytest.raises(Invalid):
        house.verbs.reads.group(VISITOR, group, PageRequest(after="nonsense"))


@pytest.mark.capability("STATUS-2")
def test_a_person_sets_a_status_with_a_reason_and_takes_it_back(house: House) -> None:
    component = house.component()
    house.judge(component, "down")
    with pytest.raises(Invalid):
        house.verbs.overrides.override(ARRANGER, component_id=component, status=Is.OPERATIONAL, reason=" ")
    with pytest.raises(Invalid):
        house.verbs.overrides.override(ARRANGER, component_id=component, status=Is.MAINTENANCE, reason="Hide it")
    house.verbs.overrides.override(ARRANGER, component_id=component, status=Is.OPERATIONAL, reason="The probe is wrong")
    view = house.verbs.reads.component(VISITOR, component)
    assert (view.status, view.overridden) == (Is.OPERATIONAL, True)
    assert view.status_reason == "Set by hand: The probe is wrong."
    house.verbs.overrides.clear(ARRANGER, component_id=component, reason="The probe was right")
    assert house.status(component) is Is.MAJOR_OUTAGE
    with pytest.raises(Conflict):
        house.verbs.overrides.clear(ARRANGER, component_id=component, reason="Again")


def test_a_correction_can_be_taken_back_and_what_was_measured_returns(house: House) -> None:
    component, noon = house.component(), house.clock.now()
    house.judge(component, "down")
    house.clock.advance(hours=1)
    before = house.past(component, noon)
    correction = house.verbs.overrides.correct(
        ARRANGER, component_id=component, status=Is.OPERATIONAL, starts_at=noon + 10 * MINUTE,
        ends_at=noon + 20 * MINUTE, reason="A test of ours",
    )  # fmt: skip
    assert house.past(component, noon) == [("major_outage", 0), ("operational", 10), ("major_outage", 20)]
    house.verbs.overrides.withdraw(ARRANGER, correction_id=correction, reason="It was no test")
    assert house.past(component, noon) == before
    _, decree = house.verbs.overrides.decrees(ARRANGER, component_id=component)
    assert decree.withdrawn


@pytest.mark.capability("STATUS-2")
def test_dependencies_make_no_circle_and_are_told_without_turning_red(house: House) -> None:
    shop, api, database = (house.component(name, manual=True) for name in ("Shop", "API", "Database"))
    house.verbs.arranging.depend(ARRANGER, component_id=shop, depends_on=[api])
    house.verbs.arranging.depend(ARRANGER, component_id=api, depends_on=[database])
    with pytest.raises(Conflict) as refusal:
        house.verbs.arranging.depend(ARRANGER, component_id=database, depends_on=[shop])
    assert refusal.value.facts["way"] == [database, shop, api, database]
    house.affect({api: "major_outage"}, version=1)
    view = house.verbs.reads.component(VISITOR, shop)
    assert view.status is Is.OPERATIONAL
    assert view.status_reason.endswith("It depends on API, which has a major outage.")
    with pytest.raises(Conflict):
        house.verbs.arranging.archive(ARRANGER, component_id=database)


def test_an_archived_component_leaves_the_page_and_comes_back_with_its_id_and_history(house: House) -> None:
    component, noon = house.component(), house.clock.now()
    house.judge(component, "up")
    house.clock.advance(hours=1)
    house.verbs.arranging.archive(ARRANGER, component_id=component)
    assert house.verbs.reads.overview(VISITOR).components == ()
    with pytest.raises(NotFound):
        house.verbs.reads.component(VISITOR, component)
    house.judge(component, "down")
    house.clock.advance(hours=1)
    house.verbs.arranging.restore(ARRANGER, component_id=component)
    assert house.past(component, noon) == [("operational", 0), ("major_outage", 60)]


def test_an_installation_begins_with_components_that_nobody_has_measured(house: House) -> None:
    founding = house.verbs.founding
    count = sum(len(group.components) for group in FIRST)
    assert (founding.found(FOUNDER), founding.found(FOUNDER)) == (count, 0)
    view = house.verbs.reads.overview(VISITOR)
    assert {c.status for c in view.components} == {Is.UNKNOWN}
    assert [c.id for c in view.components] == [c.id for group in FIRST for c in group.components]


def test_told_history_counts_until_it_is_forgotten(house: House) -> None:
    component, now = house.component(), house.clock.now()
    spans = [
        RecordedSpan(Is.OPERATIONAL, now - 30 * HOUR, now - 10 * HOUR, "Well"),
        RecordedSpan(Is.MAJOR_OUTAGE, now - 10 * HOUR, now - 8 * HOUR, "Down"),
    ]
    founding = house.verbs.founding
    assert founding.record(FOUNDER, component_id=component, source="demo", spans=spans) == 2
    assert founding.record(FOUNDER, component_id=component, source="demo", spans=spans) == 0
    assert house.verbs.reads.component(VISITOR, component).uptime_ratio == pytest.approx(20 / 22)
    assert house.status(component) is Is.UNKNOWN
    assert founding.forget_source(FOUNDER, source="demo") == 1
    assert house.verbs.reads.component(VISITOR, component).uptime_ratio is None
    with pytest.raises(Invalid):
        founding.record(FOUNDER, component_id=component, source="late", spans=list(reversed(spans)))
    assert house.told.changes == []

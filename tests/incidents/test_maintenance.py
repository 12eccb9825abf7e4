import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from services.events.incidents import IncidentAnnounced, MaintenanceAccounted
from services.incidents.recurring import AHEAD
from services.incidents.views import SeriesDraft
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.paging import PageRequest
from tests.incidents.conftest import CLOCK, OPERATOR, VISITOR, House

pytestmark = pytest.mark.capability("STATUS-7")

WEEKLY = SeriesDraft(
    name="Weekly upgrade",
    body="We upgrade.",
    component_ids=("checkout",),
    rule="FREQ=WEEKLY;BYDAY=SU",
    time_zone="Europe/Berlin",
    first_local="2026-11-29T03:00",
    duration_seconds=3_600,
)


def status(house: House, maintenance_id: str) -> str:
    return house.verbs.reads.incident(VISITOR, maintenance_id).status


def test_a_maintenance_begins_and_ends_by_the_clock_and_is_accounted_for(house: House) -> None:
    maintenance_id = house.schedule()
    begins = house.clock.now() + timedelta(hours=26)
    assert [view.id for view in house.verbs.reads.upcoming(VISITOR)] == [maintenance_id]
    house.clock.advance(hours=26, seconds=4)
    house.tick()
    assert status(house, maintenance_id) == "in_progress"
    assert house.last_affected().statuses == ("checkout=under_maintenance",)
    account = house.last_account()
    assert (account.starts_at, account.ends_at, account.component_ids) == (begins.isoformat(), "", ("checkout",))
    house.clock.advance(hours=1)
    house.tick()
    assert status(house, maintenance_id) == "completed"
    assert house.last_affected().statuses == ()
    assert house.last_account().ends_at == (begins + timedelta(hours=1)).isoformat()
    assert house.occasions == ["scheduled", "started", "completed"]


def test_reminders_go_out_once_each_and_move_with_the_start(house: House) -> None:
    maintenance_id = house.schedule()
    house.clock.advance(hours=2)
    house.tick()
    house.tick()
    assert house.occasions == ["scheduled", "reminder"]
    view = house.verbs.reads.incident(VISITOR, maintenance_id)
    later = house.clock.now() + timedelta(hours=48)
    house.verbs.maintaining.reschedule(
        OPERATOR, maintenance_id, scheduled_for=later, scheduled_until=later + timedelta(hours=1), version=view.version
    )
    house.clock.advance(hours=24)
    house.tick()
    house.clock.advance(hours=23)
    house.tick()
    house.tick()
    assert house.occasions == ["scheduled", "reminder", "updated", "reminder", "reminder"]
    versions = [fact.version for fact in house.told.of(IncidentAnnounced)]
    assert versions == sorted(set(versions))


def test_a_reminder_whose_time_has_passed_when_it_is_planned_is_not_sent(house: House) -> None:
    house.schedule(starts_in=timedelta(minutes=30))
    house.tick()
    assert house.occasions == ["scheduled"]


def test_a_clock_that_stood_still_over_the_window_begins_and_ends_it_at_the_planned_instants(
    house: House,
) -> None:
    maintenance_id = house.schedule(starts_in=timedelta(hours=1))
    begins = house.clock.now() + timedelta(hours=1)
    house.clock.advance(days=3)
    house.tick()
    house.tick()
    view = house.verbs.reads.incident(VISITOR, maintenance_id)
    assert (view.status, view.started_at, view.resolved_at) == ("completed", begins, begins + timedelta(hours=1))
    account = house.last_account()
    assert (account.starts_at, account.ends_at) == (begins.isoformat(), (begins + timedelta(hours=1)).isoformat())


def test_an_early_end_is_accounted_as_it_was(house: House) -> None:
    maintenance_id = house.schedule(starts_in=timedelta(minutes=1))
    house.clock.advance(minutes=1)
    house.tick()
    house.clock.advance(minutes=20)
    house.step(maintenance_id, "verifying")
    house.clock.advance(minutes=5)
    house.step(maintenance_id, "completed")
    assert house.last_account().ends_at == house.clock.now().isoformat()


def test_what_overruns_its_announced_end_counts_as_usual_from_there(house: House) -> None:
    maintenance_id = house.schedule(starts_in=timedelta(minutes=1), ends_itself=False)
    announced = house.clock.now() + timedelta(minutes=61)
    house.clock.advance(minutes=1)
    house.tick()
    house.clock.advance(hours=2)
    house.tick()
    house.tick()
    assert status(house, maintenance_id) == "in_progress"
    assert house.last_account().ends_at == announced.isoformat()
    assert len(house.told.of(MaintenanceAccounted)) == 2
    house.step(maintenance_id, "completed")
    assert house.last_account().ends_at == announced.isoformat()


def test_an_extension_in_time_is_accounted_for_and_one_too_late_is_not(house: House) -> None:
    maintenance_id = house.schedule(starts_in=timedelta(minutes=1), ends_itself=False)
    announced = house.clock.now() + timedelta(minutes=61)
    house.clock.advance(minutes=1)
    house.tick()
    house.clock.advance(minutes=50)

    def extend(hours: int) -> None:
        version = house.verbs.reads.incident(VISITOR, maintenance_id).version
        until = announced + timedelta(hours=hours)
        house.verbs.maintaining.extend(OPERATOR, maintenance_id, scheduled_until=until, version=version)

    extend(1)
    house.clock.advance(minutes=80)
    extend(3)
    house.step(maintenance_id, "completed")
    assert house.last_account().ends_at == (announced + timedelta(hours=1)).isoformat()


def test_a_step_that_its_life_does_not_have_is_refused(house: House) -> None:
    maintenance_id = house.schedule()
    for wrong in ("verifying", "completed"):
        with pytest.raises(Conflict):
            house.step(maintenance_id, wrong)
    house.step(maintenance_id, "cancelled")
    with pytest.raises(Conflict):
        house.step(maintenance_id, "in_progress")
    assert house.told.of(MaintenanceAccounted) == []
    house.clock.advance(days=3)
    assert house.tick() == 0


def test_a_past_span_is_marked_with_its_reason_and_the_mark_can_be_taken_back(house: House) -> None:
    now = house.clock.now()
    marked = house.verbs.maintaining.mark_past(
        OPERATOR,
        name="Unannounced disk change",
        component_ids=("checkout",),
        starts_at=now - timedelta(hours=3),
        ends_at=now - timedelta(hours=2),
        reason="The announcement was not sent by mistake.",
    )
    account = house.last_account()
    assert (account.retroactive, account.reason) == (True, "The announcement was not sent by mistake.")
    view = house.verbs.reads.incident(VISITOR, marked)
    assert (view.note, view.retroactive, view.status) == (account.reason, True, "completed")
    house.verbs.maintaining.withdraw_mark(OPERATOR, marked, reason="It was an outage.", version=view.version)
    assert house.last_account().component_ids == ()
    assert house.last_account().version > account.version
    with pytest.raises(NotFound):
        house.verbs.reads.incident(VISITOR, marked)


def _mark(house: House, starts_in: float, ends_in: float, reason: str = "Why.") -> object:
    now = house.clock.now()
    return house.verbs.maintaining.mark_past(
        OPERATOR,
        name="x",
        component_ids=("checkout",),
        starts_at=now + timedelta(hours=starts_in),
        ends_at=now + timedelta(hours=ends_in),
        reason=reason,
    )


REFUSED: list[tuple[str, Callable[[House], object]]] = [
    ("reason", lambda h: _mark(h, -2, -1, " ")),
    ("ends_at", lambda h: _mark(h, -2, 1)),
    ("ends_at", lambda h: _mark(h, -1, -2)),
    ("ends_at", lambda h: _mark(h, -24 * 40, -1)),
    ("ends_at", lambda h: _mark(h, -24 * 500, -24 * 499)),
    ("scheduled_until", lambda h: h.schedule(hours=0)),
    ("scheduled_until", lambda h: h.schedule(starts_in=timedelta(hours=-9))),
    ("scheduled_until", lambda h: h.schedule(hours=24 * 32)),
    ("scheduled_for", lambda h: h.schedule(starts_in=timedelta(days=800))),
    ("reminders", lambda h: h.schedule(reminders=(1,))),
    ("reminders", lambda h: h.schedule(reminders=tuple(range(60, 66)))),
]


@pytest.mark.parametrize(("field", "act"), REFUSED)
def test_what_cannot_be_is_refused_by_field(house: House, field: str, act: Callable[[House], object]) -> None:
    with pytest.raises(Invalid) as refusal:
        act(house)
    assert list(refusal.value.fields) == [field]


def _upcoming(house: House) -> list[datetime]:
    return [view.started_at for view in house.verbs.reads.upcoming(VISITOR)]


def test_a_series_has_a_few_occurrences_ahead_at_any_time_and_never_more(house: House) -> None:
    house.verbs.recurring.plan_series(OPERATOR, WEEKLY)
    for _week in range(10):
        for _ in range(3):
            house.tick()
        assert len(_upcoming(house)) == AHEAD
        house.clock.advance(days=7)
    house.tick()
    house.tick()
    done = house.verbs.reads.maintenances(VISITOR, PageRequest(None, 200)).items
    starts = sorted(view.started_at for view in done)
    assert len(set(starts)) == len(starts) == 10 + AHEAD
    assert {later - earlier for earlier, later in itertools.pairwise(starts)} == {timedelta(days=7)}


def test_two_clocks_make_no_occurrence_twice(house: House) -> None:
    series_id = house.verbs.recurring.plan_series(OPERATOR, WEEKLY)
    for _ in range(3):
        house.verbs.recurring.make_occurrences(CLOCK, series_id)
    assert len(_upcoming(house)) == AHEAD


def test_skipping_one_occurrence_leaves_the_others_and_it_does_not_come_back(house: House) -> None:
    house.verbs.recurring.plan_series(OPERATOR, WEEKLY)
    first = house.verbs.reads.upcoming(VISITOR)[0]
    house.verbs.recurring.skip(OPERATOR, first.id, version=first.version)
    house.tick()
    assert status(house, first.id) == "cancelled"
    assert first.started_at not in _upcoming(house)
    assert len(_upcoming(house)) == AHEAD


@pytest.mark.capability("STATUS-7")
def test_people_read_in_words_when_a_maintenance_recurs(house: House) -> None:
    house.verbs.recurring.plan_series(OPERATOR, WEEKLY)
    words = house.verbs.recurring.every(OPERATOR)[0].words
    assert words.startswith("every ")
    assert words.endswith(f", {WEEKLY.time_zone}")
    planned = house.verbs.reads.maintenances(VISITOR, PageRequest()).items
    assert {view.recurs for view in planned} == {words}
    assert house.verbs.reads.incident(VISITOR, planned[0].id).recurs == words


def test_a_series_that_ended_calls_off_what_it_planned_and_makes_nothing_more(house: House) -> None:
    series_id = house.verbs.recurring.plan_series(OPERATOR, WEEKLY)
    assert house.verbs.recurring.end_series(OPERATOR, series_id, version=1) == AHEAD
    house.clock.advance(days=30)
    house.tick()
    assert _upcoming(house) == []
    with pytest.raises(Conflict):
        house.verbs.recurring.end_series(OPERATOR, series_id, version=2)


def test_occurrences_that_passed_while_the_clock_stood_still_are_not_invented(house: House) -> None:
    house.verbs.recurring.plan_series(OPERATOR, WEEKLY)
    house.clock.advance(days=70)
    house.tick()
    house.tick()
    history = house.verbs.reads.maintenances(VISITOR, PageRequest(None, 200)).items
    assert len([view for view in history if view.status == "completed"]) == AHEAD
    assert min(_upcoming(house)) > house.clock.now() - timedelta(hours=1)


def test_a_window_longer_than_the_time_between_two_is_refused(house: House) -> None:
    daily = SeriesDraft("x", "x", ("checkout",), "FREQ=DAILY", "UTC", "2026-11-29T03:00", 86_401)
    with pytest.raises(Invalid) as refusal:
        house.verbs.recurring.plan_series(OPERATOR, daily)
    assert list(refusal.value.fields) == ["duration_seconds"]


def test_an_occurrence_made_ahead_writes_to_nobody_until_its_reminder(house: House) -> None:
    house.verbs.recurring.plan_series(OPERATOR, WEEKLY)
    assert not any(fact.notifies for fact in house.told.of(IncidentAnnounced))
    house.clock.set(datetime.fromisoformat("2026-11-28T02:00:00+00:00"))
    house.tick()
    assert [fact.occasion for fact in house.told.of(IncidentAnnounced) if fact.notifies] == ["reminder"]
